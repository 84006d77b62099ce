import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted, expected, quoted } from '../../evidence.js';
import { labelOf } from '../../label.js';
import { words } from '../../view.js';

export default definePlanFinding({
  id: 'subquery/unhashed-not-in',
  severity: 'warning',
  needs: [],
  docs: {
    what: 'A NOT IN (subquery) whose subquery is gone through for every row, because its result was not expected to fit into memory.',
    why: 'The work is the product of both sides. NOT EXISTS becomes an anti-join, which NOT IN can not, for the sake of NULLs.',
    limits:
      'Seen in the plan without running it. Up to PostgreSQL 16 a correlated NOT EXISTS that was not made a join looks the same. A hashed NOT IN is as good as an anti-join: silent. NOT EXISTS gives the same rows only where neither side can be NULL.',
    sources: ['PostgreSQL manual, "Subquery Expressions", NOT IN', 'PostgreSQL source, optimizer/plan/subselect.c'],
  },
  options: z.object({ leastLoops: z.number().nonnegative().default(100) }),
  find: (view, { leastLoops }, facts) =>
    view.nodes.flatMap((one) => {
      const filter = words(one.node, 'Filter');
      const name = /NOT \((?:ANY \(|[^()]* <> ALL )?[^()]*\(?\(?(?<!hashed )(SubPlan \d+)\)/.exec(filter)?.[1];
      if (name === undefined || filter.includes(`NOT EXISTS(${name})`)) return [];
      const subplan = one.children.find(({ node }) => node.subplanName === name);
      if (view.ran && (subplan?.loops ?? 0) < leastLoops) return [];
      return [
        {
          node: one,
          title: `${labelOf(one.node)} goes through ${name} for every row${view.ran ? `: ${formatCount(subplan?.loops ?? null)} times` : ''}.`,
          evidence: [
            quoted('filter', filter, one),
            ...(view.ran && subplan
              ? [counted('executions of the subquery', subplan.loops ?? 0, 'loops', subplan)]
              : subplan?.node.estimate
                ? [expected('rows of the subquery', subplan.node.estimate.rows, 'rows', subplan)]
                : []),
          ],
          remedy: `NOT EXISTS with the comparison inside, where neither side can be NULL. ${facts ? 'Whether it is proved for this statement, see the rewrites.' : 'Whether it is, the catalog says.'} More work_mem lets the subquery be hashed.`,
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE a (id int PRIMARY KEY, k int NOT NULL);
      INSERT INTO a SELECT g, g FROM generate_series(1, 2000) g;
      CREATE TABLE b (id int PRIMARY KEY, k int NOT NULL);
      INSERT INTO b SELECT g, g FROM generate_series(1, 8000) g;
      ANALYZE;`,
    fires: { statement: 'SELECT * FROM a WHERE k NOT IN (SELECT k FROM b)', settings: { work_mem: '64kB' } },
    silent: {
      statement: 'SELECT * FROM a WHERE NOT EXISTS (SELECT FROM b WHERE b.k = a.k)',
      settings: { work_mem: '64kB' },
    },
    also: ['memory/hash-batches'],
  },
});
