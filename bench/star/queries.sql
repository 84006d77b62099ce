-- name: brand_month
SELECT c.year, p.brand, sum(s.price * s.quantity) AS total FROM calendar c JOIN sale s ON s.day_id = c.day_id JOIN product p ON p.product_id = s.product_id WHERE p.maker_id = 128 AND c.month = 11 GROUP BY c.year, p.brand ORDER BY c.year, total DESC, p.brand LIMIT 100;

-- name: refund_above_average
WITH per_shopper AS (SELECT r.shopper_id, r.outlet_id, sum(r.amount) AS total FROM refund r JOIN calendar c ON c.day_id = r.day_id WHERE c.year = 2023 GROUP BY r.shopper_id, r.outlet_id)
SELECT h.email FROM per_shopper a JOIN outlet o ON o.outlet_id = a.outlet_id JOIN shopper h ON h.shopper_id = a.shopper_id
WHERE a.total > (SELECT avg(total) * 1.2 FROM per_shopper b WHERE b.outlet_id = a.outlet_id) AND o.state = 'BA' ORDER BY h.email LIMIT 100;

-- name: household_hour
SELECT count(*) FROM sale s JOIN household h ON h.household_id = s.household_id JOIN outlet o ON o.outlet_id = s.outlet_id WHERE s.minute_id BETWEEN 1230 AND 1259 AND h.dependants = 7 AND o.name = 'ese';

-- name: mailed_averages
SELECT p.code, avg(s.quantity), avg(s.list_price), avg(s.discount), avg(s.price) FROM sale s JOIN calendar c ON c.day_id = s.day_id JOIN product p ON p.product_id = s.product_id JOIN campaign m ON m.campaign_id = s.campaign_id
WHERE (m.by_mail OR m.by_event) AND c.year = 2024 AND c.quarter = 2 AND p.colour = 'navy' GROUP BY p.code ORDER BY p.code LIMIT 100;

-- name: web_state_zip
SELECT a.state, a.zip, sum(w.price * w.quantity) FROM web_order w JOIN shopper h ON h.shopper_id = w.shopper_id JOIN address a ON a.address_id = h.address_id JOIN calendar c ON c.day_id = w.day_id
WHERE (a.zip IN ('00001', '00017', '00123', '00456', '02222') OR a.state = 'ZE' OR w.price > 240) AND c.quarter = 2 AND c.year = 2022 GROUP BY a.state, a.zip ORDER BY a.state, a.zip LIMIT 100;

-- name: sold_returned_bought_again
SELECT p.code, o.name, sum(s.profit), sum(r.loss), sum(w.profit) FROM sale s JOIN refund r ON r.product_id = s.product_id AND r.ticket = s.ticket AND r.shopper_id = s.shopper_id JOIN web_order w ON w.shopper_id = r.shopper_id AND w.product_id = r.product_id
JOIN calendar c ON c.day_id = s.day_id JOIN product p ON p.product_id = s.product_id JOIN outlet o ON o.outlet_id = s.outlet_id WHERE c.year BETWEEN 2021 AND 2024 GROUP BY p.code, o.name ORDER BY p.code, o.name LIMIT 100;

-- name: late_shipping
SELECT w.warehouse, w.ship_mode, count(*) FILTER (WHERE w.ship_day_id - w.day_id <= 30) AS month, count(*) FILTER (WHERE w.ship_day_id - w.day_id > 120) AS late FROM web_order w JOIN calendar c ON c.day_id = w.ship_day_id WHERE c.day BETWEEN '2023-03-01' AND '2023-03-31' GROUP BY w.warehouse, w.ship_mode ORDER BY 1, 2;

-- name: excess_discount
SELECT sum(w.discount) FROM web_order w JOIN product p ON p.product_id = w.product_id JOIN calendar c ON c.day_id = w.day_id WHERE p.maker_id = 35 AND c.day BETWEEN '2023-01-01' AND '2023-04-01'
AND w.discount > (SELECT 1.3 * avg(v.discount) FROM web_order v JOIN calendar d ON d.day_id = v.day_id WHERE v.product_id = p.product_id AND d.day BETWEEN '2023-01-01' AND '2023-04-01');

-- name: cheap_products_in_stock
SELECT p.product_id, p.name, p.price FROM product p JOIN stock t ON t.product_id = p.product_id JOIN calendar c ON c.day_id = t.day_id WHERE p.price BETWEEN 60 AND 68 AND c.day BETWEEN '2023-05-25' AND '2023-07-24' AND p.maker_id IN (1, 4, 9, 33, 120) AND t.on_hand BETWEEN 100 AND 500
AND EXISTS (SELECT 1 FROM sale s WHERE s.product_id = p.product_id) GROUP BY p.product_id, p.name, p.price ORDER BY p.product_id LIMIT 100;

