import { z } from 'zod';
import { formatCount, formatPercent } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import type { FoundInPlan } from '../../define.js';
import { counted, expected, quoted } from '../../evidence.js';
import { labelOf } from '../../label.js';
import { servedColumns } from '../../conditions.js';
import type { PlanFacts } from '../../facts.js';
import { sqlNameOf } from '../../statistics.js';
import { above, words } from '../../view.js';
import type { ViewedNode } from '../../view.js';

export default definePlanFinding({
  id: 'scan/ordered-index-walk',
  severity: 'warning',
  needs: [],
  docs: {
    what: 'An index scan without an index condition below a LIMIT, read for its order, that threw away 10,000 rows or more; or that has a filter and would cost 100 times what the planner hopes to get away with.',
    why: 'The planner hoped to meet the wanted rows soon; where they lie together at the far end, the whole index is walked, one row of the table at a time.',
    limits:
      'With EXPLAIN ANALYZE the plan shows how long the walk was for this value; for another it may have been short. Without, it is an `info`: the hope may be right.',
    sources: ['PostgreSQL manual, "LIMIT and OFFSET"', 'PostgreSQL manual, "Indexes and ORDER BY"'],
  },
  options: z.object({
    leastRows: z.number().nonnegative().default(10_000),
    timesHoped: z.number().nonnegative().default(100),
  }),
  find: (view, { leastRows, timesHoped }, facts) =>
    view.nodes.flatMap((one) => {
      const { node } = one;
      if (!/^Index (?:Only )?Scan$/.test(node.type) || node.details['Index Cond'] !== undefined) return [];
      const limit = [...above(one)].find((up) => up.node.type === 'Limit');
      if (!limit) return [];
      if (!view.ran) return hoped(one, limit, timesHoped).map((found) => ({ ...found, remedy: remedyFor(one, facts) }));
      if (one.filtered < leastRows) return [];
      return [
        {
          node: one,
          title: `${labelOf(node)} walked past ${formatCount(one.filtered)} rows in search of ${formatCount(one.rows)} for the LIMIT.`,
          evidence: [
            counted('rows thrown away by the filter', one.filtered, 'rows', one),
            counted('rows kept', one.rows ?? 0, 'rows', one),
            quoted('filter', words(node, 'Filter'), one),
          ],
          remedy: remedyFor(one, facts),
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

/** A walk that was planned and not run. */
function hoped(one: ViewedNode, limit: ViewedNode, timesHoped: number): readonly Omit<FoundInPlan, 'remedy'>[] {
  const { node } = one;
  const [whole, part] = [node.estimate?.totalCost ?? 0, limit.node.estimate?.totalCost ?? 0];
  const filter = words(node, 'Filter');
  if (filter === '' || part <= 0 || whole < timesHoped * part) return [];
  return [
    {
      node: one,
      severity: 'info',
      share: 1,
      title: `${labelOf(node)} would be walked until the LIMIT is filled: the planner hopes for that within ${formatPercent(part / whole)} of it.`,
      evidence: [
        expected('cost of the whole walk', whole, 'planner units', one),
        expected('cost up to the LIMIT', part, 'planner units', limit),
        quoted('filter', filter, one),
      ],
    },
  ];
}

function remedyFor({ node }: ViewedNode, facts: PlanFacts | null): string {
  const { equal, several, ranges } = servedColumns(words(node, 'Filter'));
  const order = 'the columns of the ORDER BY';
  const [keys, does] =
    equal.length > 0
      ? [[...equal, order, ...several, ...ranges], 'finds the rows and has them in order']
      : several.length > 0
        ? [[...several, order], 'finds the rows; those of several values still have to be sorted']
        : [[order, ...ranges], 'tests the rows without reading the table'];
  return (
    `An index on ${sqlNameOf(node, facts)} (${keys.map((key, at) => (at > 0 ? `then ${key}` : key)).join(', ')}) ${does}. ` +
    'Where no index may be added, ORDER BY an expression (id + 0) or a MATERIALIZED CTE around the filter keeps the planner from the walk.'
  );
}
