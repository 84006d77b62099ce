import { z } from 'zod';
import { placeOf } from '../../model/catalog.js';
import type { Catalog, Index } from '../../model/catalog.js';
import { dropIndexAction } from '../actions.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { estimated, measured } from '../evidence.js';
import { indexesByTable, reasonToKeep, wholeIndex } from '../../indexes/facts.js';
import { repetitions } from '../../indexes/redundancy.js';

export default defineAdvisor({
  id: 'index/duplicate-index',
  status: 'stable',
  severity: 'warning',
  docs: {
    what: 'Indexes which another index of the same table repeats exactly.',
    why: 'Each write pays for both, both take memory and disk, and no query can gain from the second.',
    limits:
      'Same access method, keys, operator classes and their parameters, collations, orders, INCLUDE columns and predicate; a btree that is the other one read ' +
      'backwards is the same. The one that enforces or backs something stays, else the smaller, else the older; two that both enforce are left alone. ' +
      'A partitioned index is reported once, on its parent. Silent on invalid indexes, which are for `index/invalid-index`.',
    sources: ['PostgreSQL manual, "pg_index"', 'PostgreSQL wiki, "Index Maintenance"'],
    bad: `
      CREATE TABLE reader (id bigint PRIMARY KEY, email text NOT NULL);
      CREATE INDEX reader_email_idx ON reader (email);
      CREATE INDEX reader_email_again ON reader (email);`,
    good: 'DROP INDEX reader_email_again;',
  },
  options: z.object({}),
  examine({ catalog }) {
    return indexesByTable(catalog).flatMap((indexes) =>
      repetitions(catalog, indexes).map(({ redundant, keeper }) => describe(catalog, redundant, keeper)),
    );
  },
});

function describe(catalog: Catalog, index: Index, keeper: Index): AdvisorFinding {
  const stays = reasonToKeep(keeper);
  const whole = wholeIndex(catalog, index);
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
      measured('size', whole.sizeBytes, 'bytes', 'pg_relation_size'),
      measured('scans since the counters began', whole.scans, 'scans', 'pg_stat_all_indexes.idx_scan'),
      estimated('space freed', whole.sizeBytes, 'bytes', 'the size of the dropped index'),
    ],
    statements: [],
    actions: [dropIndexAction(index, catalog)],
  };
}
