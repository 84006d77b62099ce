import { beforeAll, describe, expect, it } from 'vitest';
import { aColumn, aKey, aSnapshot, aStatement, aTable, anIndex } from '../../../test/support/snapshot.js';
import { costOf, engine, nameOf, random } from '../../../test/support/fake-planner.js';
import type { Fake, FakePlan } from '../../../test/support/fake-planner.js';
import type { IndexSpec } from '../../model/action.js';
import { loadParser } from '../../sql/parse.js';
import { columnKey, indexSpec } from '../candidates/candidates.js';
import type { Candidate } from '../candidates/candidates.js';
import { GAP_ENOUGH } from './improve.js';
import { selectIndexes } from './selection.js';
import type { IndexSelection, SelectionInput } from './selection-types.js';

const COLUMNS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const table = aTable('t', { columns: COLUMNS.map((name) => aColumn(name)) });

beforeAll(() => loadParser());

function input(fake: Fake, keys: readonly string[], more: Partial<SelectionInput> = {}): SelectionInput {
  const statements = Object.keys(fake.plans).map((sql) => aStatement(sql, { calls: 1 }));
  const snapshot = aSnapshot({ tables: [table], indexes: fake.indexes ?? [], statements });
  const candidates = keys.map((one): Candidate => ({
    spec: indexSpec(snapshot.catalog, table, { keys: one.split(',').map((column) => columnKey(column)) }),
    table,
    for: [],
  }));
  return {
    snapshot,
    whatIf: engine(fake),
    candidates,
    storageBytes: null,
    objective: 'sum',
    allowance: { timeMs: null, plannerCalls: null },
    now: () => 0,
    ...more,
  };
}

