// Pairs of statements that belong to no rule: what the verifier must tell apart, and what it must leave alone.

export const SCHEMA = `
  CREATE TYPE level AS ENUM ('low', 'mid', 'high');
  CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL, city text, since date, level level NOT NULL);
  CREATE TABLE purchase (id int PRIMARY KEY, customer_id int REFERENCES customer, amount int, price numeric(8, 2) NOT NULL, at timestamp NOT NULL, note varchar(20));
  CREATE TABLE item (purchase_id int NOT NULL REFERENCES purchase, line int NOT NULL, product int, quantity int NOT NULL CHECK (quantity >= 0), PRIMARY KEY (purchase_id, line));
  CREATE TABLE blocked (customer_id int, why text);
  CREATE TABLE part (id int PRIMARY KEY, parent_id int REFERENCES part, weight float8, code char(4), tags text[], body jsonb);
  CREATE TABLE edge (a int NOT NULL, b int NOT NULL);`;

/** Name, first statement, second statement. */
export const DIFFERENT = [
  [
    'NOT IN and NULL',
    'SELECT id FROM customer WHERE id NOT IN (SELECT customer_id FROM blocked)',
    'SELECT id FROM customer c WHERE NOT EXISTS (SELECT 1 FROM blocked b WHERE b.customer_id = c.id)',
  ],
  [
    'count of a column',
    'SELECT customer_id, count(amount) FROM purchase GROUP BY customer_id',
    'SELECT customer_id, count(*) FROM purchase GROUP BY customer_id',
  ],
  [
    'a condition of a LEFT JOIN in WHERE',
    'SELECT c.id, p.id AS p FROM customer c LEFT JOIN purchase p ON p.customer_id = c.id AND p.amount > 2',
    'SELECT c.id, p.id AS p FROM customer c LEFT JOIN purchase p ON p.customer_id = c.id WHERE p.amount > 2',
  ],
  [
    'LEFT JOIN and JOIN',
    'SELECT c.id, count(p.id) FROM customer c LEFT JOIN purchase p ON p.customer_id = c.id GROUP BY c.id',
    'SELECT c.id, count(p.id) FROM customer c JOIN purchase p ON p.customer_id = c.id GROUP BY c.id',
  ],
  [
    'sum over a fan-out',
    'SELECT sum(p.amount) FROM purchase p WHERE EXISTS (SELECT 1 FROM item i WHERE i.purchase_id = p.id)',
    'SELECT sum(p.amount) FROM purchase p JOIN item i ON i.purchase_id = p.id',
  ],
  [
    '> ALL and max',
    'SELECT id FROM purchase WHERE amount > ALL (SELECT quantity FROM item)',
    'SELECT id FROM purchase WHERE amount > (SELECT max(quantity) FROM item)',
  ],
  [
    'UNION and UNION ALL',
    'SELECT city FROM customer UNION SELECT note FROM purchase',
    'SELECT city FROM customer UNION ALL SELECT note FROM purchase',
  ],
  [
    'EXCEPT and NOT EXISTS',
    'SELECT city FROM customer EXCEPT SELECT why FROM blocked',
    'SELECT city FROM customer c WHERE NOT EXISTS (SELECT 1 FROM blocked b WHERE b.why = c.city)',
  ],
  [
    'INTERSECT and JOIN',
    'SELECT city FROM customer INTERSECT SELECT why FROM blocked',
    'SELECT c.city FROM customer c JOIN blocked b ON b.why = c.city',
  ],
  [
    'EXCEPT and EXCEPT ALL',
    'SELECT city FROM customer EXCEPT SELECT why FROM blocked',
    'SELECT city FROM customer EXCEPT ALL SELECT why FROM blocked',
  ],
  [
    'avg and whole division',
    'SELECT avg(amount)::int AS a FROM purchase',
    'SELECT (sum(amount) / count(amount))::int AS a FROM purchase',
  ],
  [
    'HAVING and WHERE',
    'SELECT customer_id, sum(amount) FROM purchase GROUP BY customer_id HAVING sum(amount) > 3',
    'SELECT customer_id, sum(amount) FROM purchase WHERE amount > 3 GROUP BY customer_id',
  ],
  [
    'BETWEEN has both ends',
    "SELECT id FROM purchase WHERE at BETWEEN '2000-01-01' AND '2000-01-02'",
    "SELECT id FROM purchase WHERE at >= '2000-01-01' AND at < '2000-01-02'",
  ],
  [
    '<> and NULL',
    "SELECT id FROM customer WHERE city <> 'a' OR city IS NULL",
    "SELECT id FROM customer WHERE city <> 'a'",
  ],
  [
    'NOT of an OR',
    'SELECT id FROM purchase WHERE NOT (amount > 2 OR price > 2)',
    'SELECT id FROM purchase WHERE amount <= 2 OR price <= 2',
  ],
  [
    'rank and row_number',
    'SELECT id FROM (SELECT id, rank() OVER (ORDER BY amount) AS n FROM purchase) r WHERE n <= 2',
    'SELECT id FROM (SELECT id, row_number() OVER (ORDER BY amount) AS n FROM purchase) r WHERE n <= 2',
  ],
  [
    'rank and dense_rank',
    'SELECT id FROM (SELECT id, rank() OVER (ORDER BY amount) AS n FROM purchase) r WHERE n = 2',
    'SELECT id FROM (SELECT id, dense_rank() OVER (ORDER BY amount) AS n FROM purchase) r WHERE n = 2',
  ],
  [
    'RANGE and ROWS',
    'SELECT id, sum(price) OVER (ORDER BY amount) FROM purchase',
    'SELECT id, sum(price) OVER (ORDER BY amount ROWS UNBOUNDED PRECEDING) FROM purchase',
  ],
  [
    'NULLS FIRST',
    'SELECT id, amount FROM purchase ORDER BY amount DESC',
    'SELECT id, amount FROM purchase ORDER BY amount DESC NULLS LAST',
  ],
  ['NULL in ||', 'SELECT id, name || city AS t FROM customer', 'SELECT id, concat(name, city) AS t FROM customer'],
  [
    'IS DISTINCT FROM',
    'SELECT p.id FROM purchase p JOIN blocked b ON p.customer_id IS NOT DISTINCT FROM b.customer_id',
    'SELECT p.id FROM purchase p JOIN blocked b ON p.customer_id = b.customer_id',
  ],
  [
    'count(DISTINCT)',
    'SELECT count(DISTINCT city) FROM customer',
    'SELECT count(*) FROM (SELECT DISTINCT city FROM customer) AS c',
  ],
  [
    'an empty group',
    'SELECT COALESCE(sum(amount), 0) AS s FROM purchase WHERE amount > 2',
    'SELECT sum(amount) AS s FROM purchase WHERE amount > 2 HAVING count(*) > 0',
  ],
  [
    'LIKE and its case',
    "SELECT id FROM customer WHERE city ILIKE 'ab%'",
    "SELECT id FROM customer WHERE city LIKE 'ab%'",
  ],
  [
    'an enum and its order',
    "SELECT id FROM customer WHERE level >= 'mid'",
    "SELECT id FROM customer WHERE level::text >= 'mid'",
  ],
  [
    'the later of two',
    'SELECT id, GREATEST(amount, 3) AS g FROM purchase',
    'SELECT id, CASE WHEN amount > 3 THEN amount ELSE 3 END AS g FROM purchase WHERE amount IS NOT NULL',
  ],
  [
    'a month is not 30 days',
    "SELECT id FROM purchase WHERE at < timestamp '2000-01-31' + interval '1 month'",
    "SELECT id FROM purchase WHERE at < timestamp '2000-01-31' + interval '30 days'",
  ],
  [
    'OFFSET counts rows',
    'SELECT id FROM purchase ORDER BY id LIMIT 2 OFFSET 1',
    'SELECT id FROM purchase WHERE id > 1 ORDER BY id LIMIT 2',
  ],
  [
    'first of each and any of each',
    'SELECT DISTINCT ON (customer_id) customer_id, amount FROM purchase ORDER BY customer_id, amount',
    'SELECT DISTINCT ON (customer_id) customer_id, amount FROM purchase ORDER BY customer_id, amount DESC',
  ],
  [
    'a window after WHERE',
    'SELECT id, n FROM (SELECT id, amount, count(*) OVER () AS n FROM purchase) w WHERE amount > 2',
    'SELECT id, count(*) OVER () AS n FROM purchase WHERE amount > 2',
  ],
  [
    'bool_and over nothing',
    'SELECT bool_and(quantity > 2) AS b FROM item',
    'SELECT NOT EXISTS (SELECT 1 FROM item WHERE NOT quantity > 2) AS b',
  ],
  [
    'IN and JOIN',
    'SELECT c.id FROM customer c WHERE c.id IN (SELECT customer_id FROM purchase)',
    'SELECT c.id FROM customer c JOIN purchase p ON p.customer_id = c.id',
  ],
  [
    'a later page by one key',
    'SELECT id FROM purchase WHERE (amount, id) > (2, 3) ORDER BY amount, id LIMIT 2',
    'SELECT id FROM purchase WHERE amount > 2 AND id > 3 ORDER BY amount, id LIMIT 2',
  ],
  [
    'rounding',
    'SELECT id FROM purchase WHERE price::int = 2',
    'SELECT id FROM purchase WHERE price >= 2 AND price < 3',
  ],
  [
    'an UPDATE of other rows',
    'UPDATE purchase SET amount = 0 WHERE amount IS NULL',
    'UPDATE purchase SET amount = COALESCE(amount, 0) WHERE amount IS NULL OR amount = 1',
  ],
  [
    'a DELETE through NULL',
    'DELETE FROM item WHERE product NOT IN (SELECT customer_id FROM blocked)',
    'DELETE FROM item WHERE NOT EXISTS (SELECT 1 FROM blocked b WHERE b.customer_id = item.product)',
  ],
  ['odd and negative', 'SELECT id FROM part WHERE parent_id % 2 = 1', 'SELECT id FROM part WHERE parent_id % 2 <> 0'],
  [
    'odd numbers below nothing',
    'SELECT id FROM purchase WHERE amount % 2 = 1',
    'SELECT id FROM purchase WHERE amount % 2 <> 0',
  ],
  ['a blank at the end', "SELECT id FROM part WHERE code = 'a'", "SELECT id FROM part WHERE code LIKE 'a'"],
  [
    'a moment and its day',
    "SELECT id FROM purchase WHERE at::date = '2000-01-02'",
    "SELECT id FROM purchase WHERE at = '2000-01-02'",
  ],
  [
    'three and more',
    'SELECT customer_id FROM purchase GROUP BY customer_id HAVING count(*) >= 3',
    'SELECT customer_id FROM purchase GROUP BY customer_id HAVING count(DISTINCT amount) >= 3',
  ],
  [
    'many and more',
    'SELECT customer_id FROM purchase GROUP BY customer_id HAVING count(*) > 9',
    'SELECT customer_id FROM purchase GROUP BY customer_id HAVING count(*) > 10',
  ],
  [
    'a sum beyond',
    'SELECT customer_id FROM purchase GROUP BY customer_id HAVING sum(amount) > 100',
    'SELECT customer_id FROM purchase GROUP BY customer_id HAVING sum(amount) >= 100',
  ],
  [
    'division by counting',
    'SELECT c.id FROM customer c WHERE NOT EXISTS (SELECT 1 FROM item i WHERE NOT EXISTS (SELECT 1 FROM purchase p WHERE p.customer_id = c.id AND p.id = i.purchase_id))',
    'SELECT customer_id AS id FROM purchase p JOIN item i ON i.purchase_id = p.id GROUP BY customer_id HAVING count(DISTINCT i.purchase_id) = (SELECT count(DISTINCT purchase_id) FROM item)',
  ],
  [
    'the row before and the number before',
    'SELECT a.id FROM part a JOIN part b ON b.id = a.id - 1 WHERE b.weight = a.weight',
    'SELECT id FROM (SELECT id, weight, lag(weight) OVER (ORDER BY id) AS l FROM part) w WHERE l = weight',
  ],
  [
    'lag and its partition',
    'SELECT id, lag(amount) OVER (PARTITION BY customer_id ORDER BY id) FROM purchase',
    'SELECT id, lag(amount) OVER (ORDER BY customer_id, id) FROM purchase',
  ],
  [
    'the middle',
    'SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY weight) AS m FROM part',
    'SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY weight) AS m FROM part',
  ],
  [
    'paths once and paths each',
    'WITH RECURSIVE r AS (SELECT a, b FROM edge WHERE a < b UNION SELECT r.a, e.b FROM r JOIN edge e ON e.a = r.b AND e.a < e.b) SELECT a, b FROM r',
    'WITH RECURSIVE r AS (SELECT a, b FROM edge WHERE a < b UNION ALL SELECT r.a, e.b FROM r JOIN edge e ON e.a = r.b AND e.a < e.b) SELECT a, b FROM r',
  ],
  [
    'grandchildren',
    'WITH RECURSIVE r AS (SELECT id FROM part WHERE parent_id = 1 UNION SELECT p.id FROM part p JOIN r ON p.parent_id = r.id) SELECT id FROM r',
    'SELECT id FROM part WHERE parent_id = 1 UNION SELECT p.id FROM part p JOIN part q ON p.parent_id = q.id AND q.parent_id = 1',
  ],
  [
    'FULL and LEFT JOIN',
    'SELECT c.id, b.why FROM customer c FULL JOIN blocked b ON b.customer_id = c.id',
    'SELECT c.id, b.why FROM customer c LEFT JOIN blocked b ON b.customer_id = c.id',
  ],
  [
    'an inner join behind an outer one',
    'SELECT c.id, i.line FROM customer c LEFT JOIN (purchase p JOIN item i ON i.purchase_id = p.id) ON p.customer_id = c.id',
    'SELECT c.id, i.line FROM customer c LEFT JOIN purchase p ON p.customer_id = c.id JOIN item i ON i.purchase_id = p.id',
  ],
  ['a key and its value', "SELECT id FROM part WHERE body ? 'a'", "SELECT id FROM part WHERE body ->> 'a' IS NOT NULL"],
  [
    'some tag and all tags',
    "SELECT id FROM part WHERE tags && ARRAY['a', 'b']",
    "SELECT id FROM part WHERE tags @> ARRAY['a', 'b']",
  ],
  [
    'an array without elements',
    "SELECT id FROM part WHERE 'a' <> ALL (tags)",
    "SELECT id FROM part WHERE tags IS NOT NULL AND NOT tags @> ARRAY['a']",
  ],
  ['NaN', 'SELECT id FROM part WHERE weight > 5', "SELECT id FROM part WHERE weight > 5 AND weight <> 'NaN'"],
  ['a fraction', 'SELECT id FROM part WHERE weight > 2', 'SELECT id FROM part WHERE weight >= 3'],
  [
    'length in characters',
    'SELECT id FROM customer WHERE length(city) > 2',
    'SELECT id FROM customer WHERE octet_length(city) > 2',
  ],
  [
    'trim of one side',
    "SELECT id FROM customer WHERE trim(city) = 'a'",
    "SELECT id FROM customer WHERE rtrim(city) = 'a'",
  ],
  [
    'second highest',
    'SELECT max(amount) AS m FROM purchase WHERE amount < (SELECT max(amount) FROM purchase)',
    'SELECT (SELECT amount FROM purchase WHERE amount IS NOT NULL ORDER BY amount DESC OFFSET 1 LIMIT 1) AS m',
  ],
  [
    'both in one row and both in any row',
    'SELECT purchase_id FROM item WHERE product = 1 AND quantity > 2',
    'SELECT purchase_id FROM item WHERE product = 1 INTERSECT SELECT purchase_id FROM item WHERE quantity > 2',
  ],
  [
    'every and some',
    'SELECT p.id FROM purchase p WHERE 2 < ALL (SELECT quantity FROM item i WHERE i.purchase_id = p.id)',
    'SELECT p.id FROM purchase p WHERE 2 < (SELECT min(quantity) FROM item i WHERE i.purchase_id = p.id)',
  ],
  [
    'an average of averages',
    'SELECT avg(price) AS a FROM purchase',
    'SELECT avg(a) AS a FROM (SELECT avg(price) AS a FROM purchase GROUP BY customer_id) x',
  ],
  [
    'a total row',
    'SELECT city, count(*) FROM customer GROUP BY ROLLUP (city)',
    'SELECT city, count(*) FROM customer GROUP BY city',
  ],
  [
    'the month of any year',
    'SELECT id FROM purchase WHERE extract(month FROM at) = 2',
    "SELECT id FROM purchase WHERE at >= '2000-02-01' AND at < '2000-03-01'",
  ],
];

