import { sameRelation } from '../model/catalog.js';
import type { Dependent, RelationName } from '../model/catalog.js';
import { bodyOf, list, names, textOf } from '../sql/tree.js';
import type { TreeValue } from '../sql/tree.js';
import { tableOf } from './context.js';
import type { MigrationContext } from './context.js';
import { dependentsOf, viewsOn } from './dependents.js';
import type { Operation } from './operation.js';
import { relationOfNames } from './relation.js';
import type { Relation } from './relation.js';

/** What of the catalog's dependents an operation drops, with the views that CASCADE takes along. A publication that is altered counts: what it holds then is not known. */
export function droppedBy(
  { type, body, relation, command }: Operation,
  context: MigrationContext,
): readonly Dependent[] {
  const all = context.catalog?.dependents ?? [];
  if (all.length === 0) return [];
  if (type === 'AlterPublicationStmt') return publications(all, [textOf(body, 'pubname')]);
  if (relation && command?.subtype === 'AT_DropColumn') {
    const along = command.cascade ? dependentsOf(relation, command.name, context) : [];
    const generated = dependentsOf(relation, null, context).filter(
      ({ kind, name }) => kind === 'generated column' && name === command.name,
    );
    return [
      ...along,
      ...generated,
      ...viewsNamed(
        all,
        along.flatMap((one) => viewsBeyond(one, context)),
      ),
    ];
  }
  if (type !== 'DropStmt') return [];
  const objects = list(body, 'objects');
  const removed = textOf(body, 'removeType') ?? '';
  if (removed === 'OBJECT_PUBLICATION') return publications(all, names(objects));
  const kind = OF_TABLES[removed];
  if (kind !== undefined) return objects.flatMap((object) => ofTable(kind, object, context));
  if (removed === 'OBJECT_FUNCTION' || removed === 'OBJECT_ROUTINE' || removed === 'OBJECT_PROCEDURE') {
    const dropped = objects.flatMap(
      (object) => relationOfNames(list(bodyOf(object, 'ObjectWithArgs') ?? {}, 'objname')) ?? [],
    );
    return all.filter((one) => one.kind === 'function' && dropped.some((name) => isNamed(one, name)));
  }
  const relations = objects.flatMap((object) => {
    const named = relationOfNames(object);
    return (named && tableOf(context, named)) ?? [];
  });
  const along =
    textOf(body, 'behavior') === 'DROP_CASCADE' ? relations.flatMap((one) => viewsOn(one, null, context)) : [];
  return viewsNamed(all, [...relations, ...along]);
}

const OF_TABLES: Readonly<Record<string, Dependent['kind']>> = {
  OBJECT_TRIGGER: 'trigger',
  OBJECT_POLICY: 'policy',
  OBJECT_RULE: 'rule',
};

/** Names of the table and, last, of what is dropped from it. */
function ofTable(kind: Dependent['kind'], object: TreeValue, context: MigrationContext): readonly Dependent[] {
  const path = names(list(bodyOf(object, 'List') ?? {}, 'items'));
  const table = path.at(-2);
  if (table === undefined) return [];
  return dependentsOf({ schema: path.at(-3) ?? null, name: table }, null, context).filter(
    (one) => one.kind === kind && one.name === path.at(-1),
  );
}

function publications(all: readonly Dependent[], dropped: readonly (string | null)[]): readonly Dependent[] {
  return all.filter(({ kind, name }) => kind === 'publication' && dropped.includes(name));
}

function viewsNamed(all: readonly Dependent[], views: readonly RelationName[]): readonly Dependent[] {
  return all.filter(
    ({ kind, schema, name }) =>
      (kind === 'view' || kind === 'materialized view') &&
      schema !== null &&
      views.some((view) => sameRelation(view, { schema, name })),
  );
}

function viewsBeyond({ kind, schema, name }: Dependent, context: MigrationContext): readonly RelationName[] {
  return schema !== null && kind.endsWith('view') ? viewsOn({ schema, name }, null, context) : [];
}

function isNamed(one: Dependent, { schema, name }: Relation): boolean {
  return one.name === name && (schema === null || one.schema === schema);
}
