import type { Predicate, SortKey, SortUse } from '../../sql/use-types.js';
import { indexableParts, sortedKeys } from './btree-candidates.js';
import type { CandidateBasis } from './btree-candidates.js';
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
  return [
    ...conditions.flatMap((predicate) => conditionKeys(basis, tableUse, predicate, rows)),
    ...sorts.map((sort) => sort.keys.filter(({ column }) => !rows.single.includes(column ?? '')).map(sortKey)),
  ];
}

function sortKey({ column, expression, descending }: SortKey): string {
  return `${column === null ? `(${expression})` : columnKey(column)}${descending ? ' DESC' : ''}`;
}

/** The expression alone, and with what else the statement asks of the table before or behind it. */
function conditionKeys(
  basis: CandidateBasis,
  tableUse: TableUse,
  predicate: Predicate,
  { settled, single }: IndexedRows,
): readonly (readonly string[])[] {
  const key = `(${predicate.expression})`;
  const parts = indexableParts(basis, tableUse, (one) => settled.includes(one.column ?? ''));
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
  if (predicate.kind === 'range') return [[...equal, key]];
  return predicate.kind === 'prefix' || predicate.kind === 'pattern' ? [[...equal, `${key} text_pattern_ops`]] : [];
}

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