export const EQUAL = [
  [
    'NOT EXISTS and LEFT JOIN',
    'SELECT c.id FROM customer c WHERE NOT EXISTS (SELECT 1 FROM purchase p WHERE p.customer_id = c.id)',
    'SELECT c.id FROM customer c LEFT JOIN purchase p ON p.customer_id = c.id WHERE p.id IS NULL',
  ],
  [
    'IN and EXISTS',
    'SELECT id FROM customer WHERE id IN (SELECT customer_id FROM blocked)',
    'SELECT c.id FROM customer c WHERE EXISTS (SELECT 1 FROM blocked b WHERE b.customer_id = c.id)',
  ],
  [
    'IN and a join with DISTINCT',
    'SELECT id FROM customer WHERE id IN (SELECT customer_id FROM purchase)',
    'SELECT c.id FROM customer c JOIN (SELECT DISTINCT customer_id FROM purchase) p ON p.customer_id = c.id',
  ],
  [
    'De Morgan',
    'SELECT id FROM purchase WHERE NOT (amount > 2 OR price > 2)',
    'SELECT id FROM purchase WHERE amount <= 2 AND price <= 2',
  ],
  [
    'GROUP BY and DISTINCT',
    'SELECT DISTINCT city, level FROM customer',
    'SELECT city, level FROM customer GROUP BY city, level',
  ],
  [
    'a HAVING of the group',
    'SELECT customer_id, count(*) FROM purchase GROUP BY customer_id HAVING customer_id > 1',
    'SELECT customer_id, count(*) FROM purchase WHERE customer_id > 1 GROUP BY customer_id',
  ],
  ['a check that always holds', 'SELECT purchase_id FROM item WHERE quantity >= 0', 'SELECT purchase_id FROM item'],
  [
    'a parent that is there',
    'SELECT i.line FROM item i JOIN purchase p ON p.id = i.purchase_id',
    'SELECT line FROM item',
  ],
  [
    'max and ORDER BY',
    'SELECT max(amount) AS m FROM purchase',
    'SELECT (SELECT amount FROM purchase WHERE amount IS NOT NULL ORDER BY amount DESC LIMIT 1) AS m',
  ],
  [
    'FILTER and CASE',
    'SELECT count(*) FILTER (WHERE amount > 2) AS n FROM purchase',
    'SELECT count(CASE WHEN amount > 2 THEN 1 END) AS n FROM purchase',
  ],
  [
    'a window and a subquery',
    'SELECT id, count(*) OVER (PARTITION BY amount) AS n FROM purchase',
    'SELECT p.id, (SELECT count(*) FROM purchase q WHERE q.amount IS NOT DISTINCT FROM p.amount) AS n FROM purchase p',
  ],
  [
    'rank by counting',
    'SELECT id, rank() OVER (ORDER BY price) AS n FROM purchase',
    'SELECT p.id, 1 + (SELECT count(*) FROM purchase q WHERE q.price < p.price) AS n FROM purchase p',
  ],
  [
    'UNION and DISTINCT',
    'SELECT city FROM customer UNION SELECT note FROM purchase',
    'SELECT DISTINCT x.city FROM (SELECT city FROM customer UNION ALL SELECT note FROM purchase) AS x',
  ],
  [
    'EXCEPT and IS NOT DISTINCT',
    'SELECT city FROM customer EXCEPT SELECT why FROM blocked',
    'SELECT DISTINCT city FROM customer c WHERE NOT EXISTS (SELECT 1 FROM blocked b WHERE b.why IS NOT DISTINCT FROM c.city)',
  ],
  [
    'a CTE and a subquery',
    'WITH big AS (SELECT * FROM purchase WHERE amount > 2) SELECT c.name, b.price FROM customer c JOIN big b ON b.customer_id = c.id',
    'SELECT c.name, p.price FROM customer c JOIN purchase p ON p.customer_id = c.id WHERE p.amount > 2',
  ],
  [
    'ties under LIMIT',
    'SELECT id, amount FROM purchase ORDER BY amount LIMIT 3',
    'SELECT id, amount FROM purchase ORDER BY amount, price DESC, id LIMIT 3',
  ],
  [
    'RIGHT and LEFT JOIN',
    'SELECT c.id, b.why FROM blocked b RIGHT JOIN customer c ON b.customer_id = c.id',
    'SELECT c.id, b.why FROM customer c LEFT JOIN blocked b ON b.customer_id = c.id',
  ],
  [
    'a constant under a function',
    "SELECT id FROM customer WHERE since >= date '2000-01-01' + 1",
    "SELECT id FROM customer WHERE since > date '2000-01-01'",
  ],
  [
    'COALESCE of a NOT NULL column',
    "SELECT id, COALESCE(name, 'x') AS name FROM customer",
    'SELECT id, name FROM customer',
  ],
  [
    'enum by list',
    "SELECT id FROM customer WHERE level > 'low'",
    "SELECT id FROM customer WHERE level IN ('mid', 'high')",
  ],
  [
    'a self-join on the key',
    'SELECT a.id, b.amount FROM purchase a JOIN purchase b ON b.id = a.id',
    'SELECT id, amount FROM purchase',
  ],
  [
    'the same UPDATE',
    'UPDATE purchase SET amount = 0 WHERE NOT amount > 0',
    'UPDATE purchase SET amount = 0 WHERE amount <= 0',
  ],
  [
    'a DELETE by EXISTS',
    'DELETE FROM item WHERE purchase_id IN (SELECT id FROM purchase WHERE amount = 2)',
    'DELETE FROM item i WHERE EXISTS (SELECT 1 FROM purchase p WHERE p.id = i.purchase_id AND p.amount = 2)',
  ],
];
