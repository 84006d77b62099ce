import { describe, expect, test } from 'vitest';
import type { ChoiceProblem, ChoiceStatement, MeasuredPlan } from './measured-choice.js';
import type { MeasuredIndex } from './measured-index-set.js';
import { droppedIndex, keptIndex, openVerdict, unseenVerdict } from './measured-verdicts.js';
import type { Problems } from './measured-verdicts.js';

/** Under `good` both statements win; `lure` takes one away from it; `large` would help a third, and `idle` nobody. */
const NAMES = ['good', 'lure', 'large', 'idle'];
const PLANS: readonly (readonly [string, readonly Seen[]])[] = [
  ['first', [seen(NAMES, ['good'], 1, 10), seen(['lure', 'large', 'idle'], [], 9, 100)]],
  [
    'second',
    [
      seen(NAMES, ['lure'], 1, 80),
      seen(['good', 'large', 'idle'], ['good'], 2, 20),
      seen(['large', 'idle'], [], 9, 50),
    ],
  ],
  ['third', [seen(NAMES, ['large'], 1, 1), seen(['good', 'lure', 'idle'], [], 9, 40)]],
];

const problems: Problems = { time: problem(1), buffers: problem(10), decisive: problem(1) };

describe('keptIndex', () => {
  test('is worth what would be lost without it, and names the statements', () => {
    const found = keptIndex(problems, ['good'], built('good'));
    expect(found.worth).toEqual({ ms: 90 + 30, buffers: 900 + 300 });
    expect(found.assumed).toBe(0);
    expect(found.effects).toEqual([
      { statement: 'first', without: { ms: 100, buffers: 1000 }, with: { ms: 10, buffers: 100 } },
      { statement: 'second', without: { ms: 50, buffers: 500 }, with: { ms: 20, buffers: 200 } },
    ]);
  });
});

describe('figures of plans that were not looked up', () => {
  const shared: Problems = ofPlans([
    ['delete', [seen(['good', 'lure'], ['good', 'lure'], 1, 10), seen([], [], 9, 100)]],
    ['read', [seen(NAMES, ['good'], 1, 10), seen(['lure', 'large', 'idle'], [], 9, 40)]],
  ]);

  test('a kept index says of how many statements its worth is assumed: of two that serve one delete each is given all of its saving', () => {
    const kept = ['good', 'lure'];
    expect(keptIndex(shared, kept, built('lure'))).toMatchObject({ worth: { ms: 90 }, assumed: 1 });
    // The read ran without it.
    expect(keptIndex(shared, kept, built('good'))).toMatchObject({ worth: { ms: 90 + 30 }, assumed: 1 });
    expect(keptIndex(shared, ['good'], built('good')).assumed).toBe(1);
  });

  test('what the timeout ended without it is no measurement either', () => {
    const cut = ofPlans([['read', [seen(NAMES, ['good'], 1, 10), { ...seen([], [], 9, 10_000), cutOff: true }]]]);
    expect(keptIndex(cut, ['good'], built('good')).assumed).toBe(1);
  });

  test('a dropped one says so in its reason', () => {
    expect(droppedIndex(shared, ['lure'], built('good'), 'time')).toMatchObject({
      assumed: 1,
      reason: expect.stringContaining(
        'touch 1,200 blocks less (of 1 statement the plan with or without it was not looked up, or the timeout ended it)',
      ),
    });
    const feared = ofPlans([['read', [seen(NAMES, ['good', 'lure'], 1, 90), seen(['good'], [], 9, 10)]]]);
    expect(droppedIndex(feared, ['good'], built('lure'), 'time')).toMatchObject({ why: 'slower', assumed: 0 });
    const alone = ofPlans([['read', [seen(['lure', 'idle'], ['lure'], 1, 90), seen([], [], 9, 10)]]]);
    expect(droppedIndex(alone, ['good'], built('lure'), 'time')).toMatchObject({
      why: 'slower',
      assumed: 1,
      reason:
        'with it read takes 90.0 ms instead of 10.0 ms (of 1 statement the plan with or without it was not looked up, or the timeout ended it)',
    });
    expect(droppedIndex(problems, ['good'], built('large'), 'time').assumed).toBe(0);
  });
});

