// Pairs over chains of many tables with many conditions, as in reports: rows of all of them have to meet before anything is seen.

export const SCHEMA = `
CREATE TABLE area (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE country (id int PRIMARY KEY, area_id int NOT NULL REFERENCES area, name text NOT NULL);
CREATE TABLE vendor (id int PRIMARY KEY, country_id int NOT NULL REFERENCES country, name text NOT NULL, balance numeric(12, 2) NOT NULL, comment text);
CREATE TABLE buyer (id int PRIMARY KEY, country_id int NOT NULL REFERENCES country, segment char(10), phone text, balance numeric(12, 2), since date);
CREATE TABLE product (id int PRIMARY KEY, brand char(10), type varchar(25), size int, container char(10), retail numeric(12, 2));
CREATE TABLE offer (product_id int NOT NULL REFERENCES product, vendor_id int NOT NULL REFERENCES vendor, available int, cost numeric(12, 2) NOT NULL, PRIMARY KEY (product_id, vendor_id));
CREATE TABLE deal (id int PRIMARY KEY, buyer_id int NOT NULL REFERENCES buyer, status char(1), total numeric(12, 2), day date NOT NULL, priority text, comment text);
CREATE TABLE line (deal_id int NOT NULL REFERENCES deal, number int NOT NULL, product_id int NOT NULL, vendor_id int NOT NULL, quantity numeric(12, 2) NOT NULL, price numeric(12, 2) NOT NULL, discount numeric(12, 2) NOT NULL, returned char(1), shipped date, committed date, received date, mode char(10), PRIMARY KEY (deal_id, number), FOREIGN KEY (product_id, vendor_id) REFERENCES offer);
CREATE TABLE claim (id int PRIMARY KEY, deal_id int, number int, reason text, opened date, FOREIGN KEY (deal_id, number) REFERENCES line (deal_id, number));
CREATE TABLE late_claim (id int PRIMARY KEY, deal_id int);
ALTER TABLE late_claim ADD CONSTRAINT late_claim_deal FOREIGN KEY (deal_id) REFERENCES deal NOT VALID;
`;

