import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../stats/random.js';
import { chooseAmong, chooseKnown, chooseMeasured, measuredValue } from './measured-choice.js';
import type { ChoiceCase, ChoiceProblem, ChoiceStatement, MeasuredPlan } from './measured-choice.js';

const LIMITS = { budgetBytes: 100, slack: 0, leastGain: 0 };

describe('chooseMeasured', () => {
  test('keeps what helps and drops what the planner likes and the clock does not', () => {
    const problem = problemOf(
      ['good', 'lure'],
      [
        statement('reads', [plan('good,lure', 'good', 10, 2), plan('', '', 100, 50)]),
        statement('lured', [plan('good,lure', 'lure', 5, 90), plan('good', '', 20, 30)]),
      ],
    );
    expect(chooseMeasured(problem)).toMatchObject({ kept: ['good'], proved: true });
    expect(measuredValue(problem, ['lure'])).toMatchObject({ slower: [1], perStatement: [50, 90] });
  });

  test('puts in a large index with what keeps a statement content, in place of several small ones, where no single exchange does', () => {
    const small = Array.from({ length: 5 }, (_, number) => `s${number}`);
    const names = ['large', 'rescue', ...small];
    const all = names.join();
    const problem = {
      ...problemOf(names, [
        ...small.map((name) => statement(name, [plan(all, name, 1, 10), plan('', '', 100, 20)])),
        statement('wants it', [plan(all, 'large', 1, 10), plan('', '', 100, 90)]),
        statement('suffers', [
          plan(all, 'rescue', 1, 5),
          plan(['large', ...small].join(), 'large', 10, 50),
          plan('', '', 100, 10),
        ]),
      ]),
      indexes: names.map((name) => ({ name, sizeBytes: name === 'large' ? 50 : name === 'rescue' ? 30 : 20 })),
      // No proof: what the search finds by itself.
      nodeLimit: 0,
    };
    const { kept, value } = chooseMeasured(problem);
    expect(kept).toEqual(['large', 'rescue', expect.stringMatching(/^s/)]);
    expect(value).toMatchObject({ total: 10 + 4 * 20 + 10 + 5, slower: [] });
    expect(chooseMeasured({ ...problem, nodeLimit: 20_000 }).value.total).toBe(value.total);
    // A brief one makes single exchanges only, and goes on from where another was.
    const brief = chooseMeasured(problem, 'brief');
    expect(brief).toMatchObject({ proved: false, value: { slower: [] } });
    expect(brief.value.total).toBeGreaterThan(value.total);
    expect(chooseMeasured({ ...problem, starts: [kept] }, 'brief')).toMatchObject({ kept, proved: false });
  });

  test('puts in all that a plan needs, where none of it is any use without the rest', () => {
    const names = ['wide', 'name', 'supplier', 'brand', 'narrow', 'stock', 'other'];
    const sizes = [61, 12, 1, 10, 45, 25, 13];
    const all = names.join();
    const problem = {
      ...problemOf(names, [
        statement('three', [
          plan(all, 'wide,name,supplier', 1, 6),
          plan('wide,supplier,brand,narrow,stock,other', 'narrow,stock', 3, 17),
          plan('', '', 100, 2400),
        ]),
        statement('two', [
          plan(all, 'narrow,brand', 1, 24),
          plan('wide,name,supplier,brand,stock,other', 'wide,brand', 2, 24),
          plan('', '', 100, 2600),
        ]),
        statement('small', [plan(all, 'other', 1, 10), plan('', '', 100, 12)]),
      ]),
      indexes: names.map((name, at) => ({ name, sizeBytes: sizes[at] ?? 0 })),
      nodeLimit: 0,
    };
    expect(chooseMeasured(problem)).toMatchObject({ kept: ['wide', 'name', 'supplier', 'brand', 'other'] });
    expect(chooseMeasured({ ...problem, nodeLimit: 20_000 })).toMatchObject({ value: { total: 40 }, proved: true });
  });

  test('begins from the sets that it is given as well, where they fit and make nothing slow', () => {
    // Of two rings of seven one fits, and a ring is no use before it is whole: without the next of them each makes a statement slow.
    const ring = (letter: string): string[] => Array.from({ length: 7 }, (_, number) => `${letter}${number}`);
    const [poor, good] = [ring('p'), ring('g')];
    const names = [...poor, ...good];
    const statementsOf = (own: readonly string[], best: number, worst: number): ChoiceStatement[] =>
      own.map((name, at) =>
        statement(`of ${name}`, [
          plan(names.join(), name, 1, best),
          plan(names.filter((one) => one !== name).join(), own.at(at - 1) ?? '', 10, worst),
          plan('', '', 100, 10),
        ]),
      );
    const problem = {
      ...problemOf(names, [...statementsOf(poor, 8, 100), ...statementsOf(good, 1, 12)]),
      indexes: names.map((name) => ({ name, sizeBytes: 10 })),
      budgetBytes: 70,
      nodeLimit: 0,
    };
    const total = 7 + 7 * 10;
    expect(chooseMeasured(problem).value.total).toBeGreaterThan(total);
    expect(chooseMeasured({ ...problem, starts: [good] })).toMatchObject({ kept: good, value: { total } });
    const others = [names, good.slice(1), [...good.slice(1), 'p0']];
    expect(chooseMeasured({ ...problem, starts: others }).kept).toEqual(chooseMeasured(problem).kept);
  });

  test('an index is no use while one blocks it that the planner believes to be cheaper', () => {
    const problem = problemOf(
      ['cheap looking', 'fast'],
      [
        statement('a', [
          plan('cheap looking,fast', 'cheap looking', 5, 40),
          plan('fast', 'fast', 8, 4),
          plan('', '', 50, 41),
        ]),
        // The only thing that speaks for the other one.
        statement('b', [plan('cheap looking,fast', 'cheap looking', 1, 1), plan('fast', '', 9, 30)]),
      ],
    );
    // Both: 40 + 1. The fast one alone: 4 + 30.
    expect(chooseMeasured(problem).kept).toEqual(['fast']);
    expect(measuredValue(problem, ['cheap looking', 'fast']).total).toBe(41);
  });

  test('a plan that was not taken where it could have been is not assumed where the one taken is there, whatever their costs of other sets say', () => {
    const plans = [plan('a,b', 'a', 10, 85), plan('b,c', 'b', 9.9, 100), plan('', '', 50, 87)];
    const problem = problemOf(['a', 'b', 'c'], [statement('s', plans)]);
    expect(measuredValue(problem, ['a', 'b', 'c'])).toMatchObject({ perStatement: [85], assumed: 1, slower: [] });
    expect(measuredValue(problem, ['b', 'c'])).toMatchObject({ perStatement: [100], assumed: 0 });
    // Each was taken where the other was there: nothing but their costs is left.
    const either = [plan('a,b', 'a', 10, 85), plan('a,b,c', 'b', 9.9, 100), plan('', '', 50, 87)];
    const unclear = problemOf(['a', 'b', 'c', 'd'], [statement('s', either)]);
    expect(measuredValue(unclear, ['a', 'b', 'd'])).toMatchObject({ perStatement: [100], assumed: 1 });
  });

  test('an index that every plan used where it was there is not taken to be left alone under a set of which nothing is known', () => {
    const bad = [plan('x,a,b', 'x,a', 5, 40), plan('x,b', 'x,b', 6, 30), plan('', '', 50, 10)];
    const problem = problemOf(['x', 'a', 'b', 'c'], [statement('s', bad)]);
    expect(measuredValue(problem, ['x'])).toMatchObject({ perStatement: [30], assumed: 1, slower: [0] });
    expect(measuredValue(problem, ['a'])).toMatchObject({ perStatement: [10], assumed: 1, slower: [] });
    // One that was taken in spite of it may be taken again.
    const rescued = problemOf(['x', 'a', 'b', 'c'], [statement('s', [...bad, plan('x,a,b,c', 'c', 4, 5)])]);
    expect(measuredValue(rescued, ['x', 'c'])).toMatchObject({ perStatement: [5], assumed: 0, slower: [] });
    expect(measuredValue(rescued, ['x'])).toMatchObject({ perStatement: [30], slower: [0] });
    // What it is good for is not believed before it was seen.
    const good = problemOf(['x', 'a'], [statement('s', [plan('x,a', 'x,a', 5, 1), plan('', '', 50, 10)])]);
    expect(measuredValue(good, ['x'])).toMatchObject({ perStatement: [10], assumed: 1 });
  });

  test('stays within the budget, and prefers two small indexes to a large one where they win more', () => {
    const indexes = [
      { name: 'large', sizeBytes: 90 },
      { name: 'one', sizeBytes: 50 },
      { name: 'two', sizeBytes: 50 },
    ];
    const all = 'large,one,two';
    const problem = {
      ...problemOf(
        [],
        [
          statement('a', [plan(all, 'large', 1, 10), plan('one,two', '', 9, 100)]),
          statement('b', [plan(all, 'one', 1, 30), plan('large,two', '', 9, 90)]),
          statement('c', [plan(all, 'two', 1, 30), plan('large,one', '', 9, 90)]),
        ],
      ),
      indexes,
    };
    expect(chooseMeasured(problem).kept).toEqual(['one', 'two']);
    expect(chooseMeasured({ ...problem, budgetBytes: 99 }).kept).toEqual(['large']);
    expect(chooseMeasured({ ...problem, budgetBytes: 49 }).kept).toEqual([]);
  });

  test('holds the tolerance against the guard where there is one, and the total against the values', () => {
    const guarded = (value: number, guard: number): ChoiceProblem =>
      problemOf(
        ['i'],
        [
          statement('a', [
            { ...plan('i', 'i', 1, value), guard },
            { ...plan('', '', 9, 100), guard: 10 },
          ]),
        ],
      );
    expect(chooseMeasured(guarded(50, 11)).kept).toEqual(['i']);
    expect(chooseMeasured(guarded(50, 12)).kept).toEqual([]);
    expect(chooseMeasured(guarded(101, 1)).kept).toEqual([]);
    const upkeep = new Map([['i', 5]]);
    const written = (guardUpkeep: number): ChoiceStatement => ({
      ...statement('w', [{ ...plan('', '', 9, 10), guard: 10 }], upkeep),
      cases: [{ plans: [{ ...plan('', '', 9, 10), guard: 10 }], upkeep, guardUpkeep: new Map([['i', guardUpkeep]]) }],
    });
    const reads = statement('a', [plan('i', 'i', 1, 1), plan('', '', 9, 100)]);
    expect(chooseMeasured(problemOf(['i'], [reads, written(1)])).kept).toEqual(['i']);
    expect(chooseMeasured(problemOf(['i'], [reads, written(2)])).kept).toEqual([]);
  });

  test('refuses a set under which one statement is slower beyond its tolerance, whatever the total', () => {
    const plans = [plan('i', 'i', 1, 12), plan('', '', 2, 10)];
    const wins = statement('wins', [plan('i', 'i', 1, 1), plan('', '', 9, 1000)]);
    const problem = problemOf(['i'], [wins, statement('loses', plans)]);
    expect(chooseMeasured(problem).kept).toEqual([]);
    expect(chooseMeasured({ ...problem, slack: 0.5 }).kept).toEqual(['i']);
    expect(chooseMeasured(problemOf(['i'], [wins, { ...statement('loses', plans), tolerance: 2 }])).kept).toEqual([
      'i',
    ]);
  });

  test('charges writes for each index that is there, used or not', () => {
    const reads = statement('reads', [plan('i', 'i', 1, 1), plan('', '', 9, 20)]);
    const write = (ms: number): ChoiceStatement => ({
      ...statement('writes', [plan('i', '', 1, 5)], new Map([['i', ms]])),
      tolerance: 10,
    });
    expect(chooseMeasured(problemOf(['i'], [reads, write(18)])).kept).toEqual(['i']);
    expect(chooseMeasured(problemOf(['i'], [reads, write(20)])).kept).toEqual([]);
  });

  test('trims what gains too little, and keeps a large gain of a small statement', () => {
    const rest = statement('rest', [plan('i,j', '', 1, 1000)]);
    const problem = {
      ...problemOf(
        ['i', 'j'],
        [
          rest,
          statement('small', [plan('i,j', 'i', 1, 0.01), plan('j', '', 9, 5)]),
          statement('same', [plan('i,j', 'j', 1, 96), plan('i', '', 9, 100)]),
        ],
      ),
      leastGain: 0.01,
    };
    expect(chooseMeasured(problem)).toMatchObject({ kept: ['i'], trimmed: ['j'] });
  });

  test('a plan seen under more is the plan of all sets between, one never seen is assumed', () => {
    const problem = problemOf(
      ['i', 'j', 'k'],
      [statement('a', [plan('i,j', 'i', 5, 1), plan('j', 'j', 7, 2), plan('', '', 9, 3)])],
    );
    expect(measuredValue(problem, ['i'])).toMatchObject({ total: 1, assumed: 0 });
    expect(measuredValue(problem, ['i', 'k'])).toMatchObject({ total: 1, assumed: 1 });
  });

  test('says so when it could not look at everything', () => {
    const problem = randomProblem(seededRandom(3), 8);
    expect(chooseMeasured(problem).proved).toBe(true);
    expect(chooseMeasured({ ...problem, nodeLimit: 2 }).proved).toBe(false);
  });

  test('wants each case measured without the indexes', () => {
    expect(() => chooseMeasured(problemOf(['i'], [statement('a', [plan('i', 'i', 1, 1)])]))).toThrow(/without/);
  });

  test('finds what trying every set finds', () => {
    const random = seededRandom(11);
    for (let round = 0; round < 300; round += 1) {
      const problem = randomProblem(random, 1 + Math.floor(random() * 7));
      const found = chooseMeasured(problem);
      const best = bestOfAll(problem);
      expect({ round, total: round6(found.value.total) }).toEqual({ round, total: round6(best) });
      expect(found.value.slower).toEqual([]);
    }
  });
});

