import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import type { Session } from '../../src/postgres/session.js';
import { catalogue } from '../../src/rewrites/catalogue.js';
import { loadParser, parseStatement } from '../../src/sql/parse.js';
import { startQuietServer } from '../support/majors.js';
import { withSchema } from '../support/rewrite-bench.js';

const SCHEMA = `
  CREATE TABLE lot (id int PRIMARY KEY, k int, k2 int NOT NULL, x int, y int NOT NULL, at timestamp, n numeric, f float8, flag boolean);
  CREATE INDEX ON lot (y, x); CREATE INDEX ON lot (y, at);
  CREATE TABLE shop (id int PRIMARY KEY, k int, g int, v int NOT NULL);
  INSERT INTO lot SELECT n, nullif(n % 5, 0), n % 3, nullif(n % 4, 1), n % 7, timestamp '2024-03-31 01:00' + (n * 37 % 11) * interval '15 minutes', n, n, n % 3 = 0 FROM generate_series(1, 40) AS n;
  INSERT INTO shop SELECT n, nullif(n % 4, 0), n % 3, n % 2 FROM generate_series(1, 9) AS n;`;

const PAIR = 'FROM lot a JOIN lot b ON b.k = a.k AND b.k2 = a.k2 AND b.x <> a.x';

/** Statements and the rules that offer something for them, sorted: each offer gives the same rows, of the same names and types. */
const CASES: readonly (readonly [string, string])[] = [
  // Groups of more columns than are shown, sets of groups, and rows left out before they are told apart.
  [`SELECT a.k ${PAIR} GROUP BY a.k, a.k2 ORDER BY a.k`, 'distinct/distinct-to-exists'],
  [`SELECT a.k ${PAIR} GROUP BY a.k, a.k2`, 'distinct/distinct-to-exists grouping/differing-pair-to-bounds'],
  [`SELECT a.k ${PAIR} AND b.y = a.y GROUP BY a.k, b.k2`, ''],
  [`SELECT a.k ${PAIR} GROUP BY 1`, 'distinct/distinct-to-exists grouping/differing-pair-to-bounds'],
  [`SELECT a.k, a.k2 ${PAIR} GROUP BY ROLLUP (a.k, a.k2)`, ''],
  [`SELECT a.k, a.k2 ${PAIR} GROUP BY GROUPING SETS ((a.k), (a.k2), ())`, ''],
  [`SELECT DISTINCT a.k ${PAIR} GROUP BY ROLLUP (a.k)`, ''],
  [`SELECT id FROM shop WHERE k IN (SELECT a.k ${PAIR} ORDER BY a.k OFFSET 30)`, ''],
  [`SELECT id FROM shop WHERE (k, g) IN (SELECT DISTINCT ON (a.k) a.k, a.k2 ${PAIR} ORDER BY a.k, a.k2)`, ''],
  // What is counted is no column: GROUP BY takes it for a place in the output, or refuses it.
  ['SELECT count(DISTINCT 2), sum(x) FROM lot', ''],
  ["SELECT y, count(DISTINCT 'q') FROM lot GROUP BY y", ''],
  ['SELECT y, count(DISTINCT NULL), count(*) FROM lot GROUP BY y', ''],
  // An aggregate of the query around it groups the rows of that.
  ['SELECT (SELECT count(DISTINCT s.g)) FROM shop s', ''],
  ['SELECT (SELECT count(DISTINCT s.g) FROM lot WHERE lot.k = 99) FROM shop s', ''],
  ['SELECT s.id, (SELECT count(DISTINCT l.x) + max(s.k) FROM lot l) FROM shop s GROUP BY s.id', ''],
  // Window functions see all groups.
  ['SELECT y, count(*) OVER () FROM lot GROUP BY y HAVING max(x) < 3', ''],
  ['SELECT rank() OVER (ORDER BY y) FROM lot GROUP BY y HAVING min(x) >= 0', ''],
  ['SELECT y, count(*) FROM lot GROUP BY y HAVING max(x) < 3', 'grouping/having-extreme-to-loose-scan'],
  // In Berlin 02:30 of that night is an instant after 03:00.
  ["SELECT y FROM lot GROUP BY y HAVING bool_and(at < timestamptz '2024-03-31 03:20+02')", ''],
  ["SELECT y FROM lot GROUP BY y HAVING NOT bool_or(at > timestamptz '2024-03-31 03:20+02')", ''],
  ["SELECT y FROM lot GROUP BY y HAVING max(at) > timestamptz '2024-03-31 03:20+02'", ''],
  ["SELECT y FROM lot GROUP BY y HAVING bool_and(at < '2024-03-31 03:20')", 'grouping/having-extreme-to-loose-scan'],
  // A number may be too large for a float.
  ['SELECT id FROM lot WHERE CASE WHEN n > 1e300 THEN false ELSE n < f END', ''],
  ["SELECT id FROM lot WHERE CASE WHEN k = 1 THEN n < '5'::float8 ELSE flag END", ''],
  ['SELECT id FROM lot WHERE CASE WHEN k = 1 THEN x < y ELSE flag END', 'sargable/case-of-conditions'],
  // Output columns without a name stay so.
  ['SELECT 1 = 1 AND flag FROM lot WHERE y + 1 = 3', 'sargable/column-arithmetic'],
  ['SELECT NOT (NOT flag) FROM lot WHERE y + 1 = 3', 'sargable/column-arithmetic'],
  ['SELECT s.* FROM lot l, LATERAL (SELECT true AND l.flag) s WHERE l.y + 1 = 3', 'sargable/column-arithmetic'],
  ['SELECT DISTINCT 1 = 0 OR flag FROM lot WHERE 1 = 1 AND y + 1 > 2', 'sargable/column-arithmetic'],
];

