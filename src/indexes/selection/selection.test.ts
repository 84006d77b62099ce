import { beforeAll, describe, expect, it } from 'vitest';
import { aKey, anIndex } from '../../../test/support/snapshot.js';
import { costOf, engine, nameOf, random } from '../../../test/support/fake-planner.js';
import type { Fake, FakePlan } from '../../../test/support/fake-planner.js';
import { COLUMNS, chosen, selectionInput, statement } from '../../../test/support/selection.js';
import { loadParser } from '../../sql/parse.js';
import type { IndexSpec } from '../../model/action.js';
import { GAP_ENOUGH } from './improve.js';
import { selectIndexes } from './selection.js';
import type { IndexSelection, SelectionInput } from './selection-types.js';

beforeAll(() => loadParser());

describe('selection against every choice there is', () => {
  const seeds = Array.from({ length: 15 }, (_, at) => at + 1);
  it.each(seeds)('random instance %i: as good as the best, and not below its bound', async (seed) => {
    const next = random(seed);
    const plans: Record<string, FakePlan[]> = {};
    for (let number = 0; number < 6; number += 1) {
      const sql = `SELECT ${number} FROM t WHERE ${COLUMNS.map((column) => `${column} = 1`).join(' AND ')}`;
      const base = 100 + Math.floor(next() * 900);
      plans[sql] = [[[], base]];
      for (let plan = 0; plan < 5; plan += 1) {
        const needs = COLUMNS.filter(() => next() < 0.25).slice(0, 3);
        plans[sql].push([needs, Math.max(1, Math.floor(base * next()))]);
      }
    }
    const sizes = Object.fromEntries(COLUMNS.map((column) => [column, 1 + Math.floor(next() * 30)]));
    const storageBytes = 35e6;
    const selection = await selectIndexes(selectionInput({ plans, sizes }, COLUMNS, { storageBytes }));
    const base = costOf(plans, []);
    let best = Number.POSITIVE_INFINITY;
    for (let bits = 0; bits < 256; bits += 1) {
      const set = COLUMNS.filter((_, at) => ((bits >> at) & 1) === 1);
      if (set.reduce((sum, column) => sum + (sizes[column] ?? 0), 0) * 1e6 <= storageBytes)
        best = Math.min(best, costOf(plans, set) / base);
    }
    expect(selection.usedBytes).toBeLessThanOrEqual(storageBytes);
    expect(selection.objective).toBeCloseTo(costOf(plans, chosen(selection)) / base, 9);
    expect(selection.objective).toBeGreaterThanOrEqual(best - 1e-9);
    expect(selection.bound).toBeLessThanOrEqual(best + 1e-9);
    expect(selection.objective).toBeLessThanOrEqual(best * (1 + 2 * GAP_ENOUGH) + 1e-9);
    // Cut off in the middle it proves less, and nothing that is not so.
    for (const plannerCalls of [6, 9, 14, 20]) {
      const cut = await selectIndexes(
        selectionInput({ plans, sizes }, COLUMNS, { storageBytes, allowance: { timeMs: null, plannerCalls } }),
      );
      expect(cut.usedBytes).toBeLessThanOrEqual(storageBytes);
      expect(cut.objective).toBeGreaterThanOrEqual(best - 1e-9);
      expect(cut.bound).toBeLessThanOrEqual(best + 1e-9);
    }
  });
});

