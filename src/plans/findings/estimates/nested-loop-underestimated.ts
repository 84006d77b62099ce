import { z } from 'zod';
import { formatCount, formatPercent } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted, expected } from '../../evidence.js';
import { labelOf } from '../../label.js';
import { innerOf, outerOf, shareOf } from '../../view.js';

export default definePlanFinding({
  id: 'estimates/nested-loop-underestimated',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'A nested loop whose outer side gave 10 times the rows expected or more, so that its inner side ran 1,000 times or more and makes up 30 % of the statement or more.',
    why: 'A nested loop is chosen when few rows are expected; with many, reading the inner side once and hashing it is cheaper.',
    limits:
      'Needs EXPLAIN ANALYZE. The share is of time, or of blocks where the nodes were not timed. It does not know what the hash join would have cost.',
    sources: ['PostgreSQL manual, "Planner/Optimizer"', 'PostgreSQL source, optimizer/path/costsize.c'],
  },
  options: z.object({
    factor: z.number().min(2).default(10),
    leastLoops: z.number().nonnegative().default(1000),
    share: z.number().min(0).max(1).default(0.3),
  }),
  find: (view, { factor, leastLoops, share }) =>
    view.nodes.flatMap((one) => {
      const [outer, inner] = [outerOf(one), innerOf(one)];
      if (one.node.type !== 'Nested Loop' || !outer?.node.actual || !outer.node.estimate || !inner) return [];
      const [estimated, actual] = [Math.max(1, outer.node.estimate.rows), outer.node.actual.rows];
      const part = shareOf(view, inner);
      if (actual / estimated < factor || (inner.loops ?? 0) < leastLoops || part === null || part < share) return [];
      return [
        {
          node: one,
          share: part,
          title: `The nested loop ran its inner side ${formatCount(inner.loops)} times; ${formatCount(estimated)} were expected.`,
          evidence: [
            expected('rows of the outer side', estimated, 'rows', outer),
            counted('rows of the outer side', actual, 'rows', outer),
            counted('executions of the inner side', inner.loops ?? 0, 'loops', inner),
            counted('share of the statement', part, 'fraction', inner),
          ],
          remedy:
            `Mend the estimate of ${labelOf(outer.node)} (${formatPercent(part)} of the statement hangs on it): ANALYZE the tables below it, then extended statistics. ` +
            'To see what another join would do: SET LOCAL enable_nestloop = off in a test session.',
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE o (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL, ref int NOT NULL);
      INSERT INTO o SELECT g, g % 200, g % 200, g FROM generate_series(1, 400000) g;
      CREATE INDEX ON o (a, b) INCLUDE (id, ref);
      CREATE TABLE i (id int PRIMARY KEY, pad text NOT NULL);
      INSERT INTO i SELECT g, repeat('x', 100) FROM generate_series(1, 400000) g;
      VACUUM ANALYZE;`,
    fires: { statement: 'SELECT o.id, i.pad FROM o JOIN i ON i.id = o.ref WHERE o.a = 7 AND o.b = 7' },
    silent: { statement: 'SELECT o.id, i.pad FROM o JOIN i ON i.id = o.ref WHERE o.a = 7' },
    also: ['estimates/misestimated-rows'],
  },
});
