import { z } from 'zod';
import { findTable, type Catalog, type Index } from '../../model/catalog.js';
import { dropIndexAction } from '../actions.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { measured, placeOf } from '../evidence.js';
import { reasonToKeep } from '../../indexes/facts.js';

const NO_REVERT = 'An invalid index serves no query, and no statement makes one: there is nothing to restore.';

export default defineAdvisor({
  id: 'index/invalid-index',
  status: 'stable',
  severity: 'warning',
  docs: {
    what: 'Indexes which a failed CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY left behind.',
    why: 'No query uses them, yet every write maintains them, and a unique one may still refuse rows.',
    limits:
      'A build that runs at this moment looks the same: look at `pg_stat_progress_create_index` before dropping it. ' +
      'An index of a partitioned table is invalid until every partition has its part, and is left alone.',
    sources: [
      'PostgreSQL manual, "CREATE INDEX", section "Building Indexes Concurrently"',
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
      .filter((index) => !index.valid && findTable(catalog, index.table)?.kind !== 'p')
      .map((index) => describe(catalog, index));
  },
});

function describe(catalog: Catalog, index: Index): AdvisorFinding {
  const keep = reasonToKeep(index);
  const writes = findTable(catalog, index.table)?.activity;
  const maintained = writes ? writes.inserts + writes.updates - writes.hotUpdates : null;
  return {
    title: `Index ${placeOf(index)} is invalid${keep === null ? '' : `, and ${keep}`}.`,
    place: placeOf(index),
    evidence: [
      measured('valid', 'no', '', 'pg_index.indisvalid'),
      measured('definition', index.definition, '', 'pg_get_indexdef'),
      measured('size', index.sizeBytes, 'bytes', 'pg_relation_size'),
      measured(
        `writes to ${placeOf(index.table)} that may have maintained it`,
        maintained,
        'rows',
        'pg_stat_all_tables',
      ),
    ],
    statements: [],
    actions: keep === null ? [{ ...dropIndexAction(index, catalog), down: [] }] : [],
  };
}