describe('selection', () => {
  const two: Fake = {
    plans: {
      [statement('a')]: [
        [[], 100],
        [['a'], 10],
      ],
      [statement('b')]: [
        [[], 100],
        [['b'], 30],
      ],
    },
  };

  it('says what each index is for', async () => {
    const selection = await selectIndexes(selectionInput(two, ['a', 'b']));
    expect(selection.chosen.map((one) => ({ ...one, spec: nameOf(one.spec) }))).toEqual([
      {
        spec: 'a',
        sizeBytes: 10e6,
        writeShare: 0,
        serves: [{ fingerprint: statement('a'), before: 100, after: 10 }],
        gainAlone: 0.45,
        gainInSet: 0.45,
        alone: [{ fingerprint: statement('a'), before: 100, after: 10 }],
        variants: [],
        redundant: [],
      },
      {
        spec: 'b',
        sizeBytes: 10e6,
        writeShare: 0,
        serves: [{ fingerprint: statement('b'), before: 100, after: 30 }],
        gainAlone: expect.closeTo(0.35, 9),
        gainInSet: expect.closeTo(0.35, 9),
        alone: [{ fingerprint: statement('b'), before: 100, after: 30 }],
        variants: [],
        redundant: [],
      },
    ]);
    expect(selection).toMatchObject({ complete: true, objective: expect.closeTo(0.2, 9), gap: expect.closeTo(0, 6) });
  });

  it('keeps to the budget, and gives the curve', async () => {
    const selection = await selectIndexes(
      selectionInput(two, ['a', 'b'], { storageBytes: 10e6, curveBytes: [0, 5e6, 20e6] }),
    );
    expect(chosen(selection)).toEqual(['a']);
    expect(selection.curve.map((point) => [point.usedBytes, point.objective.toFixed(2)])).toEqual([
      [0, '1.00'],
      [0, '1.00'],
      [20e6, '0.20'],
    ]);
  });

  describe('takes a small index in place of a hardly better one', () => {
    const sql = statement('a', 'b');
    const other = statement('a');
    const sizes = { a: 5, 'a,b': 40 };
    const run = async (small: number, more: Partial<SelectionInput> = {}, also = 5): Promise<string[]> => {
      const plans: Record<string, FakePlan[]> = {
        [sql]: [
          [[], 1000],
          [['a'], small],
          [['a,b'], 20],
        ],
        [other]: [
          [[], 500],
          [['a'], also],
          [['a,b'], 4],
        ],
      };
      return chosen(
        await selectIndexes(selectionInput({ plans, sizes }, ['a', 'a,b'], { preferSmall: true, ...more })),
      );
    };
    it('where no statement loses much', async () => {
      expect(await run(25)).toEqual(['a']);
      expect(await run(25, { preferSmall: false })).not.toEqual(['a']);
    });
    it('and not where it leaves much more, or another statement loses', async () => {
      expect(await run(45)).toContain('a,b');
      expect(await run(25, {}, 100)).toContain('a,b');
    });
  });

  it('takes two indexes that only win together', async () => {
    const together: Fake = {
      plans: {
        [statement('a', 'b')]: [
          [[], 100],
          [['a', 'b'], 5],
        ],
      },
    };
    expect(chosen(await selectIndexes(selectionInput(together, ['a', 'b', 'c'])))).toEqual(['a', 'b']);
  });

  it('proves that nothing is to be had without candidates', async () => {
    const selection = await selectIndexes(selectionInput({ plans: { [statement('a')]: [[[], 100]] } }, []));
    expect(selection).toMatchObject({ chosen: [], objective: 1, complete: true });
    expect(selection.bound).toBeCloseTo(1, 5);
  });

  it('is the same each time', async () => {
    const once = await selectIndexes(selectionInput(two, ['a', 'b', 'c']));
    expect(await selectIndexes(selectionInput(two, ['a', 'b', 'c']))).toEqual(once);
  });

  it('leaves out an index whose writes cost more than it wins', async () => {
    const writeShare = (index: IndexSpec | { existing: string }): number =>
      'keys' in index && nameOf(index) === 'b' ? 0.4 : 0.1;
    expect(chosen(await selectIndexes(selectionInput(two, ['a', 'b'], { writeShare })))).toEqual(['a']);
  });

  it('never asks more than it may, and says that it was cut off', async () => {
    const whatIf = engine(two);
    const selection = await selectIndexes(
      selectionInput(two, ['a', 'b'], { whatIf, allowance: { timeMs: null, plannerCalls: 3 } }),
    );
    expect(whatIf.asked).toBe(3);
    expect(selection).toMatchObject({ complete: false, plannerCalls: 3 });
    expect(selection.objective).toBeLessThanOrEqual(1);
  });

  it('gives what it has when it is called off, or its time is over', async () => {
    const signal = AbortSignal.abort();
    expect(await selectIndexes(selectionInput(two, ['a'], { signal }))).toMatchObject({ complete: false, chosen: [] });
    let ms = 0;
    const late = selectionInput(two, ['a', 'b'], {
      now: () => (ms += 10),
      allowance: { timeMs: 45, plannerCalls: null },
    });
    expect((await selectIndexes(late)).complete).toBe(false);
    const atOnce = { timeMs: 10, plannerCalls: null };
    expect(await selectIndexes({ ...late, allowance: atOnce })).toMatchObject({
      complete: false,
      unsized: 2,
      chosen: [],
    });
  });

  it('leaves time to ask about the candidates that were sized, where each takes long and some much longer', async () => {
    const keys = COLUMNS.flatMap((one) => COLUMNS.map((two) => (one === two ? one : `${one},${two}`)));
    const planner = engine(two);
    let ms = 0;
    const cost: typeof planner.cost = (fingerprints, change) => {
      ms += 20;
      return planner.cost(fingerprints, change);
    };
    const sizes: typeof planner.sizes = (specs) => {
      ms += specs.reduce((sum, { keys: [first] }) => sum + (first === '"c"' ? 60 : 25), 0);
      return planner.sizes(specs);
    };
    const whatIf = { cost, size: planner.size.bind(planner), sizes };
    const allowance = { timeMs: 1000, plannerCalls: null };
    const selection = await selectIndexes(selectionInput(two, keys, { whatIf, now: () => ms, allowance }));
    expect(chosen(selection)).toEqual(['a', 'b']);
    expect(selection.unsized).toBeGreaterThan(0);
    expect(ms).toBeLessThan(1100);
  });

  it('goes on where the planner takes too long with much in sight: what it says of less counts', async () => {
    const sql = statement('a', 'b', 'c', 'd');
    const plans: Record<string, FakePlan[]> = {
      [sql]: [
        [[], 1000],
        [['a'], 600],
        [['b'], 500],
        [['c'], 450],
        [['a', 'c'], 300],
        [['b', 'd'], 200],
      ],
      [statement('a')]: [
        [[], 500],
        [['a'], 20],
      ],
    };
    const planner = engine({ plans });
    const cost: typeof planner.cost = async (fingerprints, change) => {
      const answers = await planner.cost(fingerprints, change);
      return change.add.length > 2 ? answers.map((one) => ({ ...one, cost: null, uses: [] })) : answers;
    };
    const whatIf = { cost, size: planner.size.bind(planner), sizes: planner.sizes.bind(planner) };
    const input = selectionInput({ plans }, ['a', 'b', 'c', 'd'], { whatIf, storageBytes: 25e6 });
    const selection = await selectIndexes(input);
    expect(chosen(selection)).toEqual(['a', 'c']);
    expect(selection.objective).toBeCloseTo(320 / 1500, 9);
  });

  it('lists what PostgreSQL refuses and what can not be planned', async () => {
    const selection = await selectIndexes(
      selectionInput({ plans: { ...two.plans, [statement('c')]: [] }, refused: ['b'] }, ['a', 'b']),
    );
    expect(selection.refused.map((one) => [nameOf(one.spec), one.reason])).toEqual([
      ['b', 'no default operator class'],
    ]);
    expect(selection.skipped).toEqual([statement('c')]);
    expect(chosen(selection)).toEqual(['a']);
  });

  it('does not let one absurd estimate hide the others when it is to be robust', async () => {
    const plans = {
      ...two.plans,
      [statement('c')]: [
        [[], 1e9],
        [['c'], 0.9e9],
      ] as const,
    };
    const budget = { storageBytes: 10e6 };
    expect(chosen(await selectIndexes(selectionInput({ plans }, ['a', 'b', 'c'], budget)))).toEqual(['c']);
    expect(
      chosen(await selectIndexes(selectionInput({ plans }, ['a', 'b', 'c'], { ...budget, objective: 'robust' }))),
    ).toEqual(['a']);
  });
});

