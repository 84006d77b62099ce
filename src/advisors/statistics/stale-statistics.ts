import { z } from 'zod';
import { quoteQualified } from '../../base/quote.js';
import type { Action } from '../../model/action.js';
import { findTable, sameRelation, type Catalog, type Table, placeOf } from '../../model/catalog.js';
import type { Evidence } from '../../model/finding.js';
import type { Statistics } from '../../model/statistics.js';
import { defineAdvisor } from '../define.js';
import { estimated, measured } from '../evidence.js';
import { estimatedRows } from '../../indexes/facts.js';

export default defineAdvisor({
  id: 'statistics/stale-statistics',
  status: 'stable',
  severity: 'warning',
  docs: {
    what: "Tables whose planner statistics are missing or older than the table's last great change.",
    why: 'The planner guesses row counts from them: wrong ones give nested loops over millions of rows and indexes left unused.',
    limits:
      'Silent below `minRows` changes or rows. A partitioned table is looked at for itself, because autovacuum never analyses it; its ANALYZE covers its partitions. ' +
      'After a statistics reset the change counter starts anew, and what was changed before is not seen.',
    sources: [
      'PostgreSQL manual, "Routine Vacuuming", section "Updating Planner Statistics"',
      'PostgreSQL manual, "pg_stat_all_tables"',
    ],
    bad: `
      CREATE TABLE reading (id bigint PRIMARY KEY, sensor integer NOT NULL);
      INSERT INTO reading SELECT n, n % 10 FROM generate_series(1, 5000) AS n;
      ANALYZE reading;
      INSERT INTO reading SELECT n, n % 1000 FROM generate_series(5001, 20000) AS n;`,
    good: 'ANALYZE reading;',
  },
  options: z.object({
    minRows: z.number().int().nonnegative().default(1000),
    changedFraction: z.number().positive().default(0.2),
  }),
  examine({ catalog, statistics }, { minRows, changedFraction }) {
    const stale = catalog.tables.flatMap((table) => {
      const evidence = staleness(catalog, statistics, table, { minRows, changedFraction });
      return evidence === null ? [] : [{ table, evidence }];
    });
    const names = stale.map((one) => one.table);
    return stale
      .filter(({ table }) => !isCovered(catalog, table, names))
      .map(({ table, evidence }) => ({
        title: `The statistics of ${placeOf(table)} ${evidence[0].what === NEVER ? 'were never collected' : 'are stale'}.`,
        place: placeOf(table),
        evidence,
        statements: [],
        actions: [analyzeAction(table)],
      }));
  },
});

const NEVER = 'last ANALYZE';

interface Limits {
  readonly minRows: number;
  readonly changedFraction: number;
}

/** Why the statistics are stale, the decisive fact first; null when they are not, or when that can not be known. */
function staleness(
  catalog: Catalog,
  statistics: Statistics,
  table: Table,
  limits: Limits,
): readonly [Evidence, ...Evidence[]] | null {
  if (table.kind !== 'r' && table.kind !== 'm' && table.kind !== 'p') return null;
  const { rows, source } = estimatedRows(catalog, table);
  const size = estimated('rows', rows, 'rows', source);
  if (wasNeverAnalysed(statistics, table)) {
    if (rows <= limits.minRows) return null;
    return [
      measured(
        NEVER,
        'never',
        '',
        table.rowsEstimated === null ? 'pg_class.reltuples = -1' : 'pg_stat_all_tables, pg_stats',
      ),
      size,
    ];
  }
  const { activity } = table;
  if (activity === null) return null;
  const changed = measured(
    'rows changed since the last ANALYZE',
    activity.modifiedSinceAnalyze,
    'rows',
    'pg_stat_all_tables.n_mod_since_analyze',
  );
  const last = measured('last ANALYZE', activity.lastAnalyze, '', 'pg_stat_all_tables');
  if (activity.modifiedSinceAnalyze > Math.max(limits.minRows, limits.changedFraction * rows))
    return [changed, size, last];
  const grown = activity.liveTuples > 2 * rows && activity.liveTuples - rows > limits.minRows;
  if (!grown) return null;
  return [measured('live rows', activity.liveTuples, 'rows', 'pg_stat_all_tables.n_live_tup'), size, last];
}

/** CREATE INDEX and VACUUM set `reltuples` too, so that a table without column statistics counts as never analysed where others have them and rows were changed. */
function wasNeverAnalysed(statistics: Statistics, table: Table): boolean {
  if (table.rowsEstimated === null) return table.pages > 0 || table.kind === 'p';
  if (table.activity === null || table.activity.lastAnalyze !== null || table.activity.modifiedSinceAnalyze === 0)
    return false;
  return statistics.columns.length > 0 && !statistics.columns.some((column) => sameRelation(column.table, table));
}

/** Whether the ANALYZE of a stale parent, at any height, does this partition, too. */
function isCovered(catalog: Catalog, table: Table, stale: readonly Table[]): boolean {
  const parent = table.partitionOf && findTable(catalog, table.partitionOf);
  return parent ? stale.includes(parent) || isCovered(catalog, parent, stale) : false;
}

function analyzeAction(table: Table): Action {
  return {
    kind: 'analyze',
    title: `Analyse ${placeOf(table)}`,
    up: [`ANALYZE ${quoteQualified(table.schema, table.name)}`],
    down: [],
    lock: `takes SHARE UPDATE EXCLUSIVE on ${placeOf(table)}, which blocks DDL and VACUUM but neither reads nor writes`,
    transactional: true,
    tables: [{ schema: table.schema, name: table.name }],
    index: null,
    rewrite: null,
  };
}
