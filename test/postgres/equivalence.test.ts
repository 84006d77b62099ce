import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyEquivalence } from '../../src/lab/equivalence/verify.js';
import type { LabServer } from '../../src/lab/server.js';
import { loadParser } from '../../src/sql/parse.js';
import { startQuietServer } from '../support/majors.js';
import { withSchema } from '../support/rewrite-bench.js';

const SCHEMA = `
  CREATE TYPE mood AS ENUM ('glad', 'so "so"', 'sad');
  CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100);
  CREATE SCHEMA "Odd Place";
  CREATE TABLE "Odd Place"."order" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "naïve ""x""" mood NOT NULL, share percent, note varchar(3));
  CREATE TABLE line (id int PRIMARY KEY, order_id bigint NOT NULL REFERENCES "Odd Place"."order", n int CHECK (n > 0), twice int GENERATED ALWAYS AS (n * 2) STORED,
    loose bigint REFERENCES "Odd Place"."order" DEFERRABLE INITIALLY DEFERRED);
  CREATE TABLE stay (id int PRIMARY KEY, line_id int NOT NULL REFERENCES line, kind text CHECK (kind IN ('day', 'night')), pay int CHECK (pay > 29000), at timestamptz, tag text);
  CREATE TABLE far (a int, b int);
  CREATE TABLE near (a int, x float8);
  CREATE TABLE span (a int, r int4range);
  CREATE TABLE paper (n int, d jsonb);
  CREATE VIEW seen AS SELECT * FROM line;
  CREATE MATERIALIZED VIEW kept AS SELECT * FROM line;
  INSERT INTO "Odd Place"."order" ("naïve ""x""") VALUES ('glad');
  INSERT INTO line (id, order_id) VALUES (1, 1);`;
const ORDER = '"Odd Place"."order"';

