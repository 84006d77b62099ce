import { bodiesOf, field, list, textOf, typed } from '../../sql/tree.js';
import type { TreeNode } from '../../sql/tree.js';
import { descendantsOf, indexNamed, isKnownAbsent, tableOf } from '../context.js';
import type { MigrationContext } from '../context.js';
import type { Operation } from '../operation.js';
import { relationOf } from '../relation.js';
import type { Relation } from '../relation.js';
import { defaultPartition, referencedBy, referencing, withBelow } from './below.js';
import { NO_EFFECT, locking, lockingAll } from './effect.js';
import type { Effect } from './effect.js';

/** What a new table is made a part of, and what it refers to. */
export function createEffect({ body }: Operation, context: MigrationContext): Effect {
  const own = relationOf(field(body, 'relation'));
  const isThere = own !== null && tableOf(context, own) !== undefined;
  if (body['if_not_exists'] === true && isThere) return NO_EFFECT;
  const parents = bodiesOf(list(body, 'inhRelations'), 'RangeVar').flatMap((range) => relationOf(range) ?? []);
  const constraints = [
    ...bodiesOf(list(body, 'tableElts'), 'Constraint'),
    ...bodiesOf(list(body, 'tableElts'), 'ColumnDef').flatMap((column) =>
      bodiesOf(list(column, 'constraints'), 'Constraint'),
    ),
  ];
  const referenced = constraints
    .flatMap((constraint) => relationOf(field(constraint, 'pktable')) ?? [])
    .filter((relation) => relation.name !== own?.name)
    .flatMap((relation) => withBelow(relation, context, 'partitions'));
  if (!field(body, 'partbound')) {
    return {
      ...NO_EFFECT,
      locks: [...lockingAll(parents, 'SHARE UPDATE EXCLUSIVE'), ...lockingAll(referenced, 'SHARE ROW EXCLUSIVE')],
    };
  }
  const rest = parents.flatMap((parent) => defaultPartition(parent, context));
  return {
    ...NO_EFFECT,
    locks: [
      ...lockingAll([...parents, ...rest], 'ACCESS EXCLUSIVE'),
      ...lockingAll([...referenced, ...keysOfParents(parents, context)], 'SHARE ROW EXCLUSIVE'),
    ],
    // Rows that belong into the new partition may lie there.
    scans: rest.filter((one) => tableOf(context, one)?.kind === 'r'),
    unsure: context.catalog ? null : 'a DEFAULT partition of the parent, if there is one, is locked and read as well',
  };
}

/** A partition gets the foreign keys of its parent, and those to its parent: from 15 on with a trigger on the other side; observed. */
export function keysOfParents(parents: readonly Relation[], context: MigrationContext): readonly Relation[] {
  return [
    ...referencedBy(parents, context),
    ...(context.major >= 15 ? referencing(parents, context).filter((one) => !tableOf(context, one)?.partitionOf) : []),
  ];
}

/** The tables that are made within CREATE SCHEMA. */
export function createSchemaEffect({ body }: Operation, context: MigrationContext): Effect {
  const parts = list(body, 'schemaElts').flatMap((element) => {
    const node = typed(element);
    if (node?.type !== 'CreateStmt') return [];
    const relation = relationOf(field(node.body, 'relation'));
    return [createEffect({ type: node.type, body: node.body, tree: {}, relation, command: null }, context)];
  });
  return { ...NO_EFFECT, locks: parts.flatMap(({ locks }) => locks) };
}

/** An index of a partitioned table is built on every partition, unless ONLY. */
export function indexEffect({ relation, body }: Operation, context: MigrationContext): Effect {
  const concurrent = body['concurrent'] === true;
  if (!relation) return NO_EFFECT;
  const mode = concurrent ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE';
  if (isThereAlready(body, relation, context))
    return { ...NO_EFFECT, locks: lockingAll([relation], mode), outsideTransaction: concurrent };
  const isParent = tableOf(context, relation)?.kind === 'p';
  const below = isParent && field(body, 'relation')?.['inh'] === true ? descendantsOf(context, relation) : [];
  const tables = [relation, ...below.map(({ schema, name }) => ({ schema, name }))];
  const scans = isParent ? below.filter(({ kind }) => kind === 'r') : [relation];
  return { ...NO_EFFECT, locks: lockingAll(tables, mode), scans, outsideTransaction: concurrent };
}

/** Whether IF NOT EXISTS finds the index in the catalog, so that none is built. */
export function isThereAlready(body: TreeNode, relation: Relation, context: MigrationContext): boolean {
  const name = textOf(body, 'idxname');
  if (body['if_not_exists'] !== true || name === null) return false;
  return indexNamed(context, { schema: tableOf(context, relation)?.schema ?? relation.schema, name }) !== undefined;
}

export function viewEffect({ relation, body }: Operation, context: MigrationContext): Effect {
  if (body['replace'] !== true || !relation || isKnownAbsent(context, relation)) return NO_EFFECT;
  return locking(relation, 'ACCESS EXCLUSIVE');
}
