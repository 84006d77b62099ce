import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted } from '../../evidence.js';
import { sqlNameOf } from '../../statistics.js';
import { figure } from '../../view.js';

export default definePlanFinding({
  id: 'scan/heap-fetches',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'An index-only scan that had to look into the table for more than 1,000 rows, more than 10 % of those it gave.',
    why: 'The visibility map says which pages need no look. Where VACUUM has not been since they were written, an index-only scan is none.',
    limits:
      'Needs EXPLAIN ANALYZE. A table that is written all the time may never be all-visible for long; the plan does not say which pages they were.',
    sources: ['PostgreSQL manual, "Index-Only Scans and Covering Indexes"'],
  },
  options: z.object({
    leastFetches: z.number().nonnegative().default(1000),
    share: z.number().min(0).max(1).default(0.1),
  }),
  find: (view, { leastFetches, share }, facts) =>
    view.nodes.flatMap((one) => {
      const fetches = figure(one.node, 'Heap Fetches');
      const rows = (one.rows ?? 0) + one.filtered;
      if (one.node.type !== 'Index Only Scan' || fetches <= leastFetches || fetches <= share * rows) return [];
      return [
        {
          node: one,
          title: `The index-only scan of ${one.node.index ?? 'an index'} looked into the table ${formatCount(fetches)} times.`,
          evidence: [counted('heap fetches', fetches, 'rows', one), counted('rows given', one.rows ?? 0, 'rows', one)],
          remedy: `VACUUM ${sqlNameOf(one.node, facts)}; for a table with many changes a lower autovacuum_vacuum_scale_factor, for one with inserts alone autovacuum_vacuum_insert_scale_factor.`,
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, k int NOT NULL);
      INSERT INTO t SELECT g, g % 50 FROM generate_series(1, 50000) g;
      CREATE INDEX t_k ON t (k);
      VACUUM ANALYZE t;`,
    fires: {
      before: 'UPDATE t SET k = k WHERE id % 5 = 0;',
      statement: 'SELECT k FROM t WHERE k < 10',
      settings: { enable_seqscan: 'off', enable_bitmapscan: 'off' },
    },
    silent: {
      before: 'VACUUM t;',
      statement: 'SELECT k FROM t WHERE k < 10',
      settings: { enable_seqscan: 'off', enable_bitmapscan: 'off' },
    },
  },
});
