import { z } from 'zod';
import { placeOf } from '../../model/catalog.js';
import type { Catalog, Index } from '../../model/catalog.js';
import type { Snapshot } from '../../model/snapshot.js';
import { btreeServes, columnUses } from '../../indexes/column-use.js';
import { loadParser } from '../../sql/parse.js';
import { dropIndexAction } from '../actions.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { estimated, measured } from '../evidence.js';
import { indexesByTable, reasonToKeep, wholeIndex, type WholeIndex } from '../../indexes/facts.js';
import { enforcesNoMore, repetitions, standsInFor, type StandIn } from '../../indexes/redundancy.js';

export default defineAdvisor({
  id: 'index/overlapping-index',
  status: 'stable',
  severity: 'info',
  docs: {
    what: 'Indexes whose keys are the first keys of another index of the same table.',
    why: 'The wider index can serve the same searches, so that each write pays for a second index which may earn nothing.',
    limits:
      'Keys must agree in operator class, collation and order, forwards or backwards, and the wider index must hold all INCLUDE columns. Predicates must be ' +
      'the same, or the wider index whole and the partial one hold `minPartialShare` of its rows. A hash index, and a GIN or GiST index on one scalar, counts when a btree on its column is no larger; the GiST one where ' +
      'the whole workload is known and never asks for the nearest. ' +
      'A unique index counts when the wider one is unique by the same keys; those that back a constraint, serve a foreign key or replication are left alone; so is a narrower one that is used while the wider one is not. ' +
      'A partitioned index is reported once, on its parent. The narrower one is smaller and may still win: only the trial can tell.',
    sources: ['PostgreSQL manual, "Multicolumn Indexes"', 'PostgreSQL wiki, "Index Maintenance"'],
    bad: `
      CREATE TABLE visit (id bigint PRIMARY KEY, page_id bigint NOT NULL, seen_at timestamptz NOT NULL);
      CREATE INDEX visit_page_idx ON visit (page_id);
      CREATE INDEX visit_page_seen_idx ON visit (page_id, seen_at);`,
    good: 'DROP INDEX visit_page_idx;',
  },
  options: z.object({ minPartialShare: z.number().min(0).max(1).default(0.8) }),
  async examine(snapshot, { minPartialShare }) {
    const { catalog } = snapshot;
    await loadParser();
    return indexesByTable(catalog).flatMap((indexes) => {
      const repeated = new Set(repetitions(catalog, indexes).map(({ redundant }) => redundant));
      const pairs = indexes.flatMap((index): readonly Pair[] => {
        if (!index.valid || reasonToKeep(index) !== null || repeated.has(index)) return [];
        return indexes
          .filter((wider) => !repeated.has(wider))
          .flatMap((wider) => pairOf(catalog, wider, index) ?? [])
          .filter((pair) => earnsNothing(pair, minPartialShare) && !mayOrderByDistance(snapshot, pair.index));
      });
      const going = new Set(pairs.map(({ index }) => index));
      // One that stays is named before one that may go as well.
      const best = pairs.toSorted(
        (a, b) =>
          Number(going.has(a.widerIndex)) - Number(going.has(b.widerIndex)) ||
          a.wider.sizeBytes - b.wider.sizeBytes ||
          a.widerIndex.oid - b.widerIndex.oid,
      );
      return [...going].flatMap((index): readonly AdvisorFinding[] => {
        const found = best.find((pair) => pair.index === index);
        return found ? [describe(catalog, found)] : [];
      });
    });
  },
});

interface Pair {
  readonly index: Index;
  readonly widerIndex: Index;
  readonly how: StandIn;
  readonly narrow: WholeIndex;
  readonly wider: WholeIndex;
}

function pairOf(catalog: Catalog, widerIndex: Index, index: Index): Pair | null {
  const how = standsInFor(widerIndex, index);
  if (how === null || !enforcesNoMore(catalog, index, widerIndex)) return null;
  return { index, widerIndex, how, narrow: wholeIndex(catalog, index), wider: wholeIndex(catalog, widerIndex) };
}

/** Whether nothing that is known speaks for the narrower one. */
function earnsNothing({ widerIndex, how, narrow, wider }: Pair, minPartialShare: number): boolean {
  // Where only the narrower one is used, the wider one is the one to look at (`index/unused-index`).
  const onlyNarrowUsed = wider.scans === 0 && narrow.scans !== null && narrow.scans > 0;
  if (onlyNarrowUsed && !widerIndex.unique && reasonToKeep(widerIndex) === null) return false;
  if (how === 'whole') {
    return narrow.rows !== null && wider.rows !== null && wider.rows > 0 && narrow.rows >= minPartialShare * wider.rows;
  }
  // A smaller one of another method may read less.
  return how === 'prefix' || narrow.sizeBytes >= wider.sizeBytes;
}

/** GiST also answers "which are nearest": only a workload that is wholly known can tell that nobody asks. */
function mayOrderByDistance(snapshot: Snapshot, { method, table, keys: [first] }: Index): boolean {
  if (method !== 'gist' || !first || first.column === null) return false;
  const uses = columnUses(snapshot, table, first.column);
  return uses === null || !btreeServes(uses, first.column);
}

function titleOf({ index, widerIndex, how }: Pair): string {
  const [one, other] = [placeOf(index), placeOf(widerIndex)];
  if (how === 'comparison') return `Index ${one} finds by comparing only, what ${other} finds as well, and in order.`;
  return how === 'prefix'
    ? `Index ${one} is the beginning of ${other}.`
    : `Index ${one} holds nearly all rows of ${other}, under the same keys.`;
}

function describe(catalog: Catalog, pair: Pair): AdvisorFinding {
  const { index, widerIndex, how, narrow, wider } = pair;
  return {
    title: titleOf(pair),
    place: placeOf(index),
    evidence: [
      measured('definition', index.definition, '', 'pg_get_indexdef'),
      measured('definition of the wider one', widerIndex.definition, '', 'pg_get_indexdef'),
      measured('size', narrow.sizeBytes, 'bytes', 'pg_relation_size'),
      measured('size of the wider one', wider.sizeBytes, 'bytes', 'pg_relation_size'),
      ...(how === 'whole'
        ? [
            estimated('rows', narrow.rows, 'rows', 'pg_class.reltuples'),
            estimated('rows of the wider one', wider.rows, 'rows', 'pg_class.reltuples'),
          ]
        : []),
      measured('scans since the counters began', narrow.scans, 'scans', 'pg_stat_all_indexes.idx_scan'),
      measured('scans of the wider one', wider.scans, 'scans', 'pg_stat_all_indexes.idx_scan'),
      estimated('space freed', narrow.sizeBytes, 'bytes', 'the size of the dropped index'),
    ],
    statements: [],
    actions: [dropIndexAction(index, catalog)],
  };
}
