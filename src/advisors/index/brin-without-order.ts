import { z } from 'zod';
import { findTable, sameRelation, type Index, type Table, placeOf } from '../../model/catalog.js';
import type { Snapshot } from '../../model/snapshot.js';
import { columnUses, statementsThatCompare } from '../../indexes/column-use.js';
import { reasonToKeep } from '../../indexes/facts.js';
import { loadParser } from '../../sql/parse.js';
import { dropIndexAction } from '../actions.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { estimated, measured } from '../evidence.js';

/** `bringetbitmap` counts ten entries for each page of the table that it hands over. */
const ENTRIES_PER_PAGE = 10;

export default defineAdvisor({
  id: 'index/brin-without-order',
  status: 'stable',
  severity: 'info',
  docs: {
    what: 'BRIN indexes on a column whose values do not lie in the order of the table.',
    why:
      'BRIN keeps the least and greatest value of each range of pages. Where values are scattered, nearly every range may hold what is asked for: ' +
      'a scan reads most of the table, as it would without the index.',
    limits:
      'Minmax operator classes on one plain column (neither bloom nor multi-minmax), tables from `minPages` pages on, and a |correlation| below `maxCorrelation`. ' +
      'Correlation is blind to runs of neighbouring values that stand in no order as a whole: where scans were counted, they must have read `minPagesShare` of the table ' +
      'on average; where none were, the planner, which goes by the same correlation, did not choose the index. Silent on partitioned tables.',
    sources: ['PostgreSQL manual, "BRIN Indexes"', 'PostgreSQL manual, "pg_stats", column correlation'],
    bad: `
      CREATE TABLE reading (id bigint PRIMARY KEY, sensor integer NOT NULL, filler text NOT NULL);
      INSERT INTO reading SELECT n, (n * 7919) % 10007, repeat('x', 200) FROM generate_series(1, 10000) AS n;
      CREATE INDEX reading_sensor_idx ON reading USING brin (sensor) WITH (pages_per_range = 4);
      ANALYZE;`,
    good: `
      DROP INDEX reading_sensor_idx;
      CREATE INDEX ON reading USING brin (id) WITH (pages_per_range = 4);`,
    contractOptions: { minPages: 100 },
  },
  options: z.object({
    maxCorrelation: z.number().min(0).max(1).default(0.5),
    minPagesShare: z.number().min(0).max(1).default(0.5),
    minPages: z.number().int().nonnegative().default(1024),
  }),
  async examine(snapshot, { maxCorrelation, minPagesShare, minPages }) {
    await loadParser();
    return snapshot.catalog.indexes.flatMap((index): AdvisorFinding[] => {
      const scattered = scatterOf(snapshot, index);
      if (scattered === null || scattered.table.pages < minPages) return [];
      const { correlation, pagesShare } = scattered;
      if (Math.abs(correlation) >= maxCorrelation) return [];
      if (pagesShare !== null && pagesShare < minPagesShare) return [];
      return [describe(snapshot, index, scattered)];
    });
  },
});

interface Scatter {
  readonly table: Table;
  readonly column: string;
  readonly correlation: number;
  /** Share of the table's pages that a scan read on average; null where none was counted. */
  readonly pagesShare: number | null;
}

function scatterOf({ catalog, statistics }: Snapshot, index: Index): Scatter | null {
  const [key] = index.keys;
  const column = key?.column ?? null;
  const table = findTable(catalog, index.table);
  const isMinmax = key?.opclass?.endsWith('_minmax_ops') ?? false;
  if (index.method !== 'brin' || index.keys.length !== 1 || column === null || !isMinmax || !table) return null;
  if (!index.valid || index.building || reasonToKeep(index) !== null || table.kind === 'p') return null;
  const found = statistics.columns.find(
    (one) => !one.inherited && one.column === column && sameRelation(one.table, table),
  );
  if (!found || found.correlation === null || index.scans === null) return null;
  if (index.scans > 0 && index.entriesRead === null) return null;
  const pagesShare =
    index.scans > 0 && table.pages > 0 ? (index.entriesRead ?? 0) / ENTRIES_PER_PAGE / index.scans / table.pages : null;
  return { table, column, correlation: found.correlation, pagesShare };
}

function describe(
  snapshot: Snapshot,
  index: Index,
  { table, column, correlation, pagesShare }: Scatter,
): AdvisorFinding {
  const uses = columnUses(snapshot, table, column);
  const statements = uses === null ? [] : statementsThatCompare(uses, column);
  return {
    title: `BRIN index ${placeOf(index)} summarises ${column}, whose values are scattered over the table.`,
    place: placeOf(index),
    evidence: [
      estimated('correlation of values and places', correlation, '', 'pg_stats.correlation'),
      measured('scans', index.scans, 'scans', 'pg_stat_all_indexes.idx_scan'),
      ...(pagesShare === null
        ? []
        : [
            measured(
              'share of the table that a scan read',
              Math.min(1, pagesShare),
              'fraction',
              'pg_stat_all_indexes.idx_tup_read',
            ),
          ]),
      measured('pages of the table', table.pages, 'pages', 'pg_relation_size'),
      measured(
        'workload statements that compare the column',
        uses === null ? null : statements.length,
        'statements',
        'workload',
      ),
      measured('size', index.sizeBytes, 'bytes', 'pg_relation_size'),
    ],
    statements,
    actions: [dropIndexAction(index, snapshot.catalog)],
  };
}