describe('chooseKnown', () => {
  test('chooses, of the sets under which every plan is known, the best that fits and makes nothing slow', () => {
    const problem = problemOf(
      ['a', 'b', 'c'],
      [
        statement('s', [plan('a,b,c', 'a', 1, 5), plan('c', 'c', 3, 40), plan('', '', 100, 30)]),
        statement('t', [plan('a,b,c', 'b', 1, 5), plan('c', '', 9, 20), plan('', '', 100, 20)]),
      ],
    );
    const known = (...starts: readonly (readonly string[])[]): readonly string[] | undefined =>
      chooseKnown({ ...problem, starts })?.kept;
    expect(known([], ['a', 'b'], ['c'])).toEqual(['a', 'b']);
    expect(chooseKnown({ ...problem, starts: [['a', 'b']] })?.value).toMatchObject({ total: 10, assumed: 0 });
    // Nobody knows what the second statement does without `b` while `a` is there; `c` makes the first one slow.
    expect(known([], ['a'], ['c'])).toEqual([]);
    expect(chooseKnown({ ...problem, starts: [[], ['a', 'b']], budgetBytes: 0 })?.kept).toEqual([]);
    expect(known(['c'])).toBeUndefined();
    expect(chooseKnown(problem)).toBeNull();
  });
});

