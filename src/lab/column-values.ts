import { bareLiteral } from '../base/quote.js';
import { columnStatistics } from '../indexes/candidates/selectivity.js';
import { indexesOf } from '../model/catalog.js';
import type { Catalog, Column, Table } from '../model/catalog.js';
import type { ColumnStatistics, Statistics } from '../model/statistics.js';

/** The classes that are drawn; `given` ones come from outside. */
export type DrawnClass = 'frequent' | 'typical' | 'rare' | 'absent';

/** A column with what the planner knows about it. */
export interface KnownColumn {
  readonly table: Table;
  readonly column: Column;
  /** Null when never analysed, or not visible. */
  readonly statistics: ColumnStatistics | null;
  /** Whether a unique index holds this column alone, or a key of several of which it is the last. */
  readonly unique: boolean;
}

/** Finds a column and its statistics; the whole tree's for a partitioned table. Null when the table has no such column. */
export function knownColumn(catalog: Catalog, statistics: Statistics, table: Table, name: string): KnownColumn | null {
  const column = table.columns.find((one) => one.name === name);
  if (!column) return null;
  return {
    table,
    column,
    statistics: columnStatistics(statistics, table, name),
    unique: indexesOf(catalog, table).some((index) => index.unique && index.keys.at(-1)?.column === name),
  };
}

/**
 * A value of the column as text, to be compared for equality: `frequent` the most common one, `typical` one from the middle of the distribution,
 * `rare` the least common one that is known, `absent` one outside of all that is known. `shift` gives neighbours, for lists. Null when nothing is known to draw from, or the type has no value to spare.
 */
export function equalityValue(known: KnownColumn, drawn: DrawnClass, shift = 0): string | null {
  const { statistics } = known;
  if (drawn === 'absent') return absentValue(known, shift);
  if (!statistics) return null;
  const { commonValues, histogram } = statistics;
  const spread = histogram.length > 0 ? histogram : commonValues;
  if (drawn === 'frequent') return at(commonValues.length > 0 ? commonValues : spread, shift);
  if (drawn === 'typical') return at(spread, Math.floor(spread.length / 2) + shift);
  return histogram.length > 0
    ? at(histogram, Math.floor(histogram.length * 0.9) + shift)
    : at(commonValues, commonValues.length - 1 - shift);
}

/** The value below which about `fraction` of the rows lie, as text; null when nothing is known. */
export function valueAt(known: KnownColumn, fraction: number): string | null {
  const bounds = orderedBounds(known);
  return at(bounds, Math.min(bounds.length - 1, Math.max(0, Math.round(fraction * (bounds.length - 1)))));
}

/** A value above (or below) all that is known; null when the type has none. */
export function valueBeyond(known: KnownColumn, above: boolean): string | null {
  const bounds = orderedBounds(known);
  const [low, high] = [bounds[0], bounds.at(-1)];
  if (low === undefined || high === undefined) return null;
  if (known.column.typeCategory === 'N') return beyondNumber(Number(low), Number(high), above);
  if (isDate(known.column)) return beyondDate(above ? high : low, above ? 1 : -1);
  return above ? `${high}zz` : '';
}

/** Writes a value as SQL for this column: bare numbers and booleans, strings, and a cast only where a bare string could be taken for another type. */
export function literalFor(value: string, column: Column): string {
  if (column.typeCategory === 'N' && /^-?\d+(\.\d+)?$/.test(value)) return value;
  if (column.typeCategory === 'B') return value === 't' || value === 'true' ? 'true' : 'false';
  const text = bareLiteral(value);
  return ['D', 'T', 'A', 'R'].includes(column.typeCategory) ? `${text}::${column.type}` : text;
}

/** A value that any column of the type takes, when nothing is known about it; null for types without an obvious one. */
export function defaultValue(baseType: string, typeCategory: string): string | null {
  if (baseType === 'uuid') return '00000000-0000-4000-8000-000000000001';
  if (baseType === 'json' || baseType === 'jsonb') return '{}';
  if (baseType === 'date') return '2024-01-01';
  return { N: '1', S: 'x', B: 't', D: '2024-01-01 00:00:00', T: '1 day', A: '{}' }[typeCategory] ?? null;
}

function at(values: readonly string[], index: number): string | null {
  if (values.length === 0) return null;
  return values[((index % values.length) + values.length) % values.length] ?? null;
}

function isDate(column: Column): boolean {
  return column.typeCategory === 'D' && column.baseType !== 'time' && column.baseType !== 'timetz';
}

/** Histogram bounds are in the type's order; common values stand in for them where there are none. */
function orderedBounds(known: KnownColumn): readonly string[] {
  const { statistics, column } = known;
  if (!statistics) return [];
  if (statistics.histogram.length > 1) return statistics.histogram;
  const values = [...statistics.commonValues, ...statistics.histogram];
  if (column.typeCategory === 'N') return values.toSorted((a, b) => Number(a) - Number(b));
  return values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function absentValue(known: KnownColumn, shift: number): string | null {
  const { column } = known;
  if (column.typeCategory === 'N') {
    const all = [...(known.statistics?.commonValues ?? []), ...(known.statistics?.histogram ?? [])].map(Number);
    const high = all.length > 0 ? Math.max(...all) : 0;
    const low = all.length > 0 ? Math.min(...all) : 0;
    return beyondNumber(low, high, true, shift);
  }
  if (isDate(column)) return beyondDate(valueAt(known, 1) ?? '2024-01-01', 10 + shift);
  if (column.baseType === 'uuid') return `00000000-0000-4000-8000-${String(shift + 1).padStart(12, '0')}`;
  if (column.baseType === 'jsonb') return `{"absent": ${shift + 1}}`;
  if (column.typeCategory !== 'S') return null;
  const limit = Number(/\((\d+)\)$/.exec(column.type)?.[1] ?? 64);
  return `absent-${shift + 1}`.slice(-limit);
}

/** Far beyond the end, for tables that grow while they are measured; kept inside int4 where the values are. */
function beyondNumber(low: number, high: number, above: boolean, shift = 0): string | null {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return null;
  const step = Math.max(1000, Math.ceil(high - low));
  const value = above ? Math.floor(high) + step + shift : Math.floor(low) - step - shift;
  const [smallest, greatest] = [-2_147_483_648, 2_147_483_647];
  return String(
    high <= greatest && low >= smallest ? Math.min(greatest - shift, Math.max(smallest + shift, value)) : value,
  );
}

function beyondDate(value: string, years: number): string | null {
  const match = /^(\d{4})(-.*)$/.exec(value);
  if (!match) return null;
  return `${String(Number(match[1]) + years).padStart(4, '0')}${match[2]?.replace(/^-02-29/, '-02-28') ?? ''}`;
}
