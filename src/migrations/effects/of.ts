import { bodiesOf, bodyOf, field, list, numberOf, textOf } from '../../sql/tree.js';
import type { TreeNode } from '../../sql/tree.js';
import { columnType, descendantsOf, indexNamed, keyOf, tableOf } from '../context.js';
import type { MigrationContext } from '../context.js';
import { LOCK_MODES } from '../locks.js';
import type { LockClaim } from '../locks.js';
import type { Operation } from '../operation.js';
import { relationOf, relationOfNames } from '../relation.js';
import type { Relation } from '../relation.js';
import { alterTableEffect } from './alter-table.js';
import { withPartitions } from './partitions.js';
import { NO_EFFECT, locking, lockingAll } from './effect.js';
import type { Effect } from './effect.js';

/** What an operation does to tables that others may use. Tables of the file's own are left out of all lists. */
export function effectOf(operation: Operation, context: MigrationContext): Effect {
  const effect = withPartitions(operation, (EFFECTS[operation.type] ?? none)(operation, context), context);
  const isOld = (relation: Relation): boolean => !context.state.created.has(keyOf(context, relation));
  return {
    ...effect,
    locks: strongest(
      effect.locks.filter(({ relation }) => isOld(relation)),
      context,
    ),
    rewrites: effect.rewrites.filter(isOld),
    scans: effect.scans.filter(isOld),
  };
}

type EffectReader = (operation: Operation, context: MigrationContext) => Effect;

const none: EffectReader = () => NO_EFFECT;

const EFFECTS: Readonly<Record<string, EffectReader>> = {
  AlterTableStmt: alterTableEffect,
  IndexStmt: indexEffect,
  DropStmt: dropEffect,
  ReindexStmt: reindexEffect,
  CreateTrigStmt: ({ relation }) => locking(relation, 'SHARE ROW EXCLUSIVE'),
  RuleStmt: ({ relation }) => locking(relation, 'ACCESS EXCLUSIVE'),
  CreatePolicyStmt: ({ body }) => locking(relationOf(field(body, 'table')), 'ACCESS EXCLUSIVE'),
  AlterPolicyStmt: ({ body }) => locking(relationOf(field(body, 'table')), 'ACCESS EXCLUSIVE'),
  CreateStmt: createEffect,
  RenameStmt: renameEffect,
  AlterObjectSchemaStmt: ({ relation, body }) =>
    RELATION_KINDS.has(textOf(body, 'objectType') ?? '') ? locking(relation, 'ACCESS EXCLUSIVE') : NO_EFFECT,
  TruncateStmt: ({ body }) => ({
    ...NO_EFFECT,
    locks: lockingAll(bodiesOf(list(body, 'relations'), 'RangeVar').map(relationOf), 'ACCESS EXCLUSIVE'),
  }),
  ClusterStmt: ({ relation }) => rewriting(own(relation)),
  VacuumStmt: vacuumEffect,
  RefreshMatViewStmt: ({ relation, body }) =>
    body['concurrent'] === true
      ? locking(relation, 'EXCLUSIVE')
      : locking(relation, 'ACCESS EXCLUSIVE', { rewrites: own(relation), scans: own(relation) }),
  ViewStmt: ({ relation, body }) => (body['replace'] === true ? locking(relation, 'ACCESS EXCLUSIVE') : NO_EFFECT),
  AlterDomainStmt: domainEffect,
  LockStmt: ({ body }) => ({
    ...NO_EFFECT,
    locks: lockingAll(
      bodiesOf(list(body, 'relations'), 'RangeVar').map(relationOf),
      // Numbered from 1, AccessShareLock (`lockdefs.h`).
      LOCK_MODES[(numberOf(body, 'mode') ?? 8) - 1] ?? 'ACCESS EXCLUSIVE',
    ),
  }),
  CreateStatsStmt: ({ body }) => ({
    ...NO_EFFECT,
    locks: lockingAll(bodiesOf(list(body, 'relations'), 'RangeVar').map(relationOf), 'SHARE UPDATE EXCLUSIVE'),
  }),
  CommentStmt: ({ body }) => {
    const kind = textOf(body, 'objtype');
    const isTable = RELATION_KINDS.has(kind ?? '');
    const table = isTable ? relationOfNames(body['object']) : kind === 'OBJECT_COLUMN' ? ownerOf(body['object']) : null;
    return locking(table, 'SHARE UPDATE EXCLUSIVE');
  },
  AlterTableMoveAllStmt: () => ({ ...NO_EFFECT, unsure: 'which tables the tablespace holds is not known' }),
  InsertStmt: ({ relation }) => locking(relation, 'ROW EXCLUSIVE'),
  UpdateStmt: ({ relation, body }) => modifying(relation, body),
  DeleteStmt: ({ relation, body }) => modifying(relation, body),
  MergeStmt: ({ relation }) => locking(relation, 'ROW EXCLUSIVE'),
  CopyStmt: ({ relation, body }) => (body['is_from'] === true ? locking(relation, 'ROW EXCLUSIVE') : NO_EFFECT),
};

