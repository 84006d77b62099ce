import { z } from 'zod';
import { formatCount, formatMs } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted } from '../../evidence.js';
import { labelOf } from '../../label.js';
import { above, isGather } from '../../view.js';

export default definePlanFinding({
  id: 'parallel/serial-scan',
  severity: 'info',
  needs: ['run', 'timing'],
  docs: {
    what: 'A sequential scan by one process alone that took 200 ms or more and 50 % of the statement or more.',
    why: 'Several workers read a large table in a part of the time, where cores are idle.',
    limits:
      'Needs EXPLAIN ANALYZE with timing. Silent on a scan that ran more than once, and on a plan of a server that knows no workers. What keeps the plan serial it can not tell: a setting, a function that is not parallel safe, a write, a lock, a cursor. Workers help one statement at the cost of others; an index often helps more.',
    sources: ['PostgreSQL manual, "When Can Parallel Query Be Used?"'],
  },
  options: z.object({
    leastMs: z.number().nonnegative().default(200),
    share: z.number().min(0).max(1).default(0.5),
  }),
  find: (view, { leastMs, share }) =>
    view.nodes.flatMap((one) => {
      const ms = one.selfMs ?? 0;
      const total = view.executionMs ?? 0;
      if (one.node.type !== 'Seq Scan' || ms < leastMs || ms < share * total || total <= 0) return [];
      // Gone through again and again, it is a join's trouble; before 9.6 no plan was parallel.
      if ((one.loops ?? 0) > 1 || view.tree.isBefore94 || [...above(one)].some(({ node }) => isGather(node))) return [];
      return [
        {
          node: one,
          title: `${labelOf(one.node)} took ${formatMs(ms)} of ${formatMs(total)} in one process.`,
          evidence: [
            counted('time of the scan', ms, 'ms', one),
            counted('execution time', total, 'ms'),
            counted('rows read', (one.rows ?? 0) + one.filtered, 'rows', one),
          ],
          remedy: `If ${formatCount((one.rows ?? 0) + one.filtered)} rows must be read: max_parallel_workers_per_gather above 0 for this role, and functions in the statement that are marked PARALLEL SAFE where they are.`,
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, v text NOT NULL);
      INSERT INTO t SELECT g, md5(g::text) FROM generate_series(1, 60000) g;
      ANALYZE t;`,
    fires: {
      statement: "SELECT * FROM t WHERE md5(v) LIKE '%abcdef%'",
      settings: { max_parallel_workers_per_gather: '0' },
    },
    silent: {
      statement: "SELECT * FROM t WHERE md5(v) LIKE '%abcdef%'",
      settings: { parallel_setup_cost: '0', parallel_tuple_cost: '0', min_parallel_table_scan_size: '0' },
    },
    options: { leastMs: 0 },
    also: ['scan/rows-discarded', 'parallel/workers-missing'],
  },
});
