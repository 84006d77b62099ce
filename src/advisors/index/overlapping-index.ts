import { z } from 'zod';
import type { Catalog, Index } from '../../model/catalog.js';
import { dropIndexAction } from '../actions.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { estimated, measured, placeOf } from '../evidence.js';
import { indexesByTable, keySignature, reasonToKeep } from '../../indexes/facts.js';

export default defineAdvisor({
  id: 'index/overlapping-index',
  status: 'stable',
  severity: 'info',
  docs: {
    what: 'Btree indexes whose keys are the first keys of another index of the same table.',
    why: 'The wider index can serve the same searches, so that each write pays for a second index which may earn nothing.',
    limits:
      'Keys must agree in operator class, collation and order, predicates must be the same, and the wider index must hold all INCLUDE columns. ' +
      'Unique indexes and those that back or enforce something are left alone. The narrower one is smaller and may still win: only the trial can tell.',
    sources: ['PostgreSQL manual, "Multicolumn Indexes"', 'PostgreSQL wiki, "Index Maintenance"'],
    bad: `
      CREATE TABLE visit (id bigint PRIMARY KEY, page_id bigint NOT NULL, seen_at timestamptz NOT NULL);
      CREATE INDEX visit_page_idx ON visit (page_id);
      CREATE INDEX visit_page_seen_idx ON visit (page_id, seen_at);`,
    good: 'DROP INDEX visit_page_idx;',
  },
  options: z.object({}),
  examine({ catalog }) {
    return indexesByTable(catalog).flatMap((indexes) =>
      indexes.flatMap((index): AdvisorFinding[] => {
        if (index.method !== 'btree' || index.unique || !index.valid || reasonToKeep(index) !== null) return [];
        const wider = indexes
          .filter((other) => covers(other, index))
          .toSorted((a, b) => a.sizeBytes - b.sizeBytes || a.oid - b.oid)[0];
        return wider ? [describe(catalog, index, wider)] : [];
      }),
    );
  },
});

/** Whether `wider` can stand in for `index` in every search, and is not the same index twice (that is `index/duplicate-index`). */
function covers(wider: Index, index: Index): boolean {
  if (wider === index || !wider.valid || wider.method !== 'btree' || wider.predicate !== index.predicate) return false;
  const isPrefix = index.keys.every((key, position) => {
    const other = wider.keys[position];
    return other !== undefined && keySignature(other) === keySignature(key);
  });
  const held = new Set([...wider.keys, ...wider.include].map((column) => column.expression));
  const holdsIncluded = index.include.every((column) => held.has(column.expression));
  const isWider = wider.keys.length > index.keys.length || wider.include.length > index.include.length;
  return isPrefix && holdsIncluded && isWider;
}

function describe(catalog: Catalog, index: Index, wider: Index): AdvisorFinding {
  return {
    title: `Index ${placeOf(index)} is the beginning of ${placeOf(wider)}.`,
    place: placeOf(index),
    evidence: [
      measured('definition', index.definition, '', 'pg_get_indexdef'),
      measured('definition of the wider one', wider.definition, '', 'pg_get_indexdef'),
      measured('size', index.sizeBytes, 'bytes', 'pg_relation_size'),
      measured('size of the wider one', wider.sizeBytes, 'bytes', 'pg_relation_size'),
      measured('scans since the counters began', index.scans, 'scans', 'pg_stat_all_indexes.idx_scan'),
      estimated('space freed', index.sizeBytes, 'bytes', 'the size of the dropped index'),
    ],
    statements: [],
    actions: [dropIndexAction(index, catalog)],
  };
}