describe('chooseAmong', () => {
  test('a set loses what gains too little, but not where nobody knows what is without it', () => {
    const problem = problemOf(
      ['a', 'b', 'c'],
      [
        statement('s', [plan('a,b,c', 'a', 1, 5), plan('', '', 100, 30)]),
        statement('t', [plan('a,b,c', 'b', 1, 20), plan('a,c', 'c', 3, 19), plan('', '', 100, 20)]),
      ],
    );
    // Without `b` it was seen to take no longer. What it does with `a` alone nobody knows.
    expect(chooseAmong(problem, ['a', 'b', 'c'])).toMatchObject({ kept: ['a', 'c'], trimmed: ['b'], proved: false });
    const strict = { ...problem, leastGain: 0.9 };
    expect(chooseAmong(strict, ['a', 'c'])).toMatchObject({ kept: ['a', 'c'], trimmed: [] });
    expect(chooseMeasured(strict).kept).not.toContain('c');
  });
});

function plan(present: string, uses: string, estimatedCost: number, value: number): MeasuredPlan {
  return { present: namesOf(present), uses: namesOf(uses), estimatedCost, value };
}

function namesOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(',');
}

function statement(
  name: string,
  plans: readonly MeasuredPlan[],
  upkeep: ChoiceCase['upkeep'] = new Map(),
): ChoiceStatement {
  return { name, calls: 1, tolerance: 1.15, cases: [{ plans, upkeep }] };
}

