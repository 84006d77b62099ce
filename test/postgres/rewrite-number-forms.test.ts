import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyEquivalence } from '../../src/lab/equivalence/verify.js';
import type { LabServer } from '../../src/lab/server.js';
import { catalogue } from '../../src/rewrites/catalogue.js';
import { loadParser, parseStatement } from '../../src/sql/parse.js';
import { flattened } from '../../src/rewrites/build.js';
import { treeText } from '../../src/sql/tree.js';
import { startQuietServer } from '../support/majors.js';
import { withSchema } from '../support/rewrite-bench.js';

const SCHEMA = `
  CREATE TABLE "Sale" (id int PRIMARY KEY, "Cents" int, total numeric(10, 2), any_ numeric, score float8, big bigint, code text, at timestamptz, local timestamp, paid boolean, label jsonb);
  CREATE TABLE line (id int PRIMARY KEY, sale_id int REFERENCES "Sale", n int NOT NULL, price numeric(8, 2));`;

/** A condition and what stands in its place; null where nothing is offered. */
const CONDITIONS: readonly (readonly [string, string | null])[] = [
  ['"Cents" * 3 > 10', '"Cents" > 3'],
  ['3 * "Cents" <= -10', '"Cents" <= -4'],
  ['"Cents" * 2 = 7', null],
  ['"Cents" * -2 > 6', null],
  ['"Cents" / 10 > -2', '"Cents" >= -19'],
  ['"Cents" / 10 = 0', '"Cents" >= -9 AND "Cents" < 10'],
  ['"Cents" / 10 <= -1', '"Cents" < -9'],
  ['total * 1.19 >= 100', 'total > 84.03'],
  ['any_ * 3 > 10', null],
  ['any_ * 4 > 10', 'any_ > 2.5'],
  ['total / 100 < 0.5', 'total < 50'],
  ['total / 3 < 0.5', null],
  ['any_ / 100 < 0.5', null],
  ['score * 2 > 1', null],
  ['round(total) = -2', 'total > -2.5 AND total <= -1.5'],
  ['round(total) >= 0', 'total > -0.5'],
  ['total::int < 1', 'total < 0.5'],
  ['trunc(any_) = 0', 'any_ > -1 AND any_ < 1'],
  ['ceil(score) <= 3', 'score <= 3'],
  ['round(score) = 3', null],
  ['score::int = 3', null],
  ['big::int = 5', 'big = 5'],
  ['"Cents"::bigint > 5', '"Cents" > 5'],
  ['NULLIF("Cents", 3) >= 3', '"Cents" >= 3 AND "Cents" <> 3'],
  ["NULLIF(code, '') IS NULL", "code IS NULL OR code = ''"],
  ['total::float8 > 1.25', 'total > 1.25'],
  ['any_::float8 > 1.25', null],
  ["code || '-' || \"Cents\" = 'a-b-3'", 'code = \'a-b\' AND "Cents" = 3'],
  ['extract(day FROM now() - at) < 2', "at > now() - interval '48 hours' AND extract(day FROM now() - at) < 2"],
  ['extract(day FROM now() - local) < 2', null],
  [
    "(at AT TIME ZONE 'UTC')::date = '2024-03-31'",
    "at >= '2024-03-31'::timestamp AT TIME ZONE 'UTC' AND at <= ('2024-03-31'::timestamp + interval '1 day') AT TIME ZONE 'UTC' AND (at AT TIME ZONE 'UTC')::date = '2024-03-31'",
  ],
  ["(at AT TIME ZONE '+02:00')::date = '2024-03-31'", null],
  ['COALESCE("Cents" = 2, false)', '"Cents" = 2'],
  ['COALESCE(paid, false)', 'paid'],
];

/** Whole statements with the rule that offers for them; none where it is empty. */
const STATEMENTS: readonly (readonly [string, string])[] = [
  [
    'SELECT count(*) FILTER (WHERE n > 2), sum(CASE WHEN n = 1 THEN 3 ELSE 0 END) AS s FROM line',
    'aggregate/filters-to-where',
  ],
  ['SELECT count(*), count(*) FILTER (WHERE n > 2) FROM line', ''],
  ['SELECT count(*) FILTER (WHERE n > 2) FROM line GROUP BY sale_id', ''],
  ['SELECT count(CASE WHEN n > 2 THEN 1 ELSE 0 END) FROM line', ''],
  ['SELECT n FROM line GROUP BY n HAVING bool_or(price > 2)', 'grouping/having-to-where'],
  ['SELECT price FROM line GROUP BY price HAVING max(n) > 2', ''],
  ['SELECT n FROM line GROUP BY n HAVING max(price) > avg(price)', ''],
  [
    'SELECT s.id FROM "Sale" s LEFT JOIN line l ON l.sale_id = s.id GROUP BY s.id HAVING count(*) > 0',
    'aggregate/group-before-join',
  ],
  ['SELECT id FROM line l WHERE n < ANY (SELECT i.n FROM line i WHERE i.sale_id = 2)', 'subquery/all-to-extreme'],
  ['SELECT id FROM line WHERE n <= ALL (SELECT l.n FROM line l WHERE l.price > 2)', 'subquery/all-to-extreme'],
  ['SELECT id FROM line WHERE price >= ALL (SELECT l.price FROM line l)', ''],
  ['SELECT id FROM line WHERE n IN (SELECT l.n FROM line l ORDER BY l.price)', 'order/needless-order'],
  ['SELECT id FROM line WHERE n IN (SELECT l.n FROM line l ORDER BY l.price LIMIT 2)', ''],
];

describe('the forms in which conditions on numbers and groups are found', () => {
  let server: LabServer | null = null;

  beforeAll(async () => {
    await loadParser();
    server = await startQuietServer('newest');
  });

  afterAll(async () => server?.stop());

  test('are written as they should be, and each holds', async () => {
    if (server === null) throw new Error('the bundled server can be had everywhere');
    await withSchema(server, SCHEMA, async (session, catalog) => {
      const wrong: string[] = [];
      const judge = async (before: string, after: string): Promise<void> => {
        const claim = { before, after, parameterSets: [] };
        const found = await verifyEquivalence(session, catalog, claim, { databases: 50, failures: 'fewer-overflows' });
        if (found.kind !== 'held')
          wrong.push(`${before}: ${after}\n${found.kind === 'refuted' ? found.counterexample : found.reason}`);
      };
      const offers = (sql: string): readonly { readonly rule: string; readonly to: string }[] =>
        catalogue
          .flatMap((rule) => rule.propose(parseStatement(sql), catalog))
          .filter(({ missing }) => missing.length === 0);
      for (const [condition, expected] of CONDITIONS) {
        const sql = `SELECT id FROM "Sale" WHERE ${condition}`;
        const [offer, more] = offers(sql);
        const isRight =
          expected === null
            ? !offer
            : offer && !more && shapeOf(offer.to) === shapeOf(`SELECT id FROM "Sale" WHERE ${expected}`);
        if (!isRight) wrong.push(`${condition}: ${offer?.to ?? 'nothing'}`);
        if (offer) await judge(sql, offer.to);
      }
      for (const [sql, expected] of STATEMENTS) {
        const all = offers(sql);
        if (all.map(({ rule }) => rule).join(' ') !== expected)
          wrong.push(`${sql}: ${all.map(({ rule }) => rule).join(' ') || 'nothing'}`);
        for (const { to } of all) await judge(sql, to);
      }
      expect(wrong).toEqual([]);
    });
  }, 300_000);
});

function shapeOf(sql: string): string {
  return treeText(flattened(parseStatement(sql).tree));
}
