import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted, quoted } from '../../evidence.js';
import { labelOf } from '../../label.js';
import { innerOf, inputsOf, words } from '../../view.js';
import type { ViewedNode } from '../../view.js';

export default definePlanFinding({
  id: 'join/inner-sequential-scan',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'A nested loop that went through a whole table, or a kept copy of it, for every outer row: 100,000 rows or more in all.',
    why: 'The work is the product of both sides. An index on the joined column, or a condition that can be hashed, makes it a sum.',
    limits:
      'Needs EXPLAIN ANALYZE. Silent below 100 rows an execution: over a tiny table a nested loop is the right join.',
    sources: ['PostgreSQL manual, "Using EXPLAIN"', 'PostgreSQL manual, "Planner/Optimizer"'],
  },
  options: z.object({
    leastRows: z.number().nonnegative().default(100_000),
    leastRowsPerLoop: z.number().nonnegative().default(100),
  }),
  find: (view, { leastRows, leastRowsPerLoop }) =>
    view.nodes.flatMap((one) => {
      const inner = innerOf(one);
      if (one.node.type !== 'Nested Loop' || !inner || (inner.loops ?? 0) < 2) return [];
      const visited = visitedBy(inner);
      if (visited === null || visited < leastRows || visited / (inner.loops ?? 1) < leastRowsPerLoop) return [];
      const filter = words(one.node, 'Join Filter');
      return [
        {
          node: one,
          title: `${labelOf(inner.node)} was gone through ${formatCount(inner.loops)} times, ${formatCount(visited)} rows in all.`,
          evidence: [
            counted('rows visited on the inner side', visited, 'rows', inner),
            counted('executions of the inner side', inner.loops ?? 0, 'loops', inner),
            ...(filter === '' ? [] : [quoted('join filter', filter, one)]),
          ],
          remedy: / OR /.test(filter)
            ? 'A join by OR can neither be hashed nor looked up: write it as two joins put together by UNION ALL, the second without the pairs of the first.'
            : filter === ''
              ? 'An index on the inner side by what the outer row gives it; if there is nothing to join by, look whether a join condition was forgotten.'
              : 'An index on the joined column of the inner side; a join by = can be hashed instead, one by a function, an inequality or IS NOT DISTINCT FROM can not.',
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE a (id int PRIMARY KEY, x int NOT NULL, y int NOT NULL);
      INSERT INTO a SELECT g, g, g + 1 FROM generate_series(1, 400) g;
      CREATE TABLE b (id int PRIMARY KEY, x int NOT NULL, y int NOT NULL);
      INSERT INTO b SELECT g, g, g FROM generate_series(1, 3000) g;
      ANALYZE;`,
    fires: { statement: 'SELECT * FROM a JOIN b ON a.x = b.x OR a.y = b.y' },
    silent: { statement: 'SELECT * FROM a JOIN b ON a.x = b.x' },
  },
});

/** Rows that a whole scan, or what was kept of one, was gone through for in all; null for any other node. */
function visitedBy(inner: ViewedNode): number | null {
  if (inner.node.type === 'Seq Scan') return (inner.rows ?? 0) + inner.filtered;
  const [input] = inputsOf(inner);
  return inner.node.type === 'Materialize' && input?.node.type === 'Seq Scan' ? inner.rows : null;
}