/** Original, rewritten, parameter sets, and what is found. */
const CASES: readonly (readonly [string, string, string, readonly (readonly string[])[], RegExp])[] = [
  ['the same text', `SELECT * FROM ${ORDER}`, `SELECT * FROM ${ORDER}`, [], /^held$/],
  [
    'the parts of a day are those of one row',
    `SELECT id FROM stay WHERE date_part('year', at) = 2023 AND date_part('month', at) = 5 AND date_part('day', at) = 17`,
    `SELECT id FROM stay WHERE at >= '2023-05-01' AND at < '2023-06-01' AND date_part('month', at) = 5 AND date_part('day', at) = 17`,
    [],
    /^held$/,
  ],
  [
    'a sum that comes of numbers with both signs',
    `SELECT a FROM far GROUP BY a HAVING sum(b) = 0`,
    `SELECT a FROM far GROUP BY a HAVING bool_and(b = 0)`,
    [],
    /rows became/,
  ],
  [
    'a sum that is as large as a number says',
    `SELECT a FROM (SELECT a, sum(b) OVER (ORDER BY a) AS total FROM far) t WHERE total <= 977`,
    `SELECT a FROM (SELECT a, sum(b) OVER (ORDER BY a) AS total FROM far) t WHERE total < 977`,
    [],
    /rows became/,
  ],
  [
    'two keys of one document',
    `SELECT n FROM paper WHERE d ->> 'kind' = 'x' AND d ->> 'size' = '5'`,
    `SELECT n FROM paper WHERE d @> '{"kind": "x", "size": "5"}'`,
    [],
    /rows became/,
  ],
  ['a key is unique', `SELECT DISTINCT id FROM line`, `SELECT id FROM line`, [], /^held$/],
  ['what is no key is not', `SELECT DISTINCT n FROM line`, `SELECT n FROM line`, [], /rows became/],
  [
    'a foreign key finds its parent',
    `SELECT l.id FROM line l JOIN ${ORDER} o ON o.id = l.order_id`,
    'SELECT id FROM line',
    [],
    /^held$/,
  ],
  [
    'a deferrable one may not',
    `SELECT l.id FROM line l JOIN ${ORDER} o ON o.id = l.loose`,
    'SELECT id FROM line WHERE loose IS NOT NULL',
    [],
    /rows became/,
  ],
  ['a check holds', 'SELECT id FROM line WHERE n > 0 OR n IS NULL', 'SELECT id FROM line', [], /^held$/],
  ['and NULL passes it', 'SELECT id FROM line WHERE n > 0', 'SELECT id FROM line', [], /rows became/],
  [
    'a domain holds',
    `SELECT id FROM ${ORDER} WHERE share <= 100`,
    `SELECT id FROM ${ORDER} WHERE share IS NOT NULL`,
    [],
    /^held$/,
  ],
  [
    'an enum has its labels',
    `SELECT id FROM ${ORDER} WHERE "naïve ""x""" = 'so "so"'`,
    `SELECT id FROM ${ORDER} WHERE "naïve ""x""" > 'glad'`,
    [],
    /rows became/,
  ],
  [
    'a page far on is compared nearer',
    'SELECT id FROM line ORDER BY id LIMIT 2 OFFSET 8000',
    'SELECT id FROM (SELECT id FROM line ORDER BY id LIMIT 8002) AS l ORDER BY id LIMIT 2 OFFSET 8000',
    [],
    /^held$/,
  ],
  [
    'and another page is another',
    'SELECT id FROM line ORDER BY id LIMIT 2 OFFSET 8000',
    'SELECT id FROM line ORDER BY id LIMIT 2 OFFSET 7000',
    [],
    /rows became/,
  ],
  [
    'a sum overflows where its parts do not',
    'SELECT a FROM far WHERE a + 1 > 5',
    'SELECT a FROM far WHERE a > 4',
    [],
    /original fails with 22003/,
  ],
  ['and a wider sum never', 'SELECT a FROM far WHERE a::bigint + 1 > 5', 'SELECT a FROM far WHERE a > 4', [], /^held$/],
  [
    'a double is not its decimal',
    'SELECT a FROM near WHERE x = 0.1',
    'SELECT a FROM near WHERE x::numeric = 0.1',
    [],
    /rows became/,
  ],
  ['order matters', 'SELECT id FROM line ORDER BY id', 'SELECT id FROM line ORDER BY id DESC', [], /order differs/],
  [
    'ties may come in any order',
    'SELECT id, n FROM line ORDER BY n',
    'SELECT id, n FROM line ORDER BY n, id DESC',
    [],
    /^held$/,
  ],
  [
    'a key that is not shown orders too',
    'SELECT n FROM line ORDER BY id',
    'SELECT n FROM line ORDER BY id DESC',
    [],
    /order differs/,
  ],
  [
    'LIMIT may cut ties anywhere',
    'SELECT id, n FROM line ORDER BY n LIMIT 2',
    'SELECT id, n FROM line ORDER BY n, id DESC LIMIT 2',
    [],
    /^held$/,
  ],
  [
    'but not take other rows',
    'SELECT id, n FROM line ORDER BY n LIMIT 2',
    'SELECT id, n FROM line ORDER BY n OFFSET 1 LIMIT 2',
    [],
    /rows became|order differs/,
  ],
  ['failing matters', 'SELECT 10 / n FROM line', 'SELECT 10 / nullif(n - 1, 0) FROM line', [], /rows differ/],
  [
    'an error is seen',
    'SELECT id FROM line',
    'SELECT id FROM line WHERE 1 / (coalesce(n, 1) - 3) IS NOT NULL',
    [],
    /fails with 22012/,
  ],
  ['the type of a column', 'SELECT count(*) FROM line', 'SELECT count(*)::int FROM line', [], /output columns differ/],
  [
    'a parameter may be NULL',
    'SELECT id FROM line WHERE n IS NOT DISTINCT FROM $1',
    'SELECT id FROM line WHERE n = $1',
    [['1']],
    /rows became/,
  ],
  ['a write', 'UPDATE line SET n = 5 WHERE n = 3', 'UPDATE line SET n = 5 WHERE n >= 3', [], /rows (became|differ)/],
  ['the same write', 'DELETE FROM line WHERE NOT n <> 3', 'DELETE FROM line WHERE n = 3', [], /^held$/],
  [
    'a count in HAVING',
    'SELECT n FROM line GROUP BY n HAVING count(*) > 5',
    'SELECT n FROM line GROUP BY n HAVING count(*) > 6',
    [],
    /rows became/,
  ],
  [
    'fewer keys that give the same order',
    'SELECT DISTINCT ON (n) n, id FROM line ORDER BY n, id DESC',
    'SELECT n, max(id) AS id FROM line GROUP BY n ORDER BY n',
    [],
    /^held$/,
  ],
  [
    'a path of three edges',
    'SELECT e.a FROM far e JOIN far f ON f.a = e.b JOIN far g ON g.a = f.b AND g.a > e.a AND f.a > e.a',
    'SELECT e.a FROM far e JOIN far f ON f.a = e.b AND f.a > e.a',
    [],
    /rows became/,
  ],
  [
    'a group of hundreds',
    'SELECT n FROM line GROUP BY n HAVING count(*) > 300',
    'SELECT n FROM line GROUP BY n HAVING count(*) >= 300',
    [],
    /rows became/,
  ],
  [
    'different values in one group, behind joins and a check',
    `SELECT o.id FROM ${ORDER} o JOIN line l ON l.order_id = o.id JOIN stay s ON s.line_id = l.id GROUP BY o.id HAVING count(DISTINCT s.pay) > 4`,
    `SELECT o.id FROM ${ORDER} o JOIN line l ON l.order_id = o.id JOIN stay s ON s.line_id = l.id GROUP BY o.id HAVING count(DISTINCT s.pay) > 5`,
    [],
    /rows became/,
  ],
  [
    'five tables that all have to match',
    `SELECT s.id FROM ${ORDER} o JOIN line l ON l.order_id = o.id JOIN stay s ON s.line_id = l.id JOIN far f ON f.a = l.n JOIN far g ON g.b = f.b WHERE s.kind = 'night' AND g.a > 70`,
    `SELECT s.id FROM ${ORDER} o JOIN line l ON l.order_id = o.id JOIN stay s ON s.line_id = l.id JOIN far f ON f.a = l.n JOIN far g ON g.b = f.b WHERE s.kind = 'night' AND g.a >= 70`,
    [],
    /rows became/,
  ],
  [
    'a number that a query gives to rows',
    'SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY line_id ORDER BY id) AS nth FROM stay) s WHERE nth <= 15',
    'SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY line_id ORDER BY id) AS nth FROM stay) s WHERE nth < 15',
    [],
    /rows became/,
  ],
  [
    'a day of 23 hours',
    "SELECT id, at + interval '1 day' AS t FROM stay",
    "SELECT id, at + interval '24 hours' AS t FROM stay",
    [],
    /rows differ/,
  ],
  [
    'a text that has to match',
    "SELECT id FROM stay WHERE tag ~ '^[0-9]{3}-[A-Z]{2}$'",
    "SELECT id FROM stay WHERE tag ~ '^[0-9]{3}-[A-Z]{2}'",
    [],
    /rows became/,
  ],
  [
    'an hour of the day',
    'SELECT id FROM stay WHERE extract(hour FROM at) < 9',
    'SELECT id FROM stay WHERE extract(hour FROM at) <= 9',
    [],
    /rows became/,
  ],
  [
    'the table that a view reads is filled',
    'SELECT id FROM seen',
    'SELECT id FROM seen WHERE n > 0',
    [],
    /rows became/,
  ],
  [
    'a materialised view is not looked into',
    'SELECT id FROM kept',
    'SELECT id FROM kept WHERE n > 0',
    [],
    /^public.kept is not a table/,
  ],
  [
    'a range may have no end',
    'SELECT a FROM span WHERE r @> 7',
    'SELECT a FROM span WHERE lower(r) <= 7 AND upper(r) > 7',
    [],
    /rows became/,
  ],
  [
    'a number may be written with a zero before it',
    "SELECT id FROM stay WHERE tag = '5'",
    "SELECT id FROM stay WHERE tag ~ '^[0-9]+$' AND tag::int = 5",
    [],
    /rows became/,
  ],
  [
    'a whole second is that of a written time',
    "SELECT a FROM far WHERE to_timestamp(a) > '2000-01-01 00:00:00.5+00'",
    "SELECT a FROM far WHERE to_timestamp(a) > '2000-01-01 00:00:01+00'",
    [],
    /rows became/,
  ],
  ['a table that is not there', 'SELECT 1 FROM gone', 'SELECT 1 FROM gone', [], /^gone is not a table/],
  [
    'a statement that never gives a row',
    'SELECT id FROM line WHERE false',
    'SELECT id FROM line WHERE n > n',
    [],
    /gave no row/,
  ],
];

