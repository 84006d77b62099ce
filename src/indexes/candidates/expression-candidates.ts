import type { Predicate } from '../../sql/use-types.js';
import { indexableParts, sortedKeys } from './btree-candidates.js';
import type { CandidateBasis } from './btree-candidates.js';
import { columnKey, indexSpec } from './candidates.js';
import type { Candidate, TableUse } from './candidates.js';
import { isImmutable } from './immutability.js';
import { trigramOpclass } from './method-candidates.js';

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
    ...conditions.flatMap((predicate) => {
      const opclass = invertedOpclass(basis, predicate);
      return opclass === null ? [] : [toCandidate(basis, tableUse, [`(${predicate.expression})${opclass}`], 'gin')];
    }),
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

/** Full text needs GIN; patterns too, with pg_trgm. Null where GIN does not serve. */
function invertedOpclass(basis: CandidateBasis, predicate: Predicate): string | null {
  if (predicate.kind === 'operator' && predicate.operator === '@@') return '';
  return predicate.kind === 'contains' ? trigramOpclass(basis.catalog) : null;
}

function toCandidate(basis: CandidateBasis, tableUse: TableUse, keys: readonly string[], method: string): Candidate {
  return {
    spec: indexSpec(basis.catalog, tableUse.table, { keys, method }),
    table: tableUse.table,
    for: [tableUse.statement.fingerprint],
  };
}
