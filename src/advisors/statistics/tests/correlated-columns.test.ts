import { describe, expect, it } from 'vitest';
import { aColumn, aPlan, aSnapshot, aStatement, aTable } from '../../../../test/support/snapshot.js';
import type { SnapshotFacts } from '../../../../test/support/snapshot.js';
import type { Table } from '../../../model/catalog.js';
import type { PlanNode } from '../../../model/plan.js';
import type { ColumnStatistics } from '../../../model/statistics.js';
import advisor from '../correlated-columns.js';

const columns = ['a', 'b', 'odd name', 'text'];
const car = aTable('car', { columns: columns.map((name) => aColumn(name)) });
const known = (column: string): ColumnStatistics => ({
  table: { schema: 'public', name: 'car' },
  column,
  inherited: false,
  nullFraction: 0,
  widthBytes: 4,
  distinct: 10,
  commonValues: [],
  commonFrequencies: [],
  histogram: [],
  correlation: null,
});
const scan = (estimated: number, actual: number, more: Partial<PlanNode> = {}): Partial<PlanNode> => ({
  'Node Type': 'Seq Scan',
  'Relation Name': 'car',
  Alias: 'car',
  'Plan Rows': estimated,
  'Actual Rows': actual,
  'Actual Loops': 1,
  ...more,
});
const on = async (sql: string, node: Partial<PlanNode>, more: SnapshotFacts = {}, table: Table = car) =>
  advisor.examine(
    aSnapshot({
      tables: [table],
      statements: [aStatement(sql, { fingerprint: 's' })],
      plans: new Map([['s', aPlan(node)]]),
      statistics: { columns: columns.map(known) },
      ...more,
    }),
    null,
  );
const created = async (...given: Parameters<typeof on>) => (await on(...given))[0]?.actions[0]?.up[0];