describe('the verifier', () => {
  let server: LabServer | null = null;

  beforeAll(async () => {
    await loadParser();
    server = await startQuietServer('newest');
  });

  afterAll(async () => server?.stop());

  test('tells what differs from what does not, and leaves the database as it was', async () => {
    if (server === null) throw new Error('the bundled server can be had everywhere');
    await withSchema(server, SCHEMA, async (session, catalog) => {
      const wrong: string[] = [];
      for (const [name, before, after, parameterSets, expected] of CASES) {
        const found = await verifyEquivalence(session, catalog, { before, after, parameterSets });
        const said = found.kind === 'held' ? 'held' : found.kind === 'refuted' ? found.difference : found.reason;
        if (!expected.test(said)) wrong.push(`${name}: ${said}`);
        if (found.kind !== 'refuted') continue;
        // As a person would run it: where one of the two fails, so does the script.
        const ran = session.run(found.counterexample);
        const state = /fails with (\w{5})/.exec(said)?.[1];
        if (state !== undefined) await expect(ran, name).rejects.toThrow(state);
        else await ran;
        await session.run('ROLLBACK');
      }
      expect(wrong).toEqual([]);
      expect(await session.query('SELECT id::int, loose FROM line')).toEqual([{ id: 1, loose: null }]);
      expect(
        await session.query(
          `SELECT count(*)::int AS n FROM pg_constraint WHERE conrelid = 'line'::regclass AND contype = 'f'`,
        ),
      ).toEqual([{ n: 2 }]);
    });
  });

  test('the same seed finds the same counterexample, reduced to the rows that are needed', async () => {
    if (server === null) throw new Error('the bundled server can be had everywhere');
    await withSchema(server, SCHEMA, async (session, catalog) => {
      const claim = { before: 'SELECT DISTINCT n FROM line', after: 'SELECT n FROM line', parameterSets: [] };
      const first = await verifyEquivalence(session, catalog, claim);
      const second = await verifyEquivalence(session, catalog, claim);
      if (first.kind !== 'refuted' || second.kind !== 'refuted') throw new Error('it is refuted');
      expect(second.counterexample).toBe(first.counterexample);
      expect(first.counterexample.match(/INSERT INTO "public"."line"/g)).toHaveLength(2);
    });
  });

  test('too little time is no evidence', async () => {
    if (server === null) throw new Error('the bundled server can be had everywhere');
    await withSchema(server, SCHEMA, async (session, catalog) => {
      const claim = { before: 'SELECT id FROM line', after: 'SELECT id FROM line', parameterSets: [] };
      const found = await verifyEquivalence(session, catalog, claim, { timeBoxMs: 0 });
      expect(found).toMatchObject({ kind: 'unverifiable', reason: expect.stringMatching(/^only 0 of 300/) as string });
    });
  });
});
