import { sameRelation } from '../model/catalog.js';
import type { Constraint } from '../model/catalog.js';
import { bodiesOf, field, list, textOf } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { takenKey } from './chosen-name.js';
import { columnKey, formerColumn, formerTable, indexNamed, isNew, keyOf } from './context.js';
import type { MigrationContext } from './context.js';
import type { ScriptState } from './script-state.js';
import { ownerOf } from './effects/drop.js';
import type { Growing } from './growing.js';
import type { Operation } from './operation.js';
import { relationOf, relationOfNames } from './relation.js';
import type { Relation } from './relation.js';

/** The state with a relation that the file made: it has its name, whatever had it before. */
export function created(relation: Relation, context: MigrationContext): ScriptState {
  const { state } = context;
  const key = keyOf(context, relation);
  const gone = state.gone.get(key) === true ? state.gone.with(key, false) : state.gone;
  return { ...state, gone, created: state.created.with(key, true) };
}

/** The state after a RENAME: what the file proved, and what the catalog knows, goes on under the new name. */
export function afterRename({ relation, body }: Operation, context: MigrationContext): ScriptState {
  const { state } = context;
  const to = textOf(body, 'newname');
  if (!relation || to === null) return state;
  switch (textOf(body, 'renameType')) {
    case 'OBJECT_TABLE':
    case 'OBJECT_VIEW':
    case 'OBJECT_MATVIEW':
      return tableRenamed(relation, { ...relation, name: to }, context);
    case 'OBJECT_COLUMN':
      return columnRenamed(relation, textOf(body, 'subname') ?? '', to, context);
    case 'OBJECT_TRIGGER':
      return { ...state, retriggered: state.retriggered.with(keyOf(context, relation), true) };
    default:
      return state;
  }
}

function tableRenamed(relation: Relation, renamed: Relation, context: MigrationContext): ScriptState {
  const { state } = context;
  const [old, now] = [keyOf(context, relation), keyOf(context, { ...renamed, schema: schemaOf(relation, context) })];
  const gone = state.gone.with(old, true).with(now, false);
  if (isNew(context, relation)) return { ...created(renamed, context), gone };
  const [from, prefix] = [`${old} `, `${now} `];
  const moved = <V>(entries: Iterable<readonly [string, V]>): (readonly [string, V])[] =>
    [...entries].flatMap(([key, value]) =>
      key.startsWith(from) ? [[prefix + key.slice(from.length), value] as const] : [],
    );
  const table = formerTable(context, relation);
  return {
    ...state,
    gone,
    formerly: table ? new Map([...state.formerly, [now, table] as const]) : state.formerly,
    checks: new Map([...state.checks, ...moved(state.checks)]),
    notNull: movedIn(state.notNull, from, prefix),
    types: movedIn(state.types, from, prefix),
    columnsBefore: movedIn(state.columnsBefore, from, prefix),
    rehung: movedIn(state.rehung, from, prefix),
  };
}

/** The schema of a relation as the statements after will find it: written, or the catalog's. */
function schemaOf(relation: Relation, context: MigrationContext): string | null {
  return relation.schema ?? formerTable(context, relation)?.schema ?? null;
}

function movedIn<V>(map: Growing<V>, from: string, prefix: string): Growing<V> {
  return map.keys().reduce((so, key) => {
    const value = key.startsWith(from) ? map.get(key) : undefined;
    return value === undefined ? so : so.with(prefix + key.slice(from.length), value);
  }, map);
}

function columnRenamed(relation: Relation, from: string, to: string, context: MigrationContext): ScriptState {
  const { state } = context;
  const [old, now] = [columnKey(context, relation, from), columnKey(context, relation, to)];
  const [proved, type, rehung] = [state.notNull.get(old), state.types.get(old), state.rehung.get(old)];
  return {
    ...state,
    columnsBefore: state.columnsBefore.with(now, formerColumn(context, relation, from)),
    recalled: state.recalled.with(keyOf(context, relation), true),
    notNull: proved === undefined ? state.notNull : state.notNull.with(now, proved),
    types: type === undefined ? state.types : state.types.with(now, type),
    rehung: rehung === undefined ? state.rehung : state.rehung.with(now, rehung),
  };
}

