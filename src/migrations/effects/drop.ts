import { bodyOf, list, textOf } from '../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../sql/tree.js';
import { takenKey } from '../chosen-name.js';
import { indexNamed, isKnownAbsent, keyOf, tableOf } from '../context.js';
import type { MigrationContext } from '../context.js';
import { viewsOn } from '../dependents.js';
import type { Operation } from '../operation.js';
import { cascadesOf } from '../cascades.js';
import { relationOfNames } from '../relation.js';
import type { Relation } from '../relation.js';
import { defaultPartition, referencedBy, referencing, withBelow } from './below.js';
import { NO_EFFECT, lockingAll } from './effect.js';
import type { Effect } from './effect.js';
import { usersOfType } from './user-types.js';

const ALONG = 'what CASCADE takes along is locked as well, and what that is depends on what is there';

/** What a DROP locks: the thing itself, what it is a part of, and what refers to it. */
export function dropEffect({ body }: Operation, context: MigrationContext): Effect {
  const kind = textOf(body, 'removeType') ?? '';
  const cascades = textOf(body, 'behavior') === 'DROP_CASCADE';
  const objects = list(body, 'objects');
  switch (kind) {
    case 'OBJECT_INDEX':
      return dropIndex(body, context);
    case 'OBJECT_TRIGGER':
    case 'OBJECT_POLICY':
    case 'OBJECT_RULE':
      return dropOfTable(body, context);
    case 'OBJECT_STATISTIC_EXT': {
      const known = (context.catalog?.extendedStatistics ?? []).filter((one) =>
        objects.some((object) => {
          const name = relationOfNames(object);
          return name?.name === one.name && (name.schema ?? one.schema) === one.schema;
        }),
      );
      return {
        ...NO_EFFECT,
        locks: lockingAll(
          known.map(({ table }) => table),
          'SHARE UPDATE EXCLUSIVE',
        ),
      };
    }
    case 'OBJECT_SCHEMA':
      return cascades ? along(body, context, inSchemas(objects, context)) : NO_EFFECT;
    case 'OBJECT_TYPE':
    case 'OBJECT_DOMAIN': {
      const types = objects.flatMap((object) => {
        const path = bodyOf(object, 'TypeName');
        return path ? (relationOfNames(list(path, 'names')) ?? []) : [];
      });
      const users = cascades ? types.flatMap((type) => usersOfType(type, context)) : [];
      return along(body, context, users);
    }
    case 'OBJECT_SEQUENCE': {
      const found = along(body, context, []);
      return { ...found, locks: [...dropRelations(body, context).locks, ...found.locks] };
    }
    default:
      return RELATIONS.has(kind) ? dropRelations(body, context) : along(body, context, []);
  }
}

/** Tables and views of what goes along, and what goes with those that go as a whole. */
function along(body: TreeNode, context: MigrationContext, others: readonly Relation[]): Effect {
  if (textOf(body, 'behavior') !== 'DROP_CASCADE') return NO_EFFECT;
  const found = cascadesOf(body, context);
  const known = (found ?? []).flatMap((one) => one.along);
  const all = known.flatMap(({ relation, isWhole }) => (relation ? [{ relation, isWhole }] : []));
  const whole = all.flatMap(({ relation, isWhole }) => (isWhole ? withBelow(relation, context, 'heirs') : []));
  const locked = [
    ...others,
    ...all.flatMap(({ relation }) => withBelow(relation, context, 'heirs')),
    ...whole.flatMap((one) => viewsOn(one, null, context)),
    ...referencing(whole, context),
    ...referencedBy(whole, context),
  ];
  return { ...NO_EFFECT, locks: lockingAll(locked, 'ACCESS EXCLUSIVE'), unsure: found ? null : ALONG };
}

const RELATIONS = new Set(['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_FOREIGN_TABLE']);

