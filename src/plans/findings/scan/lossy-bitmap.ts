import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted } from '../../evidence.js';
import { figure } from '../../view.js';

export default definePlanFinding({
  id: 'scan/lossy-bitmap',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'A bitmap heap scan whose bitmap outgrew work_mem, so that whole pages were read and checked again instead of rows.',
    why: 'A lossy page makes every row on it to be tested; more memory keeps the bitmap exact.',
    limits:
      'Needs EXPLAIN ANALYZE. Silent where no page at all was exact: a BRIN index knows pages only, and the plan does not say of which kind an index is. Before PostgreSQL 18 the pages of parallel workers are not counted.',
    sources: ['PostgreSQL manual, work_mem', 'PostgreSQL source, nodes/tidbitmap.c'],
  },
  options: z.object({ leastBlocks: z.number().nonnegative().default(1) }),
  find: (view, { leastBlocks }) =>
    view.nodes.flatMap((one) => {
      const [lossy, exact] = [figure(one.node, 'Lossy Heap Blocks'), figure(one.node, 'Exact Heap Blocks')];
      if (lossy < leastBlocks || exact === 0) return [];
      const rechecked = figure(one.node, 'Rows Removed by Index Recheck') * Math.max(1, one.loops ?? 1);
      return [
        {
          node: one,
          title: `The bitmap over ${one.node.relation ?? 'the table'} did not fit into work_mem: ${formatCount(lossy)} of ${formatCount(lossy + exact)} pages were lossy.`,
          evidence: [
            counted('lossy heap blocks', lossy, 'blocks', one),
            counted('exact heap blocks', exact, 'blocks', one),
            counted('rows removed by recheck', rechecked, 'rows', one),
          ],
          remedy: `More work_mem for this statement${setTo(view.tree.settings)}; or an index that narrows the rows further.`,
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, k int NOT NULL, pad text NOT NULL);
      INSERT INTO t SELECT g, (g * 7919) % 50, repeat('x', 200) FROM generate_series(1, 100000) g;
      CREATE INDEX ON t (k);
      ANALYZE t;`,
    fires: {
      statement: 'SELECT sum(id) FROM t WHERE k IN (1, 2, 3)',
      settings: {
        work_mem: '64kB',
        enable_seqscan: 'off',
        enable_indexscan: 'off',
        max_parallel_workers_per_gather: '0',
      },
    },
    silent: {
      statement: 'SELECT sum(id) FROM t WHERE k IN (1, 2, 3)',
      settings: {
        work_mem: '8MB',
        enable_seqscan: 'off',
        enable_indexscan: 'off',
        max_parallel_workers_per_gather: '0',
      },
    },
  },
});

function setTo(settings: Readonly<Record<string, string>>): string {
  const value = settings['work_mem'];
  return value === undefined ? '' : ` (it was ${value})`;
}
