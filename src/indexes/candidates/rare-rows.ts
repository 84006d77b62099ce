import { quoteIdent, quoteLiteral } from '../../base/quote.js';
import type { ColumnStatistics, Statistics } from '../../model/statistics.js';
import type { Predicate } from '../../sql/use-types.js';
import type { TableUse } from './candidates.js';
import { columnStatistics, constantTexts, distinctValues, frequencyOf, selectivity } from './selectivity.js';

/** Conditions that the same few rows meet each time: what a partial index is made of. */
export interface RareRows {
  /** Condition of the index, as SQL with bare column names. */
  readonly where: string;
  /** Share of the table's rows that meet it, 0 to 1, from the statistics (`estimated`). */
  readonly fraction: number;
  /** Columns of the condition. */
  readonly columns: readonly string[];
  /** Those of them of which the condition says all that the statement asks: they make no key. */
  readonly settled: readonly string[];
  /** Those of them that hold the same in all of these rows. */
  readonly single: readonly string[];
  /** Those of them that are NULL in all of these rows. */
  readonly nulls: readonly string[];
}

/** Beyond this share a whole index serves as well, and serves more statements. */
export const MOST_RARE = 0.15;

/**
 * The rare rows that one use asks for each time, by condition. Constants only (`status = 'pending'`, `status IN (...)`, `status <> 'done'`, `deleted_at IS NOT NULL`, a boolean), with the
 * values' frequencies in the statistics; of values only a rare choice of a few; a comparison with a column that is nearly always NULL implies IS NOT NULL (manual, "Partial Indexes").
 * Conditions that pick few rows each are one more together, with the flags beside them; where none does alone, all that leave at most half may do so together.
 */
export function rareRows(tableUse: TableUse, statistics: Statistics): readonly RareRows[] {
  const { predicates } = tableUse.use;
  const found = distinct(predicates.flatMap((predicate) => impliesNotNull(predicate, tableUse, statistics) ?? []));
  const fixed = distinct(predicates.flatMap((predicate) => fixedRows(predicate, tableUse, statistics) ?? []));
  const rare = [...found, ...fixed.filter((one) => one.fraction <= MOST_RARE)];
  if (rare.length > 0) {
    // With what a flag says in its condition the index answers by itself, and the table's rows need not be read for it.
    const flags = fixed.filter((one) => one.isFlag && one.fraction > MOST_RARE);
    const all = [...rare, ...flags];
    return all.length > 1 ? [...rare, together(all)] : rare;
  }
  const few = fixed.filter((one) => one.fraction <= MOST_TOGETHER);
  const all = together(few);
  return few.length < 2 || all.fraction > MOST_RARE ? [] : [all];
}

function distinct<T extends RareRows>(conditions: readonly T[]): readonly T[] {
  return [...new Map(conditions.map((one) => [one.where, one])).values()];
}

function together(conditions: readonly RareRows[]): RareRows {
  return {
    where: conditions.map((one) => one.where).join(' AND '),
    fraction: conditions.reduce((product, one) => product * one.fraction, 1),
    columns: conditions.flatMap((one) => one.columns),
    settled: conditions.flatMap((one) => one.settled),
    single: conditions.flatMap((one) => one.single),
    nulls: conditions.flatMap((one) => one.nulls),
  };
}

/** A condition with constants. */
interface FixedRows extends RareRows {
  /** `deleted_at IS NULL` and booleans, which a statement asks for in the same way each time. */
  readonly isFlag: boolean;
}

/** A condition that leaves more rows makes a partial index hardly smaller. */
const MOST_TOGETHER = 0.5;

function impliesNotNull(predicate: Predicate, { table }: TableUse, statistics: Statistics): RareRows | null {
  const { column, branch, kind } = predicate;
  if (column === null || branch !== null || kind === 'is-null' || kind === 'inequality') return null;
  const facts = columnStatistics(statistics, table, column);
  const notNull = 1 - (facts?.nullFraction ?? 0);
  return notNull > MOST_RARE
    ? null
    : {
        where: `${quoteIdent(column)} IS NOT NULL`,
        fraction: notNull,
        columns: [column],
        settled: [],
        single: [],
        nulls: [],
      };
}

/** The rows of a condition with constants of which the statistics tell the share; null where they do not, or where others will be asked for. */
function fixedRows(predicate: Predicate, { table, rows }: TableUse, statistics: Statistics): FixedRows | null {
  const { column, branch, sql, kind } = predicate;
  if (column === null || branch !== null || sql === null || !CONSTANT.has(kind)) return null;
  const facts = columnStatistics(statistics, table, column);
  if (!facts || (kind === 'is-null' ? false : 1 - facts.nullFraction <= MOST_RARE)) return null;
  const values = predicate.value.kind === 'constant' ? constantTexts(predicate.value.sql) : [];
  if (values === null || values.some((value) => frequencyOf(facts, value) === null)) return null;
  const fraction = selectivity(predicate, table, statistics, rows);
  if (fraction <= 0 || (values.length > 0 && !isRareChoice(predicate, facts, { fraction, rows, values }))) return null;
  const isSingle = kind !== 'list' && kind !== 'inequality';
  // A view has `= ANY (ARRAY[...])` where a statement has IN: one index serves both.
  const where = kind === 'list' ? `${quoteIdent(column)} IN (${values.map(quoteLiteral).join(', ')})` : sql;
  return {
    where,
    fraction,
    columns: [column],
    settled: [column],
    single: isSingle ? [column] : [],
    nulls: kind === 'is-null' ? [column] : [],
    isFlag: FLAGS.has(kind),
  };
}

/** More values than this are no states that rows pass through, and the constant is then one of many that will be asked for. */
const MOST_STATES = 50;

/** Few distinct values, and those that the condition lets through on the average at most half as frequent as all. */
function isRareChoice(
  { kind }: Predicate,
  facts: ColumnStatistics,
  { fraction, rows, values }: { readonly fraction: number; readonly rows: number; readonly values: readonly string[] },
): boolean {
  const distinct = distinctValues(facts, rows) ?? Number.POSITIVE_INFINITY;
  const passing = kind === 'inequality' ? distinct - values.length : values.length;
  return distinct <= MOST_STATES && fraction <= passing / (2 * distinct);
}

const FLAGS = new Set<Predicate['kind']>(['is-null', 'is-true', 'is-false']);
const CONSTANT = new Set<Predicate['kind']>(['equality', 'list', 'inequality', 'is-null', 'is-true', 'is-false']);
