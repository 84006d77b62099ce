import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted, expected } from '../../evidence.js';
import { wrongAtSource } from '../../estimates.js';
import type { PlanFacts } from '../../facts.js';
import { labelOf } from '../../label.js';
import { statisticsRemedy } from '../../statistics.js';
import type { ViewedNode } from '../../view.js';

export default definePlanFinding({
  id: 'estimates/misestimated-rows',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'A node whose row count the planner got wrong by a factor of 10 or more, with at least 1,000 rows estimated or actual, while its inputs were right.',
    why: 'Join order, join method and memory are chosen by row counts: from a wrong one on, the plan is chosen for other data.',
    limits:
      'Needs EXPLAIN ANALYZE. Where a LIMIT, a semi-join or a subquery may have stopped a node early, only more rows than estimated count; silent below merge joins, and on nodes that only pass an error on. ' +
      'One run shows one set of parameters: a generic plan is right on average and wrong for each. It is an `info` unless a join stands on it, or 100 times as many rows came as were expected: too many expected at the top of a plan change little.',
    sources: ['PostgreSQL manual, "Row Estimation Examples"', 'PostgreSQL manual, "Extended Statistics"'],
  },
  options: z.object({ factor: z.number().min(2).default(10), leastRows: z.number().nonnegative().default(1000) }),
  find: (view, { factor, leastRows }, facts) =>
    wrongAtSource(view, factor, leastRows).map(({ one, estimated, actual, factor: off, tooFew }) => ({
      node: one,
      severity: isUnderJoin(one) || (tooFew && off >= 10 * factor) ? 'warning' : 'info',
      title: `${labelOf(one.node)} gave ${formatCount(actual)} rows where ${formatCount(estimated)} were expected.`,
      evidence: [
        expected('rows of one execution', estimated, 'rows', one),
        counted('rows of one execution', actual, 'rows', one),
        counted(tooFew ? 'too few by a factor of' : 'too many by a factor of', off, '', one),
      ],
      remedy: remedyFor(one, facts),
    })),
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL);
      INSERT INTO t SELECT g, g % 100, g % 100 FROM generate_series(1, 200000) g;
      ANALYZE t;`,
    fires: { statement: 'SELECT * FROM t WHERE a = 7 AND b = 7' },
    silent: { statement: 'SELECT * FROM t WHERE a = 7' },
    also: ['scan/rows-discarded'],
  },
});

function isUnderJoin(one: ViewedNode): boolean {
  for (let at = one.parent; at !== null; at = at.parent) if (at.node.joinType !== null) return true;
  return false;
}

function remedyFor(one: ViewedNode, facts: PlanFacts | null): string {
  const { type } = one.node;
  if (type === 'Function Scan')
    return 'Declare how many rows the function gives (ALTER FUNCTION ... ROWS n), or write its result into an analysed temporary table.';
  if (type === 'Recursive Union' || type === 'WorkTable Scan')
    return 'The planner guesses recursive queries. Where the guess hurts, write the result into an analysed temporary table.';
  if (/^(?:Aggregate|Unique|Group|SetOp)$/.test(type))
    return 'The number of groups is guessed from each column alone: CREATE STATISTICS (ndistinct) on the grouped columns, then ANALYZE; or ALTER COLUMN ... SET (n_distinct = ...).';
  if (one.node.joinType !== null)
    return 'The join was taken for independent of the filters on its sides. Statistics on several tables do not exist: filter by a column of the other table, or store the joined column.';
  if (/^(?:CTE Scan|Named Tuplestore Scan|Subquery Scan|Values Scan)$/.test(type))
    return 'ANALYZE the tables that it is made of. Where that does not help, write its result into an analysed temporary table: nothing is known of the columns of a computed one.';
  if (one.node.relation !== null) return statisticsRemedy(one.node, facts);
  return 'ANALYZE the tables below this node, and look at which condition was guessed.';
}
