import { beforeAll, describe, expect, it } from 'vitest';
import { engine, nameOf, random } from '../../../test/support/fake-planner.js';
import type { Fake, FakePlan } from '../../../test/support/fake-planner.js';
import { aColumn, aKey, aSnapshot, aStatement, aTable, anIndex } from '../../../test/support/snapshot.js';
import type { WorkloadStatement } from '../../model/workload.js';
import { loadParser } from '../../sql/parse.js';
import { columnKey, indexSpec } from '../candidates/candidates.js';
import { cutLightest, mergeAlike } from './compression.js';
import { GAP_ENOUGH } from './improve.js';
import { statementValues } from './objective.js';
import { selectIndexes } from './selection.js';
import type { SelectionInput, SelectionObjective } from './selection-types.js';

const COLUMNS = ['a', 'b', 'c', 'd', 'e', 'f'];
const TABLES = Array.from({ length: 50 }, (_, at) =>
  aTable(`t${at}`, { columns: COLUMNS.map((name) => aColumn(name)) }),
);
const [table] = TABLES.map((one) => ({ ...one, name: 't' }));

beforeAll(() => loadParser());

function merge(statements: readonly WorkloadStatement[]): ReturnType<typeof mergeAlike> {
  const tables = [...TABLES, ...(table ? [table] : [])];
  return mergeAlike(aSnapshot({ tables, statements }).catalog, statements);
}

function input(fake: Fake, statements: readonly WorkloadStatement[], more: Partial<SelectionInput>): SelectionInput {
  if (!table) throw new RangeError('no table');
  const snapshot = aSnapshot({ tables: [table], indexes: fake.indexes ?? [], statements });
  return {
    snapshot,
    whatIf: engine(fake),
    candidates: COLUMNS.map((column) => ({
      spec: indexSpec(snapshot.catalog, table, { keys: [columnKey(column)] }),
      table,
      for: [],
    })),
    storageBytes: null,
    objective: 'sum',
    allowance: { timeMs: null, plannerCalls: null },
    now: () => 0,
    ...more,
  };
}

describe('merging', () => {
  it('adds up calls and time under the heaviest', () => {
    const merged = merge([
      aStatement('SELECT a FROM t WHERE b = $1', { calls: 10, meanMs: 1 }),
      aStatement('SELECT a + 1 FROM t AS x WHERE b = $1', { calls: 2, meanMs: 50 }),
      aStatement('SELECT a FROM t WHERE c = $1', { calls: 5, meanMs: 3 }),
    ]);
    expect(merged.map((one) => [one.fingerprint, one.calls, one.members.length])).toEqual([
      ['SELECT a + 1 FROM t AS x WHERE b = $1', 12, 2],
      ['SELECT a FROM t WHERE c = $1', 5, 1],
    ]);
    expect(merged.map((one) => one.calls * (one.meanMs ?? 0))).toEqual([expect.closeTo(110, 9), 15]);
  });

  it('goes by calls, and claims no time, where one was not measured', () => {
    const merged = merge([
      aStatement('SELECT a FROM t WHERE b = $1', { calls: 10, meanMs: null }),
      aStatement('SELECT a + 1 FROM t WHERE b = $1', { calls: 2, meanMs: 50 }),
    ]);
    expect(merged).toMatchObject([{ fingerprint: 'SELECT a FROM t WHERE b = $1', calls: 12, meanMs: null }]);
  });

  it.each([
    ['what is computed', 'SELECT a FROM t WHERE b = $1', 'SELECT a * 2 FROM t WHERE b = $1', 1],
    ['an alias', 'SELECT a FROM t WHERE b = $1', 'SELECT x.a FROM t x WHERE x.b = $1', 1],
    ['the limit', 'SELECT a FROM t ORDER BY b LIMIT 5', 'SELECT a FROM t ORDER BY b LIMIT 7', 1],
    ['the order of joins', 'SELECT 1 FROM t JOIN t1 ON t1.a = t.b', 'SELECT 2 FROM t1 JOIN t ON t1.a = t.b', 1],
    ['another table', 'SELECT a FROM t1 WHERE b = $1', 'SELECT a FROM t2 WHERE b = $1', 2],
    ['another column', 'SELECT a, b, c FROM t WHERE b = $1', 'SELECT a, b, c FROM t WHERE c = $1', 2],
    ['another role of the column', 'SELECT a FROM t WHERE b = $1', 'SELECT a FROM t WHERE b > $1', 2],
    ['a constant', 'SELECT a FROM t WHERE b = 1', 'SELECT a + 1 FROM t WHERE b = 2', 2],
    ['a column more', 'SELECT a FROM t WHERE b = $1', 'SELECT a, c FROM t WHERE b = $1', 2],
    ['the order', 'SELECT a FROM t ORDER BY b', 'SELECT a FROM t ORDER BY b DESC', 2],
    ['a group', 'SELECT b FROM t ORDER BY b', 'SELECT b FROM t GROUP BY b', 2],
    ['the join', 'SELECT 1 FROM t JOIN t1 ON t1.a = t.b', 'SELECT 1 FROM t JOIN t1 ON t1.b = t.a', 2],
    ['no table', 'SELECT 1', 'SELECT 2 + 3', 2],
    ['no SQL', 'SELECT FROM FROM', 'SELECT FROM WHERE', 2],
  ])('%s', (_, one, two, groups) => {
    expect(merge([aStatement(one), aStatement(two)])).toHaveLength(groups);
  });

  it('does not mix kinds', () => {
    const sql = 'SELECT a FROM t WHERE b = $1';
    expect(merge([aStatement(sql), aStatement(sql, { fingerprint: 'other', kind: 'other' })])).toHaveLength(2);
  });
});

