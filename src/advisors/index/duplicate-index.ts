import { z } from 'zod';
import type { Catalog, Index } from '../../model/catalog.js';
import { dropIndexAction } from '../actions.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { estimated, measured, placeOf } from '../evidence.js';
import { indexesByTable, keySignature, reasonToKeep } from '../../indexes/facts.js';

export default defineAdvisor({
  id: 'index/duplicate-index',
  status: 'stable',
  severity: 'warning',
  docs: {
    what: 'Indexes which another index of the same table repeats exactly.',
    why: 'Each write pays for both, both take memory and disk, and no query can gain from the second.',
    limits:
      'Same access method, keys, operator classes, collations, orders, INCLUDE columns and predicate. The one that enforces or backs something stays; ' +
      'two that both do are left alone. Silent on invalid indexes and on parts of a partitioned index.',
    sources: ['PostgreSQL manual, "pg_index"', 'PostgreSQL wiki, "Index Maintenance"'],
    bad: `
      CREATE TABLE reader (id bigint PRIMARY KEY, email text NOT NULL);
      CREATE INDEX reader_email_idx ON reader (email);
      CREATE INDEX reader_email_again ON reader (email);`,
    good: 'DROP INDEX reader_email_again;',
  },
  options: z.object({}),
  examine({ catalog }) {
    return indexesByTable(catalog).flatMap((indexes) => {
      const valid = indexes.filter((index) => index.valid);
      const kinds = [...new Set(valid.map(sameWork))];
      return kinds.flatMap((kind) =>
        duplicatesIn(
          catalog,
          valid.filter((index) => sameWork(index) === kind),
        ),
      );
    });
  },
});

/** All that decides which queries an index can serve; uniqueness apart. */
function sameWork(index: Index): string {
  const include = index.include.map((column) => column.expression).toSorted();
  return JSON.stringify([index.method, index.keys.map(keySignature), include, index.predicate]);
}

function duplicatesIn(catalog: Catalog, group: readonly Index[]): readonly AdvisorFinding[] {
  const [keeper, ...others] = group.toSorted((a, b) => strength(b) - strength(a) || a.oid - b.oid);
  if (keeper === undefined) return [];
  return others
    .filter((index) => reasonToKeep(index) === null && enforcesNoMore(catalog, index, keeper))
    .map((index) => describe(catalog, index, keeper));
}

function strength(index: Index): number {
  if (index.primary) return 4;
  if (index.constraint !== null || index.referencedByForeignKeys.length > 0) return 3;
  if (index.unique) return 2;
  return reasonToKeep(index) === null ? 0 : 1;
}

function enforcesNoMore(catalog: Catalog, index: Index, keeper: Index): boolean {
  if (!index.unique) return true;
  const backs = catalog.constraints.find(
    (one) =>
      one.name === keeper.constraint &&
      one.table.schema === keeper.table.schema &&
      one.table.name === keeper.table.name,
  );
  return keeper.unique && (keeper.nullsNotDistinct || !index.nullsNotDistinct) && !(backs?.deferrable ?? false);
}

function describe(catalog: Catalog, index: Index, keeper: Index): AdvisorFinding {
  const stays = reasonToKeep(keeper);
  return {
    title: `Index ${placeOf(index)} repeats ${placeOf(keeper)}.`,
    place: placeOf(index),
    evidence: [
      measured('definition', index.definition, '', 'pg_get_indexdef'),
      measured(
        `definition of the one that stays${stays === null ? '' : ` (${stays})`}`,
        keeper.definition,
        '',
        'pg_get_indexdef',
      ),
      measured('size', index.sizeBytes, 'bytes', 'pg_relation_size'),
      measured('scans since the counters began', index.scans, 'scans', 'pg_stat_all_indexes.idx_scan'),
      estimated('space freed', index.sizeBytes, 'bytes', 'the size of the dropped index'),
    ],
    statements: [],
    actions: [dropIndexAction(index, catalog)],
  };
}
