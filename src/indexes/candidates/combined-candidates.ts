import type { Catalog, Column } from '../../model/catalog.js';
import { indexableParts } from './btree-candidates.js';
import type { CandidateBasis } from './btree-candidates.js';
import { columnKey, indexSpec } from './candidates.js';
import type { Candidate, TableUse } from './candidates.js';

/**
 * GIN and GiST candidates of one use with its scalar equalities in the same index, which btree_gin and btree_gist make possible
 * where they are installed. `others` are the use's candidates on one key; those of other methods are passed over.
 */
export function combinedCandidates(
  basis: CandidateBasis,
  tableUse: TableUse,
  others: readonly Candidate[],
): readonly Candidate[] {
  const scalars = scalarKeys(basis, tableUse);
  if (scalars.length === 0) return [];
  return others
    .filter(({ spec }) => hasScalars(basis.catalog, spec.method))
    .map(({ spec, table, for: statements }) => ({
      // Of GiST the first keys narrow most; of GIN the order is the same to all.
      spec: indexSpec(basis.catalog, table, { method: spec.method, keys: [...scalars, ...spec.keys] }),
      table,
      for: statements,
    }));
}

const EXTENSIONS: Readonly<Record<string, string>> = { gin: 'btree_gin', gist: 'btree_gist' };

function hasScalars(catalog: Catalog, method: string): boolean {
  const extension = EXTENSIONS[method];
  return extension !== undefined && catalog.extensions.some((one) => one.name === extension);
}

/** Every further key makes an entry of its own (GIN) or a page hold fewer (GiST). */
const MOST_SCALARS = 2;

/** Types with a default operator class in both extensions (manual, "btree_gin" and "btree_gist"), in all releases supported. */
const SCALAR_TYPES = new Set(
  [
    ['int2', 'int4', 'int8', 'float4', 'float8', 'numeric', 'money', 'oid'],
    ['timestamp', 'timestamptz', 'time', 'timetz', 'date', 'interval'],
    ['text', 'varchar', 'bpchar', 'bytea', 'bit', 'varbit'],
    ['uuid', 'inet', 'cidr', 'macaddr', 'macaddr8'],
  ].flat(),
);

function scalarKeys(basis: CandidateBasis, tableUse: TableUse): readonly string[] {
  const { table, use } = tableUse;
  const parts = indexableParts(basis, tableUse, () => false);
  const equal = new Set(use.predicates.filter((one) => one.kind === 'equality').map((one) => one.column));
  return [...new Set([...parts.equal, ...parts.joined])]
    .filter((name) => equal.has(name) && isScalar(table.columns.find((one) => one.name === name)))
    .slice(0, MOST_SCALARS)
    .map((name) => columnKey(name));
}

function isScalar(column: Column | undefined): boolean {
  return column !== undefined && (SCALAR_TYPES.has(column.baseType) || column.typeCategory === 'E');
}
