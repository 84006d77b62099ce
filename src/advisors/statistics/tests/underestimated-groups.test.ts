import { describe, expect, it } from 'vitest';
import { aColumn, aColumnStatistic, aPlan, aSnapshot, aStatement, aTable } from '../../../../test/support/snapshot.js';
import type { Column, Table } from '../../../model/catalog.js';
import type { PlanNode } from '../../../model/plan.js';
import advisor from '../underestimated-groups.js';

const input = aPlan({
  'Node Type': 'Seq Scan',
  'Relation Name': 'visit',
  Alias: 'visit',
  'Plan Rows': 100_000,
  'Actual Rows': 100_000,
  'Actual Loops': 1,
}).root;

interface Case {
  readonly sql?: string;
  readonly rows?: readonly [number, number];
  readonly column?: Partial<Column>;
  readonly table?: Partial<Table>;
  readonly node?: Partial<PlanNode> & Readonly<Record<string, unknown>>;
}

const on = ({ sql = 'SELECT who, count(*) FROM visit GROUP BY who', rows = [50, 6000], column, table, node }: Case) =>
  advisor.examine(
    aSnapshot({
      tables: [aTable('visit', { rowsEstimated: 100_000, columns: [aColumn('who', column), aColumn('b')], ...table })],
      statements: [aStatement(sql, { fingerprint: 's' })],
      plans: new Map([
        [
          's',
          aPlan({
            'Node Type': 'Aggregate',
            'Plan Rows': rows[0],
            'Actual Rows': rows[1],
            'Actual Loops': 1,
            Plans: [input],
            ...node,
          }),
        ],
      ]),
      statistics: { columns: [aColumnStatistic('visit', 'who'), aColumnStatistic('visit', 'b')] },
    }),
    null,
  );

const set = async (of: Case) => (await on(of)).map(({ actions }) => actions[0]?.up[0]);

describe('statistics/underestimated-groups', () => {
  it('sets the groups that came as a count, and from a tenth of the rows on as a fraction', async () => {
    const alter = 'ALTER TABLE "public"."visit" ALTER COLUMN "who" SET (n_distinct =';
    expect(await set({})).toEqual([`${alter} 6000)`]);
    expect(await set({ rows: [50, 12_345] })).toEqual([`${alter} -0.123)`]);
    expect((await on({}))[0]?.actions[0]?.down).toEqual([
      'ALTER TABLE "public"."visit" ALTER COLUMN "who" RESET (n_distinct)',
      'ANALYZE "public"."visit"',
    ]);
  });

  it.each<[string, Case]>([
    ['the estimate is right', { rows: [5500, 6000] }],
    ['too many groups were expected', { rows: [6000, 50] }],
    ['two columns are grouped by', { sql: 'SELECT who, b, count(*) FROM visit GROUP BY who, b' }],
    ['the column has an n_distinct of its own', { column: { distinctSetting: -0.5 } }],
    ['the table is partitioned', { table: { kind: 'p' } }],
    ['the groups are those of one worker', { node: { 'Partial Mode': 'Partial' } }],
    ['the size of the table is not known', { table: { rowsEstimated: null } }],
  ])('is silent where %s', async (_, of) => {
    expect(await set(of)).toEqual([]);
  });
});
