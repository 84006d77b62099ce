import { describe, expect, it } from 'vitest';
import { aPlan, aSnapshot, aStatement, aTable } from '../../../../test/support/snapshot.js';
import type { SnapshotFacts } from '../../../../test/support/snapshot.js';
import { sentText } from '../../../model/action.js';
import type { PlanNode } from '../../../model/plan.js';
import advisor from '../misplanned-statement.js';

const node = (type: string, rows: readonly [number, number], more: Partial<PlanNode> = {}): PlanNode => ({
  'Node Type': type,
  'Plan Rows': rows[0],
  'Actual Rows': rows[1],
  'Actual Loops': 1,
  'Total Cost': 1,
  'Shared Hit Blocks': 10,
  ...more,
});

/** The inner side ran 150,000 times where 600 were expected. */
const loop = node('Nested Loop', [600, 150_000], {
  'Shared Hit Blocks': 600_000,
  Plans: [
    node('Seq Scan', [600, 150_000], { 'Relation Name': 'a' }),
    node('Index Scan', [1, 1], { 'Relation Name': 'b', 'Actual Loops': 150_000, 'Shared Hit Blocks': 599_000 }),
  ],
});

const on = (root: PlanNode, ms: number, more: SnapshotFacts = {}) =>
  advisor.examine(
    aSnapshot({
      tables: [aTable('a'), aTable('b')],
      statements: [aStatement('SELECT 1 FROM a JOIN b USING (id)', { fingerprint: 's' })],
      plans: new Map([['s', { ...aPlan(root), executionMs: ms }]]),
      ...more,
    }),
    null,
  );

describe('query/misplanned-statement', () => {
  it('forbids the nested loop for this one statement, for a time', async () => {
    const snapshot = aSnapshot();
    const [finding] = await on(loop, 500);
    const rewrite = finding?.actions[0]?.rewrite;
    expect(finding?.actions[0]).toMatchObject({ kind: 'hint', up: [], down: [] });
    expect(rewrite && sentText(rewrite)).toBe(
      "BEGIN;\nSET LOCAL enable_nestloop = 'off';\nSELECT 1 FROM a JOIN b USING (id);\nCOMMIT;",
    );
    const days = Date.parse(rewrite?.hint?.until ?? '') - Date.parse(snapshot.statistics.readAt);
    expect(Math.round(days / 86_400_000)).toBeGreaterThanOrEqual(89);
    expect(Math.round(days / 86_400_000)).toBeLessThanOrEqual(90);
  });

  it('is a comment where pg_hint_plan is installed', async () => {
    const extensions = [{ name: 'pg_hint_plan', version: '1.7', schema: 'hint_plan' }];
    const [finding] = await on(loop, 500, { extensions });
    const rewrite = finding?.actions[0]?.rewrite;
    expect(rewrite && sentText(rewrite)).toBe('/*+ Set(enable_nestloop off) */\nSELECT 1 FROM a JOIN b USING (id)');
  });

  it.each<[string, PlanNode, number]>([
    ['the statement is fast', loop, 20],
    [
      'as many came as were expected',
      { ...loop, Plans: [node('Seq Scan', [150_000, 150_000]), ...(loop.Plans?.slice(1) ?? [])] },
      500,
    ],
    ['another join was taken', { ...loop, 'Node Type': 'Hash Join' }, 500],
  ])('is silent where %s', async (_, root, ms) => {
    expect(await on(root, ms)).toEqual([]);
  });
});