it('of equal weights the first are kept, in the order in which they came', () => {
  const all = merge(['a', 'b', 'c', 'd'].map((column) => aStatement(`SELECT 1 FROM t WHERE ${column} = $1`)));
  const { kept, leftOut } = cutLightest(all, [1, 2, 1, 3], 3);
  expect([kept, leftOut].map((some) => some.map((one) => all.indexOf(one)))).toEqual([[0, 1, 3], [2]]);
});

interface Case {
  readonly objective: SelectionObjective;
  readonly measured: boolean;
}

/** Twelve statements over six columns; none asks for the same as another. */
function instance(seed: number, { measured }: Case): { fake: Fake; statements: readonly WorkloadStatement[] } {
  const next = random(seed);
  const plans: Record<string, FakePlan[]> = {};
  const statements = Array.from({ length: 12 }, (_, number) => {
    const sql = `SELECT 1 FROM t WHERE ${COLUMNS.map((column) => `${column} = ${number}`).join(' AND ')}`;
    const base = 100 + Math.floor(next() * 900);
    const ways = Array.from({ length: 4 }, (): FakePlan => [
      COLUMNS.filter(() => next() < 0.3).slice(0, 2),
      Math.max(1, Math.floor(base * next())),
    ]);
    plans[sql] = [[[], base], ...ways];
    return aStatement(sql, { calls: 1 + Math.floor(next() * 50), meanMs: measured ? 1 + next() * 20 : null });
  });
  const sizes = Object.fromEntries(COLUMNS.map((column) => [column, 1 + Math.floor(next() * 30)]));
  return { fake: { plans, sizes }, statements };
}

describe('the bound against every choice there is', () => {
  const cases = [1, 2, 3, 4, 5, 6].flatMap((seed) =>
    (['sum', 'robust'] as const).flatMap((objective) =>
      [true, false].map((measured) => ({ seed, objective, measured })),
    ),
  );
  it.each(cases)('$objective, measured: $measured, instance $seed', async (one) => {
    const { fake, statements } = instance(one.seed, one);
    const storageBytes = 35e6;
    const costs = (set: readonly string[]): number[] =>
      statements.map(({ sql }) =>
        Math.min(
          ...(fake.plans[sql] ?? []).filter(([needs]) => needs.every((key) => set.includes(key))).map((way) => way[1]),
        ),
      );
    const present = costs([]);
    const values = statementValues(
      statements.map(({ calls, meanMs }, at) => ({ calls, meanMs, cost: present[at] ?? 0 })),
      one.objective,
    );
    const whole = (set: readonly string[]): number =>
      costs(set).reduce((sum, cost, at) => sum + (values[at]?.(cost) ?? 0), 0) / 100;
    const sets = Array.from({ length: 2 ** COLUMNS.length }, (_, bits) =>
      COLUMNS.filter((_column, at) => ((bits >> at) & 1) === 1),
    ).filter((set) => set.reduce((sum, column) => sum + (fake.sizes?.[column] ?? 0), 0) * 1e6 <= storageBytes);
    const best = Math.min(...sets.map(whole));

    const selection = await selectIndexes(
      input(fake, statements, { storageBytes, mostStatements: 5, objective: one.objective }),
    );
    const share = selection.compression?.boundShare ?? Number.NaN;
    const real = whole(selection.chosen.map((chosen) => nameOf(chosen.spec)));
    expect(selection.compression).toMatchObject({ statements: 12, kept: 5, merged: 0, leftOut: 7 });
    // The seven lightest of twelve hold something, and less than their part in the number.
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(7 / 12);
    expect(real).toBeLessThanOrEqual(best + share + 2 * GAP_ENOUGH);
    expect(real).toBeLessThanOrEqual(selection.objective + 1e-9);
    expect(selection.objective - share).toBeLessThanOrEqual(real + 1e-9);
    expect(selection.bound).toBeLessThanOrEqual(best + 1e-9);
    expect(selection.gap).toBeCloseTo((selection.objective - selection.bound) / selection.objective, 9);
  });
});