-- name: monthly_rank
SELECT * FROM (SELECT p.maker_id, c.month, sum(s.price) AS total, avg(sum(s.price)) OVER (PARTITION BY p.maker_id) AS average FROM product p JOIN sale s ON s.product_id = p.product_id JOIN calendar c ON c.day_id = s.day_id JOIN outlet o ON o.outlet_id = s.outlet_id
WHERE c.year = 2024 AND p.category IN ('Books', 'Electronics') AND p.class IN ('class 3', 'class 17', 'class 44') GROUP BY p.maker_id, c.month) AS q WHERE abs(total - average) > 0.1 * average ORDER BY average, total LIMIT 100;

-- name: large_tickets
SELECT h.last_name, h.first_name, t.ticket, t.n FROM (SELECT s.ticket, s.shopper_id, count(*) AS n FROM sale s JOIN calendar c ON c.day_id = s.day_id JOIN outlet o ON o.outlet_id = s.outlet_id JOIN household d ON d.household_id = s.household_id
WHERE extract(day FROM c.day) BETWEEN 1 AND 3 AND d.buys IN ('>10000', 'Unknown') AND d.vehicles > 0 AND c.year = 2023 GROUP BY s.ticket, s.shopper_id) AS t JOIN shopper h ON h.shopper_id = t.shopper_id WHERE t.n BETWEEN 6 AND 8 ORDER BY t.n DESC, h.last_name LIMIT 100;

-- name: shoppers_of_all_channels
SELECT count(*) FROM (SELECT DISTINCT h.last_name, h.first_name, c.day FROM sale s JOIN calendar c ON c.day_id = s.day_id JOIN shopper h ON h.shopper_id = s.shopper_id WHERE c.week_no BETWEEN 150 AND 152
INTERSECT SELECT DISTINCT h.last_name, h.first_name, c.day FROM web_order w JOIN calendar c ON c.day_id = w.day_id JOIN shopper h ON h.shopper_id = w.shopper_id WHERE c.week_no BETWEEN 150 AND 152) AS both_of_them;

-- name: one_order_history
SELECT s.*, p.name FROM sale s JOIN product p ON p.product_id = s.product_id WHERE s.ticket = 41234 ORDER BY p.name;

-- name: one_shopper
SELECT c.day, s.ticket, sum(s.price * s.quantity) AS paid FROM sale s JOIN calendar c ON c.day_id = s.day_id WHERE s.shopper_id = 31415 GROUP BY c.day, s.ticket ORDER BY c.day DESC LIMIT 20;

-- name: by_email
SELECT h.shopper_id, h.first_name, a.city FROM shopper h JOIN address a ON a.address_id = h.address_id WHERE lower(h.email) = 'u4711@example.org';

-- name: refunds_by_reason
SELECT r.reason_id, count(*), sum(r.amount) FROM refund r WHERE r.reason_id IN (3, 14) AND r.amount > 4000 GROUP BY r.reason_id;

-- name: never_returned
SELECT p.category, count(*) FROM sale s JOIN product p ON p.product_id = s.product_id LEFT JOIN refund r ON r.ticket = s.ticket AND r.product_id = s.product_id WHERE r.ticket IS NULL AND s.day_id BETWEEN 700 AND 730 GROUP BY p.category ORDER BY 2 DESC;

-- name: best_web_products
SELECT * FROM (SELECT p.product_id, p.name, rank() OVER (ORDER BY avg(w.profit) DESC) AS best FROM web_order w JOIN product p ON p.product_id = w.product_id WHERE w.warehouse = 4 GROUP BY p.product_id, p.name HAVING avg(w.profit) > 10) AS ranked WHERE best <= 10 ORDER BY best;

-- name: city_differs
SELECT h.last_name, h.first_name, a.city, t.bought, t.ticket FROM (SELECT s.ticket, s.shopper_id, o.city AS bought, sum(s.profit) AS profit FROM sale s JOIN calendar c ON c.day_id = s.day_id JOIN outlet o ON o.outlet_id = s.outlet_id JOIN household d ON d.household_id = s.household_id
WHERE (d.dependants = 4 OR d.vehicles = 3) AND c.weekday IN ('Saturday', 'Sunday') AND c.year = 2022 AND o.city IN ('city 3', 'city 4') GROUP BY s.ticket, s.shopper_id, o.city) AS t JOIN shopper h ON h.shopper_id = t.shopper_id JOIN address a ON a.address_id = h.address_id WHERE a.city <> t.bought ORDER BY 1, 2, 5 LIMIT 100;