export const DIFFERENT = [
  [
    'revenue of a year by country',
    "SELECT c.name, sum(l.price * (1 - l.discount)) FROM buyer b JOIN deal d ON d.buyer_id = b.id JOIN line l ON l.deal_id = d.id JOIN vendor v ON v.id = l.vendor_id AND v.country_id = b.country_id JOIN country c ON c.id = v.country_id JOIN area a ON a.id = c.area_id WHERE a.name = 'ASIA' AND d.day >= '1994-01-01' AND d.day < '1995-01-01' GROUP BY c.name",
    "SELECT c.name, sum(l.price * (1 - l.discount)) FROM buyer b JOIN deal d ON d.buyer_id = b.id JOIN line l ON l.deal_id = d.id JOIN vendor v ON v.id = l.vendor_id JOIN country c ON c.id = v.country_id JOIN area a ON a.id = c.area_id WHERE a.name = 'ASIA' AND d.day >= '1994-01-01' AND d.day < '1995-01-01' GROUP BY c.name",
  ],
  [
    'a year with one day more',
    "SELECT c.name, count(*) FROM buyer b JOIN deal d ON d.buyer_id = b.id JOIN country c ON c.id = b.country_id JOIN area a ON a.id = c.area_id WHERE a.name = 'EUROPE' AND d.day >= '1994-01-01' AND d.day < date '1994-01-01' + interval '1 year' GROUP BY c.name",
    "SELECT c.name, count(*) FROM buyer b JOIN deal d ON d.buyer_id = b.id JOIN country c ON c.id = b.country_id JOIN area a ON a.id = c.area_id WHERE a.name = 'EUROPE' AND d.day BETWEEN '1994-01-01' AND date '1994-01-01' + interval '1 year' GROUP BY c.name",
  ],
  [
    'cheapest vendor without its area',
    "SELECT v.name, p.id FROM product p JOIN offer o ON o.product_id = p.id JOIN vendor v ON v.id = o.vendor_id JOIN country c ON c.id = v.country_id JOIN area a ON a.id = c.area_id WHERE p.size = 15 AND p.type LIKE '%BRASS' AND a.name = 'EUROPE' AND o.cost = (SELECT min(i.cost) FROM offer i JOIN vendor w ON w.id = i.vendor_id JOIN country k ON k.id = w.country_id JOIN area r ON r.id = k.area_id WHERE i.product_id = p.id AND r.name = 'EUROPE')",
    "SELECT v.name, p.id FROM product p JOIN offer o ON o.product_id = p.id JOIN vendor v ON v.id = o.vendor_id JOIN country c ON c.id = v.country_id JOIN area a ON a.id = c.area_id WHERE p.size = 15 AND p.type LIKE '%BRASS' AND a.name = 'EUROPE' AND o.cost = (SELECT min(i.cost) FROM offer i WHERE i.product_id = p.id)",
  ],
  [
    'small orders of a brand',
    "SELECT sum(l.price) / 7.0 FROM line l JOIN product p ON p.id = l.product_id WHERE p.brand = 'Brand#23' AND p.container = 'MED BOX' AND l.quantity < (SELECT 0.2 * avg(i.quantity) FROM line i WHERE i.product_id = p.id)",
    "SELECT sum(l.price) / 7.0 FROM line l JOIN product p ON p.id = l.product_id JOIN (SELECT 0.2 * avg(quantity) AS q FROM line) i ON l.quantity < i.q WHERE p.brand = 'Brand#23' AND p.container = 'MED BOX'",
  ],
  [
    'waiting vendors, two of them',
    "SELECT v.name, count(*) FROM vendor v JOIN line l ON l.vendor_id = v.id JOIN deal d ON d.id = l.deal_id WHERE d.status = 'F' AND l.received > l.committed AND EXISTS (SELECT 1 FROM line x WHERE x.deal_id = l.deal_id AND x.vendor_id <> l.vendor_id) GROUP BY v.name",
    "SELECT v.name, count(*) FROM vendor v JOIN line l ON l.vendor_id = v.id JOIN deal d ON d.id = l.deal_id JOIN line x ON x.deal_id = l.deal_id AND x.vendor_id <> l.vendor_id WHERE d.status = 'F' AND l.received > l.committed GROUP BY v.name",
  ],
  [
    'waiting vendors, late ones only',
    "SELECT v.name FROM vendor v JOIN line l ON l.vendor_id = v.id JOIN deal d ON d.id = l.deal_id WHERE d.status = 'F' AND l.received > l.committed AND NOT EXISTS (SELECT 1 FROM line x WHERE x.deal_id = l.deal_id AND x.vendor_id <> l.vendor_id AND x.received > x.committed)",
    "SELECT v.name FROM vendor v JOIN line l ON l.vendor_id = v.id JOIN deal d ON d.id = l.deal_id WHERE d.status = 'F' AND l.received > l.committed AND NOT EXISTS (SELECT 1 FROM line x WHERE x.deal_id = l.deal_id AND x.vendor_id <> l.vendor_id)",
  ],
  [
    'buyers without deals',
    "SELECT left(b.phone, 2), count(*) FROM buyer b WHERE left(b.phone, 2) IN ('13', '31') AND b.balance > (SELECT avg(balance) FROM buyer WHERE balance > 0 AND left(phone, 2) IN ('13', '31')) AND NOT EXISTS (SELECT 1 FROM deal d WHERE d.buyer_id = b.id) GROUP BY 1",
    "SELECT left(b.phone, 2), count(*) FROM buyer b WHERE left(b.phone, 2) IN ('13', '31') AND b.balance > (SELECT avg(balance) FROM buyer WHERE balance > 0) AND NOT EXISTS (SELECT 1 FROM deal d WHERE d.buyer_id = b.id) GROUP BY 1",
  ],
  [
    'how many buyers have so many deals',
    "SELECT n, count(*) FROM (SELECT b.id, count(d.id) AS n FROM buyer b LEFT JOIN deal d ON d.buyer_id = b.id AND d.comment NOT LIKE '%special%requests%' GROUP BY b.id) t GROUP BY n",
    "SELECT n, count(*) FROM (SELECT b.id, count(d.id) AS n FROM buyer b LEFT JOIN deal d ON d.buyer_id = b.id WHERE d.comment IS NULL OR d.comment NOT LIKE '%special%requests%' GROUP BY b.id) t GROUP BY n",
  ],
  [
    'promotions of all',
    "SELECT 100.0 * sum(CASE WHEN p.type LIKE 'PROMO%' THEN l.price ELSE 0 END) / sum(l.price) FROM line l JOIN product p ON p.id = l.product_id WHERE l.shipped >= '1995-09-01' AND l.shipped < '1995-10-01'",
    "SELECT 100.0 * sum(l.price) FILTER (WHERE p.type LIKE 'PROMO%') / sum(l.price) FROM line l JOIN product p ON p.id = l.product_id WHERE l.shipped >= '1995-09-01' AND l.shipped < '1995-10-01'",
  ],
  [
    'discounts between',
    "SELECT sum(price * discount) FROM line WHERE shipped >= '1994-01-01' AND shipped < '1995-01-01' AND discount BETWEEN 0.05 AND 0.07 AND quantity < 24",
    "SELECT sum(price * discount) FROM line WHERE shipped >= '1994-01-01' AND shipped < '1995-01-01' AND discount > 0.05 AND discount < 0.07 AND quantity < 24",
  ],
  [
    'three branches of one OR',
    "SELECT sum(l.price) FROM line l, product p WHERE p.id = l.product_id AND ((p.brand = 'Brand#12' AND l.quantity BETWEEN 1 AND 11 AND p.size BETWEEN 1 AND 5) OR (p.brand = 'Brand#34' AND l.quantity BETWEEN 20 AND 30 AND p.size BETWEEN 1 AND 15)) AND l.mode IN ('AIR', 'AIR REG')",
    "SELECT sum(l.price) FROM line l, product p WHERE p.id = l.product_id AND p.brand IN ('Brand#12', 'Brand#34') AND (l.quantity BETWEEN 1 AND 11 OR l.quantity BETWEEN 20 AND 30) AND p.size BETWEEN 1 AND 15 AND l.mode IN ('AIR', 'AIR REG')",
  ],
  [
    'large deals',
    'SELECT d.id FROM deal d JOIN line l ON l.deal_id = d.id GROUP BY d.id HAVING sum(l.quantity) > 300',
    'SELECT d.id FROM deal d JOIN line l ON l.deal_id = d.id GROUP BY d.id HAVING max(l.quantity) > 300',
  ],
  [
    'many lines of one deal',
    "SELECT d.id FROM deal d JOIN line l ON l.deal_id = d.id WHERE d.priority = '1-URGENT' GROUP BY d.id HAVING count(DISTINCT l.product_id) > 15",
    "SELECT d.id FROM deal d JOIN line l ON l.deal_id = d.id WHERE d.priority = '1-URGENT' GROUP BY d.id HAVING count(l.product_id) > 15",
  ],
  [
    'parts worth a fraction',
    "SELECT o.product_id, sum(o.cost * o.available) AS value FROM offer o JOIN vendor v ON v.id = o.vendor_id JOIN country c ON c.id = v.country_id WHERE c.name = 'GERMANY' GROUP BY o.product_id HAVING sum(o.cost * o.available) > (SELECT 0.5 * sum(i.cost * i.available) FROM offer i JOIN vendor w ON w.id = i.vendor_id JOIN country k ON k.id = w.country_id WHERE k.name = 'GERMANY')",
    "SELECT o.product_id, sum(o.cost * o.available) AS value FROM offer o JOIN vendor v ON v.id = o.vendor_id JOIN country c ON c.id = v.country_id WHERE c.name = 'GERMANY' GROUP BY o.product_id HAVING sum(o.cost * o.available) > (SELECT 0.5 * sum(i.cost * i.available) FROM offer i)",
  ],
  [
    'vendors without complaints',
    "SELECT p.brand, count(DISTINCT o.vendor_id) FROM offer o JOIN product p ON p.id = o.product_id WHERE p.brand <> 'Brand#45' AND p.size IN (49, 14, 23) AND o.vendor_id NOT IN (SELECT id FROM vendor WHERE comment LIKE '%Customer%Complaints%') GROUP BY p.brand",
    "SELECT p.brand, count(DISTINCT o.vendor_id) FROM offer o JOIN product p ON p.id = o.product_id JOIN vendor v ON v.id = o.vendor_id AND v.comment NOT LIKE '%Customer%Complaints%' WHERE p.brand <> 'Brand#45' AND p.size IN (49, 14, 23) GROUP BY p.brand",
  ],
  [
    'priority by one late line',
    "SELECT d.priority, count(*) FROM deal d WHERE d.day >= '1993-07-01' AND d.day < '1993-10-01' AND EXISTS (SELECT 1 FROM line l WHERE l.deal_id = d.id AND l.committed < l.received) GROUP BY d.priority",
    "SELECT d.priority, count(*) FROM deal d JOIN line l ON l.deal_id = d.id AND l.committed < l.received WHERE d.day >= '1993-07-01' AND d.day < '1993-10-01' GROUP BY d.priority",
  ],
  [
    'best vendor of a quarter',
    "WITH r AS (SELECT vendor_id, sum(price) AS t FROM line WHERE shipped >= '1996-01-01' AND shipped < '1996-04-01' GROUP BY vendor_id) SELECT v.name, r.t FROM vendor v JOIN r ON r.vendor_id = v.id WHERE r.t = (SELECT max(t) FROM r)",
    "WITH r AS (SELECT vendor_id, sum(price) AS t FROM line WHERE shipped >= '1996-01-01' AND shipped < '1996-04-01' GROUP BY vendor_id) SELECT v.name, r.t FROM vendor v JOIN r ON r.vendor_id = v.id ORDER BY r.t DESC LIMIT 1",
  ],
  [
    'market share by the wrong country',
    "SELECT extract(year FROM d.day), sum(CASE WHEN vc.name = 'BRAZIL' THEN l.price ELSE 0 END) FROM line l JOIN vendor v ON v.id = l.vendor_id JOIN country vc ON vc.id = v.country_id JOIN deal d ON d.id = l.deal_id JOIN buyer b ON b.id = d.buyer_id JOIN country bc ON bc.id = b.country_id JOIN area a ON a.id = bc.area_id WHERE a.name = 'AMERICA' AND d.day BETWEEN '1995-01-01' AND '1996-12-31' GROUP BY 1",
    "SELECT extract(year FROM d.day), sum(CASE WHEN bc.name = 'BRAZIL' THEN l.price ELSE 0 END) FROM line l JOIN vendor v ON v.id = l.vendor_id JOIN country vc ON vc.id = v.country_id JOIN deal d ON d.id = l.deal_id JOIN buyer b ON b.id = d.buyer_id JOIN country bc ON bc.id = b.country_id JOIN area a ON a.id = bc.area_id WHERE a.name = 'AMERICA' AND d.day BETWEEN '1995-01-01' AND '1996-12-31' GROUP BY 1",
  ],
  [
    'two countries that trade',
    "SELECT x.name, y.name, count(*) FROM vendor v JOIN line l ON l.vendor_id = v.id JOIN deal d ON d.id = l.deal_id JOIN buyer b ON b.id = d.buyer_id JOIN country x ON x.id = v.country_id JOIN country y ON y.id = b.country_id WHERE (x.name = 'FRANCE' AND y.name = 'GERMANY') OR (x.name = 'GERMANY' AND y.name = 'FRANCE') GROUP BY 1, 2",
    "SELECT x.name, y.name, count(*) FROM vendor v JOIN line l ON l.vendor_id = v.id JOIN deal d ON d.id = l.deal_id JOIN buyer b ON b.id = d.buyer_id JOIN country x ON x.id = v.country_id JOIN country y ON y.id = b.country_id WHERE x.name IN ('FRANCE', 'GERMANY') AND y.name IN ('FRANCE', 'GERMANY') GROUP BY 1, 2",
  ],
  [
    'sent by mail or ship',
    "SELECT mode, sum(CASE WHEN d.priority = '1-URGENT' OR d.priority = '2-HIGH' THEN 1 ELSE 0 END) FROM deal d JOIN line l ON l.deal_id = d.id WHERE l.mode IN ('MAIL', 'SHIP') AND l.committed < l.received AND l.shipped < l.committed AND l.received >= '1994-01-01' GROUP BY mode",
    "SELECT mode, sum(CASE WHEN d.priority = '1-URGENT' OR d.priority = '2-HIGH' THEN 1 ELSE 0 END) FROM deal d JOIN line l ON l.deal_id = d.id WHERE l.mode IN ('MAIL', 'SHIP') AND l.shipped < l.received AND l.committed < l.received AND l.received >= '1994-01-01' GROUP BY mode",
  ],
  [
    'high priority by NOT',
    "SELECT sum(CASE WHEN d.priority <> '1-URGENT' AND d.priority <> '2-HIGH' THEN 1 ELSE 0 END) FROM deal d JOIN line l ON l.deal_id = d.id WHERE l.mode = 'MAIL'",
    "SELECT count(*) - sum(CASE WHEN d.priority = '1-URGENT' OR d.priority = '2-HIGH' THEN 1 ELSE 0 END) FROM deal d JOIN line l ON l.deal_id = d.id WHERE l.mode = 'MAIL'",
  ],
  [
    'a claim without its line',
    'SELECT c.id, l.price FROM claim c LEFT JOIN line l ON l.deal_id = c.deal_id AND l.number = c.number',
    'SELECT c.id, l.price FROM claim c JOIN line l ON l.deal_id = c.deal_id AND l.number = c.number',
  ],
  [
    'half of a key is NULL',
    'SELECT c.id FROM claim c JOIN line l ON l.deal_id = c.deal_id AND l.number = c.number',
    'SELECT id FROM claim WHERE deal_id IS NOT NULL',
  ],
  [
    'half of a key',
    'SELECT c.id FROM claim c JOIN line l ON l.deal_id = c.deal_id WHERE c.number = l.number',
    'SELECT c.id FROM claim c WHERE EXISTS (SELECT 1 FROM line l WHERE l.deal_id = c.deal_id)',
  ],
  [
    'a key that was not validated',
    'SELECT c.id FROM late_claim c JOIN deal d ON d.id = c.deal_id',
    'SELECT id FROM late_claim WHERE deal_id IS NOT NULL',
  ],
  [
    'average price of a deal',
    'SELECT b.id, avg(l.price) FROM buyer b JOIN deal d ON d.buyer_id = b.id JOIN line l ON l.deal_id = d.id GROUP BY b.id',
    'SELECT b.id, avg(t.p) FROM buyer b JOIN deal d ON d.buyer_id = b.id JOIN (SELECT deal_id, avg(price) AS p FROM line GROUP BY deal_id) t ON t.deal_id = d.id GROUP BY b.id',
  ],
  [
    'total of deals over lines',
    'SELECT buyer_id, sum(total) FROM deal GROUP BY buyer_id',
    'SELECT d.buyer_id, sum(d.total) FROM deal d LEFT JOIN line l ON l.deal_id = d.id GROUP BY d.buyer_id',
  ],
  [
    'total by distinct values',
    'SELECT d.buyer_id, sum(d.total) FROM deal d GROUP BY d.buyer_id',
    'SELECT d.buyer_id, sum(DISTINCT d.total) FROM deal d LEFT JOIN line l ON l.deal_id = d.id GROUP BY d.buyer_id',
  ],
  [
    'second condition of a chain of outer joins',
    "SELECT b.id, l.number FROM buyer b LEFT JOIN deal d ON d.buyer_id = b.id LEFT JOIN line l ON l.deal_id = d.id AND l.returned = 'R'",
    "SELECT b.id, l.number FROM buyer b LEFT JOIN (deal d JOIN line l ON l.deal_id = d.id AND l.returned = 'R') ON d.buyer_id = b.id",
  ],
  [
    'outer join with a filter on the left side',
    "SELECT b.id, d.id FROM buyer b LEFT JOIN deal d ON d.buyer_id = b.id AND b.segment = 'BUILDING'",
    "SELECT b.id, d.id FROM buyer b LEFT JOIN deal d ON d.buyer_id = b.id WHERE b.segment = 'BUILDING'",
  ],
  [
    'nobody and nothing',
    'SELECT count(*) FROM buyer b FULL JOIN vendor v ON v.country_id = b.country_id WHERE v.id IS NULL OR b.id IS NULL',
    'SELECT count(*) FROM buyer b WHERE NOT EXISTS (SELECT 1 FROM vendor v WHERE v.country_id = b.country_id)',
  ],
  [
    'group under another key',
    'SELECT v.name, sum(l.price) FROM vendor v JOIN line l ON l.vendor_id = v.id GROUP BY v.id, v.name',
    'SELECT v.name, sum(l.price) FROM vendor v JOIN line l ON l.vendor_id = v.id GROUP BY v.name',
  ],
  [
    'best of each by two columns',
    'SELECT product_id, vendor_id FROM (SELECT product_id, vendor_id, rank() OVER (PARTITION BY product_id ORDER BY cost) AS r FROM offer) t WHERE r = 1',
    'SELECT DISTINCT ON (product_id) product_id, vendor_id FROM offer ORDER BY product_id, cost',
  ],
  [
    'third best of each',
    'SELECT product_id, vendor_id FROM (SELECT product_id, vendor_id, dense_rank() OVER (PARTITION BY product_id ORDER BY cost DESC) AS r FROM offer) t WHERE r <= 3',
    'SELECT o.product_id, o.vendor_id FROM offer o WHERE (SELECT count(*) FROM offer i WHERE i.product_id = o.product_id AND i.cost > o.cost) < 3',
  ],
  [
    'sum so far',
    'SELECT id, sum(total) OVER (PARTITION BY buyer_id ORDER BY day) FROM deal',
    'SELECT id, sum(total) OVER (PARTITION BY buyer_id ORDER BY day ROWS UNBOUNDED PRECEDING) FROM deal',
  ],
  [
    'last of a window',
    'SELECT id, last_value(total) OVER (PARTITION BY buyer_id ORDER BY id) FROM deal',
    'SELECT id, last_value(total) OVER (PARTITION BY buyer_id ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM deal',
  ],
  [
    'more than ten late lines',
    'SELECT v.id FROM vendor v WHERE (SELECT count(*) FROM line l WHERE l.vendor_id = v.id AND l.received > l.committed) > 10',
    'SELECT v.id FROM vendor v WHERE (SELECT count(*) FROM line l WHERE l.vendor_id = v.id AND l.received > l.committed) >= 10',
  ],
  [
    'empty sum compared',
    'SELECT b.id FROM buyer b WHERE (SELECT coalesce(sum(d.total), 0) FROM deal d WHERE d.buyer_id = b.id) < 100',
    'SELECT b.id FROM buyer b JOIN deal d ON d.buyer_id = b.id GROUP BY b.id HAVING sum(d.total) < 100',
  ],
  [
    'empty count compared',
    'SELECT p.id FROM product p WHERE p.size > (SELECT count(*) FROM offer o WHERE o.product_id = p.id AND o.cost < 100)',
    'SELECT p.id FROM product p JOIN (SELECT product_id, count(*) AS n FROM offer WHERE cost < 100 GROUP BY product_id) o ON o.product_id = p.id WHERE p.size > o.n',
  ],
  [
    'all deals are paid',
    "SELECT b.id FROM buyer b WHERE 'F' = ALL (SELECT d.status FROM deal d WHERE d.buyer_id = b.id)",
    "SELECT b.id FROM buyer b WHERE NOT EXISTS (SELECT 1 FROM deal d WHERE d.buyer_id = b.id AND d.status <> 'F')",
  ],
  [
    'distinct under a limit',
    'SELECT DISTINCT product_id FROM line ORDER BY product_id LIMIT 3',
    'SELECT DISTINCT product_id FROM (SELECT product_id FROM line ORDER BY product_id LIMIT 3) t',
  ],
  [
    'union of two years',
    "SELECT buyer_id FROM deal WHERE day < '1995-01-01' UNION SELECT buyer_id FROM deal WHERE day >= '1995-01-01'",
    'SELECT buyer_id FROM deal',
  ],
  [
    'both years by one row',
    "SELECT buyer_id FROM deal WHERE day < '1995-01-01' INTERSECT SELECT buyer_id FROM deal WHERE day >= '1996-01-01'",
    "SELECT DISTINCT x.buyer_id FROM deal x JOIN deal y ON y.id = x.id WHERE x.day < '1995-01-01' OR y.day >= '1996-01-01'",
  ],
  [
    'except of another order',
    'SELECT country_id FROM buyer EXCEPT SELECT country_id FROM vendor',
    'SELECT b.country_id FROM buyer b LEFT JOIN vendor v ON v.country_id = b.country_id WHERE v.id IS NULL',
  ],
  [
    'rollup over NULL',
    'SELECT segment, count(*) FROM buyer GROUP BY ROLLUP (segment)',
    'SELECT segment, count(*) FROM buyer GROUP BY segment UNION SELECT NULL, count(*) FROM buyer',
  ],
  [
    'division by what is nothing',
    'SELECT o.product_id FROM offer o WHERE o.available <> 0 AND o.cost / o.available > 10',
    'SELECT o.product_id FROM offer o WHERE o.cost > 10 * o.available',
  ],
  [
    'more than one row',
    "SELECT d.id, (SELECT l.price FROM line l WHERE l.deal_id = d.id AND l.returned = 'R') FROM deal d",
    "SELECT d.id, l.price FROM deal d LEFT JOIN line l ON l.deal_id = d.id AND l.returned = 'R'",
  ],
  [
    'five conditions on one line',
    "SELECT deal_id FROM line WHERE returned = 'N' AND mode = 'TRUCK' AND quantity > 10 AND discount = 0.04 AND shipped >= '1997-03-15'",
    "SELECT deal_id FROM line WHERE returned = 'N' AND mode = 'TRUCK' AND quantity > 10 AND discount = 0.04 AND shipped > '1997-03-15'",
  ],
  [
    'a buyer of both products',
    "SELECT d.buyer_id FROM deal d JOIN line l ON l.deal_id = d.id JOIN product p ON p.id = l.product_id WHERE p.brand IN ('Brand#11', 'Brand#22') GROUP BY d.buyer_id HAVING count(DISTINCT p.brand) = 2",
    "SELECT d.buyer_id FROM deal d JOIN line l ON l.deal_id = d.id JOIN product p ON p.id = l.product_id WHERE p.brand IN ('Brand#11', 'Brand#22') GROUP BY d.buyer_id HAVING count(*) >= 2",
  ],
];