/** A database with a collation of its own, under which letters are equal whatever their case, on the side that is no key. */
const CASELESS = `
  CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  CREATE TABLE lot (id int PRIMARY KEY, k text COLLATE caseless, v int NOT NULL);
  CREATE TABLE kind (code text PRIMARY KEY, name text NOT NULL, st int);
  CREATE TABLE following (code text, member int, PRIMARY KEY (code, member));
  CREATE TABLE note (id int PRIMARY KEY, s text NOT NULL, z int);
  CREATE TABLE memo (id int PRIMARY KEY, s text COLLATE caseless NOT NULL, z int);
  INSERT INTO lot SELECT n, CASE n % 4 WHEN 0 THEN 'a' WHEN 1 THEN 'A' WHEN 2 THEN 'b' END, n % 5 FROM generate_series(1, 30) AS n;
  INSERT INTO kind VALUES ('a', 'pa', 1), ('A', 'pA', 2), ('b', 'pb', 1), ('B', 'pB', NULL);
  INSERT INTO following VALUES ('a', 1), ('B', 1), ('A', 2), ('b', 2);
  INSERT INTO note SELECT n, chr(96 + n) || n % 3, n % 3 FROM generate_series(1, 9) AS n;
  INSERT INTO memo SELECT n + 40, chr(CASE WHEN n % 2 = 0 THEN 96 ELSE 64 END + n), n % 3 FROM generate_series(1, 9) AS n;`;

const CASELESS_CASES: readonly (readonly [string, string])[] = [
  [
    'SELECT t.id, p.name, f.member FROM lot t JOIN kind p ON p.code = t.k JOIN following f ON f.code = t.k WHERE f.member = 1 ORDER BY t.v, t.id LIMIT 4',
    '',
  ],
  ["SELECT t.id FROM lot t WHERE COALESCE(t.k, 'B') = 'b'", ''],
  ['SELECT t.id FROM lot t WHERE (SELECT p.st FROM kind p WHERE p.code = t.k) = 1', ''],
  [
    'SELECT t.id FROM lot t WHERE (SELECT p.name FROM kind p WHERE p.code = t.k LIMIT 1) IS NULL',
    'subquery/lookup-condition-to-exists',
  ],
  ['SELECT t.id, z.name FROM lot t JOIN LATERAL (SELECT p.* FROM kind p WHERE p.code = t.k LIMIT 1) z ON true', ''],
  ['SELECT t.id, (SELECT p.name FROM kind p WHERE p.code = t.k ORDER BY p.code LIMIT 1) FROM lot t', ''],
  ['SELECT t.id FROM lot t WHERE t.v IN (SELECT p.st FROM kind p WHERE p.code = t.k LIMIT 1)', ''],
  ['SELECT count(*) FROM lot t LEFT JOIN kind p ON p.code = t.k', ''],
  [
    "SELECT * FROM (SELECT id, s, z FROM note UNION ALL SELECT id, s, z FROM memo) AS u WHERE u.s > 'B' ORDER BY u.id LIMIT 4",
    '',
  ],
  [
    'SELECT * FROM (SELECT id, s, z FROM note UNION ALL SELECT id, s, z FROM memo) AS u WHERE u.z = 1 ORDER BY u.id LIMIT 4',
    'union/page-into-union',
  ],
  ['SELECT id, s FROM note UNION ALL SELECT id, s FROM memo ORDER BY s, id LIMIT 3', ''],
  ['SELECT id, s FROM note UNION ALL SELECT id, s FROM memo ORDER BY id LIMIT 3', 'union/limit-into-union'],
];

describe('statements that only look like those which are rewritten', () => {
  let server: LabServer | null = null;

  beforeAll(async () => {
    await loadParser();
    server = await startQuietServer('newest', { timezone: 'Europe/Berlin' });
  });

  afterAll(async () => server?.stop());

  test.each([
    ['groups, constants, names and times', SCHEMA, CASES],
    ['a collation under which the values of a key are equal', CASELESS, CASELESS_CASES],
  ])(
    '%s',
    async (_, schema, cases) => {
      if (server === null) throw new Error('the bundled server can be had everywhere');
      await withSchema(server, schema, async (session, catalog) => {
        const wrong: string[] = [];
        for (const [sql, expected] of cases) {
          const offers = catalogue
            .flatMap((rule) => rule.propose(parseStatement(sql), catalog))
            .filter(({ missing }) => missing.length === 0);
          const rules = [...new Set(offers.map(({ rule }) => rule))].toSorted().join(' ');
          if (rules !== expected) wrong.push(`${sql}: ${rules || 'nothing'} and not ${expected || 'nothing'}`);
          const before = await answer(session, sql);
          for (const { rule, to } of offers) {
            const after = await answer(session, to);
            if (after !== before) wrong.push(`  ${rule}: ${to}\n${before.slice(0, 200)}\n${after.slice(0, 200)}`);
          }
        }
        expect(wrong).toEqual([]);
      });
    },
    120_000,
  );
});

/** The rows, in order where the statement sorts them; or why there are none. */
async function answer(session: Session, sql: string): Promise<string> {
  try {
    const rows = (await session.query(sql)).map((row) => JSON.stringify(row));
    return (/ORDER BY[^)]*$/.test(sql) ? rows : rows.toSorted()).join('\n');
  } catch (thrown) {
    return String(thrown);
  }
}
