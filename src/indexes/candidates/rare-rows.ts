import { quoteIdent } from '../../base/quote.js';
import type { ColumnStatistics, Statistics } from '../../model/statistics.js';
import type { Predicate } from '../../sql/use-types.js';
import type { TableUse } from './candidates.js';
import { columnStatistics, constantText, distinctValues, frequencyOf, selectivity } from './selectivity.js';

/** A condition that the same few rows meet each time: what a partial index is made of. */
export interface RareRows {
  /** Condition of the index, as SQL with bare column names. */
  readonly where: string;
  /** Share of the table's rows that meet it, 0 to 1, from the statistics (`estimated`). */
  readonly fraction: number;
  readonly column: string;
}

/** Beyond this share a whole index serves as well, and serves more statements. */
export const MOST_RARE = 0.15;

/**
 * The rare rows that a condition picks out; null when there are none to tell. Constants only (`status = 'pending'`, `deleted_at IS NOT NULL`, a boolean), with the value's frequency in the statistics; of equalities only those with a rare one of a few values;
 * a comparison with a column that is nearly always NULL implies IS NOT NULL (manual, "Partial Indexes").
 */
export function rareRows(predicate: Predicate, { table, rows }: TableUse, statistics: Statistics): RareRows | null {
  const { column } = predicate;
  if (column === null || predicate.branch !== null) return null;
  const facts = columnStatistics(statistics, table, column);
  if (!facts) return null;
  const notNull = 1 - facts.nullFraction;
  if (notNull <= MOST_RARE && predicate.kind !== 'is-null' && predicate.kind !== 'inequality') {
    return { where: `${quoteIdent(column)} IS NOT NULL`, fraction: notNull, column };
  }
  if (predicate.sql === null || !CONSTANT.has(predicate.kind)) return null;
  const values = predicate.value.kind === 'constant' ? [constantText(predicate.value.sql)] : [];
  const known = values.every((value) => value !== null && frequencyOf(facts, value) !== null);
  const fraction = selectivity(predicate, table, statistics, rows);
  if (predicate.kind === 'equality' && !isRareState(facts, fraction, rows)) return null;
  return known && fraction > 0 && fraction <= MOST_RARE ? { where: predicate.sql, fraction, column } : null;
}

/** More values than this are no states that rows pass through, and the constant is then one of many that will be asked for. */
const MOST_STATES = 50;

/** Few distinct values, and this one at most half as frequent as the average. */
function isRareState(facts: ColumnStatistics, fraction: number, rows: number): boolean {
  const distinct = distinctValues(facts, rows) ?? Number.POSITIVE_INFINITY;
  return distinct <= MOST_STATES && fraction <= 1 / (2 * distinct);
}

const CONSTANT = new Set<Predicate['kind']>(['equality', 'is-null', 'is-true', 'is-false']);
