import { describe, expect, it } from 'vitest';
import { aColumn, aColumnStatistic, aPlan, aSnapshot, aStatement, aTable } from '../../../../test/support/snapshot.js';
import type { Column } from '../../../model/catalog.js';
import advisor from '../coarse-statistics.js';

const settings = [{ name: 'default_statistics_target', value: '100', unit: null, source: 'default', context: 'user' }];

const on = (sql: string, [estimated, actual]: readonly [number, number], column: Partial<Column> = {}) =>
  advisor.examine(
    aSnapshot({
      tables: [aTable('order', { columns: [aColumn('Line "x"', column), aColumn('b')] })],
      statements: [aStatement(sql, { fingerprint: 's' })],
      plans: new Map([
        [
          's',
          aPlan({
            'Node Type': 'Seq Scan',
            'Relation Name': 'order',
            Alias: 'order',
            'Plan Rows': estimated,
            'Actual Rows': actual,
            'Actual Loops': 1,
          }),
        ],
      ]),
      statistics: { columns: [aColumnStatistic('order', 'Line "x"'), aColumnStatistic('order', 'b')] },
      settings,
    }),
    null,
  );

const SQL = 'SELECT 1 FROM "order" WHERE "Line ""x""" = 77';

describe('statistics/coarse-statistics', () => {
  it('proposes ten times the target of the column, and the way back', async () => {
    const [finding] = await on(SQL, [3, 4000]);
    expect(finding?.actions[0]).toMatchObject({
      kind: 'column-statistics',
      up: ['ALTER TABLE "public"."order" ALTER COLUMN "Line ""x""" SET STATISTICS 1000', 'ANALYZE "public"."order"'],
      down: ['ALTER TABLE "public"."order" ALTER COLUMN "Line ""x""" SET STATISTICS -1', 'ANALYZE "public"."order"'],
    });
    expect(finding?.evidence[0]).toMatchObject({ what: 'statistics target', value: 100 });
  });

  it('goes by the target that the column has, up to the greatest there is', async () => {
    const sql = async (statisticsTarget: number) =>
      (await on(SQL, [3, 4000], { statisticsTarget })).map(({ actions }) => [actions[0]?.up[0], actions[0]?.down[0]]);
    const alter = 'ALTER TABLE "public"."order" ALTER COLUMN "Line ""x""" SET STATISTICS';
    expect(await sql(10)).toEqual([[`${alter} 100`, `${alter} 10`]]);
    expect(await sql(2000)).toEqual([[`${alter} 10000`, `${alter} 2000`]]);
    expect(await sql(10_000)).toEqual([]);
    expect(await sql(0)).toEqual([]);
  });

  it.each([
    ['the estimate is right', SQL, [3900, 4000]],
    ['two columns are asked for', `${SQL} AND b = 1`, [3, 4000]],
    ['an expression is asked for', 'SELECT 1 FROM "order" WHERE b + 1 = 7', [3, 4000]],
    ['the rows are grouped', 'SELECT b FROM "order" GROUP BY b', [3, 4000]],
  ] as const)('is silent where %s', async (_, sql, rows) => {
    expect(await on(sql, rows)).toEqual([]);
  });
});
