import { field } from '../../sql/tree.js';
import { ancestorsOf, descendantsOf, tableOf } from '../context.js';
import type { MigrationContext } from '../context.js';
import type { AlterCommand } from '../operation.js';
import { missingIndexes } from '../partition-indexes.js';
import { relationOf } from '../relation.js';
import type { Relation } from '../relation.js';
import { defaultPartition, referencedBy, referencing, withBelow } from './below.js';
import { keysOfParents } from './create.js';
import { locking, lockingAll } from './effect.js';
import type { Effect } from './effect.js';
import { hasValidCheck, partitionCondition } from './partition-bound.js';

/** ATTACH PARTITION: rows of the new partition are read for its bounds, those of a DEFAULT partition for what belongs into the new one. */
export function attach(parent: Relation, command: AlterCommand, context: MigrationContext): Effect {
  const partition = partitionOf(command);
  const condition = partitionCondition(parent, command, context);
  const proved = partition !== null && condition !== null && hasValidCheck(context, partition, condition);
  const below = partition ? withBelow(partition, context, 'partitions') : [];
  const rest = defaultPartition(parent, context);
  const builds = partition !== null && missingIndexes(parent, partition, context).length > 0;
  const stored = [...(proved && !builds ? [] : below), ...rest].filter((one) => tableOf(context, one)?.kind !== 'p');
  // With nothing beside it, a DEFAULT partition may hold any row.
  const alone = isDefault(command) && descendantsOf(context, parent).length === 0 && context.catalog !== null;
  return {
    ...locking(parent, 'SHARE UPDATE EXCLUSIVE'),
    locks: [
      ...lockingAll([parent], 'SHARE UPDATE EXCLUSIVE'),
      ...lockingAll([...below, ...rest], 'ACCESS EXCLUSIVE'),
      ...lockingAll(keysOfParents([parent], context), 'SHARE ROW EXCLUSIVE'),
    ],
    scans: alone ? [] : stored,
    unsure: context.catalog ? null : 'a DEFAULT partition of the parent, if there is one, is locked and read as well',
  };
}

function isDefault({ body }: AlterCommand): boolean {
  const bound = field(field(field(body, 'def') ?? {}, 'PartitionCmd') ?? {}, 'bound');
  return bound?.['is_default'] === true;
}

export function detach(parent: Relation, command: AlterCommand, context: MigrationContext): Effect {
  const concurrent = field(field(command.body, 'def') ?? {}, 'PartitionCmd')?.['concurrent'] === true;
  const partition = partitionOf(command);
  // The part of a foreign key that refers to the partition goes, on both sides of it, once no row is seen to need it.
  const referring = referencing([parent, ...ancestorsOf(context, parent)], context);
  const parts = referring.length > 0 && partition ? withBelow(partition, context, 'partitions') : [];
  const scans = [...referring, ...parts].filter((one) => tableOf(context, one)?.kind !== 'p');
  const keys = [
    ...(partition ? lockingAll(referencedBy([partition], context), 'SHARE ROW EXCLUSIVE') : []),
    ...lockingAll([...referring, ...parts], 'ACCESS EXCLUSIVE'),
  ];
  if (concurrent) {
    return {
      ...locking(parent, 'SHARE UPDATE EXCLUSIVE', { outsideTransaction: true, scans }),
      locks: [
        ...lockingAll([parent], 'SHARE UPDATE EXCLUSIVE'),
        ...lockingAll([partition], 'ACCESS EXCLUSIVE'),
        ...keys,
      ],
    };
  }
  const rest = defaultPartition(parent, context);
  return {
    ...locking(parent, 'ACCESS EXCLUSIVE', { scans }),
    locks: [...lockingAll([parent, partition, ...rest], 'ACCESS EXCLUSIVE'), ...keys],
  };
}

/** The partition that ATTACH and DETACH name. */
export function partitionOf({ body }: AlterCommand): Relation | null {
  return relationOf(field(field(field(body, 'def') ?? {}, 'PartitionCmd') ?? {}, 'name'));
}

export function inherit(relation: Relation, command: AlterCommand): Effect {
  const parent = relationOf(field(field(command.body, 'def') ?? {}, 'RangeVar'));
  const shared = command.subtype === 'AT_AddInherit' ? lockingAll([parent], 'SHARE UPDATE EXCLUSIVE') : [];
  return {
    ...locking(relation, 'ACCESS EXCLUSIVE'),
    locks: [...lockingAll([relation], 'ACCESS EXCLUSIVE'), ...shared],
  };
}
