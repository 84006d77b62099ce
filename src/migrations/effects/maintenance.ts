import { bodiesOf, field, list, numberOf, textOf } from '../../sql/tree.js';
import type { TreeNode } from '../../sql/tree.js';
import { descendantsOf, indexNamed, tableOf } from '../context.js';
import type { MigrationContext } from '../context.js';
import { LOCK_MODES } from '../locks.js';
import { readBy } from '../dependents.js';
import type { Operation } from '../operation.js';
import { relationOf, uniqueRelations } from '../relation.js';
import type { Relation } from '../relation.js';
import { referencing, withBelow } from './below.js';
import { NO_EFFECT, lockingAll } from './effect.js';
import type { Effect } from './effect.js';

/** The tables that a list names, with what is below each unless ONLY is written. */
function named(ranges: readonly TreeNode[], context: MigrationContext): readonly Relation[] {
  return ranges.flatMap((range) => {
    const relation = relationOf(range);
    if (!relation) return [];
    return range['inh'] === true ? withBelow(relation, context, 'heirs') : [relation];
  });
}

export function truncateEffect({ body }: Operation, context: MigrationContext): Effect {
  const cascades = textOf(body, 'behavior') === 'DROP_CASCADE';
  const first = named(bodiesOf(list(body, 'relations'), 'RangeVar'), context);
  const all = cascades ? withReferring(first, context) : first;
  return {
    ...NO_EFFECT,
    locks: lockingAll(all, 'ACCESS EXCLUSIVE'),
    unsure: cascades && !context.catalog ? 'every table that refers to it is emptied and locked as well' : null,
  };
}

/** The tables, those that refer to them, those that refer to these, ... */
function withReferring(relations: readonly Relation[], context: MigrationContext): readonly Relation[] {
  const more = [...relations, ...referencing(relations, context)];
  const all = uniqueRelations(more);
  return all.length === relations.length ? relations : withReferring(all, context);
}

export function lockEffect({ body }: Operation, context: MigrationContext): Effect {
  const first = named(bodiesOf(list(body, 'relations'), 'RangeVar'), context);
  const read = first
    .flatMap((one) => readBy(one, context))
    .filter((one) => LOCKED.has(tableOf(context, one)?.kind ?? ''));
  const all = [...first, ...read.flatMap((one) => withBelow(one, context, 'heirs'))];
  // Numbered from 1, AccessShareLock (`lockdefs.h`).
  const mode = LOCK_MODES[(numberOf(body, 'mode') ?? 8) - 1] ?? 'ACCESS EXCLUSIVE';
  return {
    ...NO_EFFECT,
    locks: lockingAll(all, mode),
    unsure: context.catalog ? null : 'of a view the tables that it reads are locked as well',
  };
}

/** What LOCK goes on to from a view (`LockViewRecurse_walker`). */
const LOCKED = new Set(['r', 'p', 'v']);

/** A table, and what is below it, written anew. Without a name: the tables that were clustered before. */
export function clusterEffect({ relation }: Operation, context: MigrationContext): Effect {
  if (!relation) {
    const before = (context.catalog?.indexes ?? []).filter(({ clustered }) => clustered).map(({ table }) => table);
    const unsure = context.catalog ? null : 'which tables were clustered before is not known';
    return rewriting(before, { outsideTransaction: true, unsure });
  }
  const below = descendantsOf(context, relation);
  const parts = below.filter(({ kind }) => kind === 'r').map(({ schema, name }) => ({ schema, name }));
  return { ...rewriting([relation, ...parts]), outsideTransaction: below.length > 0 };
}