describe('selection from many candidates', () => {
  const [one, other, served] = [statement('a'), statement('b'), statement('c')];
  const fake: Fake = {
    indexes: [anIndex('t_c', 't', [aKey('c')], { sizeBytes: 10e6 })],
    plans: {
      [one]: [
        [[], 100],
        [['a'], 10],
      ],
      [other]: [
        [[], 100],
        [['b'], 30],
      ],
      [served]: [
        [[], 100],
        [['c'], 50],
      ],
    },
  };
  const filling = Array.from({ length: 2500 }, (_, at) => `x${at}`);
  /** The clock shows how many candidates were sized. */
  const search = (more: Partial<SelectionInput> = {}): Promise<IndexSelection> => {
    const planner = engine(fake);
    let sized = 0;
    const sizes: typeof planner.sizes = (specs) => {
      sized += specs.length;
      return planner.sizes(specs);
    };
    const whatIf = { ...planner, cost: planner.cost.bind(planner), size: planner.size.bind(planner), sizes };
    return selectIndexes(selectionInput(fake, ['a', ...filling, 'b'], { whatIf, now: () => sized, ...more }));
  };

  it('has a first set before most of them are sized, and the best one in the end', async () => {
    const selection = await search();
    expect(selection.progress.map((step) => [step.elapsedMs, step.objective.toFixed(2)])).toEqual([
      [256, '1.00'],
      [256, '0.64'],
      [2502, '0.36'],
    ]);
    expect(chosen(selection)).toEqual(['a', 'b']);
    expect(selection.drop).toEqual([]);
    const few = await selectIndexes(selectionInput(fake, ['a', 'b']));
    expect(selection.statements).toEqual(few.statements);
    expect(selection.bound).toBeCloseTo(few.bound, 5);
  });

  it('keeps the first set where the time ends before the others are sized', async () => {
    const selection = await search({ allowance: { timeMs: 1000, plannerCalls: null } });
    expect(selection).toMatchObject({ complete: false, unsized: expect.any(Number) });
    expect(selection.unsized).toBeGreaterThan(1000);
    expect(chosen(selection)).toEqual(['a']);
    expect(selection.chosen[0]?.serves.map((gain) => gain.fingerprint)).toEqual([one]);
  });

  it('asks no more than it may', async () => {
    const selection = await search({ allowance: { timeMs: null, plannerCalls: 5 } });
    expect(selection.plannerCalls).toBe(5);
    expect(chosen(selection)).toEqual(['a', 'b']);
  });
});
