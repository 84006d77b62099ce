import { sameRelation } from '../../model/catalog.js';
import type { RelationName } from '../../model/catalog.js';
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
  return acrossKeys(relations, context, (referring, referred) => [referred, referring], columns);
}

/** Tables that these refer to by foreign keys, with their partitions. */
export function referencedBy(
  relations: readonly Relation[],
  context: MigrationContext,
  columns: readonly string[] | null = null,
): readonly Relation[] {
  return acrossKeys(relations, context, (referring, referred) => [referring, referred], columns);
}

/** One side of a foreign key. */
interface KeyEnd {
  readonly table: RelationName;
  readonly columns: readonly string[];
}

/** What is at the far end of foreign keys whose near end is one of these tables, on one of these columns where they are given. */
function acrossKeys(
  relations: readonly Relation[],
  context: MigrationContext,
  nearAndFar: (referring: KeyEnd, referred: KeyEnd) => readonly [near: KeyEnd, far: KeyEnd],
  columns: readonly string[] | null,
): readonly Relation[] {
  const tables = relations.flatMap((relation) => tableOf(context, relation) ?? []);
  return (context.catalog?.constraints ?? []).flatMap((key) => {
    if (key.references === null) return [];
    const [near, far] = nearAndFar(key, key.references);
    const isMeant =
      tables.some((table) => sameRelation(table, near.table)) &&
      (columns === null || near.columns.some((column) => columns.includes(column)));
    return isMeant ? withBelow(far.table, context, 'partitions') : [];
  });
}
