import type { Candidate } from '../../src/indexes/candidates/candidates.js';
import { columnKey, indexSpec } from '../../src/indexes/candidates/candidates.js';
import type { IndexSelection, SelectionInput } from '../../src/indexes/selection/selection-types.js';
import { engine, nameOf } from './fake-planner.js';
import type { Fake } from './fake-planner.js';
import { aColumn, aSnapshot, aStatement, aTable } from './snapshot.js';

/** Of the one table there is. */
export const COLUMNS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const table = aTable('t', { columns: COLUMNS.map((name) => aColumn(name)) });

/** A search over the fake database, whose candidates are given by their columns. */
export function selectionInput(
  fake: Fake,
  keys: readonly string[],
  more: Partial<SelectionInput> = {},
): SelectionInput {
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

/** By their columns. */
export const chosen = (selection: IndexSelection): string[] =>
  selection.chosen.map((one) => nameOf(one.spec)).toSorted();
/** One that asks for these columns. */
export const statement = (...columns: readonly string[]): string =>
  `SELECT 1 FROM t WHERE ${columns.map((column) => `${column} = 1`).join(' AND ')}`;