function problemOf(names: readonly string[], statements: readonly ChoiceStatement[]): ChoiceProblem {
  return { ...LIMITS, indexes: names.map((name) => ({ name, sizeBytes: 10 })), statements };
}

/** A planner with a fixed list of plans per case, of which random subsets were observed; the empty set always. */
function randomProblem(random: () => number, count: number): ChoiceProblem {
  const names = Array.from({ length: count }, (_, i) => `i${i}`);
  const some = (share: number): string[] => names.filter(() => random() < share);
  const statements = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, s): ChoiceStatement => {
    const cases = Array.from({ length: 1 + Math.floor(random() * 2) }, (): ChoiceCase => {
      const known = [[], ...Array.from({ length: 6 }, () => some(0.35))].map((uses) => ({
        uses,
        estimatedCost: uses.length === 0 ? 100 : random() * 120,
        value: 1 + random() * 20,
      }));
      const plans = [[], names, ...Array.from({ length: 6 }, () => some(0.6))].map((present) => {
        const possible = known.filter((one) => one.uses.every((name) => present.includes(name)));
        return { present, ...possible.reduce((a, b) => (b.estimatedCost < a.estimatedCost ? b : a)) };
      });
      return { plans, upkeep: new Map(random() < 0.3 ? some(0.5).map((name) => [name, random() * 3]) : []) };
    });
    return { name: `s${s}`, calls: 1 + Math.floor(random() * 9), tolerance: 1.15, cases };
  });
  const indexes = names.map((name) => ({ name, sizeBytes: Math.ceil(random() * 50) }));
  return { ...LIMITS, indexes, statements };
}

