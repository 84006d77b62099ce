import type { PlanTree, PlanTreeNode } from './tree.js';

/** Nodes that have one input at least. */
const ONE_INPUT =
  /^(?:Sort|Incremental Sort|Limit|Hash|Gather|Gather Merge|Materialize|Memoize|Unique|WindowAgg|Aggregate|Group|Bitmap Heap Scan|LockRows)$/;

/** Where a plan was cut off, in words; null for a whole one. A cut between two children of an Append, and one after the last node, can not be told. */
export function whereCutOff({ root }: PlanTree): string | null {
  const hasEstimate = root.estimate !== null;
  const hasActual = root.actual !== null;
  const cut = nodesOf(root).find(({ node }) => {
    const inputs = node.children.filter(
      ({ relationship }) => relationship !== 'sub-plan' && relationship !== 'init-plan',
    );
    const least = /^(?:Nested Loop|Hash Join|Merge Join)$/.test(node.type) ? 2 : ONE_INPUT.test(node.type) ? 1 : 0;
    return (node.estimate !== null) !== hasEstimate || (node.actual !== null) !== hasActual || inputs.length < least;
  });
  if (!cut) return null;
  const { node, id } = cut;
  const figures = (node.estimate !== null) === hasEstimate && (node.actual !== null) === hasActual;
  return `node ${id} (${node.type}) ${figures ? 'lacks what it reads from' : 'lacks its figures'}`;
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
