// Further pairs: what takes many rows, chains of joins, moments, patterns, or a constraint that makes the difference.

export const SCHEMA = `CREATE TYPE rank AS ENUM ('zeta', 'beta', 'alpha');
  CREATE DOMAIN grade AS int CHECK (VALUE BETWEEN 1 AND 6);
  CREATE TABLE city (id int PRIMARY KEY, name text NOT NULL UNIQUE, region text);
  CREATE TABLE member (id int PRIMARY KEY, city_id int NOT NULL REFERENCES city, mentor_id int REFERENCES member, nick text, email text UNIQUE, rank rank, grade grade, born date, joined timestamptz, score float8, fee numeric(6,2), code char(5), tags int[], doc jsonb, active bool NOT NULL DEFAULT true, CHECK (fee >= 0));
  CREATE TABLE visit (id int PRIMARY KEY, member_id int NOT NULL REFERENCES member, place int, minutes int, at timestamp NOT NULL, cost numeric(8,2), kind text CHECK (kind IN ('walk', 'ride', 'swim')));
  CREATE TABLE loose (a int, b int, c text);
  CREATE TABLE other (a int, b int, c text);
  CREATE TABLE pair (x int NOT NULL, y int NOT NULL, UNIQUE (x, y));
  CREATE TABLE late (id int PRIMARY KEY, n int UNIQUE DEFERRABLE INITIALLY DEFERRED, twice int GENERATED ALWAYS AS (n * 2) STORED);
  CREATE TABLE slot (id int PRIMARY KEY, low int NOT NULL, high int NOT NULL, CHECK (low <= high));`;

