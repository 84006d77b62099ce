import { z } from 'zod';
import { findTable, sameRelation, type Index, placeOf } from '../../model/catalog.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { WhatIf } from '../../model/what-if.js';
import { columnUses, statementsThatCompare } from '../../indexes/column-use.js';
import { estimatedRows, reasonToKeep } from '../../indexes/facts.js';
import { loadParser } from '../../sql/parse.js';
import { btreeInstead, btreeSpec, hasBtree } from '../btree-instead.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { estimated, measured } from '../evidence.js';

export default defineAdvisor({
  id: 'index/hash-on-few-values',
  status: 'stable',
  severity: 'info',
  docs: {
    what: 'Hash indexes on a column whose values each stand in very many rows.',
    why:
      'All rows of a value fall into one bucket, whose chain of overflow pages every look-up and many an insert walk, while the other buckets stay empty. ' +
      'A btree keeps each value once with a list of rows: it is several times smaller, and finds them as fast.',
    limits:
      'From `minRows` rows and `minRowsPerValue` rows a value on, by the statistics of ANALYZE; silent without them, on expressions and on partial indexes, of whose values ' +
      'statistics say nothing. Silent where a btree on the column is there already: then `index/overlapping-index` speaks.',
    sources: ['PostgreSQL manual, "Hash Indexes", section "Overview"', 'PostgreSQL manual, "Deduplication"'],
    bad: `
      CREATE TABLE payment (id bigint PRIMARY KEY, state text NOT NULL);
      INSERT INTO payment SELECT n, (ARRAY['new', 'paid', 'failed', 'refunded'])[1 + n % 4] FROM generate_series(1, 20000) AS n;
      CREATE INDEX payment_state_idx ON payment USING hash (state);
      ANALYZE;`,
    good: `
      DROP INDEX payment_state_idx;
      CREATE INDEX ON payment (state);`,
    workload: ["SELECT count(*) FROM payment WHERE state = 'failed'"],
  },
  options: z.object({
    minRows: z.number().int().nonnegative().default(10_000),
    minRowsPerValue: z.number().positive().default(1000),
  }),
  async examine(snapshot, { minRows, minRowsPerValue }, whatIf) {
    await loadParser();
    const findings: AdvisorFinding[] = [];
    for (const index of snapshot.catalog.indexes) {
      const values = valuesOf(snapshot, index);
      if (values === null || values.rows < minRows || values.rows / values.distinct < minRowsPerValue) continue;
      if (reasonToKeep(index) !== null || hasBtree(snapshot.catalog, index)) continue;
      findings.push(await describe(snapshot, index, values, whatIf));
    }
    return findings;
  },
});

interface Values {
  readonly column: string;
  readonly rows: number;
  readonly distinct: number;
  readonly mostCommonFraction: number | null;
}

function valuesOf({ catalog, statistics }: Snapshot, index: Index): Values | null {
  const column = index.keys[0]?.column ?? null;
  const table = findTable(catalog, index.table);
  if (index.method !== 'hash' || column === null || index.predicate !== null || !index.valid || !table) return null;
  const found = statistics.columns.find(
    (one) => one.column === column && sameRelation(one.table, table) && one.inherited === (table.kind === 'p'),
  );
  if (!found || found.distinct === 0) return null;
  const rows = estimatedRows(catalog, table).rows * (1 - found.nullFraction);
  const distinct = found.distinct > 0 ? found.distinct : -found.distinct * rows;
  return { column, rows, distinct, mostCommonFraction: found.commonFrequencies[0] ?? null };
}

async function describe(
  snapshot: Snapshot,
  index: Index,
  { column, rows, distinct, mostCommonFraction }: Values,
  whatIf: WhatIf | null,
): Promise<AdvisorFinding> {
  const { catalog } = snapshot;
  const uses = columnUses(snapshot, index.table, column);
  const statements = uses === null ? [] : statementsThatCompare(uses, column);
  const btree = whatIf === null ? null : await whatIf.size(btreeSpec(catalog, index));
  return {
    title: `Hash index ${placeOf(index)} holds about ${Math.round(rows / distinct)} rows for each value of ${column}.`,
    place: placeOf(index),
    evidence: [
      estimated('distinct values', Math.round(distinct), 'values', 'pg_stats.n_distinct'),
      estimated('rows that are not NULL', Math.round(rows), 'rows', 'pg_class.reltuples, pg_stats.null_frac'),
      estimated('share of the most common value', mostCommonFraction, 'fraction', 'pg_stats.most_common_freqs'),
      measured('size', index.sizeBytes, 'bytes', 'pg_relation_size'),
      estimated(
        'size of a btree on it',
        btree && btree.sizeBytes > 0 ? btree.sizeBytes : null,
        'bytes',
        'index size model',
      ),
      measured('scans', index.scans, 'scans', 'pg_stat_all_indexes.idx_scan'),
      measured(
        'workload statements that compare the column',
        uses === null ? null : statements.length,
        'statements',
        'workload',
      ),
    ],
    statements,
    actions: btreeInstead(catalog, index),
  };
}