export const EQUAL = [
  [
    'cheapest vendor of an area by a window',
    'SELECT v.name, p.id FROM product p JOIN offer o ON o.product_id = p.id JOIN vendor v ON v.id = o.vendor_id WHERE p.size = 15 AND o.cost = (SELECT min(i.cost) FROM offer i WHERE i.product_id = p.id)',
    'SELECT name, id FROM (SELECT v.name, p.id, o.cost, min(o.cost) OVER (PARTITION BY p.id) AS least FROM product p JOIN offer o ON o.product_id = p.id JOIN vendor v ON v.id = o.vendor_id WHERE p.size = 15) t WHERE cost = least',
  ],
  [
    'small orders by a grouped join',
    "SELECT sum(l.price) / 7.0 FROM line l JOIN product p ON p.id = l.product_id WHERE p.brand = 'Brand#23' AND l.quantity < (SELECT 0.2 * avg(i.quantity) FROM line i WHERE i.product_id = p.id)",
    "SELECT sum(l.price) / 7.0 FROM line l JOIN product p ON p.id = l.product_id JOIN (SELECT product_id, 0.2 * avg(quantity) AS q FROM line GROUP BY product_id) i ON i.product_id = p.id AND l.quantity < i.q WHERE p.brand = 'Brand#23'",
  ],
  [
    'waiting vendors by counting',
    'SELECT l.deal_id, l.number FROM line l WHERE EXISTS (SELECT 1 FROM line x WHERE x.deal_id = l.deal_id AND x.vendor_id <> l.vendor_id)',
    'SELECT l.deal_id, l.number FROM line l JOIN (SELECT deal_id FROM line GROUP BY deal_id HAVING min(vendor_id) <> max(vendor_id)) x ON x.deal_id = l.deal_id',
  ],
  [
    'buyers without deals by an outer join',
    'SELECT b.id FROM buyer b WHERE b.balance > 0 AND NOT EXISTS (SELECT 1 FROM deal d WHERE d.buyer_id = b.id)',
    'SELECT b.id FROM buyer b LEFT JOIN deal d ON d.buyer_id = b.id WHERE b.balance > 0 AND d.id IS NULL',
  ],
  [
    'deals grouped before the join',
    'SELECT b.id, count(d.id) FROM buyer b LEFT JOIN deal d ON d.buyer_id = b.id GROUP BY b.id',
    'SELECT b.id, coalesce(t.n, 0) FROM buyer b LEFT JOIN (SELECT buyer_id, count(*) AS n FROM deal GROUP BY buyer_id) t ON t.buyer_id = b.id',
  ],
  [
    'common part of an OR',
    "SELECT sum(l.price) FROM line l, product p WHERE (p.id = l.product_id AND p.brand = 'Brand#12' AND l.quantity < 11) OR (p.id = l.product_id AND p.brand = 'Brand#34' AND l.quantity < 30)",
    "SELECT sum(l.price) FROM line l, product p WHERE p.id = l.product_id AND ((p.brand = 'Brand#12' AND l.quantity < 11) OR (p.brand = 'Brand#34' AND l.quantity < 30))",
  ],
  [
    'large deals by IN',
    'SELECT d.id, d.day FROM deal d WHERE d.id IN (SELECT deal_id FROM line GROUP BY deal_id HAVING sum(quantity) > 300)',
    'SELECT d.id, d.day FROM deal d JOIN line l ON l.deal_id = d.id GROUP BY d.id HAVING sum(l.quantity) > 300',
  ],
  [
    'vendors without complaints by NOT EXISTS',
    "SELECT o.product_id FROM offer o WHERE o.vendor_id NOT IN (SELECT id FROM vendor WHERE comment LIKE '%Customer%Complaints%')",
    "SELECT o.product_id FROM offer o WHERE NOT EXISTS (SELECT 1 FROM vendor v WHERE v.id = o.vendor_id AND v.comment LIKE '%Customer%Complaints%')",
  ],
  [
    'the line of a claim is there',
    'SELECT c.id FROM claim c JOIN line l ON l.deal_id = c.deal_id AND l.number = c.number',
    'SELECT id FROM claim WHERE deal_id IS NOT NULL AND number IS NOT NULL',
  ],
  [
    'a parent behind two keys',
    'SELECT l.price FROM line l JOIN offer o ON o.product_id = l.product_id AND o.vendor_id = l.vendor_id JOIN vendor v ON v.id = o.vendor_id',
    'SELECT price FROM line',
  ],
  [
    'the whole price of a buyer',
    'SELECT d.buyer_id, sum(l.price) FROM deal d JOIN line l ON l.deal_id = d.id GROUP BY d.buyer_id',
    'SELECT d.buyer_id, sum(t.p) FROM deal d JOIN (SELECT deal_id, sum(price) AS p FROM line GROUP BY deal_id) t ON t.deal_id = d.id GROUP BY d.buyer_id',
  ],
  [
    'a chain of outer joins in another order',
    'SELECT b.id, d.id, l.number FROM buyer b LEFT JOIN (deal d LEFT JOIN line l ON l.deal_id = d.id) ON d.buyer_id = b.id',
    'SELECT b.id, d.id, l.number FROM buyer b LEFT JOIN deal d ON d.buyer_id = b.id LEFT JOIN line l ON l.deal_id = d.id',
  ],
  [
    'an outer join whose NULLs are refused',
    "SELECT b.id, d.id FROM buyer b LEFT JOIN deal d ON d.buyer_id = b.id WHERE d.status = 'F'",
    "SELECT b.id, d.id FROM buyer b JOIN deal d ON d.buyer_id = b.id WHERE d.status = 'F'",
  ],
  [
    'third best of each by distinct values',
    'SELECT product_id, vendor_id FROM (SELECT product_id, vendor_id, dense_rank() OVER (PARTITION BY product_id ORDER BY cost DESC) AS r FROM offer) t WHERE r <= 3',
    'SELECT o.product_id, o.vendor_id FROM offer o WHERE (SELECT count(DISTINCT i.cost) FROM offer i WHERE i.product_id = o.product_id AND i.cost > o.cost) < 3',
  ],
  [
    'nothing is below a sum of none',
    'SELECT b.id FROM buyer b WHERE (SELECT coalesce(sum(d.total), 0) FROM deal d WHERE d.buyer_id = b.id) < 100',
    'SELECT b.id FROM buyer b LEFT JOIN deal d ON d.buyer_id = b.id GROUP BY b.id HAVING coalesce(sum(d.total), 0) < 100',
  ],
  [
    'a count of none in an outer join',
    'SELECT p.id FROM product p WHERE p.size > (SELECT count(*) FROM offer o WHERE o.product_id = p.id AND o.cost < 100)',
    'SELECT p.id FROM product p LEFT JOIN (SELECT product_id, count(*) AS n FROM offer WHERE cost < 100 GROUP BY product_id) o ON o.product_id = p.id WHERE p.size > coalesce(o.n, 0)',
  ],
  [
    'all deals are paid, none unknown',
    "SELECT b.id FROM buyer b WHERE 'F' = ALL (SELECT d.status FROM deal d WHERE d.buyer_id = b.id)",
    "SELECT b.id FROM buyer b WHERE NOT EXISTS (SELECT 1 FROM deal d WHERE d.buyer_id = b.id AND (d.status = 'F') IS NOT TRUE)",
  ],
  [
    'union of both halves',
    "SELECT buyer_id FROM deal WHERE day < '1995-01-01' UNION SELECT buyer_id FROM deal WHERE day >= '1995-01-01'",
    'SELECT DISTINCT buyer_id FROM deal',
  ],
  [
    'except by an anti-join',
    'SELECT country_id FROM buyer EXCEPT SELECT country_id FROM vendor',
    'SELECT DISTINCT b.country_id FROM buyer b WHERE NOT EXISTS (SELECT 1 FROM vendor v WHERE v.country_id = b.country_id)',
  ],
  [
    'a key makes groups of one',
    'SELECT d.id, d.day, max(d.total) FROM deal d GROUP BY d.id',
    'SELECT id, day, total FROM deal',
  ],
];
