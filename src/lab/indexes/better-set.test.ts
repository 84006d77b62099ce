import { expect, test } from 'vitest';
import { BARE, waysLab as lab } from '../../../test/support/ways-lab.js';
import { aTrialCase } from '../../../test/support/trial-case.js';
import { betterSet } from './better-set.js';
import { emptyRecord } from './case-record.js';
import type { CaseRecord } from './case-record.js';
import { Outlook } from './outlook.js';
import type { ChoiceRules } from './settle.js';

test('puts in what gains, and one index in place of another where both do not fit', async () => {
  const { outlook } = await lab({ s: [BARE, { uses: ['a'], cost: 50, ms: 50 }, { uses: ['b'], cost: 10, ms: 10 }] });
  expect(await betterSet(outlook, [], { price: null })).toEqual(['b']);
  expect(await betterSet(outlook, ['a'], { price: null })).toEqual(['b']);
});

test('goes by what ran, not by what the planner promised, and runs each plan once', async () => {
  const { outlook, ran } = await lab({
    s: [BARE, { uses: ['a'], cost: 50, ms: 50 }, { uses: ['b'], cost: 1, ms: 90 }],
  });
  expect(await betterSet(outlook, [], { price: null })).toEqual(['a']);
  expect(ran.toSorted()).toEqual(['s ', 's a', 's b']);
});

test('pays for what is beyond the guard, and makes no statement too slow where it has no price', async () => {
  const ways = {
    heavy: [
      { ...BARE, ms: 1000 },
      { uses: ['a'], cost: 10, ms: 10 },
    ],
    light: [BARE, { uses: ['a'], cost: 90, ms: 125 }],
  };
  expect(await betterSet((await lab(ways)).outlook, [], { price: null })).toEqual([]);
  expect(await betterSet((await lab(ways)).outlook, [], { price: 3 })).toEqual(['a']);
  expect(await betterSet((await lab(ways)).outlook, [], { price: 300 })).toEqual([]);
  const light = [...ways.light, { uses: ['c'], cost: 5, ms: 20 }];
  expect(await betterSet((await lab({ ...ways, light }, 2)).outlook, ['a'], { price: 300 })).toEqual(['a', 'c']);
});

test('puts in all that a plan uses, where one of them alone is of no use', async () => {
  const { outlook } = await lab({ s: [BARE, { uses: ['a', 'b'], cost: 10, ms: 10 }] }, 2);
  expect(await betterSet(outlook, ['c'], { price: null })).toEqual(['c']);
  await outlook.run(['a', 'b']);
  expect(await betterSet(outlook, ['c'], { price: null })).toEqual(['a', 'b']);
});

test('what writes pay for an index counts against it', async () => {
  const upkeepOf: ChoiceRules['upkeepOf'] = ({ oneCase }, unit) =>
    new Map(oneCase.soils && unit === 'time' ? [['a', 30] as const] : []);
  const ways = { s: [BARE, { uses: ['a'], cost: 50, ms: 50 }, { uses: ['b'], cost: 60, ms: 60 }] };
  const { outlook, records } = await lab(ways);
  const write = (calls: number): CaseRecord => emptyRecord(aTrialCase('write', { kind: 'update', soils: true, calls }));
  const beside = (calls: number): Outlook =>
    new Outlook(outlook.bench, [...records, write(calls)], { ...outlook.rules, upkeepOf });
  expect(await betterSet(outlook, [], { price: null })).toEqual(['a']);
  expect(await betterSet(beside(0.1), [], { price: null })).toEqual(['a']);
  expect(await betterSet(beside(1), [], { price: null })).toEqual(['b']);
  expect(await betterSet(beside(1), ['a'], { price: null })).toEqual(['b']);
});

test('is content with what it has once the time is over', async () => {
  const { outlook, ran } = await lab({ s: [BARE, { uses: ['a'], cost: 10, ms: 10 }] }, 1, 0);
  expect(await betterSet(outlook, [], { price: null })).toEqual([]);
  expect(ran).toEqual(['s ']);
});
