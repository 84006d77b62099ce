import { z } from 'zod';
import { formatBytes, formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted, quoted } from '../../evidence.js';
import { figure, selfShareOf, words } from '../../view.js';
import { moreWorkMemory } from '../../work-memory.js';

export default definePlanFinding({
  id: 'memory/aggregate-on-disk',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'A hashed aggregate whose groups did not fit into memory and went through temporary files.',
    why: 'Rows of groups that did not fit are written and aggregated later, several times over for many groups.',
    limits: 'Needs EXPLAIN ANALYZE. The memory that would do is estimated from the file.',
    sources: ['PostgreSQL manual, hash_mem_multiplier', 'PostgreSQL source, executor/nodeAgg.c'],
  },
  options: z.object({ leastKb: z.number().nonnegative().default(1) }),
  find: (view, { leastKb }, facts) =>
    view.nodes.flatMap((one) => {
      const kb = [one.node.details, ...one.node.workers.map(({ details }) => details)].reduce(
        (most, details) => Math.max(most, typeof details['Disk Usage'] === 'number' ? details['Disk Usage'] : 0),
        0,
      );
      if (one.node.type !== 'Aggregate' || kb < leastKb) return [];
      return [
        {
          node: one,
          share: selfShareOf(view, [one]),
          title: `Grouping into ${formatCount(one.rows)} groups took ${formatBytes(kb * 1024)} of temporary files.`,
          evidence: [
            counted('aggregated on disk', kb, 'kB', one),
            counted('batches', figure(one.node, 'HashAgg Batches'), 'batches', one),
            quoted('group key', words(one.node, 'Group Key') || words(one.node, 'Hash Key'), one),
          ],
          remedy: `${moreWorkMemory(view, facts, kb)}. If far fewer groups were expected: CREATE STATISTICS (ndistinct) on the grouped columns, then ANALYZE.`,
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, k int NOT NULL, pad text NOT NULL);
      INSERT INTO t SELECT g, g, repeat('x', 40) || g FROM generate_series(1, 30000) g;
      ANALYZE t;`,
    fires: {
      statement: 'SELECT pad, count(*) FROM t GROUP BY pad',
      settings: { work_mem: '64kB', enable_sort: 'off' },
    },
    silent: {
      statement: 'SELECT pad, count(*) FROM t GROUP BY pad',
      settings: { work_mem: '64MB', enable_sort: 'off' },
    },
  },
});
