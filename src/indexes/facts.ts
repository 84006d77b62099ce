import { quoteIdent } from '../base/quote.js';
import {
  findTable,
  indexesOf,
  sameRelation,
  type Catalog,
  type Constraint,
  type Index,
  type RelationName,
  type Table,
} from '../model/catalog.js';

/** A row count with how it came to be. */
export interface RowCount {
  readonly rows: number;
  readonly source: string;
}

/** Rows that fit a page when nothing is known but the page count: 8 kB over 100 B, header and line pointer included. */
const ROWS_PER_PAGE = 80;

/** The best guess at a table's rows: `reltuples`, else the live-row counter, else its pages; partitions are added up. */
export function estimatedRows(catalog: Catalog, table: Table): RowCount {
  if (table.rowsEstimated !== null && table.rowsEstimated > 0)
    return { rows: table.rowsEstimated, source: 'pg_class.reltuples' };
  const partitions = catalog.tables.filter((one) => one.partitionOf !== null && sameRelation(one.partitionOf, table));
  if (partitions.length > 0) {
    const rows = partitions.reduce((sum, partition) => sum + estimatedRows(catalog, partition).rows, 0);
    return { rows, source: 'pg_class.reltuples of its partitions' };
  }
  if (table.activity !== null && table.activity.liveTuples > 0) {
    return { rows: table.activity.liveTuples, source: 'pg_stat_all_tables.n_live_tup' };
  }
  return { rows: table.rowsEstimated === null ? table.pages * ROWS_PER_PAGE : 0, source: 'pg_class.relpages' };
}

/** Whether the foreign key's checks can use the index: a valid btree whose leading columns are the key's, in any order, for every non-null value. */
export function servesForeignKey(index: Index, foreignKey: Constraint): boolean {
  const leading = index.keys.slice(0, foreignKey.columns.length).map((key) => key.column);
  return (
    index.valid &&
    index.method === 'btree' &&
    sameRelation(index.table, foreignKey.table) &&
    foreignKey.columns.every((column) => leading.includes(column)) &&
    coversNonNulls(index.predicate, foreignKey.columns)
  );
}

/** The foreign keys of the index's own table that it serves. */
export function foreignKeysServed(catalog: Catalog, index: Index): readonly Constraint[] {
  return catalog.constraints.filter((one) => one.kind === 'foreign' && servesForeignKey(index, one));
}

/** The table, the partitioned tables that it is part of, and its own partitions of all levels: what is written to one of them is written to the others. */
export function partitionFamily(catalog: Catalog, table: RelationName): readonly RelationName[] {
  const above: RelationName[] = [];
  for (let one = findTable(catalog, table)?.partitionOf; one; one = findTable(catalog, one)?.partitionOf)
    above.push(one);
  const parts = (parent: RelationName): readonly RelationName[] =>
    catalog.tables
      .filter(({ partitionOf }) => partitionOf !== null && sameRelation(partitionOf, parent))
      .flatMap((part) => [part, ...parts(part)]);
  return [table, ...above, ...parts(table)];
}

/** Why the index must stay whatever its use; null when nothing but its use speaks for it. */
export function reasonToKeep(index: Index): string | null {
  if (index.primary) return 'it is the primary key';
  if (index.constraint !== null) return `it backs the constraint ${index.constraint}`;
  if (index.exclusion) return 'it enforces an exclusion';
  if (index.referencedByForeignKeys.length > 0)
    return `the foreign key ${index.referencedByForeignKeys[0]} refers to it`;
  if (index.replicaIdentity) return 'it is the replica identity';
  if (index.clustered) return 'CLUSTER uses it';
  if (index.partitionOf !== null) return `it is part of ${index.partitionOf.schema}.${index.partitionOf.name}`;
  return null;
}

/** Groups the catalog's indexes by table, in catalog order. */
export function indexesByTable(catalog: Catalog): readonly (readonly Index[])[] {
  return catalog.tables.map((table) => indexesOf(catalog, table)).filter((indexes) => indexes.length > 0);
}

/** An index with all its parts, where it is one of a partitioned table: what they take and how they were used. */
export interface WholeIndex {
  readonly sizeBytes: number;
  /** Null where a counter of one of them is not visible. */
  readonly scans: number | null;
  /** Null where one of them was never counted. */
  readonly rows: number | null;
  /** Every index that stores rows: its own, or the parts of all levels. */
  readonly stored: readonly Index[];
}

/** Adds up what the parts of an index take and how often they were scanned; an index that is not partitioned is its own only part. */
export function wholeIndex(catalog: Catalog, index: Index): WholeIndex {
  const stored = isPartitioned(catalog, index) ? storedParts(catalog, index) : [index];
  return {
    sizeBytes: stored.reduce((sum, part) => sum + part.sizeBytes, 0),
    scans: total(stored.map((part) => part.scans)),
    rows: total(stored.map((part) => part.rowsEstimated)),
    stored,
  };
}

/** Whether the index is one of a partitioned table, which stores nothing itself. */
export function isPartitioned(catalog: Catalog, index: Index): boolean {
  return findTable(catalog, index.table)?.kind === 'p';
}

/** The parts of all levels that store rows. */
function storedParts(catalog: Catalog, parent: Index): readonly Index[] {
  const parts = catalog.indexes.filter((one) => one.partitionOf !== null && sameRelation(one.partitionOf, parent));
  return parts.flatMap((part) => (isPartitioned(catalog, part) ? storedParts(catalog, part) : [part]));
}

function total(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>((sum, value) => (sum === null || value === null ? null : sum + value), 0);
}

/** True for no predicate, and for one that only leaves out NULLs of these columns (equality never matches those). */
function coversNonNulls(predicate: string | null, columns: readonly string[]): boolean {
  if (predicate === null) return true;
  const allowed = new Set(columns.flatMap((column) => [`${column} IS NOT NULL`, `${quoteIdent(column)} IS NOT NULL`]));
  const terms = predicate.replaceAll(/[()]/g, '').split(' AND ');
  return terms.every((term) => allowed.has(term.trim()));
}
