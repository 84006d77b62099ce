/** Extended statistics are kept where a plan becomes another and the workload wins more than they take to collect. */
import { beforeAll, expect, test } from 'vitest';
import { createStatisticsAction } from '../../../src/advisors/actions.js';
import { runLoop } from '../../../src/kernel/loop.js';
import type { TrialMeasurement } from '../../../src/kernel/ports.js';
import { loadParser } from '../../../src/sql/parse.js';
import { aCatalog } from '../../support/snapshot.js';
import { finding, makeWorld, workload } from './fakes.js';

beforeAll(() => loadParser());

const table = { schema: 'public', name: 't' };
const action = createStatisticsAction(
  { table, kinds: ['dependencies'], items: ['"a"', '"b"'], parts: ['a', 'b'] },
  aCatalog(),
);

async function run(
  more: (measured: TrialMeasurement) => Partial<TrialMeasurement>,
): Promise<readonly [string[], string]> {
  const world = makeWorld([finding(['a'], action)], { [action.title]: { a: 0.2 } });
  world.trial = (_action, measured) => ({ ...measured, ...more(measured) });
  const outcome = await runLoop(world.ports, workload, world.options);
  return [[...world.accepted], outcome.iterations[0]?.verdict.reason ?? ''];
}

test('is accepted, with what collecting them took', async () => {
  const [accepted, reason] = await run(() => ({ applyMs: 5 }));
  expect(accepted).toEqual([action.title]);
  expect(reason).toContain('collecting them took 5.00 ms');
});

test('is turned down where they take longer to collect than the workload wins', async () => {
  const [accepted, reason] = await run(() => ({ applyMs: 1e9 }));
  expect(accepted).toEqual([]);
  expect(reason).toContain('that is more than the');
});

test('is turned down where no plan is another', async () => {
  const [accepted, reason] = await run(({ statements }) => ({
    statements: statements.map((one) => ({ ...one, planAfter: one.planBefore })),
  }));
  expect(accepted).toEqual([]);
  expect(reason).toContain('no plan is another');
});
