import { bodiesOf, field, list, textOf, typed } from '../../sql/tree.js';
import type { TreeNode } from '../../sql/tree.js';
import { indexNamed, keyOf, tableOf } from '../context.js';
import type { MigrationContext } from '../context.js';
import { LOCK_MODES } from '../locks.js';
import type { LockClaim } from '../locks.js';
import type { Operation } from '../operation.js';
import { relationOf, relationOfNames } from '../relation.js';
import type { Relation } from '../relation.js';
import { alterTableEffect } from './alter-table.js';
import { createEffect, createSchemaEffect, indexEffect, viewEffect } from './create.js';
import { dropEffect, ownerOf } from './drop.js';
import { NO_EFFECT, locking, lockingAll } from './effect.js';
import type { Effect } from './effect.js';
import {
  clusterEffect,
  lockEffect,
  refreshEffect,
  reindexEffect,
  truncateEffect,
  vacuumEffect,
} from './maintenance.js';
import { withPartitions } from './partitions.js';
import { compositeEffect, domainEffect, publicationEffect } from './user-types.js';

/** What an operation does to tables that others may use. Tables of the file's own are left out of all lists. */
export function effectOf(operation: Operation, context: MigrationContext): Effect {
  const effect = withPartitions(operation, ownEffect(operation, context), context);
  const inner = nested(operation).map((one) => effectOf(one, context));
  const isOld = (relation: Relation): boolean => !context.state.created.has(keyOf(context, relation));
  return {
    ...effect,
    locks: strongest(
      [...effect.locks.filter(({ relation }) => isOld(relation)), ...inner.flatMap(({ locks }) => locks)],
      context,
    ),
    rewrites: unique(effect.rewrites.filter(isOld), context),
    scans: unique([...effect.scans.filter(isOld), ...inner.flatMap(({ scans }) => scans)], context),
  };
}

type EffectReader = (operation: Operation, context: MigrationContext) => Effect;

const none: EffectReader = () => NO_EFFECT;

function ownEffect(operation: Operation, context: MigrationContext): Effect {
  return (EFFECTS[operation.type] ?? none)(operation, context);
}

const EFFECTS: Readonly<Record<string, EffectReader>> = {
  AlterTableStmt: alterTableEffect,
  IndexStmt: indexEffect,
  DropStmt: dropEffect,
  ReindexStmt: reindexEffect,
  CreateTrigStmt: ({ relation }) => locking(relation, 'SHARE ROW EXCLUSIVE'),
  RuleStmt: ruleEffect,
  CreatePolicyStmt: ({ body }) => locking(relationOf(field(body, 'table')), 'ACCESS EXCLUSIVE'),
  AlterPolicyStmt: ({ body }) => locking(relationOf(field(body, 'table')), 'ACCESS EXCLUSIVE'),
  CreateStmt: createEffect,
  CreateSchemaStmt: createSchemaEffect,
  RenameStmt: renameEffect,
  AlterObjectSchemaStmt: ({ relation, body }) =>
    RELATION_KINDS.has(textOf(body, 'objectType') ?? '') ? locking(relation, 'ACCESS EXCLUSIVE') : NO_EFFECT,
  AlterSeqStmt: ({ body }) => locking(relationOf(field(body, 'sequence')), 'SHARE ROW EXCLUSIVE'),
  TruncateStmt: truncateEffect,
  ClusterStmt: clusterEffect,
  VacuumStmt: vacuumEffect,
  RefreshMatViewStmt: refreshEffect,
  ViewStmt: viewEffect,
  AlterDomainStmt: domainEffect,
  LockStmt: lockEffect,
  CreateStatsStmt: ({ body }) => ({
    ...NO_EFFECT,
    locks: lockingAll(bodiesOf(list(body, 'relations'), 'RangeVar').map(relationOf), 'SHARE UPDATE EXCLUSIVE'),
  }),
  CreatePublicationStmt: publicationEffect,
  AlterPublicationStmt: publicationEffect,
  CommentStmt: ({ body }) => {
    const kind = textOf(body, 'objtype');
    const isTable = RELATION_KINDS.has(kind ?? '');
    const table = isTable ? relationOfNames(body['object']) : kind === 'OBJECT_COLUMN' ? ownerOf(body['object']) : null;
    return locking(table, 'SHARE UPDATE EXCLUSIVE');
  },
  AlterTableMoveAllStmt: () => ({ ...NO_EFFECT, unsure: 'which tables the tablespace holds is not known' }),
  DoStmt: () => ({ ...NO_EFFECT, unsure: 'the code of a DO block is not looked into' }),
  CallStmt: () => ({ ...NO_EFFECT, unsure: 'what a procedure does is not looked into' }),
  PrepareStmt: analysed,
  ExplainStmt: analysed,
  ExecuteStmt: () => ({ ...NO_EFFECT, unsure: 'what a prepared statement does is not looked into' }),
  InsertStmt: ({ relation }, context) =>
    locking(relation, 'ROW EXCLUSIVE', {
      unsure:
        relation && tableOf(context, relation)?.kind === 'p'
          ? 'the partitions that rows go to are locked as well'
          : null,
    }),
  UpdateStmt: ({ relation, body }) => modifying(relation, body),
  DeleteStmt: ({ relation, body }) => modifying(relation, body),
  MergeStmt: ({ relation }) => locking(relation, 'ROW EXCLUSIVE'),
  CopyStmt: ({ relation, body }) => (body['is_from'] === true ? locking(relation, 'ROW EXCLUSIVE') : NO_EFFECT),
};