/** The state after a DROP of relations or indexes. */
export function afterDrop({ body }: Operation, context: MigrationContext): ScriptState {
  const { state } = context;
  const objects = list(body, 'objects').flatMap((object) => relationOfNames(object) ?? []);
  const kind = textOf(body, 'removeType') ?? '';
  if (kind === 'OBJECT_INDEX') {
    const keys = objects.map(({ schema, name }) =>
      takenKey({ schema: schema ?? indexNamed(context, { schema, name })?.schema ?? null, name }, name, context),
    );
    return { ...state, named: keys.reduce((so, key) => so.with(key, false), state.named) };
  }
  if (kind === 'OBJECT_TRIGGER') {
    const owners = list(body, 'objects').flatMap((object) => ownerOf(object) ?? []);
    return {
      ...state,
      retriggered: owners.reduce((so, one) => so.with(keyOf(context, one), true), state.retriggered),
    };
  }
  if (!RELATIONS.has(kind)) return state;
  return { ...state, gone: objects.reduce((so, one) => so.with(keyOf(context, one), true), state.gone) };
}

const RELATIONS = new Set(['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_FOREIGN_TABLE', 'OBJECT_SEQUENCE']);

/** The names that are free again once a column is dropped, or with a kind once its constraint of that kind is. */
export function namesFreed(
  relation: Relation,
  column: string,
  kind: Constraint['kind'] | null,
  context: MigrationContext,
): ScriptState['named'] {
  const { catalog, state } = context;
  const table = formerTable(context, relation);
  if (!catalog || !table) return state.named;
  const before = formerColumn(context, relation, column);
  const constraints = catalog.constraints.filter(
    (one) => sameRelation(one.table, table) && one.columns.includes(before) && (kind === null || one.kind === kind),
  );
  const indexes = catalog.indexes.filter(
    (one) =>
      kind === null &&
      sameRelation(one.table, table) &&
      [...one.keys, ...one.include].some((part) => part.column === before),
  );
  return [...constraints, ...indexes].reduce(
    (so, { name }) => so.with(takenKey({ schema: table.schema, name: table.name }, name, context), false),
    state.named,
  );
}

/** The parent of a table that is made as a partition; null for any other. */
export function parentOf(body: TreeNode): Relation | null {
  if (!field(body, 'partbound')) return null;
  return bodiesOf(list(body, 'inhRelations'), 'RangeVar').map(relationOf)[0] ?? null;
}

/** The partitions that the file gave a parent, with one more. */
export function withPart(parent: Relation, partition: Relation, context: MigrationContext): ScriptState['joined'] {
  const { joined } = context.state;
  const key = keyOf(context, parent);
  return joined.with(key, [...(joined.get(key) ?? []), partition]);
}

/** The state after INHERIT or NO INHERIT. */
export function afterInherit(
  heir: Relation,
  parent: Relation,
  inherits: boolean,
  context: MigrationContext,
): ScriptState {
  const { state } = context;
  const [above, below] = [keyOf(context, parent), keyOf(context, heir)];
  const heirs = inherits ? state.heirs.with(above, [...(state.heirs.get(above) ?? []), heir]) : state.heirs;
  return { ...state, heirs, inheriting: state.inheriting.with(`${above} ${below}`, inherits) };
}

/** The state after a DETACH. */
export function withoutPart(parent: Relation, partition: Relation, context: MigrationContext): ScriptState {
  const { state } = context;
  const [above, below] = [keyOf(context, parent), keyOf(context, partition)];
  const left = (state.joined.get(above) ?? []).filter((one) => keyOf(context, one) !== below);
  return { ...state, joined: state.joined.with(above, left), detached: new Set([...state.detached, below]) };
}