/** Name, first statement, second statement. */
export const DIFFERENT = [
  [
    'count(*)>100',
    'SELECT member_id FROM visit GROUP BY member_id HAVING count(*) > 100',
    'SELECT member_id FROM visit GROUP BY member_id HAVING count(*) >= 100',
  ],
  [
    'count distinct>20',
    'SELECT member_id FROM visit GROUP BY member_id HAVING count(DISTINCT place) > 20',
    'SELECT member_id FROM visit GROUP BY member_id HAVING count(place) > 20',
  ],
  [
    'row_number 15',
    'SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY member_id ORDER BY id) AS n FROM visit) v WHERE n <= 15',
    'SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY member_id ORDER BY id) AS n FROM visit) v WHERE n < 15',
  ],
  ['limit 30', 'SELECT id FROM visit ORDER BY id LIMIT 30', 'SELECT id FROM visit ORDER BY id LIMIT 31'],
  [
    'sums that cancel',
    'SELECT member_id FROM visit GROUP BY member_id HAVING sum(minutes) = 0',
    'SELECT member_id FROM visit GROUP BY member_id HAVING bool_and(minutes = 0)',
  ],
  [
    'average threshold',
    'SELECT member_id FROM visit GROUP BY member_id HAVING avg(minutes) > 45',
    'SELECT member_id FROM visit GROUP BY member_id HAVING avg(minutes) >= 45',
  ],
  [
    'sum threshold three tables',
    'SELECT c.id FROM city c JOIN member m ON m.city_id = c.id JOIN visit v ON v.member_id = m.id GROUP BY c.id HAVING sum(v.cost) > 500',
    'SELECT c.id FROM city c JOIN member m ON m.city_id = c.id JOIN visit v ON v.member_id = m.id GROUP BY c.id HAVING sum(v.cost) >= 500',
  ],
  [
    'month vs from',
    'SELECT id FROM visit WHERE extract(month FROM at) = 11',
    'SELECT id FROM visit WHERE extract(month FROM at) >= 11',
  ],
  [
    'day of week',
    'SELECT id FROM visit WHERE extract(isodow FROM at) IN (6, 7)',
    'SELECT id FROM visit WHERE extract(dow FROM at) IN (6, 7)',
  ],
  [
    'hour',
    'SELECT id FROM visit WHERE extract(hour FROM at) < 9',
    'SELECT id FROM visit WHERE extract(hour FROM at) <= 9',
  ],
  [
    'between dates',
    "SELECT id FROM visit WHERE at::date BETWEEN '2024-03-01' AND '2024-03-31'",
    "SELECT id FROM visit WHERE at BETWEEN '2024-03-01' AND '2024-03-31'",
  ],
  [
    'timestamptz day in zone',
    "SELECT id FROM member WHERE (joined AT TIME ZONE 'America/New_York')::date = '2024-03-10'",
    "SELECT id FROM member WHERE joined >= timestamptz '2024-03-10 00:00-05' AND joined < timestamptz '2024-03-11 00:00-05'",
  ],
  [
    'a day is not 24 hours',
    "SELECT id, joined + interval '1 day' AS t FROM member",
    "SELECT id, joined + interval '24 hours' AS t FROM member",
  ],
  [
    'age 18',
    "SELECT id FROM member WHERE born <= date '2024-02-29' - interval '18 years'",
    "SELECT id FROM member WHERE born < date '2024-02-29' - interval '18 years'",
  ],
  ['like escape', "SELECT id FROM member WHERE nick LIKE '50\\%%'", "SELECT id FROM member WHERE nick LIKE '50%'"],
  ['like underscore', "SELECT id FROM member WHERE nick LIKE 'a_c'", "SELECT id FROM member WHERE nick = 'a_c'"],
  [
    'like middle',
    "SELECT id FROM member WHERE email LIKE 'info@%.org'",
    "SELECT id FROM member WHERE email LIKE 'info@%' ",
  ],
  [
    'regex digits',
    "SELECT id FROM member WHERE nick ~ '^[0-9]{3}-[0-9]{2}$'",
    "SELECT id FROM member WHERE nick ~ '^[0-9]{3}-[0-9]{2}' AND false",
  ],
  [
    'regex anchors',
    "SELECT id FROM member WHERE nick ~ '^[A-Z]{2}[0-9]+$'",
    "SELECT id FROM member WHERE nick ~ '[A-Z]{2}[0-9]+'",
  ],
  ['length', 'SELECT id FROM member WHERE length(nick) >= 12', 'SELECT id FROM member WHERE length(nick) > 12'],
  [
    'substring',
    "SELECT id FROM member WHERE substring(nick FROM 1 FOR 3) = 'abc'",
    "SELECT id FROM member WHERE nick LIKE '%abc%'",
  ],
  ['empty and null', "SELECT id FROM member WHERE coalesce(nick, '') = ''", "SELECT id FROM member WHERE nick = ''"],
  ['nullif', "SELECT id, nullif(nick, '') AS n FROM member", 'SELECT id, nick AS n FROM member'],
  ['char padding', "SELECT id FROM member WHERE code = 'ab'", "SELECT id FROM member WHERE code::text = 'ab   '"],
  ['char length', 'SELECT id, length(code) AS l FROM member', 'SELECT id, octet_length(code) AS l FROM member'],
  [
    'enum order',
    'SELECT max(rank) AS r FROM member',
    'SELECT (SELECT rank FROM member WHERE rank IS NOT NULL ORDER BY rank::text DESC LIMIT 1) AS r',
  ],
  ['domain null', 'SELECT id FROM member WHERE grade <= 6', 'SELECT id FROM member'],
  [
    'check list null',
    "SELECT id FROM visit WHERE kind IS DISTINCT FROM 'walk'",
    "SELECT id FROM visit WHERE kind IN ('ride', 'swim')",
  ],
  ['unique pair one', 'SELECT DISTINCT x FROM pair', 'SELECT x FROM pair'],
  [
    'unique nullable',
    'SELECT email, count(*) FROM member GROUP BY email',
    'SELECT email, 1::bigint AS count FROM member',
  ],
  ['deferred unique', 'SELECT DISTINCT n FROM late WHERE n IS NOT NULL', 'SELECT n FROM late WHERE n IS NOT NULL'],
  ['generated odd', 'SELECT id FROM late WHERE twice > 6', 'SELECT id FROM late WHERE n > 2'],
  ['fk nullable', 'SELECT m.id FROM member m JOIN member n ON n.id = m.mentor_id', 'SELECT id FROM member'],
  ['no fk', 'SELECT l.a FROM loose l JOIN other o ON o.a = l.a', 'SELECT a FROM loose'],
  [
    'no key semi',
    'SELECT l.a FROM loose l WHERE l.a IN (SELECT a FROM other)',
    'SELECT l.a FROM loose l JOIN other o ON o.a = l.a',
  ],
  [
    'outer to inner in chain',
    'SELECT c.id, v.id AS v FROM city c LEFT JOIN member m ON m.city_id = c.id LEFT JOIN visit v ON v.member_id = m.id',
    'SELECT c.id, v.id AS v FROM city c LEFT JOIN member m ON m.city_id = c.id JOIN visit v ON v.member_id = m.id',
  ],
  [
    'on vs where outer',
    'SELECT c.id, m.id AS m FROM city c LEFT JOIN member m ON m.city_id = c.id AND m.active',
    'SELECT c.id, m.id AS m FROM city c LEFT JOIN member m ON m.city_id = c.id WHERE m.active OR m.id IS NULL',
  ],
  [
    'count of outer',
    'SELECT c.id, count(*) AS n FROM city c LEFT JOIN member m ON m.city_id = c.id GROUP BY c.id',
    'SELECT c.id, count(m.id) AS n FROM city c LEFT JOIN member m ON m.city_id = c.id GROUP BY c.id',
  ],
  [
    'five tables',
    "SELECT c.name FROM city c JOIN member m ON m.city_id = c.id JOIN visit v ON v.member_id = m.id JOIN loose l ON l.a = v.place JOIN other o ON o.b = l.b AND o.c = m.nick WHERE c.region = 'north' AND v.kind = 'ride' AND o.a > 10",
    "SELECT c.name FROM city c JOIN member m ON m.city_id = c.id JOIN visit v ON v.member_id = m.id JOIN loose l ON l.a = v.place JOIN other o ON o.b = l.b AND o.c = m.nick WHERE c.region = 'north' AND v.kind = 'ride' AND o.a >= 10",
  ],
  [
    'division by integers',
    'SELECT id, minutes / 60 AS h FROM visit',
    'SELECT id, floor(minutes / 60.0)::int AS h FROM visit',
  ],
  ['rounding half', 'SELECT id, round(fee) AS f FROM member', 'SELECT id, floor(fee + 0.49) AS f FROM member'],
  ['round float even', 'SELECT id, round(score) AS s FROM member', 'SELECT id, floor(score + 0.5) AS s FROM member'],
  ['numeric scale', 'SELECT id, fee * 1.10 AS f FROM member', 'SELECT id, round(fee * 1.10, 2) AS f FROM member'],
  ['NaN', 'SELECT id FROM member WHERE score > 100', "SELECT id FROM member WHERE score > 100 AND score < 'Infinity'"],
  [
    'negative modulo',
    'SELECT id FROM loose l, city WHERE l.a % 3 = 1',
    'SELECT id FROM loose l, city WHERE abs(l.a) % 3 = 1',
  ],
  [
    'array any null',
    'SELECT id FROM member WHERE 7 = ANY (tags)',
    'SELECT id FROM member WHERE tags @> ARRAY[7] AND array_position(tags, NULL) IS NULL',
  ],
  [
    'array all null',
    'SELECT id FROM member WHERE 7 <> ALL (tags)',
    "SELECT id FROM member WHERE NOT (7 = ANY (coalesce(tags, '{}')))",
  ],
  ['array length', 'SELECT id FROM member WHERE cardinality(tags) > 0', 'SELECT id FROM member WHERE tags IS NOT NULL'],
  [
    'array three',
    'SELECT id FROM member WHERE cardinality(tags) >= 3',
    'SELECT id FROM member WHERE cardinality(tags) > 3',
  ],
  [
    'unnest distinct',
    'SELECT DISTINCT m.id FROM member m, unnest(m.tags) t',
    'SELECT m.id FROM member m WHERE tags IS NOT NULL',
  ],
  ['json null', "SELECT id FROM member WHERE doc -> 'a' IS NULL", "SELECT id FROM member WHERE doc ->> 'a' IS NULL"],
  [
    'json number',
    "SELECT id FROM member WHERE (doc ->> 'size')::numeric > 5",
    "SELECT id FROM member WHERE doc ->> 'size' > '5'",
  ],
  [
    'json contains',
    'SELECT id FROM member WHERE doc @> \'{"tag": ["x"]}\'',
    "SELECT id FROM member WHERE doc -> 'tag' = '[\"x\"]'",
  ],
  [
    'json nested',
    "SELECT id FROM member WHERE doc -> 'a' ->> 'b' = 'x'",
    'SELECT id FROM member WHERE doc @> \'{"a": "x"}\'',
  ],
  [
    'json text and string',
    "SELECT id FROM member WHERE doc ->> 'n' = '1'",
    'SELECT id FROM member WHERE doc @> \'{"n": 1}\'',
  ],
  [
    'groups frame',
    'SELECT id, count(*) OVER (ORDER BY minutes GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM visit',
    'SELECT id, count(*) OVER (ORDER BY minutes RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM visit',
  ],
  [
    'last_value',
    'SELECT id, last_value(minutes) OVER (ORDER BY id) FROM visit',
    'SELECT id, last_value(minutes) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM visit',
  ],
  [
    'distinct on ties',
    'SELECT DISTINCT ON (member_id) member_id, minutes FROM visit ORDER BY member_id, minutes DESC',
    'SELECT DISTINCT ON (member_id) member_id, minutes FROM visit ORDER BY member_id, minutes DESC NULLS LAST',
  ],
  [
    'grouping sets',
    'SELECT place, kind, count(*) FROM visit GROUP BY GROUPING SETS ((place), (kind))',
    'SELECT place, kind, count(*) FROM visit GROUP BY CUBE (place, kind)',
  ],
  [
    'empty grand total',
    'SELECT count(*) FROM visit WHERE minutes > 90 GROUP BY ()',
    'SELECT count(*) FROM visit WHERE minutes > 90 HAVING count(*) > 0',
  ],
  [
    'filter and where',
    'SELECT member_id, count(*) FILTER (WHERE minutes > 90) AS n FROM visit GROUP BY member_id',
    'SELECT member_id, count(*) AS n FROM visit WHERE minutes > 90 GROUP BY member_id',
  ],
  [
    'count cases',
    'SELECT count(CASE WHEN minutes > 90 THEN 1 ELSE 0 END) AS n FROM visit',
    'SELECT count(CASE WHEN minutes > 90 THEN 1 END) AS n FROM visit',
  ],
  [
    'not in with list null',
    "SELECT a FROM loose WHERE a NOT IN (SELECT b FROM other WHERE c = 'x')",
    "SELECT a FROM loose l WHERE NOT EXISTS (SELECT 1 FROM other o WHERE o.b = l.a AND o.c = 'x')",
  ],
  [
    '> any empty',
    'SELECT a FROM loose WHERE a > ANY (SELECT a FROM other WHERE b = 4)',
    'SELECT a FROM loose WHERE a > coalesce((SELECT min(a) FROM other WHERE b = 4), 0)',
  ],
  ['coalesce shortcut', 'SELECT a FROM loose WHERE coalesce(a, b) = 5', 'SELECT a FROM loose WHERE a = 5 OR b = 5'],
  ['or null', 'SELECT a FROM loose WHERE (a > 3) IS NOT FALSE', 'SELECT a FROM loose WHERE a > 3'],
  [
    'case order',
    "SELECT CASE WHEN a > 10 THEN 'x' WHEN a > 100 THEN 'y' END AS k FROM loose",
    "SELECT CASE WHEN a > 100 THEN 'y' WHEN a > 10 THEN 'x' END AS k FROM loose",
  ],
  [
    'lateral top 1',
    'SELECT m.id, v.id AS v FROM member m LEFT JOIN LATERAL (SELECT id FROM visit v WHERE v.member_id = m.id ORDER BY at DESC, id LIMIT 1) v ON true',
    'SELECT m.id, v.id AS v FROM member m CROSS JOIN LATERAL (SELECT id FROM visit v WHERE v.member_id = m.id ORDER BY at DESC, id LIMIT 1) v',
  ],
  [
    'latest of each ties',
    'SELECT v.id FROM visit v WHERE v.at = (SELECT max(w.at) FROM visit w WHERE w.member_id = v.member_id)',
    'SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY member_id ORDER BY at DESC) AS n FROM visit) x WHERE n = 1',
  ],
  [
    'intersect all',
    'SELECT a FROM loose INTERSECT ALL SELECT a FROM other',
    'SELECT a FROM loose INTERSECT SELECT a FROM other',
  ],
  [
    'union order of ops',
    'SELECT a FROM loose UNION ALL (SELECT a FROM other UNION SELECT b FROM other)',
    '(SELECT a FROM loose UNION ALL SELECT a FROM other) UNION SELECT b FROM other',
  ],
  [
    'except direction',
    '(SELECT a, b FROM loose EXCEPT SELECT a, b FROM other)',
    'SELECT l.a, l.b FROM loose l LEFT JOIN other o ON o.a = l.a AND o.b = l.b WHERE o.a IS NULL',
  ],
  [
    'mentor chain three',
    'SELECT a.id FROM member a JOIN member b ON b.id = a.mentor_id JOIN member c ON c.id = b.mentor_id JOIN member d ON d.id = c.mentor_id',
    'SELECT a.id FROM member a JOIN member b ON b.id = a.mentor_id JOIN member c ON c.id = b.mentor_id',
  ],
  [
    'recursive depth',
    'WITH RECURSIVE r AS (SELECT id, mentor_id, 0 AS d FROM member WHERE mentor_id IS NULL UNION ALL SELECT m.id, m.mentor_id, d + 1 FROM member m JOIN r ON m.mentor_id = r.id WHERE d < 3) SELECT id FROM r',
    'WITH RECURSIVE r AS (SELECT id, mentor_id, 0 AS d FROM member WHERE mentor_id IS NULL UNION ALL SELECT m.id, m.mentor_id, d + 1 FROM member m JOIN r ON m.mentor_id = r.id WHERE d < 2) SELECT id FROM r',
  ],
  [
    'recursive cycle',
    'WITH RECURSIVE r AS (SELECT a, b FROM loose UNION SELECT r.a, l.b FROM r JOIN loose l ON l.a = r.b) SELECT count(*) FROM r',
    'SELECT count(*) FROM (SELECT a, b FROM loose UNION SELECT l.a, m.b FROM loose l JOIN loose m ON m.a = l.b) x',
  ],
  [
    'three rows median',
    'SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes) AS m FROM visit',
    'SELECT avg(minutes)::float8 AS m FROM visit',
  ],
  [
    'second largest',
    'SELECT DISTINCT minutes FROM visit ORDER BY minutes DESC NULLS LAST OFFSET 2 LIMIT 1',
    'SELECT minutes FROM visit ORDER BY minutes DESC NULLS LAST OFFSET 2 LIMIT 1',
  ],
  ['stddev', 'SELECT stddev_samp(minutes) AS s FROM visit', 'SELECT stddev_pop(minutes) AS s FROM visit'],
  [
    'string_agg order',
    "SELECT string_agg(nick, ',' ORDER BY nick) AS s FROM member",
    "SELECT string_agg(nick, ',' ORDER BY id) AS s FROM member",
  ],
  [
    'array_agg nulls',
    'SELECT array_agg(minutes ORDER BY id) AS s FROM visit',
    'SELECT array_agg(minutes ORDER BY id) FILTER (WHERE minutes IS NOT NULL) AS s FROM visit',
  ],
  ['update twice', 'UPDATE loose SET b = b + 1 WHERE a = 20', 'UPDATE loose SET b = b + 1 WHERE a >= 20'],
  [
    'update from fan-out',
    "UPDATE member SET nick = 'x' WHERE id IN (SELECT member_id FROM visit WHERE kind = 'swim' AND minutes > 30)",
    "UPDATE member m SET nick = 'x' FROM visit v WHERE v.member_id = m.id AND v.minutes > 30",
  ],
  [
    'insert select distinct',
    "INSERT INTO loose (a) SELECT place FROM visit WHERE kind = 'ride'",
    "INSERT INTO loose (a) SELECT DISTINCT place FROM visit WHERE kind = 'ride'",
  ],
  [
    'all of a set',
    'SELECT m.id FROM member m WHERE (SELECT count(DISTINCT kind) FROM visit v WHERE v.member_id = m.id) = 3',
    'SELECT m.id FROM member m WHERE (SELECT count(kind) FROM visit v WHERE v.member_id = m.id) = 3',
  ],
  [
    'pairs once',
    'SELECT a.id, b.id AS o FROM visit a JOIN visit b ON a.member_id = b.member_id AND a.id < b.id',
    'SELECT a.id, b.id AS o FROM visit a JOIN visit b ON a.member_id = b.member_id AND a.id <> b.id',
  ],
  [
    'using any of two',
    "SELECT m.id FROM member m WHERE EXISTS (SELECT 1 FROM visit v WHERE v.member_id = m.id AND v.kind = 'walk' AND v.minutes >= 60)",
    "SELECT m.id FROM member m WHERE EXISTS (SELECT 1 FROM visit v WHERE v.member_id = m.id AND v.kind = 'walk') AND EXISTS (SELECT 1 FROM visit v WHERE v.member_id = m.id AND v.minutes >= 60)",
  ],
  [
    'or to union all',
    "SELECT id FROM visit WHERE kind = 'walk' OR minutes > 40",
    "SELECT id FROM visit WHERE kind = 'walk' UNION ALL SELECT id FROM visit WHERE minutes > 40",
  ],
  [
    'or to union all not',
    "SELECT id FROM visit WHERE kind = 'walk' OR minutes > 40",
    "SELECT id FROM visit WHERE kind = 'walk' UNION ALL SELECT id FROM visit WHERE minutes > 40 AND NOT kind = 'walk'",
  ],
  [
    'avg push-down',
    'SELECT m.city_id, avg(v.cost) AS s FROM member m JOIN visit v ON v.member_id = m.id GROUP BY m.city_id',
    'SELECT m.city_id, avg(x.s) AS s FROM member m JOIN (SELECT member_id, avg(cost) AS s FROM visit GROUP BY member_id) x ON x.member_id = m.id GROUP BY m.city_id',
  ],
];

