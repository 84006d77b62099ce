import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted, quoted } from '../../evidence.js';
import { labelOf } from '../../label.js';
import { figure, words } from '../../view.js';

export default definePlanFinding({
  id: 'scan/many-index-searches',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'An index scan that descended its index 100 times an execution or more, without a list of values to look up.',
    why: 'PostgreSQL 18 can skip through an index whose first column the statement does not name: one descent for each of its values.',
    limits:
      'PostgreSQL 18 and newer say it, with EXPLAIN ANALYZE. Silent where the condition is = ANY of a list: each of its values may take a search.',
    sources: ['PostgreSQL 18 manual, "Multicolumn Indexes"', 'PostgreSQL 18 manual, "Using EXPLAIN", Index Searches'],
  },
  options: z.object({ leastSearches: z.number().nonnegative().default(100) }),
  find: (view, { leastSearches }) =>
    view.nodes.flatMap((one) => {
      const searches = figure(one.node, 'Index Searches');
      const perLoop = searches / Math.max(1, one.loops ?? 1);
      const condition = words(one.node, 'Index Cond');
      if (perLoop < leastSearches || /= ANY/.test(condition)) return [];
      return [
        {
          node: one,
          title: `${labelOf(one.node)} was searched ${formatCount(perLoop)} times an execution.`,
          evidence: [
            counted('index searches', searches, 'searches', one),
            counted('executions', one.loops ?? 0, 'loops', one),
            quoted('condition', condition, one),
          ],
          remedy: `An index that begins with the columns of the condition: the first one of ${one.node.index ?? 'this index'} is not among them.`,
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE t (a int NOT NULL, b int NOT NULL);
      INSERT INTO t SELECT g % 200, g / 200 FROM generate_series(0, 239999) g;
      CREATE INDEX t_a_b ON t (a, b);
      VACUUM ANALYZE t;`,
    fires: {
      statement: 'SELECT count(*) FROM t WHERE b = 7',
      settings: { enable_seqscan: 'off', enable_bitmapscan: 'off', max_parallel_workers_per_gather: '0' },
    },
    silent: { before: 'CREATE INDEX ON t (b);', statement: 'SELECT count(*) FROM t WHERE b = 7' },
    minMajor: 18,
  },
});
