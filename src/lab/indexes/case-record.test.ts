import { expect, test } from 'vitest';
import type { LabPlan } from '../trial/lab-plan.js';
import { takeBaseline } from './case-record.js';
import type { PlanFigures } from './case-record.js';

const PLAN = { present: [], uses: [], unrelated: [], estimatedCost: 100, shape: 'Seq Scan@orders', text: '{}' };

function figures(more: Partial<PlanFigures> = {}): PlanFigures {
  return { plan: PLAN, runs: [], cutOffMs: null, cutOffBuffers: 0, earlier: false, ...more };
}

function baseline(more: Partial<LabPlan> = {}): LabPlan {
  return {
    fingerprint: 'f',
    parameterClass: 'given',
    values: [],
    sql: 'SELECT 1',
    shape: PLAN.shape,
    ms: 30,
    buffers: 500,
    timedOutMs: null,
    relations: new Set(),
    ...more,
  };
}

function taken(known: PlanFigures, from: LabPlan | null): PlanFigures {
  takeBaseline(known, from, 10_000);
  return known;
}

test('what the same plan did in the baseline stands for a run, as of an earlier round', () => {
  expect(taken(figures(), baseline())).toMatchObject({
    runs: [{ ms: 30, buffers: 500 }],
    cutOffMs: null,
    earlier: true,
  });
});

test('one that was cut off there is cut off at the timeout of here, with the blocks as a lower bound', () => {
  const cut = baseline({ ms: 20_000, timedOutMs: 20_000 });
  expect(taken(figures(), cut)).toMatchObject({ runs: [], cutOffMs: 10_000, cutOffBuffers: 500, earlier: true });
});

test('nothing is taken where it was given less time there, the plan was another one, or more is known', () => {
  const fresh = figures();
  expect(taken(figures(), baseline({ ms: 5000, timedOutMs: 5000 }))).toEqual(fresh);
  expect(taken(figures(), baseline({ shape: 'Index Scan@orders' }))).toEqual(fresh);
  expect(taken(figures(), null)).toEqual(fresh);
  const run = { ms: 1, buffers: 2, walBytes: 0, rows: 3 };
  expect(taken(figures({ runs: [run] }), baseline())).toEqual(figures({ runs: [run] }));
});
