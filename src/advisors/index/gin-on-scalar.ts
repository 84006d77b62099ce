import { z } from 'zod';
import { scalarFindings } from '../btree-instead.js';
import { defineAdvisor } from '../define.js';

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
  examine: (snapshot) => scalarFindings(snapshot, { method: 'gin', name: 'GIN' }),
});
