import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted, quoted } from '../../evidence.js';
import { words } from '../../view.js';

export default definePlanFinding({
  id: 'subquery/cte-discards',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'A scan of a CTE that threw away 90 % or more of 1,000 rows or more.',
    why: 'A CTE that is kept (MATERIALIZED, or read twice) is computed whole: the condition comes too late to be used inside, by an index.',
    limits:
      'Needs EXPLAIN ANALYZE. Silent for recursive CTEs. Where other readers of the CTE need the rows, nothing is won.',
    sources: ['PostgreSQL manual, "Common Table Expression Materialization"'],
  },
  options: z.object({
    share: z.number().min(0).max(1).default(0.9),
    leastRows: z.number().nonnegative().default(1000),
  }),
  find: (view, { share, leastRows }) =>
    view.nodes.flatMap((one) => {
      const read = (one.rows ?? 0) + one.filtered;
      if (one.node.type !== 'CTE Scan' || read < leastRows || one.filtered < share * read) return [];
      const name = one.node.relation ?? '';
      const cte = view.nodes.find(({ node }) => node.subplanName === `CTE ${name}`);
      if (!cte || cte.node.type === 'Recursive Union') return [];
      return [
        {
          node: one,
          title: `${name} was computed for ${formatCount(read)} rows, of which this scan kept ${formatCount(one.rows)}.`,
          evidence: [
            counted('rows thrown away', one.filtered, 'rows', one),
            counted('rows kept', one.rows ?? 0, 'rows', one),
            quoted('filter', words(one.node, 'Filter'), one),
          ],
          remedy: `AS NOT MATERIALIZED for ${name}, where it calls nothing volatile and changes nothing; or put the condition into it.`,
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, k int NOT NULL);
      INSERT INTO t SELECT g, g FROM generate_series(1, 5000) g;
      CREATE INDEX ON t (k);
      ANALYZE t;`,
    fires: { statement: 'WITH c AS MATERIALIZED (SELECT * FROM t) SELECT * FROM c WHERE k = 7' },
    silent: { statement: 'WITH c AS NOT MATERIALIZED (SELECT * FROM t) SELECT * FROM c WHERE k = 7' },
  },
});
