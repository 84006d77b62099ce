import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyEquivalence } from '../../src/lab/equivalence/verify.js';
import type { LabServer } from '../../src/lab/server.js';
import { loadParser } from '../../src/sql/parse.js';
import { startQuietServer } from '../support/majors.js';
import { withSchema, wrongOffers } from '../support/rewrite-bench.js';

const SCHEMA = `
  CREATE TABLE account (id bigint PRIMARY KEY, name text NOT NULL, email varchar(40), code char(4), tier int, small smallint, rate numeric(6, 2), share float8, ended timestamptz, at timestamptz, local timestamp, day date, parent bigint, tags text[], body jsonb, active bool);
  CREATE INDEX ON account (tier);
  CREATE INDEX ON account (email);
  CREATE INDEX ON account (rate);
  CREATE INDEX ON account (code);
  CREATE INDEX ON account (ended);
  CREATE TABLE entry (id bigint PRIMARY KEY, account_id bigint NOT NULL REFERENCES account, owner bigint, kind int, score int, state text NOT NULL, ms bigint NOT NULL, secs int NOT NULL, at timestamptz NOT NULL);
  CREATE INDEX ON entry (kind, score);
  CREATE INDEX ON entry (state);
  CREATE INDEX ON entry (score);`;

const ROWS = 'SELECT id, kind, row_number() OVER (ORDER BY score DESC, id) AS n';