describe('statistics/correlated-columns', () => {
  it('finds conditions on several columns that the planner takes for independent', async () => {
    expect(await on('SELECT 1 FROM car WHERE a = 7 AND b = 7', scan(10, 4000))).toMatchInlineSnapshot(`
      [
        {
          "actions": [
            {
              "down": [
                "DROP STATISTICS IF EXISTS "public"."car_a_b_stat"",
              ],
              "index": null,
              "kind": "create-statistics",
              "lock": "takes SHARE UPDATE EXCLUSIVE on public.car, which blocks DDL and VACUUM but neither reads nor writes",
              "rewrite": null,
              "tables": [
                {
                  "name": "car",
                  "schema": "public",
                },
              ],
              "title": "Create statistics (dependencies, mcv) on a, b from public.car, and analyse it",
              "transactional": true,
              "up": [
                "CREATE STATISTICS "public"."car_a_b_stat" (dependencies, mcv) ON "a", "b" FROM "public"."car"",
                "ANALYZE "public"."car"",
              ],
            },
          ],
          "advisor": "statistics/correlated-columns",
          "evidence": [
            {
              "provenance": "estimated",
              "source": "plan of SELECT 1 FROM car WHERE a = 7 AND b = 7, node 1 (Seq Scan)",
              "unit": "rows",
              "value": 10,
              "what": "rows expected",
            },
            {
              "provenance": "measured",
              "source": "plan of SELECT 1 FROM car WHERE a = 7 AND b = 7, node 1 (Seq Scan)",
              "unit": "rows",
              "value": 4000,
              "what": "rows that came",
            },
            {
              "provenance": "measured",
              "source": "plan of SELECT 1 FROM car WHERE a = 7 AND b = 7, node 1 (Seq Scan)",
              "unit": "",
              "value": 400,
              "what": "too few by a factor of",
            },
            {
              "provenance": "measured",
              "source": "plan of SELECT 1 FROM car WHERE a = 7 AND b = 7, node 1 (Seq Scan)",
              "unit": "nodes",
              "value": 0,
              "what": "nodes above that are wrong because of it",
            },
          ],
          "place": "public.car(dependencies mcv, a, b)",
          "severity": "warning",
          "statements": [
            "s",
          ],
          "title": "The planner misjudges public.car from conditions on several columns: a, b.",
        },
      ]
    `);
  });

  it.each([
    [
      'too many expected, and an odd name',
      'SELECT 1 FROM car AS c WHERE c.a = 7 AND "odd name" > 7',
      scan(9000, 12, { Alias: 'c' }),
      'CREATE STATISTICS "public"."car_a_odd name_stat" (dependencies, mcv) ON "a", "odd name" FROM "public"."car"',
    ],
    [
      'an expression',
      `SELECT 1 FROM car WHERE lower(text) = 'x'`,
      scan(10, 4000),
      'CREATE STATISTICS "public"."car_stat" ON (lower(text)) FROM "public"."car"',
    ],
    [
      'groups',
      'SELECT a, b, count(*) FROM car GROUP BY a, b',
      { ...scan(4000, 10), 'Node Type': 'Aggregate', Plans: [aPlan(scan(40_000, 40_000)).root] },
      'CREATE STATISTICS "public"."car_a_b_stat" (ndistinct) ON "a", "b" FROM "public"."car"',
    ],
    [
      'a bitmap, whose index scan is the first that is wrong',
      'SELECT 1 FROM car WHERE a = 7 AND b = 7',
      scan(10, 4000, {
        'Node Type': 'Bitmap Heap Scan',
        Plans: [
          aPlan({
            'Node Type': 'Bitmap Index Scan',
            'Plan Rows': 10,
            'Actual Rows': 4000,
            'Actual Loops': 1,
          }).root,
        ],
      }),
      'CREATE STATISTICS "public"."car_a_b_stat" (dependencies, mcv) ON "a", "b" FROM "public"."car"',
    ],
  ])('speaks of %s', async (_, sql, node, sqlOf) => {
    expect(await created(sql, node)).toBe(sqlOf);
  });

  it.each([
    ['the estimate is right', 'SELECT 1 FROM car WHERE a = 7 AND b = 7', scan(4000, 4100), {}],
    ['few rows are at stake', 'SELECT 1 FROM car WHERE a = 7 AND b = 7', scan(1, 900), {}],
    ['the plan was not run', 'SELECT 1 FROM car WHERE a = 7 AND b = 7', { 'Plan Rows': 10 }, {}],
    ['one column is asked for', 'SELECT 1 FROM car WHERE a = 7', scan(10, 4000), {}],
    ['the conditions stand in an OR', 'SELECT 1 FROM car WHERE a = 7 OR b = 7', scan(10, 4000), {}],
    [
      'the other column is of a join',
      'SELECT 1 FROM car JOIN car AS d ON d.a = car.a WHERE car.b = 7',
      scan(10, 4000),
      {},
    ],
    [
      'the columns were never analysed',
      'SELECT 1 FROM car WHERE a = 7 AND b = 7',
      scan(10, 4000),
      { statistics: { columns: [] } },
    ],
    [
      'the table is read twice under one name',
      'SELECT 1 FROM car WHERE a = 7 AND b = 7 UNION ALL SELECT 1 FROM car WHERE a = 8 AND b = 8',
      scan(10, 4000),
      {},
    ],
  ] as const)('is silent where %s', async (_, sql, node, more) => {
    expect(await on(sql, node, more)).toEqual([]);
  });

  it('is silent on a view', async () => {
    expect(await on('SELECT 1 FROM car WHERE a = 7 AND b = 7', scan(10, 4000), {}, { ...car, kind: 'v' })).toEqual([]);
  });

  it('says once what several statements suffer from', async () => {
    const found = await advisor.examine(
      aSnapshot({
        tables: [car],
        statements: ['7', '8'].map((value) =>
          aStatement(`SELECT 1 FROM car WHERE a = ${value} AND b = ${value}`, { fingerprint: value }),
        ),
        plans: new Map(['7', '8'].map((value) => [value, aPlan(scan(10, 4000))])),
        statistics: { columns: columns.map(known) },
      }),
      null,
    );
    expect(found.map(({ statements }) => statements)).toEqual([['7', '8']]);
  });
});