/** Asks for a, b, and c in turn, each at 100 without an index on it and at 10 with it; heavier ones first. */
function three(indexes: Fake['indexes'] = []): { fake: Fake; statements: readonly WorkloadStatement[] } {
  const sqls = ['a', 'b', 'c'].map((column) => [column, `SELECT 1 FROM t WHERE ${column} = $1`] as const);
  const plans = Object.fromEntries(
    sqls.map(([column, sql]): [string, readonly FakePlan[]] => [
      sql,
      [
        [[], 100],
        [[column], 10],
      ],
    ]),
  );
  return { fake: { plans, indexes }, statements: sqls.map(([, sql], at) => aStatement(sql, { calls: 30 - 10 * at })) };
}

describe('a search of a compressed workload', () => {
  const timed = (statements: readonly WorkloadStatement[]): WorkloadStatement[] =>
    statements.map((one) => ({ ...one, meanMs: 1 }));

  it('asks about measured representatives alone, and says so', async () => {
    const { fake, statements } = three();
    const whatIf = engine(fake);
    const asked = new Set<string>();
    const watched: SelectionInput['whatIf'] = {
      ...whatIf,
      cost: (fingerprints, change) => {
        for (const one of fingerprints) asked.add(one);
        return whatIf.cost(fingerprints, change);
      },
    };
    const selection = await selectIndexes(input(fake, timed(statements), { whatIf: watched, mostStatements: 2 }));
    expect([...asked].toSorted()).toEqual(statements.slice(0, 2).map((one) => one.fingerprint));
    expect(selection.compression).toEqual({
      statements: 3,
      kept: 2,
      merged: 0,
      leftOut: 1,
      boundShare: expect.closeTo(1 / 6, 9),
    });
    expect(selection.chosen.map((one) => nameOf(one.spec)).toSorted()).toEqual(['a', 'b']);
    expect(selection.objective).toBeCloseTo((5 / 6) * 0.1 + 1 / 6, 9);
  });

  it('a merged statement weighs with the one that stands for it', async () => {
    const { fake, statements } = three();
    const twin = aStatement('SELECT 2 FROM t WHERE c = $1', { calls: 40, meanMs: 1 });
    const plans = { ...fake.plans, [twin.sql]: fake.plans['SELECT 1 FROM t WHERE c = $1'] ?? [] };
    const selection = await selectIndexes(
      input({ plans }, [...timed(statements), twin], { mostStatements: 1, storageBytes: 10e6 }),
    );
    expect(selection.compression).toEqual({ statements: 4, kept: 1, merged: 1, leftOut: 2, boundShare: 0.5 });
    expect(selection.chosen.map((one) => nameOf(one.spec))).toEqual(['c']);
    expect(selection.chosen[0]?.gainInSet).toBeCloseTo(0.45, 9);
  });

  it('lets no existing index go that one left out may need', async () => {
    const { fake, statements } = three([anIndex('t_c', 't', [aKey('c')])]);
    const writeShare = (): number => 0.2;
    const more = { writeShare, candidates: [] };
    const all = await selectIndexes(input(fake, timed(statements).slice(0, 2), more));
    expect(all.drop).toHaveLength(1);
    expect((await selectIndexes(input(fake, timed(statements), { ...more, mostStatements: 2 }))).drop).toEqual([]);
  });

  it('leaves alone a workload that is small enough, or one that is never to be compressed', async () => {
    const { fake, statements } = three();
    for (const mostStatements of [3, null, undefined]) {
      const selection = await selectIndexes(
        input(fake, statements, mostStatements === undefined ? {} : { mostStatements }),
      );
      expect([selection.compression, selection.statements.length]).toEqual([null, 3]);
    }
  });

  it('asks a large workload as far as a share of the allowance goes, the heaviest first', async () => {
    const statements = Array.from({ length: 1200 }, (_, number) =>
      aStatement(`SELECT ${number} FROM t WHERE ${COLUMNS[number % 6]} = ${number}`, { calls: 1 + number, meanMs: 1 }),
    );
    const fake = { plans: Object.fromEntries(statements.map(({ sql }): [string, FakePlan[]] => [sql, [[[], 100]]])) };
    const few = { candidates: [], allowance: { timeMs: null, plannerCalls: 3600 } };
    const { compression, skipped } = await selectIndexes(input(fake, statements, few));
    // Calls of 1 to 120 are left out, of 1 to 1,200 in all.
    const boundShare: unknown = expect.closeTo((120 * 121) / (1200 * 1201), 9);
    expect(compression).toEqual({ statements: 1200, kept: 1080, merged: 0, leftOut: 120, boundShare });
    expect(skipped).toEqual([]);
    const plenty = { candidates: [], allowance: { timeMs: null, plannerCalls: 36_000 } };
    expect((await selectIndexes(input(fake, statements, plenty))).compression).toBeNull();
  });

  it('claims no bound where not all could be weighed', async () => {
    const { fake, statements } = three();
    const allowance = { timeMs: null, plannerCalls: 6 };
    const selection = await selectIndexes(input(fake, statements, { mostStatements: 1, allowance }));
    expect(selection.compression).toEqual({ statements: 3, kept: 1, merged: 0, leftOut: 2, boundShare: null });
    expect(selection.skipped).toEqual([statements[2]?.fingerprint]);
    expect(selection.chosen.map((one) => nameOf(one.spec))).toEqual(['a']);
  });

  it('bounds what those that were not weighed hold by their calls, where logarithms count most', async () => {
    const { fake, statements } = three();
    const allowance = { timeMs: null, plannerCalls: 6 };
    const more = { mostStatements: 1, allowance, objective: 'robust' } as const;
    const { compression, objective, skipped } = await selectIndexes(input(fake, statements, more));
    expect(compression).toMatchObject({ kept: 1, leftOut: 2 });
    expect(skipped).toEqual([statements[2]?.fingerprint]);
    // All weigh a third by calls, the two that were asked a half by cost; one range and the plain sum make the whole.
    const range = Math.log(1e6);
    const left = ((2 / 3) * range + 1 / 2) / (range + 1);
    expect(compression?.boundShare).toBeCloseTo(left + 2 / (range + 1), 9);
    expect(objective).toBeCloseTo(left + ((range + Math.log(0.1)) / 3 + 0.1 / 2) / (range + 1), 9);
  });
});

it('10,000 shapes come down to what they ask for', () => {
  const statements = Array.from({ length: 10_000 }, (_, number) => {
    const [one, two] = [COLUMNS[number % 6], COLUMNS[(number + 1 + (number % 4)) % 6]];
    const sql = `SELECT f + ${number} FROM t${number % 50} WHERE ${one} = $1 AND ${two} > $2 ORDER BY e LIMIT 10`;
    return aStatement(sql, { calls: 1 + (number % 97), meanMs: 1 + (number % 13) });
  });
  const merged = merge(statements);
  // A shape is its number's rest by 50 tables and by 12, which says both columns: 300.
  expect(merged).toHaveLength(300);
  const time = (some: readonly { readonly calls: number; readonly meanMs: number | null }[]): number =>
    some.reduce((sum, one) => sum + one.calls * (one.meanMs ?? 0), 0);
  expect(time(merged)).toBeCloseTo(time(statements), 4);
  expect(new Set(merged.flatMap((one) => one.members)).size).toBe(10_000);
  const some = statements.slice(0, 1000);
  expect(merge(some)).toEqual(merge(some));
}, 120_000);
