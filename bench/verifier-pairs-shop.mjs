// Pairs of the kinds that reviews of real changes ask about: NULL, bags, ends of frames, time zones, padding, documents, arrays, grouping sets, writes.

export const SCHEMA = `
CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL, city text, vip boolean, boss_id int REFERENCES customer, joined timestamptz NOT NULL, score int, code char(4));
CREATE TABLE sale (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customer, amount int, fee numeric(8,2), at timestamptz, due date, state text, ratio float8, body jsonb, tags text[]);
CREATE TABLE item (id int PRIMARY KEY, sale_id int REFERENCES sale, sku text NOT NULL, qty smallint, price int NOT NULL, extra json);
CREATE TABLE visit (customer_id int, page text, at timestamp);
CREATE TABLE ban (customer_id int, reason text);
`;
/** Name, first statement, second statement. */
export const DIFFERENT = [
  [
    'not in null list',
    'SELECT id FROM customer WHERE id NOT IN (SELECT customer_id FROM ban)',
    'SELECT c.id FROM customer c LEFT JOIN ban b ON b.customer_id = c.id WHERE b.customer_id IS NULL',
  ],
  [
    'on to where',
    "SELECT c.id, s.id AS sid FROM customer c LEFT JOIN sale s ON s.customer_id = c.id AND s.state = 'paid'",
    "SELECT c.id, s.id AS sid FROM customer c LEFT JOIN sale s ON s.customer_id = c.id WHERE s.state = 'paid' OR s.id IS NULL",
  ],
  [
    'count star of left',
    'SELECT c.id, count(*) FROM customer c LEFT JOIN sale s ON s.customer_id = c.id GROUP BY c.id',
    'SELECT c.id, count(s.id) FROM customer c LEFT JOIN sale s ON s.customer_id = c.id GROUP BY c.id',
  ],
  [
    'count column null',
    'SELECT state, count(amount) FROM sale GROUP BY state',
    'SELECT state, count(*) FROM sale WHERE amount IS NOT NULL GROUP BY state',
  ],
  [
    'average cut',
    'SELECT customer_id, sum(amount) / count(amount) AS m FROM sale GROUP BY customer_id',
    'SELECT customer_id, avg(amount)::int AS m FROM sale GROUP BY customer_id',
  ],
  [
    'average of nulls',
    'SELECT customer_id, avg(coalesce(amount, 0)) AS m FROM sale GROUP BY customer_id',
    'SELECT customer_id, coalesce(avg(amount), 0) AS m FROM sale GROUP BY customer_id',
  ],
  [
    'percent cut',
    'SELECT state, count(*) * 100 / (SELECT count(*) FROM sale) AS p FROM sale GROUP BY state',
    'SELECT state, count(*) / (SELECT count(*) FROM sale) * 100 AS p FROM sale GROUP BY state',
  ],
  [
    'percent of shown',
    'SELECT state, count(*) * 100 / (SELECT count(*) FROM sale) AS p FROM sale WHERE amount > 3 GROUP BY state',
    'SELECT state, count(*) * 100 / (sum(count(*)) OVER ())::bigint AS p FROM sale WHERE amount > 3 GROUP BY state',
  ],
  [
    'percent after having',
    'SELECT state, count(*) * 100 / (SELECT count(*) FROM sale) AS p FROM sale GROUP BY state HAVING count(*) > 1',
    'SELECT state, count(*) * 100 / (sum(count(*)) OVER ())::bigint AS p FROM sale GROUP BY state HAVING count(*) > 1',
  ],
  [
    'at local day',
    "SELECT id FROM sale WHERE at::date = '2024-03-31'",
    "SELECT id FROM sale WHERE at >= '2024-03-31 00:00+00' AND at < '2024-04-01 00:00+00'",
  ],
  [
    'at day of hours',
    "SELECT id FROM sale WHERE at >= '2024-03-31' AND at < '2024-04-01'",
    "SELECT id FROM sale WHERE at >= '2024-03-31' AND at < timestamptz '2024-03-31' + interval '24 hours'",
  ],
  [
    'day end seconds',
    "SELECT page FROM visit WHERE at BETWEEN '2024-05-01' AND '2024-05-01 23:59:59'",
    "SELECT page FROM visit WHERE at >= '2024-05-01' AND at < '2024-05-02'",
  ],
  [
    'month of any year',
    'SELECT id FROM sale WHERE extract(month FROM due) = 2',
    "SELECT id FROM sale WHERE due >= '2024-02-01' AND due < '2024-03-01'",
  ],
  [
    'interval month',
    "SELECT id FROM sale WHERE due + interval '1 month' = '2024-02-29'",
    "SELECT id FROM sale WHERE due = date '2024-02-29' - interval '1 month'",
  ],
  ['char padded', "SELECT id FROM customer WHERE code = 'ab'", "SELECT id FROM customer WHERE code::text LIKE 'ab%'"],
  ['char length', 'SELECT id, length(code) AS n FROM customer', 'SELECT id, octet_length(code) AS n FROM customer'],
  [
    'char concat',
    "SELECT id FROM customer WHERE code || 'x' = 'abx'",
    "SELECT id FROM customer WHERE code = 'ab' OR code = 'abx'",
  ],
  [
    'upper folded',
    'SELECT id FROM customer WHERE lower(name) = lower(city)',
    'SELECT id FROM customer WHERE name = city',
  ],
  [
    'like underscore',
    "SELECT id FROM customer WHERE name LIKE 'a_b%'",
    "SELECT id FROM customer WHERE left(name, 3) = 'a_b'",
  ],
  ['trim both', "SELECT id FROM customer WHERE trim(name) = 'ab'", "SELECT id FROM customer WHERE rtrim(name) = 'ab'"],
  ['json null', "SELECT id FROM sale WHERE body -> 'a' IS NULL", "SELECT id FROM sale WHERE body ->> 'a' IS NULL"],
  [
    'json missing',
    "SELECT id FROM sale WHERE body ->> 'a' <> 'x'",
    'SELECT id FROM sale WHERE NOT body @> \'{"a": "x"}\'',
  ],
  ['json number', "SELECT id FROM sale WHERE body ->> 'a' = '5'", 'SELECT id FROM sale WHERE body @> \'{"a": 5}\''],
  ['json exists', "SELECT id FROM sale WHERE body ? 'a'", "SELECT id FROM sale WHERE body ->> 'a' IS NOT NULL"],
  [
    'array any all',
    "SELECT id FROM sale WHERE 'a' = ANY (tags) AND 'b' = ANY (tags)",
    "SELECT id FROM sale WHERE tags && ARRAY['a', 'b']",
  ],
  ['array not any', "SELECT id FROM sale WHERE NOT 'a' = ANY (tags)", "SELECT id FROM sale WHERE 'a' <> ANY (tags)"],
  [
    'unnest drops',
    'SELECT s.id, t FROM sale s, unnest(s.tags) t',
    'SELECT s.id, t FROM sale s LEFT JOIN unnest(s.tags) t ON true',
  ],
  [
    'array length',
    'SELECT id FROM sale WHERE array_length(tags, 1) = 0',
    'SELECT id FROM sale WHERE cardinality(tags) = 0',
  ],
  [
    'lateral inner',
    'SELECT c.id, x.amount FROM customer c LEFT JOIN LATERAL (SELECT amount FROM sale s WHERE s.customer_id = c.id ORDER BY s.id LIMIT 1) x ON true',
    'SELECT c.id, x.amount FROM customer c CROSS JOIN LATERAL (SELECT amount FROM sale s WHERE s.customer_id = c.id ORDER BY s.id LIMIT 1) x',
  ],
  [
    'latest ties',
    'SELECT DISTINCT ON (customer_id) customer_id, amount FROM sale ORDER BY customer_id, at DESC, id',
    'SELECT customer_id, amount FROM sale s WHERE at = (SELECT max(at) FROM sale t WHERE t.customer_id = s.customer_id)',
  ],
  [
    'latest nulls',
    'SELECT customer_id, id FROM (SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY at DESC, id) r FROM sale) x WHERE r = 1',
    'SELECT customer_id, id FROM (SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY at DESC NULLS LAST, id) r FROM sale) x WHERE r = 1',
  ],
  [
    'dense rank',
    'SELECT id FROM (SELECT id, rank() OVER (ORDER BY amount) r FROM sale) x WHERE r <= 2',
    'SELECT id FROM (SELECT id, dense_rank() OVER (ORDER BY amount) r FROM sale) x WHERE r <= 2',
  ],
  [
    'running ties',
    'SELECT id, sum(price) OVER (ORDER BY price) AS t FROM item',
    'SELECT id, sum(price) OVER (ORDER BY price, id) AS t FROM item',
  ],
  [
    'frame following',
    'SELECT id, last_value(price) OVER (ORDER BY id) AS l FROM item',
    'SELECT id, last_value(price) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS l FROM item',
  ],
  [
    'moving rows',
    'SELECT id, avg(price) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS m FROM item',
    'SELECT id, avg(price) OVER (ORDER BY id RANGE BETWEEN 2 PRECEDING AND CURRENT ROW) AS m FROM item',
  ],
  [
    'lag over gaps',
    'SELECT i.id, j.price AS before FROM item i LEFT JOIN item j ON j.id = i.id - 1',
    'SELECT id, lag(price) OVER (ORDER BY id) AS before FROM item',
  ],
  [
    'distinct aggregate',
    'SELECT state, sum(DISTINCT amount) AS s FROM sale GROUP BY state',
    'SELECT state, sum(amount) AS s FROM sale GROUP BY state',
  ],
  [
    'sum of fan',
    'SELECT s.id, sum(i.price) + sum(s.amount) AS t FROM sale s JOIN item i ON i.sale_id = s.id GROUP BY s.id',
    'SELECT s.id, sum(i.price) + s.amount AS t FROM sale s JOIN item i ON i.sale_id = s.id GROUP BY s.id',
  ],
  [
    'grouping sets',
    'SELECT state, customer_id, count(*) FROM sale GROUP BY GROUPING SETS ((state), (customer_id))',
    'SELECT state, customer_id, count(*) FROM sale GROUP BY GROUPING SETS ((state, customer_id))',
  ],
  [
    'rollup total',
    'SELECT state, count(*) FROM sale GROUP BY ROLLUP (state)',
    'SELECT state, count(*) FROM sale GROUP BY state UNION SELECT NULL, count(*) FROM sale',
  ],
  [
    'cube null',
    'SELECT state, sum(price) FROM sale s JOIN item i ON i.sale_id = s.id GROUP BY CUBE (state)',
    'SELECT state, sum(price) FROM sale s JOIN item i ON i.sale_id = s.id GROUP BY state UNION ALL SELECT NULL, sum(price) FROM item',
  ],
  [
    'union bag',
    'SELECT customer_id FROM sale UNION SELECT customer_id FROM visit',
    'SELECT customer_id FROM sale UNION ALL SELECT customer_id FROM visit WHERE customer_id NOT IN (SELECT customer_id FROM sale)',
  ],
  [
    'except all bag',
    'SELECT customer_id FROM visit EXCEPT ALL SELECT customer_id FROM ban',
    'SELECT customer_id FROM visit EXCEPT SELECT customer_id FROM ban',
  ],
  [
    'intersect bag',
    'SELECT customer_id FROM visit INTERSECT ALL SELECT customer_id FROM ban',
    'SELECT customer_id FROM visit WHERE customer_id IN (SELECT customer_id FROM ban)',
  ],
  [
    'set precedence',
    'SELECT customer_id FROM visit UNION SELECT customer_id FROM ban INTERSECT SELECT customer_id FROM sale',
    '(SELECT customer_id FROM visit UNION SELECT customer_id FROM ban) INTERSECT SELECT customer_id FROM sale',
  ],
  [
    'recursive union all',
    'WITH RECURSIVE r AS (SELECT id, boss_id FROM customer WHERE vip UNION SELECT c.id, c.boss_id FROM customer c JOIN r ON c.boss_id = r.id WHERE c.id > r.id) SELECT id FROM r',
    'WITH RECURSIVE r AS (SELECT id, boss_id FROM customer WHERE vip UNION ALL SELECT c.id, c.boss_id FROM customer c JOIN r ON c.boss_id = r.id WHERE c.id > r.id) SELECT id FROM r',
  ],
  [
    'recursive depth',
    'WITH RECURSIVE r AS (SELECT id, 1 AS d FROM customer WHERE boss_id IS NULL UNION ALL SELECT c.id, r.d + 1 FROM customer c JOIN r ON c.boss_id = r.id) SELECT id FROM r WHERE d < 3',
    'WITH RECURSIVE r AS (SELECT id, 1 AS d FROM customer WHERE boss_id IS NULL UNION ALL SELECT c.id, r.d + 1 FROM customer c JOIN r ON c.boss_id = r.id WHERE r.d < 3) SELECT id FROM r',
  ],
  [
    'greatest null',
    'SELECT id FROM sale WHERE greatest(amount, 5) >= 5',
    'SELECT id FROM sale WHERE amount >= 5 OR amount < 5',
  ],
  [
    'coalesce order',
    'SELECT id FROM sale ORDER BY coalesce(amount, 0), id LIMIT 3',
    'SELECT id FROM sale ORDER BY amount NULLS FIRST, id LIMIT 3',
  ],
  [
    'limit ties',
    'SELECT id, price FROM item ORDER BY price LIMIT 2',
    'SELECT id, price FROM item ORDER BY price FETCH FIRST 2 ROWS WITH TIES',
  ],
  [
    'offset page',
    'SELECT id FROM sale ORDER BY at, id LIMIT 2 OFFSET 2',
    'SELECT id FROM sale WHERE (at, id) > (SELECT at, id FROM sale ORDER BY at, id LIMIT 1 OFFSET 1) ORDER BY at, id LIMIT 2',
  ],
  [
    'keyset null',
    'SELECT id FROM sale WHERE amount > 5 OR (amount = 5 AND id > 3) OR amount IS NULL ORDER BY amount, id',
    'SELECT id FROM sale WHERE (amount, id) > (5, 3) ORDER BY amount, id',
  ],
  [
    'row in null',
    'SELECT id FROM sale WHERE (customer_id, amount) NOT IN (SELECT customer_id, 3 FROM ban)',
    'SELECT id FROM sale s WHERE NOT EXISTS (SELECT 1 FROM ban b WHERE b.customer_id = s.customer_id AND s.amount = 3)',
  ],
  ['bool is not true', 'SELECT id FROM customer WHERE vip IS NOT TRUE', 'SELECT id FROM customer WHERE NOT vip'],
  [
    'not distinct',
    'SELECT s.id FROM sale s JOIN visit v ON v.page IS NOT DISTINCT FROM s.state',
    'SELECT s.id FROM sale s JOIN visit v ON v.page = s.state',
  ],
  ['float compare', 'SELECT id FROM sale WHERE ratio * 3 = 0.3', 'SELECT id FROM sale WHERE ratio = 0.1'],
  ['float nan', 'SELECT id FROM sale WHERE ratio > 5', "SELECT id FROM sale WHERE NOT ratio <= 5 AND ratio <> 'NaN'"],
  ['float minus', 'SELECT id FROM sale WHERE -ratio < -5', 'SELECT id FROM sale WHERE ratio > 5 AND ratio <= 6'],
  ['numeric scale text', 'SELECT id, fee::text AS f FROM sale', 'SELECT id, trim_scale(fee)::text AS f FROM sale'],
  ['smallint overflow', 'SELECT id FROM item WHERE qty * 2::smallint > 10', 'SELECT id FROM item WHERE qty > 5'],
  [
    'int times',
    'SELECT id, price * price AS p FROM item',
    'SELECT id, (price::numeric * price)::bigint AS p FROM item',
  ],
  [
    'bool and empty',
    'SELECT c.id FROM customer c WHERE (SELECT bool_and(s.amount > 3) FROM sale s WHERE s.customer_id = c.id)',
    'SELECT c.id FROM customer c WHERE NOT EXISTS (SELECT 1 FROM sale s WHERE s.customer_id = c.id AND s.amount <= 3)',
  ],
  [
    'every unknown',
    'SELECT c.id FROM customer c WHERE NOT EXISTS (SELECT 1 FROM sale s WHERE s.customer_id = c.id AND NOT s.amount > 3)',
    'SELECT c.id FROM customer c WHERE 3 < ALL (SELECT s.amount FROM sale s WHERE s.customer_id = c.id)',
  ],
  [
    'division of sold to all',
    'SELECT i.sku FROM item i JOIN sale s ON s.id = i.sale_id GROUP BY i.sku HAVING count(DISTINCT s.customer_id) = (SELECT count(*) FROM customer)',
    'SELECT i.sku FROM item i JOIN sale s ON s.id = i.sale_id GROUP BY i.sku HAVING count(s.customer_id) = (SELECT count(*) FROM customer)',
  ],
  [
    'second highest',
    'SELECT max(amount) FROM sale WHERE amount < (SELECT max(amount) FROM sale)',
    'SELECT (SELECT amount FROM sale WHERE amount IS NOT NULL ORDER BY amount DESC LIMIT 1 OFFSET 1) AS max',
  ],
  [
    'nth distinct',
    'SELECT (SELECT DISTINCT amount FROM sale ORDER BY amount DESC LIMIT 1 OFFSET 1) AS max',
    'SELECT max(amount) FROM sale WHERE amount < (SELECT max(amount) FROM sale)',
  ],
  [
    'consecutive three',
    'SELECT DISTINCT a.price AS p FROM item a JOIN item b ON b.id = a.id + 1 JOIN item c ON c.id = a.id + 2 WHERE a.price = b.price AND b.price = c.price',
    'SELECT DISTINCT price AS p FROM (SELECT price, lead(price) OVER (ORDER BY id) b, lead(price, 2) OVER (ORDER BY id) c FROM item) x WHERE price = b AND b = c',
  ],
  [
    'never ordered',
    "SELECT name FROM customer WHERE id NOT IN (SELECT s.customer_id FROM sale s WHERE s.state = 'paid')",
    "SELECT DISTINCT c.name FROM customer c JOIN sale s ON s.customer_id = c.id WHERE s.state <> 'paid'",
  ],
  [
    'sum case null',
    "SELECT customer_id, sum(CASE WHEN state = 'paid' THEN 1 END) AS n FROM sale GROUP BY customer_id",
    "SELECT customer_id, count(*) FILTER (WHERE state = 'paid') AS n FROM sale GROUP BY customer_id",
  ],
  [
    'string agg order',
    "SELECT customer_id, string_agg(state, ',' ORDER BY id) AS l FROM sale GROUP BY customer_id",
    "SELECT customer_id, string_agg(state, ',' ORDER BY state) AS l FROM sale GROUP BY customer_id",
  ],
  [
    'json agg empty',
    'SELECT c.id, (SELECT json_agg(s.id ORDER BY s.id) FROM sale s WHERE s.customer_id = c.id)::text AS l FROM customer c',
    "SELECT c.id, coalesce((SELECT json_agg(s.id ORDER BY s.id) FROM sale s WHERE s.customer_id = c.id)::text, '[]') AS l FROM customer c",
  ],
  [
    'delete null',
    'DELETE FROM visit WHERE customer_id NOT IN (SELECT customer_id FROM ban)',
    'DELETE FROM visit v WHERE NOT EXISTS (SELECT 1 FROM ban b WHERE b.customer_id = v.customer_id)',
  ],
  [
    'update no match',
    'UPDATE customer SET score = (SELECT max(amount) FROM sale WHERE customer_id = customer.id)',
    'UPDATE customer SET score = x.m FROM (SELECT customer_id, max(amount) m FROM sale GROUP BY customer_id) x WHERE x.customer_id = customer.id',
  ],
  [
    'update condition',
    "UPDATE sale SET state = 'paid' WHERE state <> 'paid'",
    "UPDATE sale SET state = 'paid' WHERE state IS DISTINCT FROM 'paid'",
  ],
];
/** The same, of pairs that do not differ. */
export const EQUAL = [
  [
    'anti join',
    'SELECT c.id FROM customer c LEFT JOIN sale s ON s.customer_id = c.id WHERE s.id IS NULL',
    'SELECT id FROM customer WHERE id NOT IN (SELECT customer_id FROM sale)',
  ],
  [
    'count of key',
    'SELECT c.id, count(s.customer_id) FROM customer c LEFT JOIN sale s ON s.customer_id = c.id GROUP BY c.id',
    'SELECT c.id, (SELECT count(*) FROM sale s WHERE s.customer_id = c.id) AS count FROM customer c',
  ],
  [
    'filter sum',
    "SELECT customer_id, sum(CASE WHEN state = 'paid' THEN 1 ELSE 0 END) AS n FROM sale GROUP BY customer_id",
    "SELECT customer_id, count(*) FILTER (WHERE state = 'paid') AS n FROM sale GROUP BY customer_id",
  ],
  [
    'percent window',
    'SELECT state, count(*) * 100 / (SELECT count(*) FROM sale) AS p FROM sale GROUP BY state',
    'SELECT state, count(*) * 100 / (sum(count(*)) OVER ())::bigint AS p FROM sale GROUP BY state',
  ],
  [
    'having window',
    'SELECT state, count(*) AS n FROM sale GROUP BY state HAVING count(*) > 1',
    'SELECT state, n FROM (SELECT state, count(*) AS n FROM sale GROUP BY state) x WHERE n > 1',
  ],
  [
    'local day',
    "SELECT id FROM sale WHERE at::date = '2024-03-31'",
    "SELECT id FROM sale WHERE at >= '2024-03-31' AND at < '2024-04-01'",
  ],
  [
    'month range',
    "SELECT id FROM sale WHERE date_trunc('month', due) = '2024-02-01'",
    "SELECT id FROM sale WHERE due >= '2024-02-01' AND due < '2024-03-01'",
  ],
  [
    'fixed zone',
    "SELECT id FROM sale WHERE (at AT TIME ZONE 'UTC')::date = '2024-05-01'",
    "SELECT id FROM sale WHERE at >= '2024-05-01 00:00+00' AND at < '2024-05-02 00:00+00'",
  ],
  ['padded equal', "SELECT id FROM customer WHERE code = 'ab'", "SELECT id FROM customer WHERE code = 'ab  '"],
  [
    'ilike of lower',
    "SELECT id FROM customer WHERE lower(name) LIKE 'a%b'",
    "SELECT id FROM customer WHERE name ILIKE 'a%b'",
  ],
  ['json contains', "SELECT id FROM sale WHERE body ->> 'a' = 'x'", 'SELECT id FROM sale WHERE body @> \'{"a": "x"}\''],
  [
    'json both',
    'SELECT id FROM sale WHERE body @> \'{"a": 1}\' AND body @> \'{"b": 2}\'',
    'SELECT id FROM sale WHERE body @> \'{"a": 1, "b": 2}\'',
  ],
  [
    'array both',
    "SELECT id FROM sale WHERE 'a' = ANY (tags) AND 'b' = ANY (tags)",
    "SELECT id FROM sale WHERE tags @> ARRAY['a', 'b']",
  ],
  [
    'array either',
    "SELECT id FROM sale WHERE 'a' = ANY (tags) OR 'b' = ANY (tags)",
    "SELECT id FROM sale WHERE tags && ARRAY['a', 'b']",
  ],
  [
    'lateral aggregate',
    'SELECT c.id, x.s FROM customer c LEFT JOIN LATERAL (SELECT sum(amount) AS s FROM sale WHERE customer_id = c.id) x ON true',
    'SELECT c.id, x.s FROM customer c CROSS JOIN LATERAL (SELECT sum(amount) AS s FROM sale WHERE customer_id = c.id) x',
  ],
  [
    'latest total',
    'SELECT DISTINCT ON (customer_id) customer_id, id FROM sale ORDER BY customer_id, at DESC, id',
    'SELECT customer_id, id FROM (SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY at DESC, id) r FROM sale) x WHERE r = 1 ORDER BY customer_id',
  ],
  [
    'rows of key',
    'SELECT id, sum(price) OVER (ORDER BY id) AS t FROM item',
    'SELECT id, sum(price) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) AS t FROM item',
  ],
  [
    'rank max',
    'SELECT s.id FROM sale s WHERE s.amount = (SELECT max(t.amount) FROM sale t WHERE t.customer_id = s.customer_id)',
    'SELECT id FROM (SELECT id, amount, max(amount) OVER (PARTITION BY customer_id) m FROM sale) x WHERE amount = m',
  ],
  [
    'grouping sets union',
    'SELECT state, NULL::int AS customer_id, count(*) FROM sale GROUP BY state UNION ALL SELECT NULL, customer_id, count(*) FROM sale GROUP BY customer_id',
    'SELECT state, customer_id, count(*) FROM sale GROUP BY GROUPING SETS ((state), (customer_id))',
  ],
  [
    'rollup union',
    'SELECT state, count(*) FROM sale GROUP BY ROLLUP (state)',
    'SELECT state, count(*) FROM sale GROUP BY state UNION ALL SELECT NULL, count(*) FROM sale',
  ],
  [
    'distinct of group',
    'SELECT DISTINCT customer_id, state FROM sale',
    'SELECT customer_id, state FROM sale GROUP BY state, customer_id',
  ],
  [
    'except exists',
    'SELECT customer_id FROM visit EXCEPT SELECT customer_id FROM ban',
    'SELECT DISTINCT v.customer_id FROM visit v WHERE NOT EXISTS (SELECT 1 FROM ban b WHERE b.customer_id IS NOT DISTINCT FROM v.customer_id)',
  ],
  [
    'union distinct',
    'SELECT customer_id FROM visit UNION SELECT customer_id FROM ban',
    'SELECT DISTINCT customer_id FROM (SELECT customer_id FROM visit UNION ALL SELECT customer_id FROM ban) x',
  ],
  ['greatest constant', 'SELECT id FROM sale WHERE greatest(amount, 3) > 5', 'SELECT id FROM sale WHERE amount > 5'],
  ['least constant', 'SELECT id FROM sale WHERE least(amount, 9) < 5', 'SELECT id FROM sale WHERE amount < 5'],
  [
    'absolute',
    'SELECT id FROM sale WHERE abs(amount::bigint) < 3',
    'SELECT id FROM sale WHERE amount > -3 AND amount < 3',
  ],
  [
    'keyset',
    'SELECT id FROM item WHERE price > 5 OR (price = 5 AND id > 3) ORDER BY price, id LIMIT 3',
    'SELECT id FROM item WHERE (price, id) > (5, 3) ORDER BY price, id LIMIT 3',
  ],
  [
    'null last apart',
    'SELECT id FROM sale ORDER BY amount DESC NULLS LAST, id',
    'SELECT id FROM sale ORDER BY amount IS NULL, amount DESC, id',
  ],
  [
    'not both',
    'SELECT id FROM customer WHERE NOT (score > 3 AND vip)',
    'SELECT id FROM customer WHERE score <= 3 OR NOT vip',
  ],
  [
    'case coalesce',
    "SELECT id, CASE WHEN city IS NULL THEN 'none' ELSE city END AS c FROM customer",
    "SELECT id, coalesce(city, 'none') AS c FROM customer",
  ],
  [
    'bool or exists',
    'SELECT c.id FROM customer c WHERE (SELECT bool_or(s.amount > 3) FROM sale s WHERE s.customer_id = c.id)',
    'SELECT c.id FROM customer c WHERE EXISTS (SELECT 1 FROM sale s WHERE s.customer_id = c.id AND s.amount > 3)',
  ],
  [
    'recursive seed',
    'WITH RECURSIVE r AS (SELECT id, id AS top FROM customer UNION SELECT c.id, r.top FROM customer c JOIN r ON c.boss_id = r.id) SELECT id FROM r WHERE top = 3',
    'WITH RECURSIVE r AS (SELECT id FROM customer WHERE id = 3 UNION SELECT c.id FROM customer c JOIN r ON c.boss_id = r.id) SELECT id FROM r',
  ],
  [
    'update from',
    "UPDATE sale SET state = 'vip' WHERE customer_id IN (SELECT id FROM customer WHERE vip)",
    "UPDATE sale SET state = 'vip' FROM customer c WHERE c.id = sale.customer_id AND c.vip",
  ],
  [
    'delete using',
    'DELETE FROM item WHERE sale_id IN (SELECT id FROM sale WHERE amount > 3)',
    'DELETE FROM item USING sale s WHERE s.id = item.sale_id AND s.amount > 3',
  ],
];
