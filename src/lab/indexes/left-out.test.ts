import { expect, test } from 'vitest';
import { aBench } from '../../../test/support/bench.js';
import { aTrialCase } from '../../../test/support/trial-case.js';
import { emptyRecord, figuresOf } from './case-record.js';
import type { Bench, CaseRecord } from './case-record.js';
import { runWithout } from './left-out.js';
import type { SubsetPlan, Subsets } from './subset.js';

test('asks for what was not seen without a kept index and runs it once; what was seen is neither asked nor run', async () => {
  const ran: string[] = [];
  const shared = seen('shared', ['a', 'b']);
  const other = seen('other', ['b']);
  const bench = benchOf(ran, Number.POSITIVE_INFINITY);
  const all = { kept: ['a', 'b'], records: [shared, other] };
  expect(await runWithout(bench, all, 'a')).toEqual([shared]);
  expect(ran).toEqual(['plan shared b', 'run shared b']);
  expect(await runWithout(bench, all, 'a')).toEqual([]);
  expect(ran).toHaveLength(2);
});

test('asks nothing once the time is over', async () => {
  const ran: string[] = [];
  await runWithout(benchOf(ran, 0), { kept: ['a', 'b'], records: [seen('shared', ['a', 'b'])] }, 'a');
  expect(ran).toEqual([]);
});

function benchOf(ran: string[], deadlineMs: number): Bench {
  const subsets: Pick<Subsets, 'plan' | 'run'> = {
    plan: (_session, oneCase, present) => {
      ran.push(`plan ${oneCase.name} ${present.join()}`);
      return Promise.resolve(planOf(present, present));
    },
    run: (_session, oneCase, present) => {
      ran.push(`run ${oneCase.name} ${present.join()}`);
      return Promise.resolve(RUN);
    },
  };
  return aBench(subsets, { deadlineMs });
}

/** A read that ran with both indexes and with none. */
function seen(name: string, uses: readonly string[]): CaseRecord {
  const record = emptyRecord(aTrialCase(name));
  for (const plan of [planOf(['a', 'b'], uses), planOf([], [])]) {
    record.plans.push(plan);
    figuresOf(record, plan).runs.push(RUN);
  }
  return record;
}

function planOf(present: readonly string[], uses: readonly string[]): SubsetPlan {
  return { present, uses, unrelated: [], estimatedCost: 1, shape: '', text: uses.join() };
}

const RUN = { ms: 1, buffers: 1, walBytes: 0, rows: 1 };