describe('droppedIndex', () => {
  test('slower: with the statement that suffers', () => {
    expect(droppedIndex(problems, ['good'], built('lure'), 'time')).toMatchObject({
      why: 'slower',
      reason: 'with it second takes 80.0 ms instead of 20.0 ms',
      change: { ms: 60, buffers: 600 },
    });
    expect(droppedIndex(problems, ['good'], built('lure'), 'buffers').reason).toBe(
      'with it second takes 800 blocks instead of 200 blocks',
    );
  });

  test('budget: a gain that does not fit', () => {
    expect(droppedIndex(problems, ['good'], built('large'), 'time')).toMatchObject({
      why: 'budget',
      reason: expect.stringMatching(
        /^its 90 B do not fit in the 80 B that are left; with it the statements take .* less/,
      ),
      change: { ms: -39 },
    });
  });

  test('no gain: with what it would change; a gain that counts and fits was refused by the verification', () => {
    const time = { ...problems.time, budgetBytes: 1000 };
    const totals = 'with it the statements take 39.0 ms less and touch 390 blocks less';
    const strict = { ...problems, time, decisive: { ...time, leastGain: 0.99 } };
    expect(droppedIndex(strict, ['good'], built('large'), 'time')).toMatchObject({
      why: 'no-gain',
      reason: `${totals}: less than an index is worth keeping for`,
    });
    expect(droppedIndex({ ...problems, time }, ['good'], built('large'), 'time')).toMatchObject({
      why: 'not-verified',
      reason: `${totals}, but no set with it stood its verification`,
    });
  });

  test('unused: with what writes would pay for it', () => {
    expect(droppedIndex(problems, [], built('idle'), 'time')).toMatchObject({
      why: 'unused',
      reason: 'no plan uses it',
      effects: [],
    });
    const writes = { ms: 12, walBytes: 1, buffers: 1, hotUpdatesLost: 0, rowsAssumed: false, unknown: [] };
    expect(droppedIndex(problems, [], { ...built('idle'), writes }, 'time').reason).toBe(
      'no plan uses it, and writes pay 12.0 ms for it',
    );
  });
});

describe('openVerdict, where the time ran out', () => {
  const pair: ChoiceProblem = {
    ...problems.time,
    statements: problems.time.statements.map((one) => ({
      ...one,
      cases: [{ plans: [seen(NAMES, ['good', 'lure'], 1, 10), seen([], [], 9, 100)], upkeep: new Map() }],
    })),
  };
  const open: Problems = { time: pair, buffers: pair, decisive: pair };

  test('leaves open what an index does of which only a plan with another one was seen', () => {
    const found = droppedIndex(open, [], built('good'), 'time');
    expect(found).toMatchObject({ why: 'no-gain', change: { ms: 0, buffers: 0 } });
    expect(openVerdict(found)).toMatchObject({ why: 'not-measured', reason: expect.stringMatching(/^a plan uses it/) });
  });

  test('leaves alone what was seen', () => {
    for (const found of [
      droppedIndex(problems, ['good'], built('lure'), 'time'),
      droppedIndex(problems, ['good'], built('large'), 'time'),
      droppedIndex(open, [], built('idle'), 'time'),
    ])
      expect(openVerdict(found)).toBe(found);
  });
});

test('unseenVerdict: an index that only statements without a figure use is not called unused', () => {
  const idle = droppedIndex(problems, [], built('idle'), 'time');
  expect(unseenVerdict(idle)).toMatchObject({ why: 'not-measured', spec: idle.spec });
  const lure = droppedIndex(problems, ['good'], built('lure'), 'time');
  expect(unseenVerdict(lure)).toBe(lure);
});

type Seen = MeasuredPlan;

function seen(present: readonly string[], uses: readonly string[], estimatedCost: number, value: number): Seen {
  return { present, uses, estimatedCost, value };
}

function ofPlans(plans: typeof PLANS): Problems {
  return { time: problem(1, plans), buffers: problem(10, plans), decisive: problem(1, plans) };
}

function problem(factor: number, of = PLANS): ChoiceProblem {
  const indexes = NAMES.map((name) => ({ name, sizeBytes: name === 'large' ? 90 : 20 }));
  const statements = of.map(([name, plans]): ChoiceStatement => ({
    name,
    calls: 1,
    tolerance: 1.15,
    cases: [{ plans: plans.map((plan) => ({ ...plan, value: plan.value * factor })), upkeep: new Map() }],
  }));
  return { indexes, statements, budgetBytes: 100, slack: 0, leastGain: 0.01 };
}

function built(name: string): MeasuredIndex {
  return {
    spec: {
      table: { schema: 'public', name: 't' },
      method: 'btree',
      unique: false,
      keys: ['"a"'],
      include: [],
      where: null,
      with: null,
      name,
    },
    sizeBytes: name === 'large' ? 90 : 20,
    buildMs: 1,
    buildWalBytes: null,
    writeCost: null,
    writes: null,
  };
}
