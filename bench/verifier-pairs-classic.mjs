// Pairs of the classic kinds: overflow, NULL, outer joins, aggregates over nothing, ends of days, padding, rounding, ties, bags, three values of truth.

export const SCHEMA = `
CREATE TABLE emp (id int PRIMARY KEY, name text NOT NULL, dept_id int, salary int, bonus int, boss_id int REFERENCES emp, hired date NOT NULL, left_at timestamptz, rate numeric(6,2), score float8, code char(5), active boolean);
CREATE TABLE dept (id int PRIMARY KEY, name text, budget bigint, city varchar(12));
CREATE TABLE pay (id int PRIMARY KEY, emp_id int REFERENCES emp, amount numeric(8,2), paid_at timestamptz NOT NULL, kind text, qty smallint);
CREATE TABLE tag (emp_id int, label text);
CREATE TABLE loose (a int, b int, c text);
CREATE TABLE other (a int, b int, c text);
`;
/** Name, first statement, second statement. */
export const DIFFERENT = [
  ['overflow add', 'SELECT id FROM emp WHERE salary + 1 > 10', 'SELECT id FROM emp WHERE salary > 9'],
  ['overflow mult', 'SELECT id, salary * 2 AS x FROM emp', 'SELECT id, salary::bigint * 2 AS x FROM emp'],
  ['overflow smallint', 'SELECT id, qty + qty AS q FROM pay', 'SELECT id, qty::int + qty AS q FROM pay'],
  [
    'overflow sum of products',
    'SELECT sum(salary * bonus) AS s FROM emp',
    'SELECT sum(salary::bigint * bonus) AS s FROM emp',
  ],
  [
    'overflow avg two',
    'SELECT id, (salary + bonus) / 2 AS m FROM emp',
    'SELECT id, ((salary::bigint + bonus) / 2)::int AS m FROM emp',
  ],
  ['overflow cast', 'SELECT id FROM dept WHERE budget::int > 5', 'SELECT id FROM dept WHERE budget > 5'],
  ['overflow abs', 'SELECT id FROM emp WHERE abs(salary) > 3', 'SELECT id FROM emp WHERE salary > 3 OR salary < -3'],
  ['overflow neg', 'SELECT id FROM emp ORDER BY -salary', 'SELECT id FROM emp ORDER BY salary DESC'],
  [
    'not in null',
    'SELECT id FROM emp WHERE dept_id NOT IN (SELECT a FROM loose)',
    'SELECT id FROM emp e WHERE dept_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM loose WHERE a = e.dept_id)',
  ],
  [
    'outer to inner',
    "SELECT e.id FROM emp e LEFT JOIN dept d ON d.id = e.dept_id WHERE d.city = 'x' OR d.id IS NULL",
    "SELECT e.id FROM emp e JOIN dept d ON d.id = e.dept_id WHERE d.city = 'x' OR d.id IS NULL",
  ],
  [
    'outer where false',
    'SELECT e.id, d.name FROM emp e LEFT JOIN dept d ON d.id = e.dept_id AND e.active',
    'SELECT e.id, d.name FROM emp e LEFT JOIN dept d ON d.id = e.dept_id WHERE e.active',
  ],
  [
    'agg over empty',
    'SELECT e.id, (SELECT sum(amount) FROM pay p WHERE p.emp_id = e.id) s FROM emp e',
    'SELECT e.id, coalesce(sum(p.amount), 0) s FROM emp e LEFT JOIN pay p ON p.emp_id = e.id GROUP BY e.id',
  ],
  [
    'max empty',
    'SELECT max(salary) FROM emp WHERE dept_id = 3',
    'SELECT salary FROM emp WHERE dept_id = 3 ORDER BY salary DESC NULLS LAST LIMIT 1',
  ],
  [
    'count col',
    'SELECT dept_id, count(bonus) FROM emp GROUP BY dept_id',
    'SELECT dept_id, count(1) FROM emp GROUP BY dept_id',
  ],
  [
    'count distinct null',
    'SELECT count(DISTINCT bonus) FROM emp',
    'SELECT count(*) FROM (SELECT bonus FROM emp GROUP BY bonus) x',
  ],
  [
    'distinct removal join',
    'SELECT DISTINCT e.name, d.name AS dn FROM emp e JOIN dept d ON d.id = e.dept_id',
    'SELECT e.name, d.name AS dn FROM emp e JOIN dept d ON d.id = e.dept_id',
  ],
  [
    'limit no total',
    'SELECT id, salary FROM emp ORDER BY salary LIMIT 3',
    'SELECT id, salary FROM emp ORDER BY salary, id LIMIT 2',
  ],
  [
    'limit ties pushed',
    'SELECT e.id FROM emp e JOIN pay p ON p.emp_id = e.id ORDER BY e.id LIMIT 5',
    'SELECT e.id FROM (SELECT * FROM emp ORDER BY id LIMIT 5) e JOIN pay p ON p.emp_id = e.id ORDER BY e.id LIMIT 5',
  ],
  [
    'union',
    'SELECT dept_id FROM emp UNION SELECT a FROM loose',
    'SELECT DISTINCT dept_id FROM emp UNION ALL SELECT DISTINCT a FROM loose',
  ],
  [
    'having moved',
    'SELECT dept_id, max(salary) FROM emp GROUP BY dept_id HAVING min(salary) > 2',
    'SELECT dept_id, max(salary) FROM emp WHERE salary > 2 GROUP BY dept_id',
  ],
  [
    'having count moved',
    'SELECT dept_id FROM emp WHERE salary > 5 GROUP BY dept_id HAVING count(*) > 2',
    'SELECT dept_id FROM emp GROUP BY dept_id HAVING count(*) > 2 AND max(salary) > 5',
  ],
  [
    'date boundary',
    "SELECT id FROM pay WHERE paid_at <= '2024-01-31'",
    "SELECT id FROM pay WHERE paid_at < '2024-02-01'",
  ],
  [
    'date boundary end',
    "SELECT id FROM pay WHERE paid_at::date <= '2024-01-31'",
    "SELECT id FROM pay WHERE paid_at <= '2024-01-31 23:59:59'",
  ],
  [
    'date ms end',
    "SELECT id FROM pay WHERE paid_at < '2024-02-01'",
    "SELECT id FROM pay WHERE paid_at <= '2024-01-31 23:59:59.999'",
  ],
  ['char padding', "SELECT id FROM emp WHERE code = 'ab'", "SELECT id FROM emp WHERE code::text = 'ab '"],
  ['char length', 'SELECT id, length(code) FROM emp', 'SELECT id, octet_length(code) AS length FROM emp'],
  [
    'numeric scale',
    'SELECT id, round(rate * 0.1, 1) r FROM emp',
    'SELECT id, round(round(rate, 1) * 0.1, 1) r FROM emp',
  ],
  ['integer division', 'SELECT id, salary / 2 * 2 AS s FROM emp', 'SELECT id, salary AS s FROM emp'],
  [
    'integer division order',
    'SELECT id, salary * bonus / 10 AS s FROM emp',
    'SELECT id, salary / 10 * bonus AS s FROM emp',
  ],
  [
    'ilike',
    "SELECT id FROM emp WHERE lower(name) LIKE 'ab%'",
    "SELECT id FROM emp WHERE name LIKE 'ab%' OR name LIKE 'AB%'",
  ],
  ['like underscore', "SELECT id FROM emp WHERE name LIKE 'a_b%'", "SELECT id FROM emp WHERE starts_with(name, 'a_b')"],
  [
    'time zone',
    "SELECT id FROM pay WHERE date_trunc('day', paid_at) = '2024-03-31'",
    "SELECT id FROM pay WHERE paid_at >= '2024-03-31' AND paid_at < timestamptz '2024-03-31' + interval '24 hours'",
  ],
  [
    'time zone utc',
    "SELECT id FROM pay WHERE (paid_at AT TIME ZONE 'UTC')::date = '2024-05-05'",
    "SELECT id FROM pay WHERE paid_at::date = '2024-05-05'",
  ],
  ['float sum', 'SELECT sum(score) > 0.3 AS x FROM emp', 'SELECT sum(score::numeric) > 0.3 AS x FROM emp'],
  [
    'range rows ties',
    'SELECT id, sum(salary) OVER (PARTITION BY dept_id ORDER BY hired) s FROM emp',
    'SELECT id, sum(salary) OVER (PARTITION BY dept_id ORDER BY hired ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) s FROM emp',
  ],
  [
    'row_number ties',
    'SELECT dept_id, salary FROM (SELECT dept_id, salary, rank() OVER (PARTITION BY dept_id ORDER BY salary DESC) r FROM emp) x WHERE r = 1',
    'SELECT dept_id, salary FROM (SELECT dept_id, salary, row_number() OVER (PARTITION BY dept_id ORDER BY salary DESC) r FROM emp) x WHERE r = 1',
  ],
  [
    'rank nulls',
    'SELECT e.id FROM emp e WHERE salary = (SELECT max(salary) FROM emp f WHERE f.dept_id = e.dept_id)',
    'SELECT id FROM (SELECT id, rank() OVER (PARTITION BY dept_id ORDER BY salary DESC) r FROM emp) x WHERE r = 1',
  ],
  [
    'full join',
    'SELECT l.a, o.a AS oa FROM loose l FULL JOIN other o ON l.a = o.a',
    'SELECT l.a, o.a AS oa FROM loose l LEFT JOIN other o ON l.a = o.a UNION SELECT l.a, o.a FROM loose l RIGHT JOIN other o ON l.a = o.a',
  ],
  [
    'full join where',
    'SELECT coalesce(l.a, o.a) AS a FROM loose l FULL JOIN other o ON l.a = o.a AND l.b > 2',
    'SELECT coalesce(l.a, o.a) AS a FROM (SELECT * FROM loose WHERE b > 2) l FULL JOIN other o ON l.a = o.a',
  ],
  [
    'self join mult',
    'SELECT DISTINCT l.a FROM loose l JOIN loose m ON l.a = m.a AND l.b <> m.b',
    'SELECT a FROM loose GROUP BY a HAVING count(*) > 1',
  ],
  [
    'self join count',
    'SELECT a FROM loose GROUP BY a HAVING count(DISTINCT b) > 1',
    'SELECT a FROM loose GROUP BY a HAVING min(b) <> max(b) OR count(*) > 1',
  ],
  [
    'except all',
    'SELECT a FROM loose EXCEPT ALL SELECT a FROM other',
    'SELECT a FROM loose l WHERE NOT EXISTS (SELECT 1 FROM other o WHERE o.a IS NOT DISTINCT FROM l.a)',
  ],
  [
    'intersect all',
    'SELECT a, b FROM loose INTERSECT ALL SELECT a, b FROM other',
    'SELECT l.a, l.b FROM loose l WHERE EXISTS (SELECT 1 FROM other o WHERE o.a IS NOT DISTINCT FROM l.a AND o.b IS NOT DISTINCT FROM l.b)',
  ],
  [
    'scalar several',
    'SELECT e.id, (SELECT t.label FROM tag t WHERE t.emp_id = e.id) AS l FROM emp e',
    'SELECT e.id, t.label AS l FROM emp e LEFT JOIN tag t ON t.emp_id = e.id',
  ],
  [
    'scalar limit',
    'SELECT e.id, (SELECT t.label FROM tag t WHERE t.emp_id = e.id) AS l FROM emp e',
    'SELECT e.id, (SELECT max(t.label) FROM tag t WHERE t.emp_id = e.id) AS l FROM emp e',
  ],
  [
    'coalesce side',
    'SELECT id, coalesce(bonus, salary) AS x FROM emp',
    'SELECT id, coalesce(salary, bonus) AS x FROM emp',
  ],
  ['coalesce cmp', 'SELECT a FROM loose WHERE coalesce(a, b) > 3', 'SELECT a FROM loose WHERE a > 3 OR b > 3'],
  [
    '3vl not',
    'SELECT id FROM emp WHERE NOT (salary > 3 AND bonus > 3)',
    'SELECT id FROM emp WHERE salary <= 3 AND bonus <= 3',
  ],
  ['3vl not and null', 'SELECT id FROM emp WHERE NOT active', 'SELECT id FROM emp WHERE active IS NOT TRUE'],
  ['3vl tautology', 'SELECT id FROM emp WHERE salary = salary', 'SELECT id FROM emp'],
  ['3vl or not', 'SELECT id FROM emp WHERE salary > 5 OR NOT salary > 5', 'SELECT id FROM emp'],
  [
    '<> self null',
    'SELECT e.id FROM emp e WHERE e.dept_id <> 3',
    'SELECT e.id FROM emp e WHERE e.dept_id IS DISTINCT FROM 3',
  ],
  ['in null list', 'SELECT id FROM emp WHERE dept_id NOT IN (1, NULL)', 'SELECT id FROM emp WHERE dept_id <> 1'],
  [
    'case null',
    "SELECT id, CASE dept_id WHEN NULL THEN 'n' ELSE 'y' END AS k FROM emp",
    "SELECT id, CASE WHEN dept_id IS NULL THEN 'n' ELSE 'y' END AS k FROM emp",
  ],
  [
    'case short circuit',
    'SELECT id, CASE WHEN bonus <> 0 THEN salary / bonus END AS k FROM emp',
    'SELECT id, salary / nullif(bonus, 0) AS k FROM emp WHERE bonus <> 0',
  ],
  [
    'division zero',
    'SELECT id FROM emp WHERE bonus <> 0 AND salary / bonus > 2',
    'SELECT id FROM emp WHERE salary > 2 * bonus',
  ],
  [
    'group null',
    'SELECT dept_id, sum(salary) FROM emp GROUP BY dept_id',
    'SELECT d.id AS dept_id, sum(e.salary) FROM dept d JOIN emp e ON e.dept_id = d.id GROUP BY d.id',
  ],
  ['avg null', 'SELECT avg(coalesce(bonus, 0)) FROM emp', 'SELECT coalesce(avg(bonus), 0) AS avg FROM emp'],
  [
    'sum join fan',
    'SELECT d.id, sum(d.budget) FROM dept d JOIN emp e ON e.dept_id = d.id GROUP BY d.id',
    'SELECT d.id, d.budget AS sum FROM dept d WHERE EXISTS (SELECT 1 FROM emp e WHERE e.dept_id = d.id)',
  ],
  [
    'exists to join',
    'SELECT d.id FROM dept d WHERE EXISTS (SELECT 1 FROM emp e WHERE e.dept_id = d.id AND e.salary > 5)',
    'SELECT d.id FROM dept d JOIN emp e ON e.dept_id = d.id AND e.salary > 5',
  ],
  [
    'any all',
    'SELECT id FROM emp WHERE salary > ALL (SELECT bonus FROM emp WHERE dept_id = 4)',
    'SELECT id FROM emp WHERE salary > (SELECT max(bonus) FROM emp WHERE dept_id = 4)',
  ],
  [
    'distinct on',
    'SELECT DISTINCT ON (dept_id) dept_id, salary FROM emp ORDER BY dept_id, salary DESC',
    'SELECT dept_id, max(salary) AS salary FROM emp GROUP BY dept_id ORDER BY dept_id',
  ],
  [
    'window filter order',
    'SELECT id, lag(salary) OVER (ORDER BY id) l FROM emp WHERE active',
    'SELECT id, l FROM (SELECT id, active, lag(salary) OVER (ORDER BY id) l FROM emp) x WHERE active',
  ],
  [
    'first value frame',
    'SELECT id, last_value(salary) OVER (PARTITION BY dept_id ORDER BY id) l FROM emp',
    'SELECT id, max(salary) OVER (PARTITION BY dept_id) l FROM emp',
  ],
  [
    'recursive dup',
    'WITH RECURSIVE r AS (SELECT id, boss_id FROM emp WHERE boss_id IS NULL UNION ALL SELECT e.id, e.boss_id FROM emp e JOIN r ON e.boss_id = r.id) SELECT id FROM r',
    'SELECT id FROM emp',
  ],
  [
    'string concat null',
    "SELECT id, name || ' ' || coalesce(code, '') AS x FROM emp",
    "SELECT id, concat_ws(' ', name, code) AS x FROM emp",
  ],
  ['varchar cut', 'SELECT city::varchar(3) AS c FROM dept', 'SELECT left(city, 4) AS c FROM dept'],
  [
    'bool agg',
    'SELECT dept_id, bool_and(active) b FROM emp GROUP BY dept_id',
    'SELECT dept_id, count(*) = count(*) FILTER (WHERE active) AS b FROM emp GROUP BY dept_id',
  ],
  [
    'bool min',
    'SELECT dept_id, bool_or(active) b FROM emp GROUP BY dept_id',
    'SELECT dept_id, count(*) FILTER (WHERE active) > 0 AS b FROM emp GROUP BY dept_id',
  ],
  [
    'lateral limit',
    'SELECT d.id, x.id AS e FROM dept d LEFT JOIN LATERAL (SELECT id FROM emp e WHERE e.dept_id = d.id ORDER BY id LIMIT 2) x ON true',
    'SELECT d.id, x.id AS e FROM dept d LEFT JOIN (SELECT id, dept_id FROM emp ORDER BY id LIMIT 2) x ON x.dept_id = d.id',
  ],
  [
    'order nulls',
    'SELECT id FROM emp ORDER BY bonus DESC, id LIMIT 3',
    'SELECT id FROM emp WHERE bonus IS NOT NULL ORDER BY bonus DESC, id LIMIT 3',
  ],
  [
    'update join',
    "UPDATE emp SET bonus = p.qty FROM pay p WHERE p.emp_id = emp.id AND p.kind = 'x'",
    "UPDATE emp SET bonus = (SELECT max(p.qty) FROM pay p WHERE p.emp_id = emp.id AND p.kind = 'x')",
  ],
  [
    'delete using',
    'DELETE FROM loose USING other WHERE loose.a = other.a',
    'DELETE FROM loose WHERE a IN (SELECT a FROM other) AND b IS NOT NULL',
  ],
  [
    'insert conflict',
    'INSERT INTO loose (a, b) SELECT a, b FROM other',
    'INSERT INTO loose (a, b) SELECT a, b FROM other EXCEPT SELECT a, b FROM loose',
  ],
  ['limit 30', 'SELECT id FROM pay ORDER BY paid_at LIMIT 30', 'SELECT id FROM pay ORDER BY paid_at LIMIT 31'],
  ['offset', 'SELECT id FROM emp ORDER BY id OFFSET 3', 'SELECT id FROM emp WHERE id > 3 ORDER BY id'],
  [
    'rollup',
    'SELECT dept_id, active, count(*) FROM emp GROUP BY ROLLUP (dept_id, active)',
    'SELECT dept_id, active, count(*) FROM emp GROUP BY CUBE (dept_id, active)',
  ],
  [
    'between reversed',
    'SELECT id FROM emp WHERE salary BETWEEN 10 AND 5',
    'SELECT id FROM emp WHERE salary BETWEEN SYMMETRIC 10 AND 5',
  ],
  ['substring', "SELECT id FROM emp WHERE substr(name, 2, 2) = 'bc'", "SELECT id FROM emp WHERE name LIKE '%bc%'"],
  ['regexp', "SELECT id FROM emp WHERE name ~ '^a.c'", "SELECT id FROM emp WHERE name LIKE 'a%c%'"],
  [
    'max date',
    "SELECT dept_id, max(hired) FROM emp GROUP BY dept_id HAVING max(hired) < '2024-01-01'",
    "SELECT dept_id, max(hired) FROM emp WHERE hired < '2024-01-01' GROUP BY dept_id",
  ],
  ['numeric eq', 'SELECT id FROM emp WHERE rate = 2.5', 'SELECT id FROM emp WHERE round(rate, 1) = 2.5'],
  [
    'float eq',
    'SELECT id FROM emp WHERE score = 0.1',
    'SELECT id FROM emp WHERE score::numeric = 0.1 OR score::real = 0.1',
  ],
  ['real', 'SELECT id FROM emp WHERE score > 0.1', 'SELECT id FROM emp WHERE score::real > 0.1::real'],
];
export const EQUAL = [
  ['safe arithmetic', 'SELECT id FROM emp WHERE salary::bigint + 1 > 10', 'SELECT id FROM emp WHERE salary > 9'],
  ['sum bigint', 'SELECT sum(salary) + 0 AS s FROM emp', 'SELECT sum(salary) AS s FROM emp'],
  ['same arithmetic', 'SELECT id, salary + bonus AS s FROM emp', 'SELECT id, bonus + salary AS s FROM emp'],
  [
    'limit fence',
    'SELECT id FROM emp WHERE dept_id = 3 ORDER BY id LIMIT 2',
    'SELECT id FROM emp WHERE dept_id = 3 ORDER BY id + 0 LIMIT 2',
  ],
];