-- name: weekday_sums
SELECT o.name, c.week_no, sum(s.price) FILTER (WHERE c.weekday = 'Monday') AS monday, sum(s.price) FILTER (WHERE c.weekday = 'Friday') AS friday FROM sale s JOIN calendar c ON c.day_id = s.day_id JOIN outlet o ON o.outlet_id = s.outlet_id WHERE c.week_no BETWEEN 104 AND 110 GROUP BY o.name, c.week_no ORDER BY 1, 2;

-- name: stock_before_after
SELECT t.warehouse, p.code, sum(t.on_hand) FILTER (WHERE c.day < '2023-06-01') AS before, sum(t.on_hand) FILTER (WHERE c.day >= '2023-06-01') AS after FROM stock t JOIN product p ON p.product_id = t.product_id JOIN calendar c ON c.day_id = t.day_id
WHERE p.price BETWEEN 0.99 AND 6.49 AND c.day BETWEEN '2023-05-02' AND '2023-07-01' GROUP BY t.warehouse, p.code ORDER BY 1, 2 LIMIT 100;

-- name: same_day_refund_web
SELECT sum(r.amount) FROM refund r WHERE EXISTS (SELECT 1 FROM web_order w WHERE w.shopper_id = r.shopper_id AND w.day_id = r.day_id) AND r.day_id > 1200;

-- name: preferred_born
SELECT h.born, count(*), avg(h.household_id) FROM shopper h WHERE h.preferred AND h.born BETWEEN 1980 AND 1983 AND h.first_day > 1400 GROUP BY h.born ORDER BY h.born;

-- name: last_sales_of_outlet
SELECT s.ticket, s.product_id, s.price FROM sale s WHERE s.outlet_id = 17 AND s.day_id IS NOT NULL ORDER BY s.day_id DESC, s.ticket DESC LIMIT 50;

-- name: high_profit_discounted
SELECT s.ticket, s.profit FROM sale s WHERE s.discount > 19 AND s.quantity > 90 ORDER BY s.profit DESC LIMIT 20;

-- name: name_prefix
SELECT h.shopper_id, h.last_name, h.first_name FROM shopper h WHERE h.last_name LIKE 'Ab%' ORDER BY h.last_name, h.first_name LIMIT 30;

-- name: ship_to_city
SELECT w.order_no, w.price, a.street FROM address a JOIN web_order w ON w.ship_address_id = a.address_id WHERE a.city = 'city 577' AND w.quantity > 50 ORDER BY w.order_no;

-- name: cross_sale
SELECT b.product_id, count(*) AS together FROM sale a JOIN sale b ON b.ticket = a.ticket AND b.product_id <> a.product_id WHERE a.product_id = 777 GROUP BY b.product_id ORDER BY together DESC, b.product_id LIMIT 10;

-- name: channel_union
SELECT channel, category, sum(amount) FROM (SELECT 'sale' AS channel, p.category, s.price AS amount FROM sale s JOIN product p ON p.product_id = s.product_id WHERE s.campaign_id IS NULL AND s.day_id BETWEEN 900 AND 990
UNION ALL SELECT 'web', p.category, w.price FROM web_order w JOIN product p ON p.product_id = w.product_id WHERE w.ship_mode = 7 AND w.day_id BETWEEN 900 AND 990) AS all_of_them GROUP BY channel, category ORDER BY 1, 2;

-- name: rollup_profit
SELECT p.category, p.class, sum(s.profit) / sum(s.price) AS margin, grouping(p.category) + grouping(p.class) AS level FROM sale s JOIN calendar c ON c.day_id = s.day_id JOIN product p ON p.product_id = s.product_id JOIN outlet o ON o.outlet_id = s.outlet_id WHERE c.year = 2021 AND o.state IN ('AA', 'CA') GROUP BY ROLLUP (p.category, p.class) ORDER BY level DESC, 1, 2 LIMIT 100;

-- name: growing_shoppers
WITH y AS (SELECT s.shopper_id, c.year, sum(s.list_price - s.discount) AS total FROM sale s JOIN calendar c ON c.day_id = s.day_id WHERE c.year IN (2023, 2024) GROUP BY s.shopper_id, c.year)
SELECT h.shopper_id, h.last_name FROM y a JOIN y b ON b.shopper_id = a.shopper_id AND a.year = 2023 AND b.year = 2024 JOIN shopper h ON h.shopper_id = a.shopper_id WHERE a.total > 0 AND b.total / a.total > 20 ORDER BY 1 LIMIT 100;

-- name: not_sold_lately
SELECT p.product_id, p.name FROM product p WHERE p.category = 'Jewelry' AND NOT EXISTS (SELECT 1 FROM sale s WHERE s.product_id = p.product_id AND s.day_id > 1790) AND NOT EXISTS (SELECT 1 FROM web_order w WHERE w.product_id = p.product_id AND w.day_id > 1790) ORDER BY 1 LIMIT 100;
