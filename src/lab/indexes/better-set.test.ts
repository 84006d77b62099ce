import { expect, test } from 'vitest';
import { aBench } from '../../../test/support/bench.js';
import { aTrialCase } from '../../../test/support/trial-case.js';
import { betterSet } from './better-set.js';
import { emptyRecord } from './case-record.js';
import type { CaseRecord } from './case-record.js';
import { Outlook } from './outlook.js';
import type { ChoiceRules } from './settle.js';
import type { SubsetPlan, Subsets } from './subset.js';

/** A way to run a statement: the planner takes the cheapest whose indexes are there. */
interface Way {
  readonly uses: readonly string[];
  readonly cost: number;
  readonly ms: number;
}

const BARE = { uses: [], cost: 100, ms: 100 };
const RULES: ChoiceRules = {
  objective: 'time',
  blockMs: 0,
  smallMs: 0,
  indexes: ['a', 'b', 'c'].map((name) => ({ name, sizeBytes: 1 })),
  budgetBytes: 1,
  readTolerance: 1.15,
  writeTolerance: 2,
  onceTolerance: 1,
  leastGain: 0,
  upkeepOf: () => new Map(),
};

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

/** Every statement has run without any index. */
async function lab(
  statements: Readonly<Record<string, readonly Way[]>>,
  budgetBytes = 1,
  deadlineMs = Number.POSITIVE_INFINITY,
): Promise<{
  readonly outlook: Outlook;
  readonly records: readonly CaseRecord[];
  readonly ran: readonly string[];
}> {
  const ran: string[] = [];
  const wayOf = (name: string, present: readonly string[]): Way =>
    (statements[name] ?? [])
      .filter((way) => way.uses.every((one) => present.includes(one)))
      .toSorted((a, b) => a.cost - b.cost)[0] ?? BARE;
  const subsets: Pick<Subsets, 'plan' | 'run'> = {
    plan: (_session, { name }, present) => {
      const { uses, cost } = wayOf(name, present);
      const plan: SubsetPlan = { present, uses, unrelated: [], estimatedCost: cost, shape: '', text: uses.join() };
      return Promise.resolve(plan);
    },
    run: (_session, { name }, present) => {
      const { uses, ms } = wayOf(name, present);
      ran.push(`${name} ${uses.join()}`);
      return Promise.resolve({ ms, buffers: 1, walBytes: 0, rows: 1 });
    },
  };
  const bench = aBench(subsets);
  const records = Object.keys(statements).map((name) => emptyRecord(aTrialCase(name)));
  const rules = { ...RULES, budgetBytes };
  await new Outlook(bench, records, rules).run([]);
  return { outlook: new Outlook({ ...bench, deadlineMs }, records, rules), records, ran };
}