export const EQUAL = [
  [
    'between dates half open',
    "SELECT id FROM visit WHERE at::date BETWEEN '2024-03-01' AND '2024-03-31'",
    "SELECT id FROM visit WHERE at >= '2024-03-01' AND at < '2024-04-01'",
  ],
  [
    'timestamptz day in zone right',
    "SELECT id FROM member WHERE (joined AT TIME ZONE 'America/New_York')::date = '2024-03-10'",
    "SELECT id FROM member WHERE joined >= timestamptz '2024-03-10 00:00-05' AND joined < timestamptz '2024-03-11 00:00-04'",
  ],
  ['domain bounds', 'SELECT id FROM member WHERE grade <= 6', 'SELECT id FROM member WHERE grade IS NOT NULL'],
  ['check bounds', 'SELECT id FROM member WHERE fee < 0 OR id = 3', 'SELECT id FROM member WHERE id = 3'],
  ['check list', "SELECT id FROM visit WHERE kind <> 'walk'", "SELECT id FROM visit WHERE kind IN ('ride', 'swim')"],
  ['check two columns', 'SELECT id FROM slot WHERE high < low OR low = 3', 'SELECT id FROM slot WHERE low = 3'],
  ['unique pair', 'SELECT DISTINCT x, y FROM pair', 'SELECT x, y FROM pair'],
  [
    'unique nullable filtered',
    'SELECT email, count(*) FROM member WHERE email IS NOT NULL GROUP BY email',
    'SELECT email, 1::bigint AS count FROM member WHERE email IS NOT NULL',
  ],
  ['generated', 'SELECT id FROM late WHERE twice = 6', 'SELECT id FROM late WHERE n = 3'],
  [
    'fk inner',
    'SELECT v.id FROM visit v JOIN member m ON m.id = v.member_id JOIN city c ON c.id = m.city_id',
    'SELECT id FROM visit',
  ],
  [
    'fk nullable guarded',
    'SELECT m.id FROM member m JOIN member n ON n.id = m.mentor_id',
    'SELECT id FROM member WHERE mentor_id IS NOT NULL',
  ],
  [
    'key semi',
    'SELECT l.a FROM loose l WHERE l.a IN (SELECT id FROM city)',
    'SELECT l.a FROM loose l JOIN city c ON c.id = l.a',
  ],
  [
    'distinct on max',
    'SELECT DISTINCT ON (member_id) member_id, minutes FROM visit WHERE minutes IS NOT NULL ORDER BY member_id, minutes DESC',
    'SELECT member_id, max(minutes) AS minutes FROM visit WHERE minutes IS NOT NULL GROUP BY member_id ORDER BY member_id',
  ],
  [
    'not in not null',
    'SELECT id FROM city WHERE id NOT IN (SELECT city_id FROM member WHERE active)',
    'SELECT id FROM city c WHERE NOT EXISTS (SELECT 1 FROM member m WHERE m.city_id = c.id AND m.active)',
  ],
  [
    'coalesce expanded',
    'SELECT a FROM loose WHERE coalesce(a, b) = 5',
    'SELECT a FROM loose WHERE a = 5 OR (a IS NULL AND b = 5)',
  ],
  [
    'latest of each rank',
    'SELECT v.id FROM visit v WHERE v.at = (SELECT max(w.at) FROM visit w WHERE w.member_id = v.member_id)',
    'SELECT id FROM (SELECT id, rank() OVER (PARTITION BY member_id ORDER BY at DESC) AS n FROM visit) x WHERE n = 1',
  ],
  [
    'update from equal',
    "UPDATE member SET nick = 'x' WHERE id IN (SELECT member_id FROM visit WHERE kind = 'swim' AND minutes > 30)",
    "UPDATE member m SET nick = 'x' FROM visit v WHERE v.member_id = m.id AND v.kind = 'swim' AND v.minutes > 30",
  ],
  [
    'or to union all guarded',
    "SELECT id FROM visit WHERE kind = 'walk' OR minutes > 40",
    "SELECT id FROM visit WHERE kind = 'walk' UNION ALL SELECT id FROM visit WHERE minutes > 40 AND (kind = 'walk') IS NOT TRUE",
  ],
  [
    'sum push-down',
    'SELECT m.city_id, sum(v.cost) AS s FROM member m JOIN visit v ON v.member_id = m.id GROUP BY m.city_id',
    'SELECT m.city_id, sum(x.s) AS s FROM member m JOIN (SELECT member_id, sum(cost) AS s FROM visit GROUP BY member_id) x ON x.member_id = m.id GROUP BY m.city_id',
  ],
];