/** Statements within a WITH clause that write. */
function nested({ body }: Operation): readonly Operation[] {
  const withClause = field(body, 'withClause');
  return bodiesOf(list(withClause ?? {}, 'ctes'), 'CommonTableExpr').flatMap((cte) => {
    const node = typed(cte['ctequery']);
    if (!node) return [];
    return [
      { type: node.type, body: node.body, tree: {}, relation: relationOf(field(node.body, 'relation')), command: null },
    ];
  });
}

/** What RENAME and SET SCHEMA call a relation that others read or write. */
const RELATION_KINDS = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_SEQUENCE',
]);

/** The statements of a rule are analysed as they would be to run them. */
function ruleEffect({ relation, body }: Operation): Effect {
  const written = list(body, 'actions').flatMap((action) => {
    const node = typed(action);
    return node && node.type !== 'SelectStmt' ? (relationOf(field(node.body, 'relation')) ?? []) : [];
  });
  return {
    ...NO_EFFECT,
    locks: [...lockingAll([relation], 'ACCESS EXCLUSIVE'), ...lockingAll(written, 'ROW EXCLUSIVE')],
  };
}

/** What is prepared or explained is analysed, under the locks of what it does; only ANALYZE runs it. */
function analysed({ body }: Operation, context: MigrationContext): Effect {
  const inside = typed(body['query'] ?? null);
  if (!inside) return NO_EFFECT;
  const relation = relationOf(field(inside.body, 'relation'));
  const effect = effectOf({ ...inside, tree: {}, relation, command: null }, context);
  const runs = bodiesOf(list(body, 'options'), 'DefElem').some((one) => textOf(one, 'defname') === 'analyze');
  return runs ? effect : { ...effect, scans: [], rewrites: [] };
}

function modifying(relation: Relation | null, body: TreeNode): Effect {
  const whole = relation && !field(body, 'whereClause') ? [relation] : [];
  return locking(relation, 'ROW EXCLUSIVE', { scans: whole });
}

/** A column's, a constraint's and a trigger's rename are about their table. An index may be renamed beside its use. */
function renameEffect({ relation, body }: Operation, context: MigrationContext): Effect {
  const kind = textOf(body, 'renameType') ?? '';
  const isIndex =
    kind === 'OBJECT_TABLE' && relation !== null && !tableOf(context, relation) && indexNamed(context, relation);
  if (kind === 'OBJECT_ATTRIBUTE') return compositeEffect(textOf(body, 'behavior') === 'DROP_CASCADE', false, relation);
  const aboutTable =
    RELATION_KINDS.has(kind) ||
    ['OBJECT_COLUMN', 'OBJECT_TABCONSTRAINT', 'OBJECT_TRIGGER', 'OBJECT_POLICY', 'OBJECT_RULE'].includes(kind);
  return aboutTable && !isIndex ? locking(relation, 'ACCESS EXCLUSIVE') : NO_EFFECT;
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

function unique(relations: readonly Relation[], context: MigrationContext): readonly Relation[] {
  return [...new Map(relations.map((relation) => [keyOf(context, relation), relation])).values()];
}