/** By trying every set, with the rule written out anew. */
function bestOfAll(problem: ChoiceProblem): number {
  const { indexes, statements } = problem;
  const base = statements.map((one) => valueUnder(one, []));
  let best = Number.POSITIVE_INFINITY;
  for (let mask = 0; mask < 2 ** indexes.length; mask += 1) {
    const set = indexes.filter((_, i) => Math.floor(mask / 2 ** i) % 2 === 1);
    if (set.reduce((sum, index) => sum + index.sizeBytes, 0) > problem.budgetBytes) continue;
    const values = statements.map((one) =>
      valueUnder(
        one,
        set.map((index) => index.name),
      ),
    );
    if (values.some((value, i) => value > (base[i] ?? 0) * 1.15)) continue;
    best = Math.min(
      best,
      values.reduce((sum, value, i) => sum + value * (statements[i]?.calls ?? 0), 0),
    );
  }
  return best;
}

function valueUnder({ cases }: ChoiceStatement, set: readonly string[]): number {
  const values = cases.map(({ plans, upkeep }) => {
    const possible = plans.filter((one) => within(one.uses, set)).toSorted((a, b) => a.estimatedCost - b.estimatedCost);
    const certain = possible.find((one) => within(set, one.present));
    const chosen = certain ?? possible[0];
    const feared = set.map((name) => {
      const using = plans.filter((one) => one.uses.includes(name));
      const common = (using[0]?.uses ?? []).filter((other) => using.every((one) => one.uses.includes(other)));
      const isNew = !certain && !chosen?.present.includes(name) && using.length > 0 && within(common, set);
      const isPassedOver = possible.some((one) => one.present.includes(name) && !one.uses.includes(name));
      return isNew && !isPassedOver ? Math.min(...using.map((one) => one.value)) : 0;
    });
    return Math.max(chosen?.value ?? 0, ...feared) + set.reduce((sum, name) => sum + (upkeep.get(name) ?? 0), 0);
  });
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function within(part: readonly string[], whole: readonly string[]): boolean {
  return part.every((name) => whole.includes(name));
}

function round6(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
