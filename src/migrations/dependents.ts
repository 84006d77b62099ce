import { sameRelation } from '../model/catalog.js';
import type { Dependent, RelationName } from '../model/catalog.js';
import { tableOf } from './context.js';
import type { MigrationContext } from './context.js';
import { shown, uniqueRelations } from './relation.js';
import type { Relation } from './relation.js';

/** What the catalog knows to be defined on a relation, or on one column of it, and the file did not drop before. */
export function dependentsOf(
  relation: Relation,
  column: string | null,
  { catalog, state }: Pick<MigrationContext, 'catalog' | 'state'>,
): readonly Dependent[] {
  const table = tableOf({ catalog, state }, relation);
  if (!catalog || !table) return [];
  return catalog.dependents.filter(
    (one) =>
      sameRelation(one.on, table) &&
      (column === null || one.columns.includes(column)) &&
      !state.dropped.has(dependentKey(one)),
  );
}

/** The key under which the file has dropped it. */
export function dependentKey({ kind, schema, name, on }: Dependent): string {
  const own = schema !== null || kind === 'publication';
  return JSON.stringify([kind, schema, name, ...(own ? [] : [on.schema, on.name])]);
}

/** `view public.names`, `policy own`. */
export function dependentWords({ kind, schema, name }: Dependent): string {
  return `${kind} ${shown({ schema, name })}`;
}

/** Views of a relation, or of one column of it, views of these, ...: what CASCADE takes along. */
export function viewsOn(relation: Relation, column: string | null, context: MigrationContext): readonly RelationName[] {
  const views = dependentsOf(relation, column, context).flatMap(viewOf);
  return uniqueRelations(views.flatMap((view) => [view, ...viewsOn(view, null, context)]));
}

/** The tables and views that a view reads, and what these read. */
export function readBy(view: Relation, context: MigrationContext): readonly RelationName[] {
  const itself = tableOf(context, view);
  if (!itself || itself.kind !== 'v') return [];
  const read = (context.catalog?.dependents ?? []).flatMap((one) => {
    const [of] = viewOf(one);
    return of && sameRelation(of, itself) ? [one.on] : [];
  });
  return uniqueRelations(read.flatMap((one) => [one, ...readBy(one, context)]));
}

function viewOf({ kind, schema, name }: Dependent): readonly RelationName[] {
  return schema !== null && (kind === 'view' || kind === 'materialized view') ? [{ schema, name }] : [];
}
