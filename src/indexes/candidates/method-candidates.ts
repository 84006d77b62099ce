import { unquoteIdent } from '../../base/quote.js';
import type { Column } from '../../model/catalog.js';
import type { Predicate } from '../../sql/use-types.js';
import { columnKey, indexSpec, tablePages } from './candidates.js';
import type { Candidate, TableUse } from './candidates.js';
import { indexableParts } from './btree-candidates.js';
import type { CandidateBasis } from './btree-candidates.js';
import { kindOfColumn, operatorMethods, trigramOpclass } from './operator-methods.js';
import { columnStatistics } from './selectivity.js';

/** Candidates of the other access methods: GIN for jsonb, arrays, full text and (with pg_trgm installed) patterns, GiST for ranges, places and networks, BRIN for ranges over columns in table order. */
export function otherCandidates(basis: CandidateBasis, tableUse: TableUse, minBrinPages: number): readonly Candidate[] {
  return tableUse.use.predicates.flatMap((predicate) => {
    const column = tableUse.table.columns.find((one) => one.name === predicate.column);
    if (!column) return [];
    return [
      ...operatorCandidates(basis, tableUse, predicate, column),
      ...[
        patternCandidate(basis, tableUse, predicate, column),
        brinCandidate(basis, tableUse, predicate, minBrinPages),
      ].filter((one) => one !== null),
    ];
  });
}

/** GiST indexes for the nearest first: `ORDER BY place <-> point '(1,2)' LIMIT 5`. */
export function nearestCandidates(basis: CandidateBasis, tableUse: TableUse): readonly Candidate[] {
  const { table, use } = tableUse;
  return use.sorts.flatMap((sort) => {
    const expression = sort.limited ? (sort.keys[0]?.expression ?? null) : null;
    const [, left = '', operator = '', right = ''] = DISTANCE.exec(expression ?? '') ?? [];
    const column = table.columns.find((one) => [left, right].some((side) => unquoteIdent(side) === one.name));
    const kind = column === undefined ? null : kindOfColumn(column);
    if (column === undefined || kind === null) return [];
    return operatorMethods(kind, operator, basis.catalog).map(({ method, opclass }) =>
      candidate(basis, tableUse, method, columnKey(column.name, opclass)),
    );
  });
}

const DISTANCE = /^(.+?)\s+(<->>?|<<->)\s+(.+)$/s;

function operatorCandidates(
  basis: CandidateBasis,
  tableUse: TableUse,
  predicate: Predicate,
  column: Column,
): readonly Candidate[] {
  const kind = predicate.kind === 'operator' ? kindOfColumn(column) : null;
  return (kind === null ? [] : operatorMethods(kind, predicate.operator, basis.catalog)).map(({ method, opclass }) =>
    candidate(basis, tableUse, method, columnKey(column.name, opclass)),
  );
}

/** Hash indexes on long values that one use only compares for equality: an entry holds the hash, whatever the value's length (a btree takes none over 2,704 bytes). */
export function hashCandidates(basis: CandidateBasis, tableUse: TableUse): readonly Candidate[] {
  const { table, use } = tableUse;
  const parts = indexableParts(basis, tableUse, () => false);
  const isLong = (name: string): boolean => {
    const column = table.columns.find((one) => one.name === name);
    const width = columnStatistics(basis.statistics, table, name)?.widthBytes ?? 0;
    return (
      column !== undefined && width > LONG_BYTES && (LONG_TYPES.has(column.baseType) || column.typeCategory === 'A')
    );
  };
  const onlyEqual = (name: string): boolean =>
    use.predicates
      .filter((one) => one.columns.includes(name))
      .every((one) => one.column === name && (one.kind === 'equality' || one.kind === 'list')) &&
    !use.sorts.some((sort) => sort.keys.some((key) => key.column === name));
  return [...new Set([...parts.equal, ...parts.joined])]
    .filter((name) => isLong(name) && onlyEqual(name))
    .map((name) => candidate(basis, tableUse, 'hash', columnKey(name)));
}

/**
 * From here a hash index is less than half as large: its entry takes 20 bytes of pages filled to 75 % (27), that of a btree
 * 12 bytes and the value of pages filled to 90 % (58).
 */
const LONG_BYTES = 40;
/** Of variable width, with a hash operator class by default. */
const LONG_TYPES = new Set(['text', 'varchar', 'bpchar', 'bytea']);

function patternCandidate(
  basis: CandidateBasis,
  tableUse: TableUse,
  predicate: Predicate,
  column: Column,
): Candidate | null {
  const opclass = trigramOpclass(basis.catalog, 'gin');
  const matches = predicate.kind === 'contains' || predicate.kind === 'pattern';
  return opclass !== null && matches && column.typeCategory === 'S'
    ? candidate(basis, tableUse, 'gin', columnKey(column.name, opclass))
    : null;
}

/** Below this a block range holds rows from everywhere. */
const BRIN_CORRELATION = 0.9;

function brinCandidate(
  basis: CandidateBasis,
  tableUse: TableUse,
  predicate: Predicate,
  minPages: number,
): Candidate | null {
  const { table } = tableUse;
  if (predicate.kind !== 'range' || predicate.column === null || tablePages(basis.catalog, table) < minPages)
    return null;
  const correlation = columnStatistics(basis.statistics, table, predicate.column)?.correlation ?? 0;
  return Math.abs(correlation) > BRIN_CORRELATION
    ? candidate(basis, tableUse, 'brin', columnKey(predicate.column))
    : null;
}

function candidate(basis: CandidateBasis, tableUse: TableUse, method: string, key: string): Candidate {
  return {
    spec: indexSpec(basis.catalog, tableUse.table, { keys: [key], method }),
    table: tableUse.table,
    for: [tableUse.statement.fingerprint],
  };
}
