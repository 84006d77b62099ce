import { z } from 'zod';
import { findTable, type Catalog, type Index } from '../../model/catalog.js';
import type { Statistics } from '../../model/statistics.js';
import { dropIndexAction } from '../actions.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { measured, placeOf } from '../evidence.js';
import { foreignKeysServed, reasonToKeep } from '../index-facts.js';

const MS_PER_DAY = 86_400_000;

export default defineAdvisor({
  id: 'index/unused-index',
  status: 'stable',
  severity: 'info',
  docs: {
    what: 'Indexes that this server has not scanned once in `minDays` of counting.',
    why: 'Each write maintains the index, VACUUM reads it, and it takes memory and disk.',
    limits:
      'Never from one look: silent until both the counters and the server are `minDays` old, so that a monthly job has run. Unique indexes, those that back ' +
      'a constraint, a foreign key or the replica identity, parts of partitioned indexes and those below `minSizeBytes` are left alone. ' +
      'A replica counts its own scans: look there before dropping it. PostgreSQL does not record when an index was made, so a young one looks unused.',
    sources: ['PostgreSQL manual, "pg_stat_all_indexes"', 'PostgreSQL manual, "pg_stat_database", column stats_reset'],
    bad: `
      CREATE TABLE parcel (id bigint PRIMARY KEY, weight_g integer NOT NULL);
      INSERT INTO parcel SELECT n, n FROM generate_series(1, 1000) AS n;
      CREATE INDEX parcel_weight_idx ON parcel (weight_g);`,
    good: 'DROP INDEX parcel_weight_idx;',
    contractOptions: { minDays: 0, minSizeBytes: 0 },
  },
  options: z.object({
    minDays: z.number().nonnegative().default(35),
    minSizeBytes: z.number().int().nonnegative().default(1024 * 1024),
  }),
  examine({ catalog, statistics }, { minDays, minSizeBytes }) {
    const days = daysCounted(statistics);
    if (days === null || days < minDays) return [];
    return catalog.indexes
      .filter((index) => index.sizeBytes >= minSizeBytes && isUnused(catalog, index))
      .map((index) => describe(catalog, index, days));
  },
});

/** Days for which the counters surely counted: the younger of their reset and the server's start; null when neither is known. */
function daysCounted(statistics: Statistics): number | null {
  const starts = [statistics.countersSince, statistics.serverStartedAt].filter((one) => one !== null).map((one) => Date.parse(one));
  const ageMs = Date.parse(statistics.readAt) - Math.max(...starts);
  return Number.isFinite(ageMs) ? ageMs / MS_PER_DAY : null;
}

function isUnused(catalog: Catalog, index: Index): boolean {
  return (
    index.scans === 0 &&
    index.lastScan === null &&
    index.valid &&
    !index.unique &&
    reasonToKeep(index) === null &&
    findTable(catalog, index.table)?.kind !== 'p' &&
    foreignKeysServed(catalog, index).length === 0
  );
}

function describe(catalog: Catalog, index: Index, days: number): AdvisorFinding {
  const activity = findTable(catalog, index.table)?.activity;
  const writes = activity ? activity.inserts + activity.updates - activity.hotUpdates + activity.deletes : null;
  return {
    title: `Index ${placeOf(index)} was not scanned on this server in ${Math.floor(days)} days; replicas keep their own count, look there, too.`,
    place: placeOf(index),
    evidence: [
      measured('scans', index.scans, 'scans', 'pg_stat_all_indexes.idx_scan'),
      measured('time counted', Math.floor(days), 'days', 'pg_stat_database.stats_reset, pg_postmaster_start_time()'),
      measured('size', index.sizeBytes, 'bytes', 'pg_relation_size'),
      measured(`writes to ${placeOf(index.table)} that maintained it`, writes, 'rows', 'pg_stat_all_tables'),
    ],
    statements: [],
    actions: [dropIndexAction(index, catalog)],
  };
}
