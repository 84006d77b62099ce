/** A rebuild wins storage that a copy can not show: the target's index against the copy's, which was built anew. */
import { beforeAll, expect, test } from 'vitest';
import { runLoop } from '../../../src/kernel/loop.js';
import { reindexAction } from '../../../src/advisors/actions.js';
import type { IndexRebuild } from '../../../src/model/index-rebuild.js';
import type { Snapshot } from '../../../src/model/snapshot.js';
import { loadParser } from '../../../src/sql/parse.js';
import { anIndex } from '../../support/snapshot.js';
import { finding, makeWorld, workload, type World } from './fakes.js';

beforeAll(() => loadParser());

const index = anIndex('worn', 't', ['a']);
const action = reindexAction(index);

async function run(rebuiltBytes: number | null, slower = 1): Promise<{ world: World; reason: string; ratio: number }> {
  const found = finding([], action, { advisor: 'index/bloated-index', place: 'public.worn' });
  const world = makeWorld([found], { [action.title]: { a: slower } });
  const rebuilds: IndexRebuild[] =
    rebuiltBytes === null ? [] : [{ index, sizeBytes: 9_000_000, rebuiltBytes, how: 'built' }];
  const snapshot = { catalog: { tables: [], indexes: [] }, rebuilds } as unknown as Snapshot;
  Object.assign(world.ports.examiner, { examine: () => Promise.resolve(snapshot) });
  world.trial = (_action, measured) => ({ ...measured, storageBytesBefore: 5_000_000, storageBytesAfter: 5_000_000 });
  const outcome = await runLoop(world.ports, workload, world.options);
  const verdict = outcome.iterations[0]?.verdict;
  return { world, reason: verdict?.reason ?? '', ratio: verdict?.effect?.ratio ?? 1 };
}

test('is accepted for what the target would get back', async () => {
  const { world, reason, ratio } = await run(1_000_000);
  expect(world.accepted).toEqual([action.title]);
  // 5 MB with the index built anew, and 8 MB more on the target.
  expect(ratio).toBeCloseTo(5 / 13, 5);
  expect(reason).toContain('as it was read on the target');
});

test('is turned down where nothing is known to be won', async () => {
  expect((await run(9_000_000)).world.accepted).toEqual([]);
  expect((await run(null)).reason).toContain('takes as much as on the target');
});

test('is turned down where statements become slower', async () => {
  const { world } = await run(1_000_000, 1.5);
  expect(world.accepted).toEqual([]);
});
