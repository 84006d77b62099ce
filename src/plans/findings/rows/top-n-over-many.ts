import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted, quoted } from '../../evidence.js';
import { outerOf, readsOneTable, words } from '../../view.js';

export default definePlanFinding({
  id: 'rows/top-n-over-many',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'A sort for the first rows (top-N) that went over 100,000 rows or more.',
    why: 'An index in the order of the ORDER BY gives the first rows without the others.',
    limits:
      'Needs EXPLAIN ANALYZE. It is an `info` where what is sorted is not one table as it stands: no index has the order of a computed value or of a join.',
    sources: ['PostgreSQL manual, "Indexes and ORDER BY"'],
  },
  options: z.object({ leastRows: z.number().nonnegative().default(100_000) }),
  find: (view, { leastRows }) =>
    view.nodes.flatMap((one) => {
      const read = outerOf(one)?.rows ?? 0;
      const methods = [one.node.details, ...one.node.workers.map(({ details }) => details)].map(
        (details) => details['Sort Method'],
      );
      if (one.node.type !== 'Sort' || !methods.includes('top-N heapsort') || read < leastRows) return [];
      const key = words(one.node, 'Sort Key');
      return [
        {
          node: one,
          severity: readsOneTable(one) ? 'warning' : 'info',
          title: `${formatCount(read)} rows were gone over for the first ${formatCount(one.rows)}.`,
          evidence: [
            counted('rows gone over', read, 'rows', outerOf(one) ?? one),
            counted('rows given', one.rows ?? 0, 'rows', one),
            quoted('sort key', key, one),
          ],
          remedy: `An index with the columns compared by = first, then (${key}).`,
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, score int NOT NULL);
      INSERT INTO t SELECT g, (g * 7919) % 1000003 FROM generate_series(1, 110000) g;
      ANALYZE t;`,
    fires: {
      statement: 'SELECT * FROM t ORDER BY score DESC LIMIT 10',
      settings: { max_parallel_workers_per_gather: '0' },
    },
    silent: { before: 'CREATE INDEX ON t (score);', statement: 'SELECT * FROM t ORDER BY score DESC LIMIT 10' },
  },
});
