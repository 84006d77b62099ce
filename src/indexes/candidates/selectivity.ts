import { groupBy } from '../../base/group.js';
import { oncePer } from '../../base/once-per.js';
import type { RelationName, Table } from '../../model/catalog.js';
import type { ColumnStatistics, Statistics } from '../../model/statistics.js';
import type { Predicate } from '../../sql/use-types.js';

/** The statistics of a column, those of the whole tree for a partitioned table; null when never analysed. */
export function columnStatistics(statistics: Statistics, table: Table, column: string): ColumnStatistics | null {
  const rows = byColumn(statistics.columns).get(columnName(table, column)) ?? [];
  return rows.find((one) => one.inherited === (table.kind === 'p')) ?? rows[0] ?? null;
}

const byColumn = oncePer((columns: Statistics['columns']) =>
  groupBy(columns, ({ table, column }) => columnName(table, column)),
);

function columnName({ schema, name }: RelationName, column: string): string {
  return JSON.stringify([schema, name, column]);
}

/** Distinct values of a column, NULL apart, at least 1; null when not known. */
export function distinctValues(facts: ColumnStatistics | null, rows: number): number | null {
  if (!facts || facts.distinct === 0) return null;
  return Math.max(1, facts.distinct > 0 ? facts.distinct : -facts.distinct * rows);
}

/**
 * The fraction of a table's rows that meet a condition, from the column's statistics as the planner would guess it (`estimated`, 0 to 1).
 * A value that is not known counts as an average one. Conditions on expressions and operators get PostgreSQL's defaults (`selfuncs.h`).
 */
export function selectivity(predicate: Predicate, table: Table, statistics: Statistics, rows: number): number {
  const facts = predicate.column === null ? null : columnStatistics(statistics, table, predicate.column);
  const nulls = facts?.nullFraction ?? 0;
  switch (predicate.kind) {
    case 'is-null':
      return facts ? nulls : DEFAULT_UNKNOWN;
    case 'not-null':
      return facts ? 1 - nulls : 1 - DEFAULT_UNKNOWN;
    case 'is-true':
    case 'is-false':
      return frequencyOf(facts, predicate.kind === 'is-true' ? 't' : 'f') ?? 0.5;
    case 'equality':
      return equalityFraction(predicate, facts, rows);
    case 'list':
      return (
        knownFraction(predicate, facts) ?? Math.min(1, listLength(predicate) * equalityFraction(predicate, facts, rows))
      );
    case 'inequality':
      return Math.max(0, 1 - nulls - (knownFraction(predicate, facts) ?? 0));
    case 'range':
      return rangeFraction(predicate, facts) * (1 - nulls);
    case 'prefix':
    case 'pattern':
      return DEFAULT_MATCH;
    case 'contains':
    case 'operator':
      return DEFAULT_MATCH * 2;
    default:
      return 1 - nulls;
  }
}

/** The share of rows that hold this value, when the statistics name it; null when they do not. `value` is text as `pg_stats` prints it. */
export function frequencyOf(facts: ColumnStatistics | null, value: string): number | null {
  const position = facts?.commonValues.indexOf(value) ?? -1;
  return position === -1 ? null : (facts?.commonFrequencies[position] ?? null);
}

