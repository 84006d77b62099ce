import { sameRelation } from '../../model/catalog.js';
import { descendantsOf, heirsOf, tableOf } from '../context.js';
import type { MigrationContext } from '../context.js';
import type { Relation } from '../relation.js';

/** The table, and what the catalog knows below it: partitions, and with `heirs` the tables that inherit from it as well. */
export function withBelow(
  relation: Relation,
  context: MigrationContext,
  reach: 'partitions' | 'heirs',
): readonly Relation[] {
  const below = reach === 'heirs' ? heirsOf(context, relation) : descendantsOf(context, relation);
  return [relation, ...below.map(({ schema, name }) => ({ schema, name }))];
}

/** The DEFAULT partition of a table, and what is below it: its bounds change with each partition that comes or goes. */
export function defaultPartition(parent: Relation, context: MigrationContext): readonly Relation[] {
  const table = tableOf(context, parent);
  const found = (context.catalog?.tables ?? []).find(
    ({ isDefaultPartition, partitionOf }) =>
      table && isDefaultPartition && partitionOf && sameRelation(partitionOf, table),
  );
  return found ? withBelow({ schema: found.schema, name: found.name }, context, 'partitions') : [];
}

/** Tables with a foreign key to one of these, of one of these columns where they are given, and their partitions: the key's triggers, or the key itself, go. */
export function referencing(
  relations: readonly Relation[],
  context: MigrationContext,
  columns: readonly string[] | null = null,
): readonly Relation[] {
  const tables = relations.flatMap((relation) => tableOf(context, relation) ?? []);
  return (context.catalog?.constraints ?? [])
    .filter(
      ({ references }) =>
        references !== null &&
        tables.some((table) => sameRelation(table, references.table)) &&
        (columns === null || references.columns.some((column) => columns.includes(column))),
    )
    .flatMap(({ table }) => withBelow(table, context, 'partitions'));
}

/** Tables that these refer to by foreign keys, with their partitions. */
export function referencedBy(
  relations: readonly Relation[],
  context: MigrationContext,
  columns: readonly string[] | null = null,
): readonly Relation[] {
  const tables = relations.flatMap((relation) => tableOf(context, relation) ?? []);
  return (context.catalog?.constraints ?? [])
    .filter(
      ({ table, columns: own }) =>
        tables.some((one) => sameRelation(one, table)) &&
        (columns === null || own.some((column) => columns.includes(column))),
    )
    .flatMap(({ references }) => (references ? withBelow(references.table, context, 'partitions') : []));
}
