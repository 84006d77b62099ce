import { z } from 'zod';
import { scalarFindings } from '../btree-instead.js';
import { defineAdvisor } from '../define.js';

export default defineAdvisor({
  id: 'index/gist-on-scalar',
  status: 'stable',
  severity: 'info',
  docs: {
    what: 'GiST indexes on one scalar column of which the workload asks only comparisons.',
    why: 'A GiST index on a scalar is larger than a btree, its pages overlap, so that a look-up may read several paths, and it gives neither order nor index-only scans of all types. It pays where the nearest values are asked for, or in an exclusion constraint.',
    limits:
      'Only indexes of one plain column through btree_gist, none that backs an exclusion constraint, and none whose column is ordered by an expression, such as a distance. ' +
      'Speaks only where the whole workload is known and compares the column, and where no btree on it is there yet: then `index/overlapping-index` says that this one can go.',
    sources: ['PostgreSQL manual, "btree_gist"', 'PostgreSQL manual, "Index Types"'],
    bad: `
      CREATE EXTENSION btree_gist;
      CREATE TABLE parcel (id bigint PRIMARY KEY, customer_id bigint NOT NULL);
      INSERT INTO parcel SELECT n, n % 500 FROM generate_series(1, 5000) AS n;
      CREATE INDEX parcel_customer_idx ON parcel USING gist (customer_id);
      ANALYZE;`,
    good: `
      DROP INDEX parcel_customer_idx;
      CREATE INDEX ON parcel (customer_id);`,
    workload: ['SELECT id FROM parcel WHERE customer_id = 42'],
  },
  options: z.object({}),
  examine: (snapshot) => scalarFindings(snapshot, { method: 'gist', name: 'GiST' }),
});