/** What RENAME and SET SCHEMA call a relation that others read or write. */
const RELATION_KINDS = new Set(['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_FOREIGN_TABLE']);

function own(relation: Relation | null): readonly Relation[] {
  return relation ? [relation] : [];
}

function rewriting(relations: readonly Relation[], more: Partial<Effect> = {}): Effect {
  return {
    ...NO_EFFECT,
    locks: lockingAll(relations, 'ACCESS EXCLUSIVE'),
    rewrites: relations,
    scans: relations,
    ...more,
  };
}

function modifying(relation: Relation | null, body: TreeNode): Effect {
  const whole = relation && !field(body, 'whereClause') ? [relation] : [];
  return locking(relation, 'ROW EXCLUSIVE', { scans: whole });
}

/** An index of a partitioned table is built on every partition, unless ONLY. */
function indexEffect({ relation, body }: Operation, context: MigrationContext): Effect {
  const concurrent = body['concurrent'] === true;
  if (!relation) return NO_EFFECT;
  const isParent = tableOf(context, relation)?.kind === 'p';
  const below = isParent && field(body, 'relation')?.['inh'] === true ? descendantsOf(context, relation) : [];
  const tables = [relation, ...below.map(({ schema, name }) => ({ schema, name }))];
  const scans = isParent ? below.filter(({ kind }) => kind === 'r') : [relation];
  const mode = concurrent ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE';
  return { ...NO_EFFECT, locks: lockingAll(tables, mode), scans, outsideTransaction: concurrent };
}

function dropEffect({ body }: Operation, context: MigrationContext): Effect {
  const objects = list(body, 'objects').map((object) => relationOfNames(object));
  const kind = textOf(body, 'removeType');
  const withParts = (relation: Relation | null): readonly (Relation | null)[] =>
    relation ? [relation, ...descendantsOf(context, relation).map(({ schema, name }) => ({ schema, name }))] : [];
  if (kind === 'OBJECT_INDEX') {
    const concurrent = body['concurrent'] === true;
    const indexes = objects.map((name) => (name ? indexNamed(context, name) : undefined));
    const mode = concurrent ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE';
    return {
      ...NO_EFFECT,
      locks: lockingAll(
        indexes.flatMap((index) => withParts(index?.table ?? null)),
        mode,
      ),
      unsure: indexes.includes(undefined) ? 'the table of the index is not known; it is locked as the index is' : null,
      outsideTransaction: concurrent,
    };
  }
  if (kind === 'OBJECT_TRIGGER' || kind === 'OBJECT_POLICY' || kind === 'OBJECT_RULE')
    return { ...NO_EFFECT, locks: lockingAll(list(body, 'objects').map(ownerOf), 'ACCESS EXCLUSIVE') };
  if (!RELATION_KINDS.has(kind ?? '')) return NO_EFFECT;
  const parents = objects.map((name) =>
    name && !context.state.detached.has(keyOf(context, name)) ? (tableOf(context, name)?.partitionOf ?? null) : null,
  );
  const all = [...objects.flatMap(withParts), ...parents, ...referencedBy(objects, context)];
  return { ...NO_EFFECT, locks: lockingAll(all, 'ACCESS EXCLUSIVE') };
}

/** `table.trigger`, the table possibly qualified. */
function ownerOf(object: Parameters<typeof relationOfNames>[0]): Relation | null {
  const inner = Array.isArray(object) ? null : bodyOf(object, 'List');
  return inner ? relationOfNames(list(inner, 'items').slice(0, -1)) : null;
}

/** Tables that dropped ones refer to: the foreign key's triggers there go as well. */
function referencedBy(objects: readonly (Relation | null)[], context: MigrationContext): readonly (Relation | null)[] {
  const tables = objects.flatMap((name) => (name ? [tableOf(context, name)] : []));
  return (context.catalog?.constraints ?? [])
    .filter(({ table }) => tables.some((one) => one?.schema === table.schema && one.name === table.name))
    .map(({ references }) => references?.table ?? null);
}

function reindexEffect({ relation, body }: Operation, context: MigrationContext): Effect {
  const concurrent = bodiesOf(list(body, 'params'), 'DefElem').some(
    (option) => textOf(option, 'defname') === 'concurrently',
  );
  const kind = textOf(body, 'kind');
  const whole = kind !== 'REINDEX_OBJECT_INDEX' && kind !== 'REINDEX_OBJECT_TABLE';
  const index = relation && kind === 'REINDEX_OBJECT_INDEX' ? indexNamed(context, relation) : undefined;
  const table = kind === 'REINDEX_OBJECT_INDEX' ? (index?.table ?? null) : relation;
  return locking(whole ? null : table, concurrent ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE', {
    scans: table && !whole ? [table] : [],
    unsure: table ? null : 'which tables it is about is not known',
    outsideTransaction: concurrent || whole,
  });
}

