import { expect, it } from 'vitest';
import { aPlan, aSnapshot, aStatement, aTable } from '../../test/support/snapshot.js';
import { exampleIteration } from '../../test/support/example-run.js';
import type { Plan, PlanNode } from '../model/plan.js';
import { reviewPlans } from './plan-review.js';

const scan = (more: Partial<PlanNode> = {}): Plan => ({
  ...aPlan({
    'Node Type': 'Seq Scan',
    'Relation Name': 'orders',
    'Plan Rows': 3,
    'Actual Rows': 3,
    'Actual Loops': 1,
    'Shared Hit Blocks': 900,
    Filter: '(customer_id = 7)',
    'Rows Removed by Filter': 90_000,
    ...more,
  }),
  executionMs: 40,
});
const snapshot = aSnapshot({
  tables: [aTable('orders')],
  statements: ['a', 'b', 'c'].map((fingerprint) => aStatement(`SELECT '${fingerprint}'`, { fingerprint })),
});

it('says what is resolved, left and new, and what was tried for the statement', () => {
  const fast = scan({ 'Node Type': 'Index Scan', 'Rows Removed by Filter': 0, 'Shared Hit Blocks': 4 });
  const iterations = [
    exampleIteration(1, { finding: { statements: ['a'] } }),
    exampleIteration(2, { finding: { statements: ['a', 'b'] } }),
  ];
  const { plans, findings } = reviewPlans(
    {
      before: new Map([
        ['a', scan()],
        ['b', scan()],
        ['c', fast],
      ]),
      after: new Map([
        ['a', fast],
        ['b', scan()],
        ['c', scan()],
      ]),
    },
    snapshot,
    {
      iterations,
      untried: [{ hypothesis: exampleIteration(3, { finding: { statements: ['c'] } }).hypothesis, reason: 'no time' }],
    },
  );
  expect(plans).toEqual({ before: 3, after: 3 });
  expect(findings.map((one) => [one.fingerprint, one.id, one.status, one.iterations, one.untried])).toEqual([
    ['b', 'scan/rows-discarded', 'open', [2], 0],
    ['c', 'scan/rows-discarded', 'new', [], 1],
    ['a', 'scan/rows-discarded', 'resolved', [1, 2], 0],
  ]);
});

it('has nothing to say of plans that are not there, and of what hardly counts', () => {
  const small = scan({ 'Rows Removed by Filter': 10 });
  expect(
    reviewPlans({ before: new Map([['a', small]]), after: new Map() }, snapshot, { iterations: [], untried: [] }),
  ).toEqual({
    plans: { before: 1, after: 0 },
    findings: [],
  });
});
