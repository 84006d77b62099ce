import { z } from 'zod';
import { formatBytes, formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted, quoted } from '../../evidence.js';
import { figure, outerOf, readsOneTable, selfShareOf, words } from '../../view.js';
import type { ViewedNode } from '../../view.js';
import { moreWorkMemory } from '../../work-memory.js';

export default definePlanFinding({
  id: 'memory/sort-on-disk',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'A sort that did not fit into work_mem and went through temporary files.',
    why: 'Rows are written, read and merged again. In memory, or off an index that has them in order, they are not.',
    limits:
      'Needs EXPLAIN ANALYZE. It weighs what the sort took by itself. The memory that would do is estimated from the file: rows take more room in memory than on disk.',
    sources: ['PostgreSQL manual, work_mem', 'PostgreSQL source, utils/sort/tuplesort.c'],
  },
  options: z.object({ leastKb: z.number().nonnegative().default(1) }),
  find: (view, { leastKb }, facts) =>
    view.nodes.flatMap((one) => {
      const kb = diskKb(one);
      if (kb < leastKb) return [];
      return [
        {
          node: one,
          share: selfShareOf(view, [one]),
          title: `Sorting ${formatCount(outerOf(one)?.rows ?? one.rows)} rows took ${formatBytes(kb * 1024)} of temporary files${one.processes > 1 ? ' in one of its processes' : ''}.`,
          evidence: [counted('sorted on disk', kb, 'kB', one), quoted('sort key', words(one.node, 'Sort Key'), one)],
          remedy: `${moreWorkMemory(view, facts, kb)}. Or ${indexFor(one)}fewer and narrower rows before the sort.`,
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, k int NOT NULL, pad text NOT NULL);
      INSERT INTO t SELECT g, (g * 7919) % 30000, repeat('x', 60) FROM generate_series(1, 30000) g;
      ANALYZE t;`,
    fires: { statement: 'SELECT * FROM t ORDER BY k', settings: { work_mem: '64kB' } },
    silent: { statement: 'SELECT * FROM t ORDER BY k', settings: { work_mem: '32MB' } },
  },
});

/** Only the columns of one table can be read in the order of an index. */
function indexFor(one: ViewedNode): string {
  const key = words(one.node, 'Sort Key');
  return readsOneTable(one) && !key.includes('(')
    ? `an index on (${key}), where the table is read by it alone; or `
    : '';
}

/** Of the node itself, of its workers, and of an incremental sort's largest group. */
function diskKb(one: ViewedNode): number {
  const own = words(one.node, 'Sort Space Type') === 'Disk' ? figure(one.node, 'Sort Space Used') : 0;
  const workers = one.node.workers.map(({ details }) =>
    details['Sort Space Type'] === 'Disk' ? Number(details['Sort Space Used'] ?? 0) : 0,
  );
  const groups = ['Full-sort Groups', 'Pre-sorted Groups'].map((key) =>
    Number(/Peak Disk: (\d+)kB/.exec(words(one.node, key))?.[1] ?? 0),
  );
  return Math.max(own, ...workers, ...groups);
}
