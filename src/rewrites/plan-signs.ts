import { planNodes } from '../model/plan.js';
import type { Plan, PlanNode } from '../model/plan.js';

/** What a plan shows of a pattern that a rule may mend. */
export type PlanSign = keyof typeof SIGNS;

/** Whether a plan shows one of the signs; a rule that names none is worth a look whatever the plan. */
export function shows(plan: Plan, signs: readonly PlanSign[]): boolean {
  const nodes = [...planNodes(plan.root)];
  return signs.length === 0 || signs.some((sign) => nodes.some((node) => SIGNS[sign](node)));
}

/** Fewer rows than this are read in next to no time. */
const MANY_ROWS = 1000;

const SIGNS = {
  /** NOT IN whose subquery is read from beginning to end for each row. */
  'unhashed-not-in': (node: PlanNode) =>
    /NOT \(.*SubPlan|ALL \(.*SubPlan/.test(node.Filter ?? '') && !(node.Filter ?? '').includes('hashed SubPlan'),
  /** A subquery that runs again and again. */
  'subplan-per-row': (node: PlanNode) =>
    node['Parent Relationship'] === 'SubPlan' && (node['Actual Loops'] ?? Number.POSITIVE_INFINITY) >= 100,
  /** Rows that are read and thrown away: at least nine for each that is kept. */
  'rows-discarded': (node: PlanNode) => {
    const removed = node['Rows Removed by Filter'];
    if (removed === undefined) return node['Actual Rows'] === undefined && node.Filter !== undefined;
    return removed * loops(node) >= MANY_ROWS && removed >= 9 * (node['Actual Rows'] ?? 0);
  },
  /** Many rows grouped, numbered or deduplicated. */
  'wide-group': (node: PlanNode) =>
    /Aggregate|Group|WindowAgg|Unique/.test(node['Node Type']) &&
    (node.Plans ?? []).some((child) => (child['Actual Rows'] ?? child['Plan Rows']) * loops(child) >= MANY_ROWS),
  /** A subquery asked within a filter. */
  'subplan-in-filter': (node: PlanNode) => /SubPlan/.test(node.Filter ?? ''),
  /** Rows sorted to give few. */
  'rows-sorted': (node: PlanNode) =>
    node['Node Type'].endsWith('Sort') &&
    (node.Plans ?? []).some((child) => (child['Actual Rows'] ?? child['Plan Rows']) * loops(child) >= MANY_ROWS),
  /** An index read for its order, most of whose rows are thrown away. */
  'ordered-scan-discards': (node: PlanNode) =>
    node['Node Type'].startsWith('Index') &&
    node['Index Cond'] === undefined &&
    (node['Rows Removed by Filter'] ?? MANY_ROWS) * loops(node) >= MANY_ROWS,
  /** Rows that a join compares and throws away. */
  'join-discards': (node: PlanNode) => {
    const removed = node['Rows Removed by Join Filter'];
    if (removed === undefined) return node['Actual Rows'] === undefined && /Nested Loop|Join/.test(node['Node Type']);
    return removed * loops(node) >= MANY_ROWS;
  },
  /** Many rows sorted, hashed or compared to leave none out, or few. */
  'many-rows-deduplicated': (node: PlanNode) =>
    /^(?:Unique|Aggregate|HashAggregate|Group|SetOp)$/.test(node['Node Type']) &&
    (node.Plans ?? []).some((child) => (child['Actual Rows'] ?? child['Plan Rows']) * loops(child) >= MANY_ROWS),
  /** A CTE of many rows that is made whole. */
  'cte-scan': (node: PlanNode) => node['Node Type'] === 'CTE Scan',
  /** A join that reads many rows. */
  'wide-join': (node: PlanNode) =>
    /Nested Loop|Join/.test(node['Node Type']) && (node['Actual Rows'] ?? node['Plan Rows']) * loops(node) >= MANY_ROWS,
} as const;

function loops(node: PlanNode): number {
  return node['Actual Loops'] ?? 1;
}
