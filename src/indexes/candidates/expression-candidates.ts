import type { Predicate } from '../../sql/use-types.js';
import { indexableParts, sortedKeys } from './btree-candidates.js';
import type { CandidateBasis } from './btree-candidates.js';
import { columnKey, indexSpec } from './candidates.js';
import type { Candidate, TableUse } from './candidates.js';
import { immutableKind, isImmutable } from './immutability.js';
import { kindOfExpression, operatorMethods, trigramOpclass } from './operator-methods.js';
import type { OperatorMethod } from './operator-methods.js';

/** Candidates on the expressions that one use compares or sorts by: only those that PostgreSQL takes for an index. */
export function expressionCandidates(basis: CandidateBasis, tableUse: TableUse): readonly Candidate[] {
  const { use, table } = tableUse;
  if (use.role === 'insert') return [];
  const usable = (expression: string | null): expression is string =>
    expression !== null && isImmutable(expression, table, basis.catalog);
  const conditions = use.predicates.filter((one) => usable(one.expression));
  const sorted = use.sorts.filter(
    (sort) =>
      sort.keys.some((key) => usable(key.expression)) &&
      sort.keys.every((key) => key.column !== null || usable(key.expression)),
  );
  const btree = [
    ...conditions.flatMap((predicate) => conditionKeys(basis, tableUse, predicate)),
    ...sorted.map((sort) =>
      sort.keys.map(
        (key) =>
          `${key.column === null ? `(${key.expression})` : columnKey(key.column)}${key.descending ? ' DESC' : ''}`,
      ),
    ),
  ];
  return [
    ...btree.map((keys) => toCandidate(basis, tableUse, keys, 'btree')),
    ...conditions.flatMap((predicate) =>
      otherMethods(basis, tableUse, predicate).map(({ method, opclass }) =>
        toCandidate(basis, tableUse, [`(${predicate.expression})${opclass}`], method),
      ),
    ),
  ];
}

/** The expression alone, and with what else the statement asks of the table before or behind it. */
function conditionKeys(
  basis: CandidateBasis,
  tableUse: TableUse,
  predicate: Predicate,
): readonly (readonly string[])[] {
  const key = `(${predicate.expression})`;
  const parts = indexableParts(basis, tableUse, () => false);
  const equal = parts.equal.map((column) => columnKey(column));
  if (predicate.kind === 'equality' || predicate.kind === 'list') {
    const sorts = parts.sorts.flatMap((sort) => sortedKeys(sort, parts.equal) ?? []);
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

function toCandidate(basis: CandidateBasis, tableUse: TableUse, keys: readonly string[], method: string): Candidate {
  return {
    spec: indexSpec(basis.catalog, tableUse.table, { keys, method }),
    table: tableUse.table,
    for: [tableUse.statement.fingerprint],
  };
}
