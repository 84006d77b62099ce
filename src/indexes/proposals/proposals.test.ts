import { describe, expect, test } from 'vitest';
import { aColumn, anIndex, aSnapshot, aStatement, aTable } from '../../../test/support/snapshot.js';
import { engine, nameOf } from '../../../test/support/fake-planner.js';
import type { Fake, FakePlan } from '../../../test/support/fake-planner.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { IndexWhatIf } from '../../model/what-if.js';
import type { WorkloadStatement } from '../../model/workload.js';
import { columnKey, indexSpec } from '../candidates/candidates.js';
import { proposeIndexes, wasCutShort } from './proposals.js';
import type { Proposals } from './proposals.js';

const LIMITS = { minRows: 1000, minPages: 10, minBrinPages: 10_000, storageBytes: null, refuted: [], searchMs: null };
const t = aTable('t', { columns: ['a', 'b', 'c'].map((name) => aColumn(name)) });
const onA = 'SELECT * FROM t WHERE a = 1';
const onB = 'SELECT * FROM t WHERE b = 1';
const onBoth = 'SELECT * FROM t WHERE a = 1 AND b = 1';
const SIZES = { a: 0.1, b: 0.1, 'a,b': 0.2, 'b,a': 0.2 };

/** Fingerprints are the statements' texts, as the fake planner wants them. */
function snapshotOf(statements: readonly WorkloadStatement[], indexes: Fake['indexes'] = []): Snapshot {
  return aSnapshot({ tables: [t], indexes, statements });
}

function read(sql: string): WorkloadStatement {
  return aStatement(sql, { fingerprint: sql });
}

const names = ({ indexes }: Proposals): string[] => indexes.map((one) => nameOf(one.candidate.spec));

const plans: Record<string, readonly FakePlan[]> = {
  [onA]: [
    [[], 1000],
    [['a'], 10],
  ],
  [onB]: [
    [[], 1000],
    [['b'], 100],
  ],
};

