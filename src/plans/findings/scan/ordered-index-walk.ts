import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted, quoted } from '../../evidence.js';
import { labelOf } from '../../label.js';
import { columnsIn, sqlNameOf } from '../../statistics.js';
import { above, words } from '../../view.js';

export default definePlanFinding({
  id: 'scan/ordered-index-walk',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'An index scan without an index condition below a LIMIT, read for its order, that threw away 10,000 rows or more.',
    why: 'The planner hoped to meet the wanted rows soon; where they lie together at the far end, the whole index is walked, one row of the table at a time.',
    limits:
      'Needs EXPLAIN ANALYZE. The plan shows how long the walk was for this value; for another it may have been short.',
    sources: ['PostgreSQL manual, "LIMIT and OFFSET"', 'PostgreSQL manual, "Indexes and ORDER BY"'],
  },
  options: z.object({ leastRows: z.number().nonnegative().default(10_000) }),
  find: (view, { leastRows }, facts) =>
    view.nodes.flatMap((one) => {
      const { node } = one;
      if (!/^Index (?:Only )?Scan$/.test(node.type) || node.details['Index Cond'] !== undefined) return [];
      if (one.filtered < leastRows || ![...above(one)].some((up) => up.node.type === 'Limit')) return [];
      const columns = columnsIn(node, facts);
      return [
        {
          node: one,
          title: `${labelOf(node)} walked past ${formatCount(one.filtered)} rows in search of ${formatCount(one.rows)} for the LIMIT.`,
          evidence: [
            counted('rows thrown away by the filter', one.filtered, 'rows', one),
            counted('rows kept', one.rows ?? 0, 'rows', one),
            quoted('filter', words(node, 'Filter'), one),
          ],
          remedy:
            `An index on ${sqlNameOf(node, facts)} (${columns.join(', ') || 'the filtered columns'}, then the columns of the ORDER BY) finds the rows and has them in order. ` +
            'Where no index may be added, ORDER BY an expression (id + 0) or a MATERIALIZED CTE around the filter keeps the planner from the walk.',
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, kind int NOT NULL, pad text NOT NULL);
      INSERT INTO t SELECT g, CASE WHEN g > 59000 THEN 1 ELSE 0 END, repeat('x', 20) FROM generate_series(1, 60000) g;
      ANALYZE t;`,
    fires: { statement: 'SELECT * FROM t WHERE kind = 1 ORDER BY id LIMIT 10', settings: { enable_sort: 'off' } },
    silent: {
      before: 'CREATE INDEX ON t (kind, id);',
      statement: 'SELECT * FROM t WHERE kind = 1 ORDER BY id LIMIT 10',
    },
  },
});
