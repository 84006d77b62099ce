import type { PlanTree, PlanTreeNode } from './tree.js';

/** Nodes that have one input. */
const ONE_INPUT =
  /^(?:Sort|Incremental Sort|Limit|Hash|Gather|Gather Merge|Materialize|Memoize|Unique|WindowAgg|Aggregate|Group|Bitmap Heap Scan|LockRows)$/;

/** Nodes that read from no other node. */
const NO_INPUT =
  /^(?:Seq Scan|Sample Scan|Index Scan|Index Only Scan|Bitmap Index Scan|Tid Scan|Tid Range Scan|Function Scan|Values Scan|CTE Scan|WorkTable Scan)$/;

/** Where a plan was cut off or lost its indentation, in words; null for a whole one. A cut between two children of an Append, and one after the last node, can not be told. */
export function whereCutOff({ root }: PlanTree): string | null {
  const all = nodesOf(root);
  const hasEstimate = root.estimate !== null;
  const hasActual = root.actual !== null;
  const cut = all.find(({ node, id }) => {
    const inputs = node.children.filter(
      ({ relationship }) => relationship !== 'sub-plan' && relationship !== 'init-plan',
    );
    const [least, most] = inputsOf(node.type);
    const differs = (node.estimate !== null) !== hasEstimate || (node.actual !== null) !== hasActual;
    const hasMore = (node.estimate !== null && !hasEstimate) || (node.actual !== null && !hasActual);
    // Who edits a plan leaves figures out; a line that was cut is the last, and nothing is said of its node.
    const isEnd = id === all.length && Object.keys(node.details).length === 0;
    return (differs && (hasMore || isEnd)) || inputs.length < least || inputs.length > most;
  });
  if (!cut) return null;
  const { node, id } = cut;
  if (node.children.length > inputsOf(node.type)[1])
    return `node ${id} (${node.type}) has more below it than it can read from: the blanks at the beginnings of lines are lost`;
  const figures = (node.estimate !== null) === hasEstimate && (node.actual !== null) === hasActual;
  return `node ${id} (${node.type}) ${figures ? 'lacks what it reads from' : 'lacks its figures'}`;
}

/** How many inputs a node of a type takes: the least and the most. */
export function inputsOf(type: string): readonly [least: number, most: number] {
  if (/^(?:Nested Loop|Hash Join|Merge Join)$/.test(type)) return [2, 2];
  if (ONE_INPUT.test(type)) return [1, 1];
  if (type === 'Result') return [0, 1];
  return [0, NO_INPUT.test(type) ? 0 : Number.POSITIVE_INFINITY];
}

function nodesOf(root: PlanTreeNode): readonly { readonly node: PlanTreeNode; readonly id: number }[] {
  const all: PlanTreeNode[] = [];
  const add = (node: PlanTreeNode): void => {
    all.push(node);
    for (const child of node.children) add(child);
  };
  add(root);
  return all.map((node, position) => ({ node, id: position + 1 }));
}
