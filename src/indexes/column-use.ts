import { findTable, lookupTable, sameRelation, type Catalog, type RelationName } from '../model/catalog.js';
import type { Snapshot } from '../model/snapshot.js';
import type { Predicate, PredicateKind, RelationUse, SortUse } from '../sql/use-types.js';
import { usesOf } from './candidates/candidates.js';

/** How one statement of the workload uses one column. */
export interface ColumnUse {
  readonly fingerprint: string;
  /** Conditions on the column itself, or on an expression over it. */
  readonly predicates: readonly Predicate[];
  /** Orders that begin with or hold the column, or an expression over it. */
  readonly sorts: readonly SortUse[];
}

/**
 * How the workload's statements use a column, those that use its table in any way included; of a partition the statements
 * on its parents, too. Null where that is not wholly known: no workload, statements that can not be read, views. Needs `loadParser()`.
 */
export function columnUses(snapshot: Snapshot, table: RelationName, column: string): readonly ColumnUse[] | null {
  const { catalog, workload } = snapshot;
  if (workload.statements.length === 0 || workload.unusable.length > 0) return null;
  const family = ancestors(catalog, table);
  const found: ColumnUse[] = [];
  for (const statement of workload.statements) {
    const relations = usesOf(statement, catalog)?.relations;
    if (!relations) return null;
    const tables = relations.map((use) => lookupTable(catalog, use.schema, use.name));
    if (tables.some((one) => one?.kind === 'v')) return null;
    const own = relations.filter((_, i) => family.some((name) => tables[i] && sameRelation(tables[i], name)));
    if (own.length > 0) found.push(usesIn(statement.fingerprint, own, column));
  }
  return found;
}

/** Conditions that a btree serves. */
const BTREE_KINDS = new Set<PredicateKind>(['equality', 'list', 'range', 'is-null', 'not-null']);

/** Whether a plain btree on the column serves all that these statements ask of it: comparisons of the column itself, and no order by distance. */
export function btreeServes(uses: readonly ColumnUse[], column: string): boolean {
  return uses.every(
    (use) =>
      use.predicates.every((one) => one.column === column && BTREE_KINDS.has(one.kind)) &&
      use.sorts.every((sort) => sort.keys.every((key) => key.expression === null)),
  );
}

/** Fingerprints of the statements with a condition that a btree on the column could serve, or an order by the column. */
export function statementsThatCompare(uses: readonly ColumnUse[], column: string): readonly string[] {
  return uses
    .filter(
      (use) =>
        use.predicates.some((one) => one.column === column && BTREE_KINDS.has(one.kind)) ||
        use.sorts.some((sort) => sort.keys.some((key) => key.column === column)),
    )
    .map((use) => use.fingerprint);
}

function ancestors(catalog: Catalog, table: RelationName): readonly RelationName[] {
  const parent = findTable(catalog, table)?.partitionOf;
  return parent ? [table, ...ancestors(catalog, parent)] : [table];
}

function usesIn(fingerprint: string, relations: readonly RelationUse[], column: string): ColumnUse {
  const word = new RegExp(`(^|[^\\w$])"?${column.replaceAll(/[^\w]/g, '\\$&')}"?($|[^\\w$])`);
  const holds = (sort: SortUse): boolean =>
    sort.keys.some((key) => key.column === column || (key.expression !== null && word.test(key.expression)));
  return {
    fingerprint,
    predicates: relations.flatMap((use) => use.predicates).filter((one) => one.columns.includes(column)),
    sorts: relations.flatMap((use) => use.sorts).filter(holds),
  };
}
