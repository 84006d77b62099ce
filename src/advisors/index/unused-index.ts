import { z } from 'zod';
import { findTable, type Catalog, type Index } from '../../model/catalog.js';
import type { Evidence } from '../../model/finding.js';
import { planNodes } from '../../model/plan.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { Statistics } from '../../model/statistics.js';
import type { Workload } from '../../model/workload.js';
import { dropIndexAction } from '../actions.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { measured, placeOf } from '../evidence.js';
import { foreignKeysServed, reasonToKeep } from '../../indexes/facts.js';

const MS_PER_DAY = 86_400_000;

/** How much larger than `minSizeBytes` an index must be to be mentioned while the counters are young. */
const NOTED_TIMES = 10;

export default defineAdvisor({
  id: 'index/unused-index',
  status: 'stable',
  severity: 'info',
  docs: {
    what: 'Indexes that this server has not scanned once in `minDays` of counting.',
    why: 'Each write maintains the index, VACUUM reads it, and it takes memory and disk.',
    limits:
      'Never from one look: offers no change until both the counters and the server are `minDays` old, so that a monthly job has run. Before that it only mentions an index ' +
      'of ten times `minSizeBytes` and more, where the plans of the whole workload are known and none uses it. Unique indexes, those that back ' +
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
    minSizeBytes: z
      .number()
      .int()
      .nonnegative()
      .default(1024 * 1024),
  }),
  examine({ catalog, statistics, workload, plans }, { minDays, minSizeBytes }) {
    const days = daysCounted(statistics);
    const unused = catalog.indexes.filter((index) => index.sizeBytes >= minSizeBytes && isUnused(catalog, index));
    if (days !== null && days >= minDays) return unused.map((index) => describe(catalog, index, days));
    const planned = indexesInPlans(workload, plans);
    if (planned === null) return [];
    return unused
      .filter((index) => index.sizeBytes >= NOTED_TIMES * minSizeBytes && !planned.has(index.name))
      .map((index) => note(catalog, index, { days, minDays, statements: workload.statements.length }));
  },
});

/** Days for which the counters surely counted: the younger of their reset and the server's start; null when neither is known. */
function daysCounted(statistics: Statistics): number | null {
  const starts = [statistics.countersSince, statistics.serverStartedAt]
    .filter((one) => one !== null)
    .map((one) => Date.parse(one));
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

/** Names of the indexes in the workload's plans; null unless each statement has a plan, for an unplanned one may use any. */
function indexesInPlans(workload: Workload, plans: Snapshot['plans']): ReadonlySet<string> | null {
  const known = workload.statements.flatMap((statement) => plans.get(statement.fingerprint) ?? []);
  if (known.length === 0 || known.length < workload.statements.length || workload.unusable.length > 0) return null;
  return new Set(known.flatMap((plan) => [...planNodes(plan.root)]).flatMap((node) => node['Index Name'] ?? []));
}

function describe(catalog: Catalog, index: Index, days: number): AdvisorFinding {
  return {
    title: `Index ${placeOf(index)} was not scanned on this server in ${Math.floor(days)} days; replicas keep their own count, look there, too.`,
    place: placeOf(index),
    evidence: [
      measured('scans', index.scans, 'scans', 'pg_stat_all_indexes.idx_scan'),
      measured('time counted', Math.floor(days), 'days', AGE_SOURCE),
      measured('size', index.sizeBytes, 'bytes', 'pg_relation_size'),
      writesEvidence(catalog, index),
    ],
    statements: [],
    actions: [dropIndexAction(index, catalog)],
  };
}

/** Counters too young for a change: what can be said by now, without a remedy. */
function note(
  catalog: Catalog,
  index: Index,
  seen: { readonly days: number | null; readonly minDays: number; readonly statements: number },
): AdvisorFinding {
  return {
    title: `No statement of the workload uses index ${placeOf(index)}; whether anything else does shows after ${seen.minDays} days of counting.`,
    place: placeOf(index),
    evidence: [
      measured('statements whose plans do not use it', seen.statements, 'statements', 'plans of the workload'),
      measured('scans', index.scans, 'scans', 'pg_stat_all_indexes.idx_scan'),
      measured('time counted', seen.days === null ? null : Math.floor(seen.days), 'days', AGE_SOURCE),
      measured('size', index.sizeBytes, 'bytes', 'pg_relation_size'),
      writesEvidence(catalog, index),
    ],
    statements: [],
    actions: [],
  };
}

const AGE_SOURCE = 'pg_stat_database.stats_reset, pg_postmaster_start_time()';

function writesEvidence(catalog: Catalog, index: Index): Evidence {
  const activity = findTable(catalog, index.table)?.activity;
  const writes = activity ? activity.inserts + activity.updates - activity.hotUpdates + activity.deletes : null;
  return measured(`writes to ${placeOf(index.table)} that maintained it`, writes, 'rows', 'pg_stat_all_tables');
}