function dropRelations(body: TreeNode, context: MigrationContext): Effect {
  const cascades = textOf(body, 'behavior') === 'DROP_CASCADE';
  const named = list(body, 'objects').flatMap((object) => relationOfNames(object) ?? []);
  const objects = body['missing_ok'] === true ? named.filter((one) => !isKnownAbsent(context, one)) : named;
  const all = objects.flatMap((one) => withBelow(one, context, cascades ? 'heirs' : 'partitions'));
  const parents = objects.flatMap((name) =>
    context.state.detached.has(keyOf(context, name)) ? [] : (tableOf(context, name)?.partitionOf ?? []),
  );
  const others = [
    ...parents,
    ...parents.flatMap((parent) => defaultPartition(parent, context)),
    ...referencedBy(all, context).filter((one) => !isSparedParent(one, context)),
    ...(cascades ? referencing(all, context) : []),
    ...(cascades ? all.flatMap((one) => [...viewsOn(one, null, context), ...usersOfType(one, context)]) : []),
  ];
  const isSure = context.catalog !== null;
  return {
    ...NO_EFFECT,
    locks: lockingAll([...all, ...others], 'ACCESS EXCLUSIVE'),
    unsure: cascades && !isSure ? ALONG : null,
  };
}

/** In 14 a foreign key to a partitioned table had no trigger on it, only on its partitions; observed. */
export function isSparedParent(relation: Relation, context: MigrationContext): boolean {
  return context.major < 15 && tableOf(context, relation)?.kind === 'p';
}

function inSchemas(objects: readonly TreeValue[], context: MigrationContext): readonly Relation[] {
  const schemas = objects.map((object) => textOf(bodyOf(object, 'String') ?? {}, 'sval'));
  const tables = (context.catalog?.tables ?? [])
    .filter(({ schema }) => schemas.includes(schema))
    .flatMap((table) => withBelow({ schema: table.schema, name: table.name }, context, 'heirs'));
  return [...tables, ...referencedBy(tables, context), ...referencing(tables, context)];
}

function dropIndex(body: TreeNode, context: MigrationContext): Effect {
  const concurrent = body['concurrent'] === true;
  const indexes = list(body, 'objects').map((object) => {
    const name = relationOfNames(object);
    return name ? indexNamed(context, name) : undefined;
  });
  const isGone = (object: TreeValue): boolean => {
    const name = relationOfNames(object);
    return name !== null && context.state.named.get(takenKey(name, name.name, context)) === false;
  };
  const isMaybe = body['missing_ok'] === true;
  const isSure = list(body, 'objects').every(
    (object, at) => indexes[at] !== undefined || (isMaybe && (context.catalog !== null || isGone(object))),
  );
  return {
    ...NO_EFFECT,
    locks: lockingAll(
      indexes.flatMap((index) => (index ? withBelow(index.table, context, 'partitions') : [])),
      concurrent ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE',
    ),
    unsure: isSure ? null : 'the table of the index is not known; it is locked as the index is',
    outsideTransaction: concurrent,
  };
}

/** A trigger goes from the partitions as well. */
function dropOfTable(body: TreeNode, context: MigrationContext): Effect {
  const owners = list(body, 'objects').flatMap((object) => ownerOf(object) ?? []);
  const isTrigger = textOf(body, 'removeType') === 'OBJECT_TRIGGER';
  const all = owners.flatMap((owner) => (isTrigger ? withBelow(owner, context, 'partitions') : [owner]));
  const isMaybe = body['missing_ok'] === true;
  return {
    ...NO_EFFECT,
    locks: lockingAll(all, 'ACCESS EXCLUSIVE'),
    unsure: isMaybe ? 'nothing is locked where there is no such thing' : null,
  };
}

/** `table.trigger`, the table possibly qualified. */
export function ownerOf(object: TreeValue): Relation | null {
  const inner = Array.isArray(object) ? null : bodyOf(object, 'List');
  return inner ? relationOfNames(list(inner, 'items').slice(0, -1)) : null;
}
