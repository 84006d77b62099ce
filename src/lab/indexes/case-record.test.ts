import { expect, test } from 'vitest';
import type { LabPlan } from '../trial/lab-plan.js';
import { aBench } from '../../../test/support/bench.js';
import { aTrialCase } from '../../../test/support/trial-case.js';
import { emptyRecord, runBeside, takeBaseline } from './case-record.js';
import type { PlanFigures } from './case-record.js';
import type { SubsetCutOff, SubsetRun, Subsets } from './subset.js';

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

test('a run that was cut off early is believed where it had touched more blocks than without any index, and else run once more', async () => {
  const bare = figures({ runs: [{ ms: 30, buffers: 500, walBytes: 0, rows: 1 }] });
  const run: SubsetRun = { ms: 20, buffers: 400, walBytes: 0, rows: 1 };
  const busy = figures();
  expect(await timeoutsOf([{ cutOffBuffers: 9000 }, run], bare, busy)).toEqual([500]);
  expect(busy).toMatchObject({ runs: [], cutOffMs: 500, cutOffBuffers: 9000 });
  const stalled = figures();
  expect(await timeoutsOf([{ cutOffBuffers: 10 }, run], bare, stalled)).toEqual([500, 2000]);
  expect(stalled).toMatchObject({ runs: [run], cutOffMs: null, cutOffBuffers: 0 });
  const slow = figures();
  expect(await timeoutsOf([{ cutOffBuffers: 10 }, { cutOffBuffers: 40 }], bare, slow)).toEqual([500, 2000]);
  expect(slow).toMatchObject({ runs: [], cutOffMs: 2000, cutOffBuffers: 40 });
});

/** Runs once beside the plan without any index; gives the timeouts, milliseconds, of what that took. */
async function timeoutsOf(
  outcomes: readonly (SubsetRun | SubsetCutOff)[],
  bare: PlanFigures,
  one: PlanFigures,
): Promise<readonly number[]> {
  const timeouts: number[] = [];
  const run: Subsets['run'] = (_session, _case, _present, timeoutMs) => {
    timeouts.push(timeoutMs);
    const outcome = outcomes[timeouts.length - 1];
    return outcome ? Promise.resolve(outcome) : Promise.reject(new Error('ran more often than expected'));
  };
  await runBeside(aBench({ run }), emptyRecord(aTrialCase('s')), bare, one);
  return timeouts;
}
