import type { Catalog } from '../../model/catalog.js';
import type { Statistics } from '../../model/statistics.js';
import type { Predicate, SortKey, SortUse } from '../../sql/use-types.js';
import { columnKey, indexSpec } from './candidates.js';
import type { Candidate, TableUse } from './candidates.js';
import { columnStatistics, distinctValues, selectivity } from './selectivity.js';

/** What candidate keys are made from. */
export interface CandidateBasis {
  readonly catalog: Catalog;
  readonly statistics: Statistics;
}

/** How a plain btree could serve one use of a table; conditions that keep most rows are left out. */
export interface IndexableParts {
  /** Columns compared for equality with something known before the scan, most distinct first. */
  readonly equal: readonly string[];
  /** Columns that equal a column of another relation. */
  readonly joined: readonly string[];
  /** Of them those that equal one of an outer query: for each of its rows the scan begins anew, with an order of its own. */
  readonly correlated: readonly string[];
  /** Key parts of ranges and LIKE beginnings, operator class included. */
  readonly ranges: readonly string[];
  readonly sorts: readonly SortUse[];
}

/** Sorts the conditions of a use into what an index key can be made from. `skip` says which conditions another advisor takes care of. */
export function indexableParts(
  basis: CandidateBasis,
  tableUse: TableUse,
  skip: (predicate: Predicate) => boolean,
): IndexableParts {
  const { table, rows, use } = tableUse;
  const chosen = use.predicates.filter((predicate) => predicate.column !== null && !skip(predicate));
  const selective = (predicate: Predicate): boolean =>
    selectivity(predicate, table, basis.statistics, rows) < KEEPS_MOST;
  const distinct = (column: string): number =>
    distinctValues(columnStatistics(basis.statistics, table, column), rows) ?? 1;
  const pick = (wanted: (predicate: Predicate) => boolean): readonly string[] =>
    unique(chosen.filter((one) => wanted(one) && selective(one)).map((one) => one.column ?? '')).toSorted(
      (a, b) => distinct(b) - distinct(a),
    );
  const lists = pick((one) => one.kind === 'list');
  const equal = [
    ...pick((one) => isEqual(one) && one.kind !== 'list').filter((column) => !lists.includes(column)),
    ...lists,
  ];
  const ranges = chosen.filter((one) => RANGED.has(one.kind) && selective(one)).map((one) => rangeKey(one, tableUse));
  return {
    equal: equal.slice(0, MAX_EQUAL),
    joined: pick((one) => one.kind === 'equality' && one.value.kind === 'join'),
    correlated: pick((one) => one.kind === 'equality' && one.value.kind === 'join' && one.value.correlated),
    ranges: unique(ranges.filter((key) => key !== null)),
    sorts: use.sorts,
  };
}

/**
 * The parts of what all rows must meet, and of each arm of an OR beside that: no row need meet two arms, and of what several indexes find nothing keeps an order.
 */
export function partsByArm(basis: CandidateBasis, tableUse: TableUse): readonly IndexableParts[] {
  const arms = new Map<string, NonNullable<Predicate['branch']>>();
  for (const { branch } of tableUse.use.predicates)
    if (branch !== null) arms.set(`${branch.group}.${branch.arm}`, branch);
  const common = indexableParts(basis, tableUse, ({ branch }) => branch !== null);
  const ofArms = [...arms.values()].slice(0, MOST_ARMS).map((arm) => {
    const isOther = ({ branch }: Predicate): boolean =>
      branch !== null && (branch.group !== arm.group || branch.arm !== arm.arm);
    return { ...indexableParts(basis, tableUse, isOther), sorts: [] };
  });
  return [common, ...ofArms];
}

/** More arms are mostly the same column once more. */
const MOST_ARMS = 8;

/**
 * Btree candidates for one use, the most promising first, at most `most`: equality columns by distinctness, then one range or the sort;
 * join columns in front or behind; and the sort alone where only the first rows are wanted.
 */
export function btreeCandidates(
  basis: CandidateBasis,
  tableUse: TableUse,
  parts: IndexableParts,
  most: number,
): readonly Candidate[] {
  const { equal, joined, ranges } = parts;
  const equalKeys = equal.map((column) => columnKey(column));
  const joinKeys = joined.filter((column) => !equal.includes(column)).map((column) => columnKey(column));
  const sortKeys = parts.sorts.flatMap((sort) => sortedKeys(sort, equal) ?? []);
  const lists: (readonly string[])[] = [];
  if (parts.correlated.length > 0) {
    const held = [...equal, ...parts.correlated];
    for (const sort of parts.sorts.flatMap((one) => sortedKeys(one, held) ?? []))
      lists.push([...unique(held).map((column) => columnKey(column)), ...sort.keys]);
  }
  for (const sort of sortKeys) lists.push([...equalKeys, ...sort.keys]);
  for (const range of ranges) lists.push([...equalKeys, range]);
  lists.push([...equalKeys, ...joinKeys], [...joinKeys, ...equalKeys], equalKeys, joinKeys);
  for (const key of [...joinKeys, ...equalKeys]) {
    lists.push([key]);
    for (const range of ranges) lists.push([key, range]);
  }
  for (const range of ranges) lists.push([...joinKeys, range], [range], [range, ...equalKeys]);
  for (const sort of sortKeys) {
    lists.push(sort.keys);
    if (sort.limited) lists.push([...sort.keys, ...equalKeys, ...ranges]);
  }
  const keyLists = unique(lists.map((keys) => JSON.stringify(unique(keys).slice(0, MAX_KEYS))));
  return keyLists
    .map((text) => JSON.parse(text) as string[])
    .filter((keys) => keys.length > 0 && !repeatsColumn(keys))
    .slice(0, most)
    .map((keys) => toCandidate(basis, tableUse, keys));
}

