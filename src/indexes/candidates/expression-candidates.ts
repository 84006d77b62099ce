import type { Predicate, SortUse } from '../../sql/use-types.js';
import { MAX_KEYS, indexableParts, reversed, sortKey, sortedKeys } from './btree-candidates.js';
import type { CandidateBasis, IndexableParts } from './btree-candidates.js';
import { columnKey, indexSpec } from './candidates.js';
import type { Candidate, TableUse } from './candidates.js';
import { immutableKind, isImmutable } from './immutability.js';
import { kindOfExpression, operatorMethods, trigramOpclass } from './operator-methods.js';
import type { OperatorMethod } from './operator-methods.js';
import { rareRows } from './rare-rows.js';
import type { RareRows } from './rare-rows.js';

/** Candidates on the expressions that one use compares or sorts by: only those that PostgreSQL takes for an index. */
export function expressionCandidates(basis: CandidateBasis, tableUse: TableUse): readonly Candidate[] {
  const usable = usableParts(basis, tableUse);
  return [
    ...btreeKeys(basis, tableUse, usable, ALL_ROWS).map((keys) => toCandidate(basis, tableUse, { keys })),
    ...usable.conditions.flatMap((predicate) =>
      otherMethods(basis, tableUse, predicate).map(({ method, opclass }) =>
        toCandidate(basis, tableUse, { keys: [`(${predicate.expression})${opclass}`], method }),
      ),
    ),
  ];
}

/** The btrees among them on those few rows alone which the use asks for each time, as `partialCandidates` has them of columns. */
export function partialExpressionCandidates(basis: CandidateBasis, tableUse: TableUse): readonly Candidate[] {
  const usable = usableParts(basis, tableUse);
  if (usable.conditions.length + usable.sorts.length === 0) return [];
  return rareRows(tableUse, basis.statistics).flatMap((rows) =>
    btreeKeys(basis, tableUse, usable, rows).map((keys) => toCandidate(basis, tableUse, { keys, where: rows.where })),
  );
}

/** What of a use has to do with expressions that PostgreSQL takes for an index. */
interface UsableParts {
  readonly conditions: readonly Predicate[];
  readonly sorts: readonly SortUse[];
}

function usableParts({ catalog }: CandidateBasis, { use, table }: TableUse): UsableParts {
  if (use.role === 'insert') return { conditions: [], sorts: [] };
  const usable = (expression: string | null): boolean => expression !== null && isImmutable(expression, table, catalog);
  return {
    conditions: use.predicates.filter((one) => usable(one.expression)),
    sorts: use.sorts.filter(
      ({ keys }) =>
        keys.some((key) => usable(key.expression)) &&
        keys.every((key) => key.column !== null || usable(key.expression)),
    ),
  };
}

type IndexedRows = Pick<RareRows, 'settled' | 'single'>;

const ALL_ROWS: IndexedRows = { settled: [], single: [] };

function btreeKeys(
  basis: CandidateBasis,
  tableUse: TableUse,
  { conditions, sorts }: UsableParts,
  rows: IndexedRows,
): readonly (readonly string[])[] {
  const parts = indexableParts(basis, tableUse, (one) => rows.settled.includes(one.column ?? ''));
  const columns = [...new Set([...parts.equal, ...parts.correlated])];
  // What stands in an arm of an OR holds for some rows only.
  const equal = conditions.filter((one) => one.kind === 'equality' && one.branch === null);
  const held = { columns, expressions: [...new Set(equal.map((one) => one.expression ?? ''))].slice(0, MOST_HELD) };
  const together = keysOf(held);
  const isHeld = (one: Predicate): boolean => held.expressions.includes(one.expression ?? '');
  const behind = conditions.filter((one) => one.branch === null && !isHeld(one)).flatMap(lastKey);
  return [
    ...conditions.flatMap((predicate) => conditionKeys(predicate, parts, rows)),
    ...(held.expressions.length > 1 ? [together] : []),
    ...(held.expressions.length > 0 ? behind.map((key) => [...together, key]) : []),
    ...sorts.flatMap((sort) => sortLists(sort, held, rows)),
  ].filter((keys) => keys.length <= MAX_KEYS);
}

/** What is the same in all rows that a use reads, at a time. */
interface Held {
  readonly columns: readonly string[];
  readonly expressions: readonly string[];
}

function keysOf({ columns, expressions }: Held): readonly string[] {
  return [...columns.map((column) => columnKey(column)), ...expressions.map((expression) => `(${expression})`)];
}

/** The order by itself, and behind what is held constant. */
function sortLists(sort: SortUse, held: Held, { single }: IndexedRows): readonly (readonly string[])[] {
  const alone = orderKeys(sort, { columns: single, expressions: [] });
  const behind = orderKeys(sort, { columns: [...single, ...held.columns], expressions: held.expressions });
  const before = keysOf(held);
  return [alone, before.length > 0 && behind.length > 0 ? [...before, ...behind] : []].filter(
    (keys) => keys.length > 0,
  );
}

/** A btree is read in both directions: the form that begins ascending is the one that other statements share. */
function orderKeys({ keys }: SortUse, { columns, expressions }: Held): readonly string[] {
  const open = keys.filter(({ column, expression }) =>
    column === null ? !expressions.includes(expression ?? '') : !columns.includes(column),
  );
  return open.map((key) => sortKey(open[0]?.descending === true ? reversed(key) : key));
}

/** The expression alone, and with what else the statement asks of the table before or behind it. */
function conditionKeys(
  predicate: Predicate,
  parts: IndexableParts,
  { single }: IndexedRows,
): readonly (readonly string[])[] {
  const key = `(${predicate.expression})`;
  const equal = parts.equal.map((column) => columnKey(column));
  if (predicate.kind === 'equality' || predicate.kind === 'list') {
    const sorts = parts.sorts.flatMap((sort) => sortedKeys(sort, [...single, ...parts.equal]) ?? []);
    return [
      [key],
      ...(equal.length > 0 ? [[...equal, key]] : []),
      ...sorts.map((sort) => [...equal, key, ...sort.keys]),
      ...parts.ranges.map((range) => [...equal, key, range]),
    ];
  }
  return lastKey(predicate).map((last) => [...equal, last]);
}

/** The key of a condition that many values meet, behind which no other one narrows; none where a btree does not find them. */
function lastKey({ kind, expression }: Predicate): readonly string[] {
  if (kind === 'range' || kind === 'list') return [`(${expression})`];
  return kind === 'prefix' || kind === 'pattern' ? [`(${expression}) text_pattern_ops`] : [];
}

/** Expressions in one key list: each is computed for every row that is written. */
const MOST_HELD = 3;

/** By operators that are no comparisons, and patterns with pg_trgm. */
function otherMethods(
  { catalog }: CandidateBasis,
  { table }: TableUse,
  predicate: Predicate,
): readonly OperatorMethod[] {
  if (predicate.kind === 'contains') {
    const opclass = trigramOpclass(catalog, 'gin');
    return opclass === null ? [] : [{ method: 'gin', opclass }];
  }
  const kind =
    predicate.kind === 'operator' ? kindOfExpression(immutableKind(predicate.expression ?? '', table, catalog)) : null;
  return kind === null ? [] : operatorMethods(kind, predicate.operator, catalog);
}

function toCandidate(
  { catalog }: CandidateBasis,
  { table, statement }: TableUse,
  parts: Parameters<typeof indexSpec>[2],
): Candidate {
  return { spec: indexSpec(catalog, table, parts), table, for: [statement.fingerprint] };
}