/** Statements as reports and applications write them, and the rules that offer something for each. */
const CASES: readonly (readonly [string, string])[] = [
  // A stand-in for NULL, with what is compared of any fixed kind.
  ["SELECT id FROM account WHERE COALESCE(ended, 'infinity') > now()", 'sargable/coalesce-to-or'],
  ["SELECT id FROM account WHERE COALESCE(ended, now()) >= now() - interval '1 day'", 'sargable/coalesce-to-or'],
  ["SELECT id FROM account WHERE COALESCE(email, '') <> ''", 'sargable/coalesce-to-or'],
  ["SELECT id FROM account WHERE COALESCE(ended, at, now()) > '2000-01-01'", 'sargable/coalesce-to-or'],
  ["SELECT id FROM account WHERE COALESCE(email, name, '') IN ('', 'a')", ''],
  ["SELECT id FROM account WHERE COALESCE(email, '') LIKE 'a%'", 'sargable/coalesce-to-or'],
  ['SELECT id FROM account WHERE COALESCE(tier, 0) NOT IN (0, 2)', 'sargable/coalesce-to-or'],
  ['SELECT id FROM account WHERE COALESCE(tier, 0) NOT BETWEEN 1 AND 2', 'sargable/coalesce-to-or'],
  ['SELECT id FROM account WHERE COALESCE(tier, 0.5) < 1', 'sargable/coalesce-to-or'],
  ['SELECT id FROM account WHERE COALESCE(small, 70000) > 3', 'sargable/coalesce-to-or'],
  ['SELECT id FROM account WHERE COALESCE(share, 0.1) = 0.1', 'sargable/coalesce-to-or'],
  ["SELECT id FROM account WHERE COALESCE(tags, '{}') @> ARRAY['a']", 'sargable/coalesce-to-or'],
  ["SELECT id FROM account WHERE ARRAY['a'] <@ COALESCE(tags, ARRAY['b']::text[])", 'sargable/coalesce-to-or'],
  [`SELECT id FROM account WHERE COALESCE(body, '{}') @> '{"k": 1}'`, 'sargable/coalesce-to-or'],
  ["SELECT id FROM account WHERE COALESCE(body ->> 'k', 'x') = 'x'", 'sargable/coalesce-to-or'],
  [
    'SELECT a.id, e.id FROM account AS a JOIN entry AS e ON COALESCE(a.parent, -1) = e.account_id',
    'sargable/coalesce-to-or',
  ],
  [
    'SELECT a.id, e.id FROM account AS a JOIN entry AS e ON COALESCE(a.parent, -1) = COALESCE(e.owner, -1)',
    'sargable/coalesce-to-or',
  ],
  // Another type than the column's, or one that a literal takes on from the whole.
  ["SELECT id FROM account WHERE COALESCE(tier, 0.5) = '0.5'", ''],
  ["SELECT id FROM account WHERE COALESCE(small, 70000) = '70000'", ''],
  ["SELECT id FROM account WHERE COALESCE(day, '2000-01-01'::timestamp) < '2000-01-01 12:00'", ''],
  ["SELECT id FROM account WHERE COALESCE(code, 'a') = 'a '", ''],
  // Under the collation of a column "b" may come before "B", or be the same.
  ["SELECT id FROM account WHERE COALESCE(email, 'B') < 'b'", ''],
  ["SELECT id FROM account WHERE COALESCE(email, 'none') ~ '^[[:alpha:]]'", ''],
  ["SELECT id FROM account WHERE COALESCE(email, 'none') ILIKE 'N%'", ''],
  ["SELECT id FROM account WHERE COALESCE(body ->> 'k', 'x') > 'k'", 'sargable/coalesce-to-or'],
  ["SELECT id FROM account WHERE 'abc' ~ COALESCE(email, '(')", ''],
  ['SELECT id FROM account WHERE COALESCE(tier, small) = 2', ''],
  ['SELECT id FROM account WHERE COALESCE(tier, 0) = parent', ''],
  ['SELECT id FROM account WHERE COALESCE(tier, 0) = (SELECT max(score) FROM entry)', ''],
  ['SELECT id FROM account WHERE (COALESCE(tier, 0) = 0) IS NOT TRUE', ''],
  // Everything but what nearly all rows have.
  ["SELECT id FROM entry WHERE state <> 'done'", 'sargable/unequal-to-ranges'],
  ["SELECT id FROM entry WHERE NOT (state = 'done' OR score = 2)", 'sargable/unequal-to-ranges'],
  ['SELECT id FROM entry WHERE score NOT IN (2, 0, 1)', 'sargable/unequal-to-ranges'],
  ["SELECT id FROM account WHERE email <> 'a'", 'sargable/unequal-to-ranges'],
  ['SELECT id FROM entry WHERE score <> ALL (ARRAY[0, 2])', 'sargable/unequal-to-ranges'],
  ['SELECT id FROM entry WHERE score IS DISTINCT FROM 1', 'sargable/unequal-to-ranges'],
  ['SELECT id FROM entry WHERE NOT (score IS NOT DISTINCT FROM 1)', 'sargable/unequal-to-ranges'],
  ['SELECT id FROM account WHERE rate <> 0.5', 'sargable/unequal-to-ranges'],
  ["SELECT id FROM account WHERE code NOT IN ('a ')", 'sargable/unequal-to-ranges'],
  ["SELECT id FROM account WHERE code <> ALL (ARRAY['a '])", ''],
  ['SELECT id FROM entry WHERE score NOT IN (0, NULL)', ''],
  ['SELECT id FROM entry WHERE score <> 0.5', ''],
  ['SELECT id FROM entry WHERE score <> kind', ''],
  ['SELECT id FROM entry WHERE (score <> 0) IS NOT FALSE', ''],
  ['SELECT id FROM entry WHERE secs <> 0', ''],
  ['SELECT id FROM account WHERE CASE WHEN ended IS NULL THEN 0 ELSE 1 END = 1', 'sargable/case-to-condition'],
  ['SELECT id FROM account WHERE CASE tier WHEN 1 THEN 0 ELSE 1 END = 1', 'sargable/case-to-condition'],
  ['SELECT id FROM account WHERE CASE WHEN tier > 1 THEN 0 ELSE 1 END = 1', ''],
  ['SELECT id FROM account WHERE CASE WHEN tier = 1 THEN 1 ELSE 1 END = 1', ''],
  ['SELECT id FROM account WHERE CASE WHEN tags IS NULL THEN 0 ELSE 1 END = 1', ''],
  ['SELECT id FROM account WHERE CASE WHEN tier = 1 THEN 0 WHEN id > 2 THEN 2 ELSE 1 END = 1', ''],
  // Counts that only ask whether there are enough rows.
  [
    'SELECT a.id FROM account AS a, LATERAL (SELECT count(*) AS n FROM entry AS e WHERE e.account_id = a.id) AS c WHERE c.n > 0',
    'aggregate/correlated-to-grouped-join subquery/count-to-exists',
  ],
  [
    'SELECT a.id FROM account AS a LEFT JOIN LATERAL (SELECT count(e.score) AS n FROM entry AS e WHERE e.account_id = a.id) AS c ON true WHERE c.n = 0',
    'aggregate/lateral-to-grouped-join subquery/count-to-exists',
  ],
  [
    'SELECT a.* FROM account AS a JOIN LATERAL (SELECT count(*) AS n FROM entry AS e WHERE e.account_id = a.id) AS c ON c.n >= 3',
    'aggregate/correlated-to-grouped-join subquery/count-above-to-exists',
  ],
  [
    'SELECT a.id FROM account AS a WHERE (SELECT count(*) FILTER (WHERE e.kind = 1) FROM entry AS e WHERE e.account_id = a.id) > 0',
    'aggregate/correlated-to-grouped-join aggregate/filters-to-where subquery/count-to-exists',
  ],
  [
    'SELECT a.id FROM account AS a WHERE (SELECT count(e.score) FROM entry AS e WHERE e.account_id = a.id AND e.kind = 3) <= 1',
    'subquery/count-above-to-exists',
  ],
  [
    'SELECT a.id FROM account AS a WHERE (SELECT count(DISTINCT e.kind) FROM entry AS e WHERE e.id > a.id) > 1',
    'aggregate/distinct-count-to-groups',
  ],
  ['SELECT a.id FROM account AS a WHERE (SELECT count(e) FROM entry AS e WHERE e.id > a.id) > 0', ''],
  ['SELECT a.id FROM account AS a WHERE (SELECT count(*) FROM entry AS e WHERE e.id > a.id) = 2', ''],
  ['SELECT a.id FROM account AS a WHERE (SELECT count(*) FROM entry AS e WHERE e.id > a.id OFFSET 1) > 2', ''],
  [
    'SELECT a.id, c.n FROM account AS a, LATERAL (SELECT count(*) AS n FROM entry AS e WHERE e.id > a.id) AS c WHERE c.n > 0',
    '',
  ],
  [
    'SELECT a.id FROM account AS a LEFT JOIN LATERAL (SELECT count(*) AS n FROM entry AS e WHERE e.id > a.id) AS c ON c.n > 2',
    '',
  ],
  [
    'SELECT a.id FROM account AS a, LATERAL (SELECT count(*) AS n FROM entry AS e WHERE e.id > a.id GROUP BY e.kind) AS c WHERE c.n > 0',
    '',
  ],
  [
    'SELECT a.id FROM entry AS o LEFT JOIN (account AS a CROSS JOIN LATERAL (SELECT count(*) AS n FROM entry AS e WHERE e.id > a.id) AS c) ON a.id = o.owner WHERE c.n > 0',
    '',
  ],
  // Seconds and milliseconds since 1970.
  ["SELECT id FROM entry WHERE to_timestamp(ms / 1000) >= '2001-09-09'", 'sargable/time-of-epoch'],
  ["SELECT id FROM entry WHERE to_timestamp(ms / 1000) = '2001-09-09 01:46:40+00'", 'sargable/time-of-epoch'],
  ["SELECT id FROM entry WHERE to_timestamp(ms / 1000.0) <= '2001-09-09 01:46:40.0005+00'", 'sargable/time-of-epoch'],
  ["SELECT id FROM entry WHERE to_timestamp(ms::float8 / 1000) > now() - interval '30 days'", 'sargable/time-of-epoch'],
  ['SELECT id FROM entry WHERE to_timestamp(ms * 0.001) > current_date - 7', 'sargable/time-of-epoch'],
  [
    "SELECT id FROM entry WHERE to_timestamp((ms / 1000)::float8) < date_trunc('month', now())",
    'sargable/time-of-epoch',
  ],
  [
    "SELECT id FROM entry WHERE timestamptz 'epoch' + secs * interval '1 second' < '2001-09-09'",
    'sargable/time-of-epoch',
  ],
  ["SELECT id FROM entry WHERE to_timestamp(secs)::date = '2001-09-09'", 'sargable/epoch-day-to-bounds'],
  [
    "SELECT id FROM entry WHERE date_trunc('month', to_timestamp(ms / 1000)) >= '2001-09-01'",
    'sargable/epoch-day-to-bounds',
  ],
  [
    "SELECT id FROM entry WHERE to_char(to_timestamp(ms / 1000), 'YYYY-MM') = '2001-09'",
    'sargable/epoch-day-to-bounds',
  ],
  [
    "SELECT id FROM entry WHERE (to_timestamp(secs) AT TIME ZONE 'Asia/Tokyo')::date BETWEEN '2001-09-09' AND '2001-09-10'",
    'sargable/epoch-day-to-bounds',
  ],
  ["SELECT id FROM entry WHERE to_timestamp(ms / 1000) >= '1969-12-31 23:59'", ''],
  ["SELECT id FROM entry WHERE to_timestamp(ms / 1000) >= 'infinity'", ''],
  ["SELECT id FROM entry WHERE to_timestamp((ms / 1000.0)::bigint) >= '2001-09-09'", ''],
  ["SELECT id FROM entry WHERE to_timestamp(ms * 0.001::float8) >= '2001-09-09'", ''],
  ["SELECT id FROM entry WHERE to_timestamp(ms / 60000) >= '2001-09-09'", ''],
  ['SELECT id FROM entry WHERE to_timestamp(secs) >= $1::timestamptz', ''],
  ["SELECT id FROM entry WHERE to_timestamp(secs)::date = 'infinity'", ''],
  ["SELECT id FROM entry WHERE to_char(to_timestamp(secs), 'MM-DD') = '09-09'", ''],
  // The newest of each group, of which that without a value is never asked for.
  [
    'SELECT id FROM entry WHERE (kind, score) IN (SELECT kind, max(score) FROM entry GROUP BY kind)',
    'grouping/extreme-to-loose-scan grouping/in-extremes-to-lookup',
  ],
  [
    'SELECT e.id FROM entry AS e JOIN (SELECT kind, min(score) AS least FROM entry GROUP BY kind) AS g ON g.kind = e.kind AND e.score > g.least',
    'grouping/extreme-to-loose-scan join/key-into-grouped-subquery',
  ],
  ['SELECT kind, max(score) FROM entry WHERE kind IS NOT NULL GROUP BY kind', 'grouping/extreme-to-loose-scan'],
  ['SELECT kind, max(score) FROM entry GROUP BY kind', ''],
  // Conditions on what is grouped by.
  [
    "SELECT at::date, count(*) FROM entry GROUP BY at::date HAVING at::date >= '2001-09-09' AND count(*) > 1",
    'sargable/truncated-time-to-range',
  ],
  ["SELECT at::date, kind FROM entry GROUP BY ROLLUP (at::date, kind) HAVING at::date >= '2001-09-09'", ''],
  ["SELECT rate, count(*) FROM account GROUP BY rate HAVING rate::text = '1.00'", ''],
  // The first rows with what belongs to them.
  [
    'SELECT a.id, a.name, count(*), sum(e.score) FROM account AS a JOIN entry AS e ON e.account_id = a.id WHERE e.kind > 0 AND a.tier = 1 GROUP BY a.id ORDER BY a.name, a.id LIMIT 2',
    'aggregate/group-after-limit aggregate/group-before-join',
  ],
  [
    'SELECT a.id, count(e.id) AS n FROM account AS a JOIN entry AS e ON e.account_id = a.id GROUP BY a.id ORDER BY n DESC, a.id LIMIT 2',
    'aggregate/group-before-join join/foreign-key-join',
  ],
  ['SELECT id, name FROM account ORDER BY COALESCE(ended, at) DESC, id LIMIT 3', 'order/coalesce-apart'],
  ['SELECT id, COALESCE(ended, at) AS last FROM account ORDER BY last, id LIMIT 2 OFFSET 1', 'order/coalesce-apart'],
  ['SELECT id FROM account ORDER BY COALESCE(ended, at) DESC NULLS LAST, id LIMIT 3', 'order/coalesce-apart'],
  ['SELECT id FROM account ORDER BY COALESCE(ended, now()) DESC, id LIMIT 3', ''],
  ['SELECT id FROM account ORDER BY COALESCE(email, name), id LIMIT 3', ''],
  ['SELECT id FROM account ORDER BY COALESCE(local, at) DESC, id LIMIT 3', ''],
  ['SELECT tier, id FROM account ORDER BY COALESCE(tier, small), id LIMIT 3', ''],
  // Partitions, of which that of NULL stays.
  [
    'SELECT * FROM (SELECT id, kind, count(*) OVER (PARTITION BY kind) AS n FROM entry) AS s WHERE id < 3',
    'join/partitions-asked-for',
  ],
  ['SELECT * FROM (SELECT id, tags, count(*) OVER (PARTITION BY tags) AS n FROM account) AS s WHERE id < 3', ''],
  // Pages by number.
  [`SELECT * FROM (${ROWS} FROM entry) AS s WHERE n BETWEEN 2 AND 4 ORDER BY n`, 'order/row-number-to-limit'],
  [
    `SELECT s.n, s.id FROM (${ROWS} FROM entry WHERE kind > 0) AS s WHERE s.n > 1 AND s.n < 4 AND s.kind <> 2`,
    'order/row-number-to-limit',
  ],
  [
    `WITH s AS (${ROWS}, count(*) OVER () AS total FROM entry) SELECT * FROM s WHERE n <= 3`,
    'order/row-number-to-limit',
  ],
  [`SELECT * FROM (${ROWS} FROM entry) AS s WHERE n = 2`, 'order/row-number-to-limit'],
  [`SELECT * FROM (${ROWS} FROM entry) AS s WHERE n > $1 AND n <= $2`, 'order/row-number-to-limit'],
  [`SELECT * FROM (${ROWS} FROM entry) AS s WHERE n BETWEEN $1 AND $2`, 'order/row-number-to-limit'],
  [
    'SELECT s.* FROM (SELECT e.id, a.name, row_number() OVER (ORDER BY e.at, e.id) AS n FROM entry AS e LEFT JOIN account AS a ON a.id = e.account_id) AS s WHERE s.n <= 3',
    'order/row-number-to-limit',
  ],
  [
    'SELECT * FROM (SELECT e.id, o.id AS other, row_number() OVER (ORDER BY e.id) AS n FROM entry AS e JOIN entry AS o ON o.kind = e.kind) AS s WHERE n <= 3',
    '',
  ],
  ['SELECT * FROM (SELECT id, row_number() OVER (ORDER BY score) AS n FROM entry) AS s WHERE n <= 3', ''],
  [`SELECT * FROM (${ROWS}, sum(score) OVER () AS total FROM entry) AS s WHERE n <= 3`, ''],
  [`SELECT * FROM (${ROWS}, lag(id) OVER (ORDER BY id) AS before FROM entry) AS s WHERE n <= 3`, ''],
  [`SELECT * FROM (${ROWS} FROM entry) AS s WHERE n > 3`, ''],
  [`SELECT * FROM (${ROWS} FROM entry) AS s WHERE n <= 3 OR kind = 1`, ''],
  [`SELECT a.id, s.n FROM account AS a LEFT JOIN (${ROWS} FROM entry) AS s ON s.id = a.id AND s.n <= 3`, ''],
  [`SELECT * FROM (${ROWS} FROM entry LIMIT 9) AS s WHERE n <= 3`, ''],
];

