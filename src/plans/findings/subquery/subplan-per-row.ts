import { z } from 'zod';
import { formatCount, formatPercent } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted } from '../../evidence.js';
import { shareOf, words } from '../../view.js';

export default definePlanFinding({
  id: 'subquery/subplan-per-row',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'A subquery that was executed 1,000 times or more, once for each row of the outer query, and makes up 30 % of the statement or more.',
    why: 'As a join or a grouped derived table it is executed once.',
    limits:
      'Needs EXPLAIN ANALYZE. The share is of time, or of blocks where the nodes were not timed. Whether the join gives the same rows depends on keys and on empty groups, which only the catalog says.',
    sources: ['PostgreSQL manual, "Subquery Expressions"', 'PostgreSQL manual, "Using EXPLAIN", SubPlan'],
  },
  options: z.object({
    leastLoops: z.number().nonnegative().default(1000),
    share: z.number().min(0).max(1).default(0.3),
  }),
  find: (view, { leastLoops, share }) =>
    view.nodes.flatMap((one) => {
      const part = shareOf(view, one);
      if (one.node.relationship !== 'sub-plan' || (one.loops ?? 0) < leastLoops) return [];
      if (part === null || part < share) return [];
      const name = one.node.subplanName ?? 'A subquery';
      // Kept rows depend on no outer row: NOT IN that could not be hashed, which is another finding.
      if (one.node.type === 'Materialize' && one.parent && words(one.parent.node, 'Filter').includes('NOT ('))
        return [];
      return [
        {
          node: one,
          title: `${name} was executed ${formatCount(one.loops)} times: ${formatPercent(part)} of the statement.`,
          evidence: [
            counted('executions', one.loops ?? 0, 'loops', one),
            counted('share of the statement', part, 'fraction', one),
          ],
          remedy:
            'A look-up of one row: LEFT JOIN, where the inner key is unique. An aggregate: LEFT JOIN of a derived table grouped by the key, coalesce(count, 0) for empty groups. Several subqueries on one table: one such join for all.',
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE c (id int PRIMARY KEY, name text NOT NULL);
      INSERT INTO c SELECT g, 'c' || g FROM generate_series(1, 3000) g;
      CREATE TABLE o (id int PRIMARY KEY, c_id int NOT NULL);
      INSERT INTO o SELECT g, 1 + g % 3000 FROM generate_series(1, 60000) g;
      CREATE INDEX ON o (c_id);
      VACUUM ANALYZE;`,
    fires: { statement: 'SELECT c.name, (SELECT count(*) FROM o WHERE o.c_id = c.id) FROM c' },
    silent: {
      statement:
        'SELECT c.name, coalesce(n.n, 0) FROM c LEFT JOIN (SELECT c_id, count(*) AS n FROM o GROUP BY c_id) n ON n.c_id = c.id',
    },
  },
});
