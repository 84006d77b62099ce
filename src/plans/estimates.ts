import { above, below, figure, inputsOf, isGather } from './view.js';
import type { PlanView, ViewedNode } from './view.js';

/** How far the planner was off at a node. */
export interface Misestimate {
  readonly one: ViewedNode;
  /** Rows of one execution, as EXPLAIN shows them. */
  readonly estimated: number;
  readonly actual: number;
  /** The greater of estimated / actual and actual / estimated, where less than one row counts as one. */
  readonly factor: number;
  readonly tooFew: boolean;
}

/** A node's estimate against what came; null where one is not known or says nothing: never run, cut short, written, combined bitmaps, blocks instead of rows, made of no rows at all; of what was stopped early, only that more came than estimated. */
export function misestimateOf(one: ViewedNode): Misestimate | null {
  const { node } = one;
  if (!node.estimate || !node.actual || node.actual.loops === 0) return null;
  if (/^(?:BitmapAnd|BitmapOr|ModifyTable|Hash|Limit|LockRows)$/.test(node.type)) return null;
  if (isNoEstimate(one) || isOfBlocks(one)) return null;
  const { rows: estimated } = node.estimate;
  const { rows: actual } = node.actual;
  const [expected, came] = [Math.max(1, estimated), Math.max(1, actual)];
  const tooFew = expected < came;
  // One row is the least that is ever expected: of none nothing is made, whatever was made of one.
  if (!tooFew && inputsOf(one).some(({ node: input }) => input.actual?.rows === 0 && input.actual.loops > 0))
    return null;
  const partial = partOf(one);
  // What was stopped early gave at least what is seen.
  if (partial === 'again' || (partial === 'stopped' && !tooFew)) return null;
  return { one, estimated, actual, factor: tooFew ? came / expected : expected / came, tooFew };
}

/** Extensions write zeros where they expect nothing. */
function isNoEstimate({ node }: ViewedNode): boolean {
  return node.estimate?.rows === 0 && node.estimate.totalCost === 0;
}

/** A BRIN index gives blocks, and is said to give ten rows for each: then no block of the table is exact. */
function isOfBlocks(one: ViewedNode): boolean {
  if (one.node.type !== 'Bitmap Index Scan') return false;
  const heap = [...above(one)].find(({ node }) => node.type === 'Bitmap Heap Scan');
  if (!heap) return false;
  return figure(heap.node, 'Lossy Heap Blocks') > 0 && figure(heap.node, 'Exact Heap Blocks') === 0;
}

/** Nodes that read all of their input before they give a row. */
const BLOCKING = /^(?:Sort|Hash|Aggregate|SetOp|Bitmap Heap Scan|ModifyTable)$/;

/**
 * Whether something above stops asking before the node is done (a LIMIT, a join that is content with one match, a subquery in an expression), or may ask
 * again for the same rows (the sides of a merge join). Its rows are then only a part, or no measure, of the estimate.
 */
function partOf(one: ViewedNode): 'stopped' | 'again' | null {
  let child = one;
  for (const parent of above(one)) {
    const { node } = parent;
    if (node.type === 'Limit') return 'stopped';
    if (child.node.relationship === 'sub-plan' || child.node.relationship === 'init-plan')
      return child.node.subplanName?.startsWith('CTE') === true ? null : 'stopped';
    if (node.type === 'Merge Join') return 'again';
    const isInner = inputsOf(parent)[1] === child;
    if (node.type === 'Nested Loop' && isInner) {
      if (/Semi|Anti/.test(node.joinType ?? '') || node.details['Inner Unique'] === true) return 'stopped';
    }
    if (BLOCKING.test(node.type) && node.strategy !== 'Sorted') return null;
    child = parent;
  }
  return null;
}

/** Nodes from which an estimate is taken over as it is, so that what is below them is asked for the cause. */
export function sourcesOf(view: PlanView, one: ViewedNode): readonly ViewedNode[] {
  const { node } = one;
  if (node.type !== 'CTE Scan') return inputsOf(one);
  const cte = view.nodes.find((other) => other.node.subplanName === `CTE ${node.relation ?? ''}`);
  return cte ? [cte] : [];
}

/** Nodes whose estimate is wrong by the factor or more, while those of what they read are not nearly so. */
export function wrongAtSource(view: PlanView, factor: number, leastRows: number): readonly Misestimate[] {
  return view.nodes.flatMap((one) => {
    const found = misestimateOf(one);
    if (!found || found.factor < factor) return [];
    if (Math.max(found.actual, found.estimated) * Math.max(1, one.loops ?? 1) < leastRows) return [];
    const worst = Math.max(1, ...sourcesOf(view, one).flatMap(deepFactors));
    return found.factor / worst >= Math.sqrt(factor) ? [found] : [];
  });
}

/** Of a node, or of what is below it where it says nothing of its own. */
function deepFactors(one: ViewedNode): readonly number[] {
  const own = misestimateOf(one);
  if (own) return [own.factor];
  return inputsOf(one).flatMap(deepFactors);
}

/** Where the first wrong estimate came in, in the order in which rows flow, and what stands on it. */
export interface FirstWrongEstimate extends Misestimate {
  /** Nodes above that are wrong too, nearest first: symptoms. */
  readonly leadsTo: readonly Misestimate[];
}

/** The root cause among wrong estimates: of the nodes that are wrong while their inputs are right, the one on which most of the statement stands. */
export function firstWrongEstimate(view: PlanView, factor = 10, leastRows = 1000): FirstWrongEstimate | null {
  const found = wrongAtSource(view, factor, leastRows).map((wrong) => ({
    ...wrong,
    leadsTo: [...above(wrong.one)].flatMap((one) => {
      const own = misestimateOf(one);
      return own && own.factor >= factor && !isGather(one.node) ? [own] : [];
    }),
  }));
  // Rows flow upwards: what is deepest comes first.
  return found.toSorted((a, b) => b.leadsTo.length - a.leadsTo.length || sizeOf(b.one) - sizeOf(a.one))[0] ?? null;
}

function sizeOf(one: ViewedNode): number {
  return [...below(one)].reduce((sum, each) => sum + (each.rows ?? 0), 0);
}