describe('proposals', () => {
  test('are the best set, the greatest loss without it first', async () => {
    const found = await proposeIndexes(snapshotOf([read(onA), read(onB)]), engine({ plans, sizes: SIZES }), LIMITS);
    expect(names(found)).toEqual(['a', 'b']);
    expect(found.indexes[0]).toMatchObject({
      changes: [{ fingerprint: onA, before: 1000, after: 10 }],
      sizeBytes: 100_000,
    });
    expect(found.costSource).toBe('what-if planner cost');
    expect(found.gap).toBeLessThan(0.01);
  });

  test.each([
    ['few statements are proved', 40, true],
    ['of many no more than what all candidates together would leave', 41, false],
  ])('from guesses: %s', async (_, count, isProved) => {
    const statements = Array.from({ length: count }, (_one, at) => read(`${at % 2 === 0 ? onA : onB} AND id > ${at}`));
    const both = await proposeIndexes(snapshotOf(statements), null, LIMITS);
    expect(names(both).toSorted()).toEqual(['a', 'b']);
    expect(both.gap).toBeLessThan(0.02);
    // Room for one of them.
    const found = await proposeIndexes(snapshotOf(statements), null, { ...LIMITS, storageBytes: 3e6 });
    expect(names(found)).toHaveLength(1);
    if (isProved) expect(found.gap).toBeLessThan(0.02);
    else expect(found.gap).toBeGreaterThan(0.1);
  });

  test('are searched once for a snapshot, and anew for another, other limits, or without the engine', async () => {
    const planner = engine({ plans, sizes: SIZES });
    const statements = [read(onA), read(onB)];
    const snapshot = snapshotOf(statements);
    const first = await proposeIndexes(snapshot, planner, LIMITS);
    const { asked } = planner;
    expect(asked).toBeGreaterThan(0);
    expect(await proposeIndexes(snapshot, planner, { ...LIMITS })).toBe(first);
    expect(planner.asked).toBe(asked);
    expect(await proposeIndexes(snapshot, null, LIMITS)).not.toBe(first);
    const again = await proposeIndexes(snapshotOf(statements), engine({ plans, sizes: SIZES }), LIMITS);
    expect(again).not.toBe(first);
    expect(again.indexes).toEqual(first.indexes);
    await proposeIndexes(snapshot, planner, { ...LIMITS, storageBytes: 150_000 });
    expect(planner.asked).toBeGreaterThan(asked);
  });

  test('fit the storage that is left', async () => {
    const whatIf = engine({ plans, sizes: SIZES });
    const found = (storageBytes: number): Promise<Proposals> =>
      proposeIndexes(snapshotOf([read(onA), read(onB)]), whatIf, { ...LIMITS, storageBytes });
    expect(names(await found(150_000))).toEqual(['a']);
    expect(names(await found(50_000))).toEqual([]);
  });

  test('say whether the time ended the search', async () => {
    const snapshot = snapshotOf([read(onA), read(onB)]);
    expect(await wasCutShort(snapshot)).toBe(false);
    const planner = engine({ plans, sizes: SIZES });
    const cut = await proposeIndexes(snapshot, planner, { ...LIMITS, searchMs: 0 });
    expect(cut).toMatchObject({ indexes: [], cutShort: true });
    expect(await wasCutShort(snapshot)).toBe(true);
    const whole = snapshotOf([read(onA), read(onB)]);
    expect(await proposeIndexes(whole, planner, { ...LIMITS, searchMs: 1e9 })).toMatchObject({ cutShort: false });
    expect(await wasCutShort(whole)).toBe(false);
  });

  test('leave out what was refuted, and take what comes next', async () => {
    const both: Fake = {
      plans: {
        [onBoth]: [
          [[], 1000],
          [['a'], 50],
          [['b'], 10],
        ],
      },
      sizes: SIZES,
    };
    const snapshot = snapshotOf([read(onBoth)]);
    const [first] = (await proposeIndexes(snapshot, engine(both), LIMITS)).indexes;
    expect(first && nameOf(first.candidate.spec)).toBe('b');
    expect(first?.variants.map((one) => nameOf(one.spec))).toContain('a');
    const refuted = [indexSpec(snapshot.catalog, t, { keys: [columnKey('b')] })];
    expect(names(await proposeIndexes(snapshot, engine(both), { ...LIMITS, refuted }))).toEqual(['a']);
  });

  test('leave an index alone that wins nothing without another one', async () => {
    const together: Fake = {
      plans: {
        [onBoth]: [
          [[], 1000],
          [['a'], 500],
          [['a', 'b'], 10],
        ],
      },
      sizes: SIZES,
    };
    expect(names(await proposeIndexes(snapshotOf([read(onBoth)]), engine(together), LIMITS))).toEqual(['a']);
    const indexes = [anIndex('t_a_idx', 't', ['a'])];
    const later = proposeIndexes(
      snapshotOf([read(onBoth)], indexes),
      engine({ ...together, indexes: [anIndex('t_a_idx', 't', ['a'])] }),
      LIMITS,
    );
    expect(names(await later)).toEqual(['b']);
  });

  test('let existing indexes be, whatever the storage', async () => {
    const indexes = [anIndex('t_c_idx', 't', ['c'])];
    const base = engine({ plans, sizes: SIZES, indexes });
    const drops: (readonly string[])[] = [];
    const planner: IndexWhatIf = {
      ...base,
      cost: (fingerprints, change) => {
        drops.push(change.drop);
        return base.cost(fingerprints, change);
      },
    };
    const found = await proposeIndexes(snapshotOf([read(onA)], indexes), planner, { ...LIMITS, storageBytes: 0 });
    expect(names(found)).toEqual([]);
    expect(drops.flat()).toEqual([]);
  });

  test('have to win more where rows are written all the time', async () => {
    const modest: Record<string, readonly FakePlan[]> = {
      [onA]: [
        [[], 1000],
        [['a'], 700],
      ],
    };
    const write = 'INSERT INTO t VALUES (1, 2, 3)';
    const found = (rows: number): Promise<Proposals> =>
      proposeIndexes(
        snapshotOf([read(onA), aStatement(write, { fingerprint: write, rows })]),
        engine({ plans: { ...modest, [write]: [[[], 1]] }, sizes: SIZES }),
        LIMITS,
      );
    expect(names(await found(100))).toEqual(['a']);
    expect(names(await found(1_000_000))).toEqual([]);
  });

  test('are none for an empty database and for a workload that nothing is known of', async () => {
    expect(await proposeIndexes(aSnapshot({ tables: [], statements: [] }), null, LIMITS)).toMatchObject({
      indexes: [],
      gap: 0,
    });
    const unplannable = engine({ plans: {} });
    expect(names(await proposeIndexes(snapshotOf([read(onA)]), unplannable, LIMITS))).toEqual([]);
  });
});