/** The keys of a sort after columns that are held constant; null when nothing of it is left or it sorts by an expression. */
export function sortedKeys(
  sort: SortUse,
  constant: readonly string[],
): { readonly keys: readonly string[]; readonly limited: boolean } | null {
  const keys = sort.keys.filter((key) => key.column === null || !constant.includes(key.column));
  if (keys.length === 0 || keys.some((key) => key.column === null)) return null;
  const backwards = keys[0]?.descending === true;
  return { keys: keys.map((key) => sortKey(backwards ? reversed(key) : key)), limited: sort.limited && sort.complete };
}

/**
 * The same index with the columns that the statement reads beside the keys, so that the heap need not be read; null when the row is not much wider than what is needed.
 * `known` are columns of which the index's condition says all: they are not included.
 */
export function coveringCandidate(
  basis: CandidateBasis,
  tableUse: TableUse,
  candidate: Candidate,
  known: readonly string[] = [],
): Candidate | null {
  const { use, table } = tableUse;
  if (
    use.role !== 'read' ||
    use.star ||
    use.needed.length === 0 ||
    candidate.spec.method !== 'btree' ||
    candidate.spec.include.length > 0
  )
    return null;
  const held = new Set([...candidate.spec.keys.map(bareKey), ...known.map((column) => columnKey(column))]);
  const include = use.needed.filter(
    (column) => !held.has(columnKey(column)) && table.columns.some((one) => one.name === column),
  );
  const widths = new Map(
    table.columns.map((column) => [
      column.name,
      columnStatistics(basis.statistics, table, column.name)?.widthBytes ?? UNKNOWN_WIDTH,
    ]),
  );
  const width = (columns: readonly string[]): number =>
    columns.reduce((sum, column) => sum + (widths.get(column) ?? UNKNOWN_WIDTH), 0);
  const row = width(table.columns.map((column) => column.name));
  if (
    include.length === 0 ||
    include.length > MAX_INCLUDED ||
    width(use.needed) > COVERING_SHARE * row ||
    width(include) > MAX_INCLUDED_BYTES
  )
    return null;
  const spec = indexSpec(basis.catalog, table, {
    keys: candidate.spec.keys,
    include: include.toSorted().map((column) => columnKey(column)),
    where: candidate.spec.where,
  });
  return { spec, table, for: [tableUse.statement.fingerprint] };
}

/** A key part without operator class and order. */
export function bareKey(key: string): string {
  return /^(?:"(?:[^"]|"")*"|\(.*\))/s.exec(key)?.[0] ?? key;
}

const EQUAL = new Set<Predicate['kind']>(['equality', 'list', 'is-null']);
const isEqual = (one: Predicate): boolean => EQUAL.has(one.kind) && one.value.kind !== 'join';
const RANGED = new Set<Predicate['kind']>(['range', 'prefix', 'pattern']);

/** A condition that more rows than this meet is no reason for a key column: reading the table is cheaper from about there (`random_page_cost` 4). */
const KEEPS_MOST = 0.5;
/** More equality columns hardly ever narrow further, and each one widens the index. */
const MAX_EQUAL = 4;
export const MAX_KEYS = 5;
const MAX_INCLUDED = 6;
/** Included columns are copied into every entry: a tenth of a page would hold fewer than ten entries in each. */
const MAX_INCLUDED_BYTES = 160;
/** An index wider than this share of its row is no cheaper to read than the table. */
const COVERING_SHARE = 0.55;
/** For a column without statistics. */
const UNKNOWN_WIDTH = 32;

function toCandidate(basis: CandidateBasis, tableUse: TableUse, keys: readonly string[]): Candidate {
  return {
    spec: indexSpec(basis.catalog, tableUse.table, { keys }),
    table: tableUse.table,
    for: [tableUse.statement.fingerprint],
  };
}

/** LIKE beginnings need an operator class that compares bytes, unless the collation already does. */
function rangeKey(predicate: Predicate, tableUse: TableUse): string | null {
  const column = tableUse.table.columns.find((one) => one.name === predicate.column);
  if (!column) return null;
  if (predicate.kind === 'range') return columnKey(column.name);
  const opclass = { text: ' text_pattern_ops', varchar: ' varchar_pattern_ops', bpchar: ' bpchar_pattern_ops' }[
    column.baseType
  ];
  if (opclass === undefined) return null;
  return columnKey(column.name, column.sortsBytes ? '' : opclass);
}

/** A key of an order, of a column or an expression. */
export function sortKey({ column, expression, descending, nullsFirst }: SortKey): string {
  const nulls = nullsFirst === descending ? '' : ` NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`;
  return `${column === null ? `(${expression})` : columnKey(column)}${descending ? ' DESC' : ''}${nulls}`;
}

/** A btree is read in both directions: the ascending form is the one that other statements share. */
export function reversed(key: SortKey): SortKey {
  return { ...key, descending: !key.descending, nullsFirst: !key.nullsFirst };
}

function repeatsColumn(keys: readonly string[]): boolean {
  const columns = keys.map(bareKey);
  return new Set(columns).size < columns.length;
}

function unique<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values)];
}
