import { z } from 'zod';
import {
  findTable,
  indexesOf,
  sameRelation,
  type Catalog,
  type Index,
  type Table,
  placeOf,
} from '../../model/catalog.js';
import { dropIndexAction, reindexAction } from '../actions.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { measured } from '../evidence.js';
import { isPartitioned, reasonToKeep } from '../../indexes/facts.js';
import { servesTheSame } from '../../indexes/redundancy.js';

const NO_REVERT = 'An invalid index serves no query, and no statement makes one: there is nothing to restore.';

export default defineAdvisor({
  id: 'index/invalid-index',
  status: 'stable',
  severity: 'warning',
  docs: {
    what: 'Indexes which a failed CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY left behind, and partitioned ones that lack a part.',
    why: 'No query uses an invalid index, yet every write maintains it, and a unique one may still refuse rows.',
    limits:
      'Silent while a session builds the index or holds a lock on its table under which it may (a VACUUM does, too). What REINDEX CONCURRENTLY left (`_ccnew`, `_ccold`) and ' +
      'what a valid index repeats is dropped, all else built anew, or dropped where nothing needs it. The index of a partitioned table is invalid until every ' +
      'partition has a valid part: this names the partitions, and offers nothing, for the parts are built one by one. A build that failed because of the rows fails again.',
    sources: [
      'PostgreSQL manual, "CREATE INDEX", section "Building Indexes Concurrently"',
      'PostgreSQL manual, "REINDEX", section "Rebuilding Indexes Concurrently"',
      'PostgreSQL manual, "pg_index", column indisvalid',
    ],
    bad: `
      CREATE TABLE ticket (id bigint PRIMARY KEY, code text NOT NULL);
      CREATE INDEX ticket_code_idx ON ticket (code);
      UPDATE pg_catalog.pg_index SET indisvalid = false WHERE indexrelid = 'ticket_code_idx'::regclass;`,
    good: 'REINDEX INDEX ticket_code_idx;',
    noRevert: NO_REVERT,
  },
  options: z.object({}),
  examine({ catalog }) {
    return catalog.indexes
      .filter((index) => !index.valid && !index.building)
      .flatMap((index): AdvisorFinding[] => {
        if (!isPartitioned(catalog, index)) return [describe(catalog, index)];
        // The parents of all levels are invalid for the same reason: the lowest says it.
        return partsLacking(catalog, index).length > 0 ? [describeParent(catalog, index)] : [];
      });
  },
});

function describe(catalog: Catalog, index: Index): AdvisorFinding {
  const keep = reasonToKeep(index);
  const twin = indexesOf(catalog, index.table).find((one) => one.valid && servesTheSame(one, index));
  const isLeftover = /_cc(new|old)\d*$/.test(index.name);
  const writes = findTable(catalog, index.table)?.activity;
  const maintained = writes ? writes.inserts + writes.updates - writes.hotUpdates : null;
  const drop = { ...dropIndexAction(index, catalog), down: [] };
  const dropFirst = isLeftover || (twin !== undefined && (!index.unique || twin.unique));
  return {
    title: `Index ${placeOf(index)} is invalid${keep === null ? '' : `, and ${keep}`}.`,
    place: placeOf(index),
    evidence: [
      measured('valid', 'no', '', 'pg_index.indisvalid'),
      measured('definition', index.definition, '', 'pg_get_indexdef'),
      ...(twin ? [measured('valid index that serves the same queries', placeOf(twin), '', 'pg_index')] : []),
      measured('size', index.sizeBytes, 'bytes', 'pg_relation_size'),
      measured(
        `writes to ${placeOf(index.table)} that may have maintained it`,
        maintained,
        'rows',
        'pg_stat_all_tables',
      ),
    ],
    statements: [],
    actions: keep !== null ? [reindexAction(index)] : dropFirst ? [drop] : [reindexAction(index), drop],
  };
}

/** A partition with what it has in place of its part. */
interface Lacking {
  readonly partition: Table;
  /** A valid index that could be attached. */
  readonly fitting: Index | undefined;
  readonly invalidPart: Index | undefined;
}

function partsLacking(catalog: Catalog, parent: Index): readonly Lacking[] {
  const partitions = catalog.tables.filter(
    (one) => one.partitionOf !== null && sameRelation(one.partitionOf, parent.table) && one.kind !== 'f',
  );
  return partitions.flatMap((partition) => {
    const indexes = indexesOf(catalog, partition);
    const part = indexes.find((one) => one.partitionOf !== null && sameRelation(one.partitionOf, parent));
    if (part?.valid || (part && isPartitioned(catalog, part)) || indexes.some((one) => one.building)) return [];
    const like = { ...parent, table: partition };
    const fitting = indexes.find(
      (one) => one.valid && one.partitionOf === null && one.unique === parent.unique && servesTheSame(one, like),
    );
    return [{ partition, fitting, invalidPart: part }];
  });
}

function describeParent(catalog: Catalog, parent: Index): AdvisorFinding {
  const lacking = partsLacking(catalog, parent);
  const named = (list: readonly Lacking[]): string => list.map(({ partition }) => placeOf(partition)).join(', ');
  const groups: [string, readonly Lacking[]][] = [
    ['partitions whose part is invalid', lacking.filter((one) => one.invalidPart)],
    ['partitions with an index that can be attached', lacking.filter((one) => !one.invalidPart && one.fitting)],
    ['partitions without a part', lacking.filter((one) => !one.invalidPart && !one.fitting)],
  ];
  return {
    title: `Index ${placeOf(parent)} is invalid until ${lacking.length === 1 ? 'one partition has its' : `${lacking.length} partitions have their`} part.`,
    place: placeOf(parent),
    severity: 'info',
    evidence: [
      measured('valid', 'no', '', 'pg_index.indisvalid'),
      measured('definition', parent.definition, '', 'pg_get_indexdef'),
      ...groups
        .filter(([, list]) => list.length > 0)
        .map(([what, list]) => measured(what, named(list), '', 'pg_inherits, pg_index')),
    ],
    statements: [],
    actions: [],
  };
}