function createEffect({ body }: Operation): Effect {
  const parents = bodiesOf(list(body, 'inhRelations'), 'RangeVar').map(relationOf);
  const constraints = [
    ...bodiesOf(list(body, 'tableElts'), 'Constraint'),
    ...bodiesOf(list(body, 'tableElts'), 'ColumnDef').flatMap((column) =>
      bodiesOf(list(column, 'constraints'), 'Constraint'),
    ),
  ];
  const own = relationOf(field(body, 'relation'));
  const referenced = constraints
    .map((constraint) => relationOf(field(constraint, 'pktable')))
    .filter((relation) => relation?.name !== own?.name);
  const parentMode = field(body, 'partbound') ? 'ACCESS EXCLUSIVE' : 'SHARE UPDATE EXCLUSIVE';
  return {
    ...NO_EFFECT,
    locks: [...lockingAll(parents, parentMode), ...lockingAll(referenced, 'SHARE ROW EXCLUSIVE')],
  };
}

/** A column's, a constraint's and a trigger's rename are about their table. An index may be renamed beside its use. */
function renameEffect({ relation, body }: Operation): Effect {
  const kind = textOf(body, 'renameType') ?? '';
  const aboutTable =
    RELATION_KINDS.has(kind) ||
    ['OBJECT_COLUMN', 'OBJECT_TABCONSTRAINT', 'OBJECT_TRIGGER', 'OBJECT_POLICY'].includes(kind);
  return aboutTable ? locking(relation, 'ACCESS EXCLUSIVE') : NO_EFFECT;
}

function vacuumEffect({ body }: Operation): Effect {
  const relations = bodiesOf(list(body, 'rels'), 'VacuumRelation').flatMap((one) => {
    const relation = relationOf(field(one, 'relation'));
    return relation ? [relation] : [];
  });
  const isVacuum = body['is_vacuumcmd'] === true;
  if (isFullVacuum(body)) return rewriting(relations, { outsideTransaction: true });
  return { ...NO_EFFECT, locks: lockingAll(relations, 'SHARE UPDATE EXCLUSIVE'), outsideTransaction: isVacuum };
}

/** Whether FULL is among the options of a VACUUM. */
export function isFullVacuum(body: TreeNode): boolean {
  return bodiesOf(list(body, 'options'), 'DefElem').some(
    (option) =>
      textOf(option, 'defname') === 'full' &&
      !/^(?:false|off|0)$/i.test(textOf(field(field(option, 'arg') ?? {}, 'String') ?? {}, 'sval') ?? 'on'),
  );
}

/** Tables that use a domain are locked while its constraint is checked. */
function domainEffect({ body }: Operation, context: MigrationContext): Effect {
  const name = relationOfNames(list(body, 'typeName'));
  const kind = textOf(body, 'subtype');
  const constraint = field(field(body, 'def') ?? {}, 'Constraint');
  const reads = (kind === 'C' && constraint?.['skip_validation'] !== true) || kind === 'O' || kind === 'V';
  if (!name || !reads) return NO_EFFECT;
  const users = usersOfType(name, context);
  return {
    ...NO_EFFECT,
    locks: lockingAll(users, 'SHARE'),
    scans: users,
    unsure: context.catalog ? null : 'which tables use the domain is not known',
  };
}

/** Tables of the catalog with a column of a user's type. */
export function usersOfType(type: Relation, context: MigrationContext): readonly Relation[] {
  return (context.catalog?.tables ?? []).filter(
    (table) =>
      (table.kind === 'r' || table.kind === 'm') &&
      table.columns.some(({ name }) => typeNameOf(columnType(context, table, name)) === type.name),
  );
}

/** The bare name in what `format_type` writes: `app."My type"[]`. */
function typeNameOf(text: string | null): string | null {
  const last = /(?:^|\.)("(?:[^"]|"")+"|[^".]+?)(?:\[\])*$/.exec(text ?? '')?.[1];
  return last === undefined ? null : last.replace(/^"|"$/g, '').replaceAll('""', '"');
}

function strongest(locks: readonly LockClaim[], context: MigrationContext): readonly LockClaim[] {
  const best = new Map<string, LockClaim>();
  for (const claim of locks) {
    const key = keyOf(context, claim.relation);
    const earlier = best.get(key);
    if (!earlier || LOCK_MODES.indexOf(claim.mode) > LOCK_MODES.indexOf(earlier.mode)) best.set(key, claim);
  }
  return [...best.values()];
}
