import { z } from 'zod';
import { definePlanFinding } from '../../define.js';
import { counted, expected } from '../../evidence.js';
import { isGather } from '../../view.js';

export default definePlanFinding({
  id: 'parallel/workers-missing',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'A Gather that got fewer parallel workers than were planned.',
    why: 'The plan was chosen for that many workers: with fewer it may be slower than a serial one would have been.',
    limits:
      'Needs EXPLAIN ANALYZE. One run shows one moment: others may have used the workers just then. Which limit was met the plan does not say.',
    sources: ['PostgreSQL manual, "How Parallel Query Works"', 'PostgreSQL manual, max_parallel_workers'],
  },
  options: z.object({ leastMissing: z.number().int().min(1).default(1) }),
  find: (view, { leastMissing }) =>
    view.nodes.flatMap((one) => {
      const { workersPlanned: planned, workersLaunched: launched } = one.node;
      if (!isGather(one.node) || planned === null || launched === null || (one.loops ?? 0) === 0) return [];
      if (planned - launched < leastMissing) return [];
      return [
        {
          node: one,
          title: `${launched} of ${planned} planned workers were there.`,
          evidence: [
            expected('workers planned', planned, 'workers', one),
            counted('workers launched', launched, 'workers', one),
          ],
          remedy:
            'Raise max_parallel_workers and max_worker_processes (the latter takes a restart), or lower max_parallel_workers_per_gather so that one statement takes fewer.',
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL);
      INSERT INTO t SELECT g, g % 100 FROM generate_series(1, 60000) g;
      ANALYZE t;`,
    fires: {
      statement: 'SELECT sum(v) FROM t',
      settings: {
        max_parallel_workers: '0',
        parallel_setup_cost: '0',
        parallel_tuple_cost: '0',
        min_parallel_table_scan_size: '0',
      },
    },
    silent: {
      statement: 'SELECT sum(v) FROM t',
      settings: { max_parallel_workers_per_gather: '0' },
    },
  },
});