/** The text of a plain constant such as `'paid'`, `'2024-01-01'::date` or `-5`; null for anything else. */
export function constantText(sql: string): string | null {
  const quoted = /^'((?:[^']|'')*)'(?:::[\w\s".()[\]]+)?$/.exec(sql);
  if (quoted) return (quoted[1] ?? '').replaceAll("''", "'");
  const cast = /^CAST\((.*) AS [\w\s".()[\]]+\)$/s.exec(sql);
  if (cast) return constantText(cast[1] ?? '');
  if (/^true$/i.test(sql)) return 't';
  if (/^false$/i.test(sql)) return 'f';
  return /^-?\d+(?:\.\d+)?$/.test(sql) ? sql : null;
}

/** The texts of a constant, of each in a list such as `1, 2`, or in an array such as `ARRAY['a', 'b']`; null for anything else. */
export function constantTexts(sql: string): readonly string[] | null {
  const list = /^(?:CAST\()?ARRAY\[(.*)\](?:::[\w\s".]+\[\]| AS [\w\s".]+\[\]\))?$/s.exec(sql)?.[1] ?? sql;
  const texts: string[] = [];
  for (let rest = list; ; rest = rest.slice(1).trimStart()) {
    const [item] = LIST_ITEM.exec(rest) ?? [];
    const text = item === undefined ? null : constantText(item);
    if (item === undefined || text === null) return null;
    texts.push(text);
    rest = rest.slice(item.length);
    if (rest === '') return texts;
    if (!rest.startsWith(',')) return null;
  }
}

/** A string or a word, with casts. */
const LIST_ITEM =
  /^(?:CAST\('(?:[^']|'')*' AS [\w\s".()[\]]+?\)|(?:'(?:[^']|'')*'|[-\w.]+)(?:::[\w\s".()[\]]+)?)(?=,|$)/;

/** `DEFAULT_UNK_SEL`. */
const DEFAULT_UNKNOWN = 0.005;
/** `DEFAULT_MATCH_SEL`. */
const DEFAULT_MATCH = 0.005;
/** `DEFAULT_EQ_SEL`. */
const DEFAULT_EQUALITY = 0.005;
/** `DEFAULT_INEQ_SEL` and `DEFAULT_RANGE_INEQ_SEL`. */
const DEFAULT_RANGE = 1 / 3;
const DEFAULT_BETWEEN = 0.005;

function equalityFraction(predicate: Predicate, facts: ColumnStatistics | null, rows: number): number {
  const value =
    predicate.value.kind === 'constant' && predicate.kind === 'equality' ? constantText(predicate.value.sql) : null;
  const known = value === null ? null : frequencyOf(facts, value);
  if (known !== null) return known;
  const distinct = distinctValues(facts, rows);
  if (facts === null || distinct === null) return DEFAULT_EQUALITY;
  if (value === null) return (1 - facts.nullFraction) / distinct;
  const common = facts.commonFrequencies.reduce((sum, frequency) => sum + frequency, 0);
  const others = Math.max(1, distinct - facts.commonValues.length);
  return Math.max(0, 1 - facts.nullFraction - common) / others;
}

/** The share of the rows that hold one of the condition's constants, where the statistics name them all. */
function knownFraction({ value, operator }: Predicate, facts: ColumnStatistics | null): number | null {
  if (value.kind !== 'constant' || !COMPARES_WITH_EACH.has(operator)) return null;
  const shares = constantTexts(value.sql)?.map((text) => frequencyOf(facts, text)) ?? [null];
  return shares.reduce((sum, share) => (sum === null || share === null ? null : sum + share), 0);
}

/** Of lists and inequalities those that are about the equality with constants: `IN`, `= ANY`, `<>`, `NOT IN`, `<> ALL`. */
const COMPARES_WITH_EACH = new Set(['=', '= ANY', '<>', '<> ALL', '!=']);

function listLength(predicate: Predicate): number {
  if (predicate.value.kind === 'constant') return predicate.value.sql.split(',').length;
  return predicate.value.kind === 'parameter' && !predicate.operator.endsWith('ANY')
    ? Math.max(1, predicate.value.numbers.length)
    : UNKNOWN_LIST;
}

/** What the planner takes for an array it can not see (`estimate_array_length`). */
const UNKNOWN_LIST = 10;

function rangeFraction(predicate: Predicate, facts: ColumnStatistics | null): number {
  const value = predicate.value.kind === 'constant' ? constantText(predicate.value.sql) : null;
  if (value !== null && facts && facts.histogram.length > 1 && /^[<>]=?$/.test(predicate.operator)) {
    const below = facts.histogram.filter((bound) => compare(bound, value) < 0).length / facts.histogram.length;
    return Math.max(1 / facts.histogram.length / 2, predicate.operator.startsWith('<') ? below : 1 - below);
  }
  return predicate.operator === 'BETWEEN' ? DEFAULT_BETWEEN : DEFAULT_RANGE;
}

/** Numbers as numbers, everything else as text: dates print in order. */
function compare(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  return a < b ? -1 : a > b ? 1 : 0;
}
