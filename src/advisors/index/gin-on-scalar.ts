import { z } from 'zod';
import { placeOf, measured } from '../evidence.js';
import { btreeInstead, scalarIndexes } from '../btree-instead.js';
import { defineAdvisor } from '../define.js';
import { wholeIndex } from '../../indexes/facts.js';

export default defineAdvisor({
  id: 'index/gin-on-scalar',
  status: 'stable',
  severity: 'info',
  docs: {
    what: 'GIN indexes on one scalar column of which the workload asks only comparisons.',
    why: 'A GIN index finds rows by comparison and nothing more: it gives no order, no uniqueness and no index-only scan, each look-up reads a bitmap, and its pending list makes writes and scans uneven. A btree on the column does all of it in less.',
    limits:
      'Only indexes of one plain column through btree_gin; beside an array, jsonb or text search column in one index such a column has its use, and is left alone. ' +
      'Speaks only where the whole workload is known and compares the column, and where no btree on it is there yet: then `index/overlapping-index` says that this one can go.',
    sources: ['PostgreSQL manual, "btree_gin"', 'PostgreSQL manual, "Index Types"'],
    bad: `
      CREATE EXTENSION btree_gin;
      CREATE TABLE parcel (id bigint PRIMARY KEY, customer_id bigint NOT NULL);
      INSERT INTO parcel SELECT n, n % 500 FROM generate_series(1, 5000) AS n;
      CREATE INDEX parcel_customer_idx ON parcel USING gin (customer_id);
      ANALYZE;`,
    good: `
      DROP INDEX parcel_customer_idx;
      CREATE INDEX ON parcel (customer_id);`,
    workload: ['SELECT id FROM parcel WHERE customer_id = 42'],
  },
  options: z.object({}),
  async examine(snapshot) {
    const { catalog } = snapshot;
    const found = await scalarIndexes(snapshot, 'gin');
    return found.map(({ index, column, uses, statements }) => ({
      title: `GIN index ${placeOf(index)} is asked only for comparisons of ${column}, which a btree serves.`,
      place: placeOf(index),
      evidence: [
        measured('definition', index.definition, '', 'pg_get_indexdef'),
        measured('statements that compare the column', statements.length, 'statements', 'workload'),
        measured('statements that use the table', uses.length, 'statements', 'workload'),
        measured('size', wholeIndex(catalog, index).sizeBytes, 'bytes', 'pg_relation_size'),
        measured('scans', wholeIndex(catalog, index).scans, 'scans', 'pg_stat_all_indexes.idx_scan'),
      ],
      statements,
      actions: btreeInstead(catalog, index),
    }));
  },
});
