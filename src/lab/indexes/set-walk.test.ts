import { expect, test } from 'vitest';
import { BARE, waysLab } from '../../../test/support/ways-lab.js';
import type { Way } from '../../../test/support/ways-lab.js';
import { EarlierRuns } from './earlier-runs.js';
import type { OuterLoop } from './outer-loop.js';
import { Outlook } from './outlook.js';
import { mendSet } from './mend-set.js';
import { walkOn, walkSets } from './set-walk.js';

/** With a by itself the light one takes a plan that is a little cheaper and takes twice as long; c gives it another, and is of no use alone. */
const LURED: Readonly<Record<string, readonly Way[]>> = {
  heavy: [
    { ...BARE, ms: 1000 },
    { uses: ['a'], cost: 10, ms: 10 },
  ],
  light: [BARE, { uses: ['a'], cost: 90, ms: 200 }, { uses: ['a', 'c'], cost: 5, ms: 20 }],
};

async function walk(
  how: typeof walkOn,
  ways: Readonly<Record<string, readonly Way[]>>,
  from: readonly string[] | null,
  { budgetBytes = 2, timeBudgetMs = 60_000 } = {},
): Promise<readonly string[] | null> {
  const { bench, records, outlook } = await waysLab(ways, budgetBytes);
  const options = { timeBudgetMs } as OuterLoop['options'];
  const loop = { ...bench, options, earlier: new EarlierRuns(), startedMs: performance.now() } as unknown as OuterLoop;
  return how(loop, { records, rules: outlook.rules, from });
}

test('a first walk gives a set that makes no statement too slow, for all that the others would gain', async () => {
  const { heavy = [], light = [] } = LURED;
  expect(await walk(walkSets, { heavy, light: light.slice(0, 2) }, null)).not.toContain('a');
});

test('a walk goes on over a set that makes a statement too slow, where one more index saves it', async () => {
  expect((await walk(walkOn, LURED, []))?.toSorted()).toEqual(['a', 'c']);
  expect((await walk(walkOn, LURED, ['b']))?.toSorted()).toEqual(['a', 'c']);
});

test('and stays where it was when nothing does, or the time is over', async () => {
  const { heavy = [], light = [] } = LURED;
  expect(await walk(walkOn, { heavy, light: light.slice(0, 2) }, ['b'])).not.toContain('a');
  expect(await walk(walkOn, LURED, ['b'], { timeBudgetMs: 0 })).toEqual(['b']);
  expect(await walk(walkOn, LURED, null, { timeBudgetMs: 0 })).toBeNull();
});

test('once the time is over a set is good where all of it ran, and nothing was too slow', async () => {
  const { outlook } = await waysLab(LURED, 2, 0);
  const inTime = (await waysLab(LURED, 2)).outlook;
  await outlook.run(['a', 'c']);
  expect(await mendSet(outlook, ['a', 'c'], new Map())).toBeNull();
  await inTime.run(['a', 'c']);
  const late = new Outlook({ ...inTime.bench, deadlineMs: 0 }, inTime.records, inTime.rules);
  expect(await mendSet(late, ['a', 'c'], new Map())).toEqual(['a', 'c']);
  await inTime.run(['a']);
  expect(await mendSet(late, ['a'], new Map())).toBeNull();
});