const chosen = (selection: IndexSelection): string[] => selection.chosen.map((one) => nameOf(one.spec)).toSorted();
const statement = (...columns: readonly string[]): string =>
  `SELECT 1 FROM t WHERE ${columns.map((column) => `${column} = 1`).join(' AND ')}`;

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
    const selection = await selectIndexes(input({ plans, sizes }, COLUMNS, { storageBytes }));
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
        input({ plans, sizes }, COLUMNS, { storageBytes, allowance: { timeMs: null, plannerCalls } }),
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
    const selection = await selectIndexes(input(two, ['a', 'b']));
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
    const selection = await selectIndexes(input(two, ['a', 'b'], { storageBytes: 10e6, curveBytes: [0, 5e6, 20e6] }));
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
      return chosen(await selectIndexes(input({ plans, sizes }, ['a', 'a,b'], { preferSmall: true, ...more })));
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
    expect(chosen(await selectIndexes(input(together, ['a', 'b', 'c'])))).toEqual(['a', 'b']);
  });

  it('proves that nothing is to be had without candidates', async () => {
    const selection = await selectIndexes(input({ plans: { [statement('a')]: [[[], 100]] } }, []));
    expect(selection).toMatchObject({ chosen: [], objective: 1, complete: true });
    expect(selection.bound).toBeCloseTo(1, 5);
  });

  it('is the same each time', async () => {
    const once = await selectIndexes(input(two, ['a', 'b', 'c']));
    expect(await selectIndexes(input(two, ['a', 'b', 'c']))).toEqual(once);
  });

  it('leaves out an index whose writes cost more than it wins', async () => {
    const writeShare = (index: IndexSpec | { existing: string }): number =>
      'keys' in index && nameOf(index) === 'b' ? 0.4 : 0.1;
    expect(chosen(await selectIndexes(input(two, ['a', 'b'], { writeShare })))).toEqual(['a']);
  });

  it('never asks more than it may, and says that it was cut off', async () => {
    const whatIf = engine(two);
    const selection = await selectIndexes(
      input(two, ['a', 'b'], { whatIf, allowance: { timeMs: null, plannerCalls: 3 } }),
    );
    expect(whatIf.asked).toBe(3);
    expect(selection).toMatchObject({ complete: false, plannerCalls: 3 });
    expect(selection.objective).toBeLessThanOrEqual(1);
  });

  it('gives what it has when it is called off, or its time is over', async () => {
    const signal = AbortSignal.abort();
    expect(await selectIndexes(input(two, ['a'], { signal }))).toMatchObject({ complete: false, chosen: [] });
    let ms = 0;
    const late = input(two, ['a', 'b'], { now: () => (ms += 10), allowance: { timeMs: 45, plannerCalls: null } });
    expect((await selectIndexes(late)).complete).toBe(false);
    const atOnce = { timeMs: 10, plannerCalls: null };
    expect(await selectIndexes({ ...late, allowance: atOnce })).toMatchObject({
      complete: false,
      unsized: 2,
      chosen: [],
    });
  });

  it('lists what PostgreSQL refuses and what can not be planned', async () => {
    const selection = await selectIndexes(
      input({ plans: { ...two.plans, [statement('c')]: [] }, refused: ['b'] }, ['a', 'b']),
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
    expect(chosen(await selectIndexes(input({ plans }, ['a', 'b', 'c'], budget)))).toEqual(['c']);
    expect(chosen(await selectIndexes(input({ plans }, ['a', 'b', 'c'], { ...budget, objective: 'robust' })))).toEqual([
      'a',
    ]);
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
    return selectIndexes(input(fake, ['a', ...filling, 'b'], { whatIf, now: () => sized, ...more }));
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
    const few = await selectIndexes(input(fake, ['a', 'b']));
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

describe('existing indexes', () => {
  const primary = anIndex('t_pkey', 't', [aKey('a'), aKey('b')], { primary: true, unique: true, constraint: 't_pkey' });
  const plain = anIndex('t_c', 't', [aKey('c')], { sizeBytes: 10e6 });

  it('are not doubled by a beginning of theirs, whatever the planner thinks of it, unless that is wanted', async () => {
    const trap: Fake = {
      indexes: [primary],
      plans: {
        [statement('a')]: [
          [[], 100],
          [['a'], 85],
        ],
      },
    };
    expect(chosen(await selectIndexes(input(trap, ['a'])))).toEqual([]);
    expect(chosen(await selectIndexes(input(trap, ['a'], { allowRedundant: true })))).toEqual(['a']);
  });

  it('go when their writes cost more than they win, but never those that a rule or a foreign key rests on', async () => {
    const fake: Fake = {
      indexes: [primary, plain],
      plans: {
        [statement('c')]: [
          [[], 100],
          [['c'], 99],
        ],
      },
    };
    const writeShare = (): number => 0.2;
    const selection = await selectIndexes(input(fake, [], { writeShare }));
    expect(selection.drop).toEqual([{ index: 'public.t_c', sizeBytes: 10e6, reason: 'not-worth-it', by: null }]);
    const kept = anIndex('t_u', 't', [aKey('d')], { unique: true });
    const none = await selectIndexes(input({ ...fake, indexes: [primary, kept] }, [], { writeShare }));
    expect(none.drop).toEqual([]);
  });

  it('stay while nothing speaks against them', async () => {
    const fake: Fake = {
      indexes: [plain],
      plans: {
        [statement('d')]: [
          [[], 100],
          [['d'], 9],
        ],
      },
    };
    const selection = await selectIndexes(input(fake, ['d']));
    expect(selection.drop).toEqual([]);
    expect(chosen(selection)).toEqual(['d']);
  });

  it('give way to a wider one', async () => {
    const fake: Fake = {
      indexes: [plain],
      plans: {
        [statement('c', 'd')]: [
          [[], 100],
          [['c'], 50],
          [['c,d'], 5],
        ],
        [statement('c')]: [
          [[], 100],
          [['c'], 10],
          [['c,d'], 11],
        ],
      },
    };
    const selection = await selectIndexes(input(fake, ['c,d']));
    expect(selection.chosen.map((one) => [nameOf(one.spec), one.redundant])).toEqual([['c,d', ['public.t_c']]]);
    expect(selection.drop).toEqual([
      { index: 'public.t_c', sizeBytes: 10e6, reason: 'given', by: `public.${selection.chosen[0]?.spec.name}` },
    ]);
  });

  it('of another collation are not given by a wider one in the order of its column', async () => {
    const other = anIndex('t_c', 't', [aKey('c', { collation: 'pg_catalog.C', collationIsDefault: false })], {
      sizeBytes: 10e6,
    });
    const fake: Fake = {
      indexes: [other],
      plans: {
        [statement('c', 'd')]: [
          [[], 100],
          [['c'], 5],
          [['c,d'], 3],
        ],
      },
    };
    const wider = await selectIndexes(input(fake, ['c,d']));
    expect(wider.chosen.map((one) => [nameOf(one.spec), one.redundant])).toEqual([['c,d', []]]);
    expect(wider.drop.filter((one) => one.reason === 'given')).toEqual([]);
  });
});
