import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted } from '../../evidence.js';
import { sqlNameOf } from '../../statistics.js';

export default definePlanFinding({
  id: 'scan/scattered-rows',
  severity: 'warning',
  needs: ['run', 'buffers'],
  docs: {
    what: 'An index scan that touched 0.9 blocks a row or more, over 10,000 rows or more.',
    why: 'Nearly every row lay on another page of the table: rows that are read together and lie together take a fraction of that.',
    limits:
      'Needs EXPLAIN (ANALYZE, BUFFERS). Silent below 100 rows an execution: look-ups of single rows touch the levels of the index each time. Which rows are read together by other statements the plan does not say.',
    sources: ['PostgreSQL manual, "CLUSTER"', 'PostgreSQL manual, "Index-Only Scans and Covering Indexes"'],
  },
  options: z.object({
    blocksPerRow: z.number().positive().default(0.9),
    leastRows: z.number().nonnegative().default(10_000),
    leastRowsPerLoop: z.number().nonnegative().default(100),
  }),
  find: (view, { blocksPerRow, leastRows, leastRowsPerLoop }, facts) =>
    view.nodes.flatMap((one) => {
      const rows = one.rows ?? 0;
      const blocks = (one.selfBuffers?.sharedHit ?? 0) + (one.selfBuffers?.sharedRead ?? 0);
      if (one.node.type !== 'Index Scan' || rows < leastRows || one.filtered > rows) return [];
      if (rows / Math.max(1, one.loops ?? 1) < leastRowsPerLoop || blocks / rows < blocksPerRow) return [];
      return [
        {
          node: one,
          title: `The index scan of ${one.node.relation ?? 'the table'} by ${one.node.index ?? 'an index'} touched ${formatCount(blocks)} blocks for ${formatCount(rows)} rows.`,
          evidence: [
            counted('blocks touched', blocks, 'blocks', one),
            counted('rows', rows, 'rows', one),
            counted('blocks a row', blocks / rows, 'blocks', one),
          ],
          remedy: `INCLUDE the columns that the statement needs in ${one.node.index ?? 'the index'}, so that the table is not visited; or CLUSTER ${sqlNameOf(one.node, facts)} in this order, which locks it while it runs and is lost with later writes.`,
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, k int NOT NULL, pad text NOT NULL);
      INSERT INTO t SELECT g, (g * 7919) % 60000, repeat('x', 400) FROM generate_series(1, 60000) g;
      CREATE INDEX t_k ON t (k);
      VACUUM ANALYZE t;`,
    fires: {
      statement: 'SELECT sum(length(pad)) FROM t WHERE k < 20000',
      settings: { enable_seqscan: 'off', enable_bitmapscan: 'off', max_parallel_workers_per_gather: '0' },
    },
    silent: {
      statement: 'SELECT sum(length(pad)) FROM t WHERE id < 20000',
      settings: { enable_seqscan: 'off', enable_bitmapscan: 'off', max_parallel_workers_per_gather: '0' },
    },
  },
});