export function refreshEffect({ relation, body }: Operation): Effect {
  if (!relation) return NO_EFFECT;
  if (body['concurrent'] === true) return { ...NO_EFFECT, locks: lockingAll([relation], 'EXCLUSIVE') };
  // WITH NO DATA gives it an empty file.
  if (body['skipData'] === true) return { ...NO_EFFECT, locks: lockingAll([relation], 'ACCESS EXCLUSIVE') };
  return rewriting([relation]);
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

/**
 * ANALYZE works on a partitioned table and its partitions; VACUUM on these, and locks it for a moment all the same (`vacuum_rel`); from 18 on both go down to inheriting tables (release notes of 18, `ONLY`).
 */
export function vacuumEffect({ body }: Operation, context: MigrationContext): Effect {
  const isVacuum = body['is_vacuumcmd'] === true;
  const relations = bodiesOf(list(body, 'rels'), 'VacuumRelation').flatMap((one) => {
    const range = field(one, 'relation');
    const relation = relationOf(range);
    if (!range || !relation) return [];
    return range['inh'] === true
      ? withBelow(relation, context, context.major >= 18 ? 'heirs' : 'partitions')
      : [relation];
  });
  if (isFullVacuum(body)) {
    const stored = relations.filter((part) => tableOf(context, part)?.kind !== 'p');
    return { ...rewriting(stored), locks: lockingAll(relations, 'ACCESS EXCLUSIVE'), outsideTransaction: true };
  }
  return {
    ...NO_EFFECT,
    locks: lockingAll(relations, 'SHARE UPDATE EXCLUSIVE'),
    outsideTransaction: isVacuum,
    unsure: isVacuum
      ? 'empty pages at the end of a table are cut off under ACCESS EXCLUSIVE, where nobody holds a lock'
      : null,
  };
}

/** Whether FULL is among the options of a VACUUM. */
export function isFullVacuum(body: TreeNode): boolean {
  return hasOption(body, 'full');
}

function hasOption(body: TreeNode, name: string): boolean {
  return bodiesOf(list(body, 'options'), 'DefElem').some(
    (option) =>
      textOf(option, 'defname') === name &&
      !/^(?:false|off|0)$/i.test(textOf(field(field(option, 'arg') ?? {}, 'String') ?? {}, 'sval') ?? 'on'),
  );
}

/** On a partitioned table or index each partition is a transaction of its own. CONCURRENTLY takes SHARE on all of them first, for as long as it looks (`ReindexPartitions`). */
export function reindexEffect({ relation, body }: Operation, context: MigrationContext): Effect {
  const concurrent = bodiesOf(list(body, 'params'), 'DefElem').some(
    (option) => textOf(option, 'defname') === 'concurrently',
  );
  const kind = textOf(body, 'kind');
  const mode = concurrent ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE';
  if (kind !== 'REINDEX_OBJECT_INDEX' && kind !== 'REINDEX_OBJECT_TABLE') {
    const schema = kind === 'REINDEX_OBJECT_SCHEMA' ? textOf(body, 'name') : null;
    const tables = (context.catalog?.tables ?? []).filter(
      (table) => (table.kind === 'r' || table.kind === 'm') && (schema === null || table.schema === schema),
    );
    const all = kind === 'REINDEX_OBJECT_SYSTEM' ? [] : tables;
    const unsure = context.catalog ? null : 'which tables it is about is not known';
    return { ...NO_EFFECT, locks: lockingAll(all, mode), scans: all, outsideTransaction: true, unsure };
  }
  const index = relation && kind === 'REINDEX_OBJECT_INDEX' ? indexNamed(context, relation) : undefined;
  const table = kind === 'REINDEX_OBJECT_INDEX' ? (index?.table ?? null) : relation;
  const below = table ? descendantsOf(context, table).map(({ schema, name }) => ({ schema, name })) : [];
  const isParent = table !== null && tableOf(context, table)?.kind === 'p';
  return {
    ...NO_EFFECT,
    locks: [...lockingAll([table], mode), ...lockingAll(below, 'SHARE')],
    scans: isParent ? below.filter((one) => tableOf(context, one)?.kind === 'r') : table ? [table] : [],
    unsure: table ? null : 'which tables it is about is not known',
    outsideTransaction: concurrent || isParent,
  };
}