const SECOND = "extract(epoch FROM timestamptz '2001-09-09 01:46:40+00')";

/** Statements, and what a careless hand would make of them. */
const CARELESS: readonly (readonly [string, string])[] = [
  [
    "SELECT id FROM entry WHERE to_timestamp(ms / 1000) > '2001-09-09 01:46:40+00'",
    `SELECT id FROM entry WHERE ms > floor(${SECOND})::bigint * 1000`,
  ],
  [
    "SELECT id FROM entry WHERE to_timestamp(ms / 1000.0) > '2001-09-09 01:46:40+00'",
    `SELECT id FROM entry WHERE ms >= (floor(${SECOND})::bigint + 1) * 1000`,
  ],
  [
    "SELECT id FROM entry WHERE to_timestamp(secs) >= now() - interval '30 days'",
    "SELECT id FROM entry WHERE secs > ceil(extract(epoch FROM now() - interval '30 days'))::bigint",
  ],
  [
    "SELECT id FROM account WHERE COALESCE(email, name) = 'a'",
    "SELECT id FROM account WHERE email = 'a' OR name = 'a'",
  ],
  [
    'SELECT a.id, e.id FROM account AS a JOIN entry AS e ON COALESCE(a.parent, -1) = COALESCE(e.owner, -1)',
    'SELECT a.id, e.id FROM account AS a JOIN entry AS e ON a.parent = e.owner OR (a.parent IS NULL AND e.owner IS NULL)',
  ],
  ['SELECT id FROM entry WHERE score IS DISTINCT FROM 1', 'SELECT id FROM entry WHERE score < 1 OR score > 1'],
  [
    'SELECT id FROM account ORDER BY COALESCE(ended, at) DESC, id LIMIT 3',
    'SELECT id FROM account WHERE ended IS NOT NULL ORDER BY ended DESC, id LIMIT 3',
  ],
  [
    'SELECT kind, count(*) FROM entry GROUP BY kind HAVING kind > 1 OR count(*) > 1',
    'SELECT kind, count(*) FROM entry WHERE kind > 1 GROUP BY kind',
  ],
];

describe('statements as reports and applications write them', () => {
  let server: LabServer | null = null;

  beforeAll(async () => {
    await loadParser();
    server = await startQuietServer('newest', { timezone: 'Europe/Berlin' });
  });

  afterAll(async () => server?.stop());

  test('are offered what holds, and no more', async () => {
    if (server === null) throw new Error('the bundled server can be had everywhere');
    expect(await wrongOffers(server, SCHEMA, CASES)).toEqual([]);
  }, 300_000);

  test('are told from what is nearly the same', async () => {
    if (server === null) throw new Error('the bundled server can be had everywhere');
    const kinds = await withSchema(server, SCHEMA, async (session, catalog) => {
      const found: string[] = [];
      for (const [before, after] of CARELESS) {
        const claim = { before, after, parameterSets: [] };
        found.push((await verifyEquivalence(session, catalog, claim, { failures: 'fewer-overflows' })).kind);
      }
      return found;
    });
    expect(kinds).toEqual(CARELESS.map(() => 'refuted'));
  }, 300_000);
});
