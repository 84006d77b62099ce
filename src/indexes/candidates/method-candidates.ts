import { quoteIdent } from '../../base/quote.js';
import type { Catalog, Column } from '../../model/catalog.js';
import type { Predicate } from '../../sql/use-types.js';
import { columnKey, indexSpec } from './candidates.js';
import type { Candidate, TableUse } from './candidates.js';
import type { CandidateBasis } from './btree-candidates.js';
import { columnStatistics } from './selectivity.js';

/** Candidates of the other access methods: GIN for jsonb, arrays, full text and (with pg_trgm installed) patterns, GiST for ranges, BRIN for ranges over columns in table order. */
export function otherCandidates(basis: CandidateBasis, tableUse: TableUse, minBrinPages: number): readonly Candidate[] {
  return tableUse.use.predicates.flatMap((predicate) => {
    const column = tableUse.table.columns.find((one) => one.name === predicate.column);
    if (!column) return [];
    return [
      operatorCandidate(basis, tableUse, predicate, column),
      patternCandidate(basis, tableUse, predicate, column),
      brinCandidate(basis, tableUse, predicate, minBrinPages),
    ].filter((one) => one !== null);
  });
}

/** `schema.opclass` of pg_trgm with a blank before it; null when the extension is not installed. */
export function trigramOpclass(catalog: Catalog): string | null {
  const extension = catalog.extensions.find((one) => one.name === 'pg_trgm');
  return extension ? ` ${quoteIdent(extension.schema)}.gin_trgm_ops` : null;
}

function operatorCandidate(
  basis: CandidateBasis,
  tableUse: TableUse,
  predicate: Predicate,
  column: Column,
): Candidate | null {
  if (predicate.kind !== 'operator') return null;
  const method = methodFor(column, predicate.operator);
  return method ? candidate(basis, tableUse, method.name, columnKey(column.name, method.opclass)) : null;
}

/** `jsonb_path_ops` is smaller and quicker, and knows `@>`, `@?` and `@@` only (manual, "jsonb Indexing"). */
function methodFor(column: Column, operator: string): { readonly name: string; readonly opclass: string } | null {
  if (column.baseType === 'jsonb' && /^(?:@>|@\?|@@)$/.test(operator))
    return { name: 'gin', opclass: ' jsonb_path_ops' };
  if (column.baseType === 'jsonb' && /^\?[|&]?$/.test(operator)) return { name: 'gin', opclass: '' };
  if (column.typeCategory === 'A' && /^(?:@>|<@|&&)$/.test(operator)) return { name: 'gin', opclass: '' };
  if (column.baseType === 'tsvector' && operator === '@@') return { name: 'gin', opclass: '' };
  return column.typeCategory === 'R' && /^(?:@>|<@|&&|-\|-|<<|>>)$/.test(operator)
    ? { name: 'gist', opclass: '' }
    : null;
}

function patternCandidate(
  basis: CandidateBasis,
  tableUse: TableUse,
  predicate: Predicate,
  column: Column,
): Candidate | null {
  const opclass = trigramOpclass(basis.catalog);
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
  if (predicate.kind !== 'range' || predicate.column === null || table.pages < minPages) return null;
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
