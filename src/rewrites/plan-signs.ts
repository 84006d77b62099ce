import { planNodes } from '../model/plan.js';
import type { Plan, PlanNode } from '../model/plan.js';

/** The id of a plan finding of which a rule may be the remedy. */
export type PlanSign = keyof typeof SIGNS;

/**
 * Whether a plan shows a sign of one of the findings; a rule that names none is worth a look whatever the plan. A sign is less than the finding: it is seen in a plan that was
 * not run as well, and in one that was from a hundredth of the rows on, since a trial says what comes of it.
 */
export function shows(plan: Plan, signs: readonly PlanSign[]): boolean {
  const nodes = [...planNodes(plan.root)];
  return signs.length === 0 || signs.some((sign) => nodes.some((node) => SIGNS[sign](node)));
}

/** Fewer rows than this are read in next to no time. */
const MANY_ROWS = 1000;

const SIGNS = {
  /** NOT IN whose subquery is read from beginning to end for each row, or is hashed with many rows, of which a join may need few. */
  'subquery/unhashed-not-in': (node: PlanNode) =>
    /NOT \(.*SubPlan|ALL \(.*SubPlan/.test(node.Filter ?? '') &&
    (!(node.Filter ?? '').includes('hashed SubPlan') || (node.Plans ?? []).some(isLong)),
  /** A subquery that runs again and again, or some times over many rows. */
  'subquery/subplan-per-row': (node: PlanNode) => {
    const times = node['Actual Loops'] ?? Number.POSITIVE_INFINITY;
    const rows = [...planNodes(node)].map(
      (one) => ((one['Actual Rows'] ?? 0) + (one['Rows Removed by Filter'] ?? 0)) * loops(one),
    );
    return (
      node['Parent Relationship'] === 'SubPlan' && (times >= 100 || (times > 1 && Math.max(...rows) >= 10 * MANY_ROWS))
    );
  },
  /** A CTE of many rows that is made whole. */
  'subquery/cte-discards': (node: PlanNode) => node['Node Type'] === 'CTE Scan',
  /** Many rows numbered. */
  'subquery/window-discards': (node: PlanNode) => node['Node Type'] === 'WindowAgg' && readsMany(node),
  /** Rows that are read and thrown away: more than are kept. */
  'scan/rows-discarded': (node: PlanNode) => {
    const removed = node['Rows Removed by Filter'];
    if (removed === undefined) return node['Actual Rows'] === undefined && node.Filter !== undefined;
    return removed * loops(node) >= MANY_ROWS && removed >= (node['Actual Rows'] ?? 0);
  },
  /** An index read for its order, most of whose rows are thrown away. */
  'scan/ordered-index-walk': (node: PlanNode) =>
    node['Node Type'].startsWith('Index') &&
    isNoCondition(node['Index Cond']) &&
    (node['Rows Removed by Filter'] ?? MANY_ROWS) * loops(node) >= MANY_ROWS,
  /** Many rows of a table that are read whole to be joined. */
  'join/inner-sequential-scan': (node: PlanNode) =>
    /Nested Loop|Join/.test(node['Node Type']) && (node.Plans ?? []).some(isReadWhole),
  /** Rows that a join compares and throws away. */
  'join/join-filter-discards': (node: PlanNode) => {
    const removed = node['Rows Removed by Join Filter'];
    if (removed === undefined) return node['Actual Rows'] === undefined && /Nested Loop|Join/.test(node['Node Type']);
    return removed * loops(node) >= MANY_ROWS;
  },
  /** Many rows grouped or deduplicated. */
  'rows/many-rows-deduplicated': (node: PlanNode) =>
    /Aggregate|^Group$|^Unique$|^SetOp$/.test(node['Node Type']) && readsMany(node),
  /** Many rows sorted of which the first may be all that is wanted. */
  'rows/top-n-over-many': (node: PlanNode) =>
    node['Node Type'].endsWith('Sort') && readsMany(node) && /^top-N|^$/.test(node['Sort Method'] ?? ''),
  /** Many rows left out by OFFSET. */
  'rows/limit-discards': (node: PlanNode) => node['Node Type'] === 'Limit' && readsMany(node),
  /** Many rows sorted. */
  'memory/sort-on-disk': (node: PlanNode) => node['Node Type'].endsWith('Sort') && readsMany(node),
} as const;

/** Of min and max the planner asks the index for what is not NULL, and reads it for its order all the same. */
function isNoCondition(condition: string | undefined): boolean {
  return condition === undefined || /^\([^()]* IS NOT NULL\)$/.test(condition);
}

/** A subquery of many rows. */
function isLong(node: PlanNode): boolean {
  return node['Parent Relationship'] === 'SubPlan' && (node['Actual Rows'] ?? node['Plan Rows']) >= MANY_ROWS;
}

function isReadWhole(node: PlanNode): boolean {
  if (/^(Hash|Sort|Materialize)$/.test(node['Node Type'])) return (node.Plans ?? []).some(isReadWhole);
  return node['Node Type'] === 'Seq Scan' && (node['Actual Rows'] ?? node['Plan Rows']) * loops(node) >= MANY_ROWS;
}

function loops(node: PlanNode): number {
  return node['Actual Loops'] ?? 1;
}

function readsMany(node: PlanNode): boolean {
  return (node.Plans ?? []).some((child) => (child['Actual Rows'] ?? child['Plan Rows']) * loops(child) >= MANY_ROWS);
}
