import { z } from 'zod';
import { findTable, sameRelation, type Catalog, type Index, placeOf } from '../../model/catalog.js';
import type { Evidence } from '../../model/finding.js';
import type { Snapshot } from '../../model/snapshot.js';
import { formatPercent } from '../../base/units.js';
import { expectedBtreeSize } from '../../indexes/expected-size.js';
import { reindexAction } from '../actions.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { estimated, measured } from '../evidence.js';

/** Share by which a really rebuilt index was larger than the upper estimate, at most: test/postgres/index-bloat.test.ts measures it. */
const ESTIMATE_ERROR = 0.1;

export default defineAdvisor({
  id: 'index/bloated-index',
  status: 'stable',
  severity: 'warning',
  docs: {
    what: 'Btrees that take at least twice what they would if they were built anew.',
    why: 'Scans and caches pay for pages that are mostly empty: deleted rows leave room which only keys of the same range fill again.',
    limits:
      'Without `--exact-bloat` the size is estimated from the statistics of ANALYZE. Measured on 60 indexes on PostgreSQL 15 and 18 (built, grown and worn ones; composite, partial, ' +
      'expression, INCLUDE, unique, NULLs, fill factor, no deduplication): what REINDEX left was never above the upper estimate by more than 10 %, and within 2 % of it for 34 to ' +
      '37 of the 57 that could be estimated, as the sample of ANALYZE falls. The upper estimate takes four times as many distinct values as ANALYZE reports of a sampled table. A btree that grows in no order is 10 to 30 % larger than a new one, ' +
      'which is no bloat. Silent below `minWastedBytes` and `minWastedShare`, on keys wider than 200 bytes on average, on expressions of variable width, where more than `maxChangedShare` of the rows ' +
      'changed since ANALYZE, and where `maxDeadShare` of them are dead: VACUUM comes first. Other access methods are not judged. In a run on a lab the copy of the index, built anew, is the measure.',
    sources: ['PostgreSQL manual, "Routine Reindexing"', 'PostgreSQL manual, "pgstattuple"'],
    bad: `
      CREATE TABLE event (id bigint, at timestamptz NOT NULL);
      INSERT INTO event SELECT n, '2025-01-01'::timestamptz + n * interval '1 second' FROM generate_series(1, 50000) AS n;
      CREATE INDEX event_at_idx ON event (at) WITH (fillfactor = 20);
      ALTER INDEX event_at_idx RESET (fillfactor);
      ANALYZE event;`,
    good: 'REINDEX INDEX event_at_idx;',
    contractOptions: { minWastedBytes: 100_000, maxChangedShare: 1 },
  },
  options: z.object({
    minWastedShare: z.number().min(0).max(1).default(0.5),
    maxChangedShare: z.number().nonnegative().default(0.5),
    maxDeadShare: z.number().min(0).max(1).default(0.2),
    minWastedBytes: z
      .number()
      .int()
      .nonnegative()
      .default(10 * 1024 * 1024),
  }),
  examine(snapshot, options) {
    const { minWastedShare, minWastedBytes } = options;
    return snapshot.catalog.indexes.flatMap((index): AdvisorFinding[] => {
      const bloat = bloatOf(snapshot, index, options);
      if (bloat === null) return [];
      const wastedBytes = bloat.sizeBytes - bloat.mostBytes;
      if (wastedBytes < minWastedBytes || wastedBytes < minWastedShare * bloat.sizeBytes) return [];
      return [describe(index, bloat)];
    });
  },
});

interface Bloat {
  readonly sizeBytes: number;
  /** What it takes built anew, at most. */
  readonly mostBytes: number;
  readonly evidence: readonly Evidence[];
}

/** From what was read where somebody did, else from statistics; null where neither can tell. */
function bloatOf({ catalog, statistics, rebuilds }: Snapshot, index: Index, limits: AgeLimits): Bloat | null {
  if (index.method !== 'btree' || !index.valid || index.building) return null;
  const known = rebuilds.find((one) => sameRelation(one.index, index));
  if (known) {
    const { sizeBytes, rebuiltBytes } = known;
    const built = measured(
      'size of the same index built anew',
      rebuiltBytes,
      'bytes',
      "pg_relation_size on the lab's copy",
    );
    const counted = estimated('size if built anew', rebuiltBytes, 'bytes', 'pgstatindex: the fill of every page');
    return { sizeBytes, mostBytes: rebuiltBytes, evidence: [known.how === 'built' ? built : counted] };
  }
  const expected = isStale(catalog, index, limits) ? null : expectedBtreeSize(catalog, statistics, index);
  if (expected === null) return null;
  const mostBytes = expected.highBytes * (1 + ESTIMATE_ERROR);
  return {
    sizeBytes: index.sizeBytes,
    mostBytes,
    evidence: [
      estimated('entries', Math.round(expected.entries), 'entries', 'pg_class.reltuples, pg_stat_all_tables'),
      estimated('size if built anew, at least', expected.lowBytes, 'bytes', 'btree size model, pg_stats'),
      estimated(
        'size if built anew, at most',
        Math.round(mostBytes),
        'bytes',
        `btree size model, pg_stats, and ${formatPercent(ESTIMATE_ERROR)} for its error`,
      ),
    ],
  };
}

/** Shares of the rows: changed since ANALYZE, and dead. */
interface AgeLimits {
  readonly maxChangedShare: number;
  readonly maxDeadShare: number;
}

/** Old statistics say too little of widths and values. Entries of dead rows stay until VACUUM removes them, and while somebody may still see those no rebuild does. */
function isStale(catalog: Catalog, index: Index, { maxChangedShare, maxDeadShare }: AgeLimits): boolean {
  const table = findTable(catalog, index.table);
  if (!table?.activity) return false;
  const { modifiedSinceAnalyze, deadTuples, liveTuples } = table.activity;
  const isDying = deadTuples > maxDeadShare * (deadTuples + liveTuples);
  return isDying || modifiedSinceAnalyze > maxChangedShare * (table.rowsEstimated ?? 0);
}

function describe(index: Index, { sizeBytes, mostBytes, evidence }: Bloat): AdvisorFinding {
  const wasted = 1 - mostBytes / sizeBytes;
  return {
    title: `Index ${placeOf(index)} would take at most ${formatPercent(1 - wasted)} of its size if it were built anew.`,
    place: placeOf(index),
    evidence: [measured('size', sizeBytes, 'bytes', 'pg_relation_size'), ...evidence],
    statements: [],
    actions: [reindexAction(index)],
  };
}
