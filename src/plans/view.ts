import type { PlanBuffers, PlanTree, PlanTreeNode } from './tree.js';
import { exclusive, holdersOf } from './exclusive.js';

/** A node with what can be worked out about it. All sums are over all loops and processes; null means that the plan does not say. */
export interface ViewedNode {
  readonly node: PlanTreeNode;
  /** 1, 2, ... in the order in which EXPLAIN prints them. */
  readonly id: number;
  readonly depth: number;
  readonly parent: ViewedNode | null;
  readonly children: readonly ViewedNode[];
  /** Processes that worked on it at once: 1 but below a Gather. */
  readonly processes: number;
  /** Null where the plan was not run, 0 where the node was never reached. */
  readonly loops: number | null;
  readonly rows: number | null;
  /** As planned, over the loops that ran; per execution where the plan was not run. */
  readonly estimatedRows: number | null;
  /** Rows that a filter of the node threw away, `Rows Removed by Filter` over all loops; 0 where there is none. */
  readonly filtered: number;
  /** On the clock, its children included. */
  readonly totalMs: number | null;
  /** Without its children. */
  readonly selfMs: number | null;
  /** Of blocks hit and read, temporary ones included, without its children. */
  readonly selfBlocks: number | null;
  /** Without its children; null where the plan has no buffers. */
  readonly selfBuffers: PlanBuffers | null;
  /** Planner's units, children excluded, one execution. */
  readonly selfCost: number | null;
}

/** A plan that can be asked about. */
export interface PlanView {
  readonly tree: PlanTree;
  readonly root: ViewedNode;
  /** Parents first. */
  readonly nodes: readonly ViewedNode[];
  /** Whether it was run: rows and loops are measured. */
  readonly ran: boolean;
  /** Whether the nodes were timed. */
  readonly timed: boolean;
  readonly hasBuffers: boolean;
  /** The statement's; else the root's, null where nothing was timed. */
  readonly executionMs: number | null;
}

/** Works out what the nodes of a plan did. */
export function viewPlan(tree: PlanTree): PlanView {
  const nodes: Draft[] = [];
  const root = draft(tree.root, null, 1, nodes);
  const timed = nodes.some(({ node }) => typeof node.actual?.totalMs === 'number');
  const hasBuffers = nodes.some(({ node }) => node.buffers !== null);
  const holders = holdersOf(nodes);
  if (timed) for (const [one, ms] of exclusive(holders, ({ totalMs }) => totalMs ?? 0)) one.selfMs = ms;
  if (hasBuffers) setSelfBuffers(nodes, (inclusive) => exclusive(holders, inclusive));
  const ran = tree.root.actual !== null;
  return {
    tree,
    root,
    nodes,
    ran,
    timed,
    hasBuffers,
    executionMs: tree.executionMs ?? (timed ? root.totalMs : null),
  };
}

/** A view while it is made. */
export interface Draft extends ViewedNode {
  readonly parent: Draft | null;
  readonly children: Draft[];
  selfMs: number | null;
  selfBlocks: number | null;
  selfBuffers: PlanBuffers | null;
}

function draft(node: PlanTreeNode, parent: Draft | null, processes: number, nodes: Draft[]): Draft {
  const loops = node.actual?.loops ?? null;
  const own: Draft = {
    node,
    id: nodes.length + 1,
    depth: parent ? parent.depth + 1 : 0,
    parent,
    children: [],
    processes,
    loops,
    rows: node.actual ? node.actual.rows * node.actual.loops : null,
    estimatedRows: node.estimate ? node.estimate.rows * Math.max(loops ?? 1, 1) : null,
    filtered: figure(node, 'Rows Removed by Filter') * Math.max(loops ?? 1, 1),
    totalMs: totalOf(node, processes),
    selfMs: null,
    selfBlocks: null,
    selfBuffers: null,
    selfCost: selfCostOf(node),
  };
  nodes.push(own);
  for (const child of node.children) own.children.push(draft(child, own, processesOf(node, child, processes), nodes));
  return own;
}

/** A Gather's plan runs in as many processes as it has loops for each of the Gather's; its init plans run in the leader. */
function processesOf(node: PlanTreeNode, child: PlanTreeNode, processes: number): number {
  if (!isGather(node) || child.relationship === 'init-plan') return processes;
  const [outer, inner] = [node.actual?.loops ?? 0, child.actual?.loops ?? 0];
  if (outer > 0 && inner > 0) return Math.max(1, inner / outer);
  return (node.workersLaunched ?? 0) + 1;
}

/** EXPLAIN's times are means over loops, and every process counts its own loops. */
function totalOf({ actual }: PlanTreeNode, processes: number): number | null {
  if (!actual) return null;
  if (actual.loops === 0) return 0;
  return actual.totalMs === null ? null : (actual.totalMs * actual.loops) / processes;
}

function selfCostOf(node: PlanTreeNode): number | null {
  if (!node.estimate) return null;
  // Of partitions that are left out at the start EXPLAIN shows the cost, and not the scans.
  if (figure(node, 'Subplans Removed') > 0) return 0;
  // What a subplan costs is in its parent's as often as it is expected to run, which EXPLAIN does not say.
  const inputs = node.children.filter((child) => child.relationship !== 'sub-plan');
  return Math.max(
    0,
    inputs.reduce((left, child) => left - (child.estimate?.totalCost ?? 0), node.estimate.totalCost),
  );
}

const NO_BUFFERS: PlanBuffers = {
  sharedHit: 0,
  sharedRead: 0,
  sharedDirtied: 0,
  sharedWritten: 0,
  localHit: 0,
  localRead: 0,
  localDirtied: 0,
  localWritten: 0,
  tempRead: 0,
  tempWritten: 0,
};

function setSelfBuffers(
  nodes: readonly Draft[],
  without: (inclusive: (one: Draft) => number) => ReadonlyMap<Draft, number>,
): void {
  const keys = Object.keys(NO_BUFFERS) as (keyof PlanBuffers)[];
  const figures = keys.map((key) => [key, without(({ node }) => node.buffers?.[key] ?? 0)] as const);
  for (const one of nodes) {
    const own = Object.fromEntries(figures.map(([key, all]) => [key, all.get(one) ?? 0])) as unknown as PlanBuffers;
    one.selfBuffers = own;
    one.selfBlocks = blocksOf(own);
  }
}

/** Blocks touched: hit, read and temporary. */
export function blocksOf(buffers: PlanBuffers): number {
  const { sharedHit, sharedRead, localHit, localRead, tempRead, tempWritten } = buffers;
  return sharedHit + sharedRead + localHit + localRead + tempRead + tempWritten;
}

export function isGather(node: PlanTreeNode): boolean {
  return node.type === 'Gather' || node.type === 'Gather Merge';
}

/** A figure that EXPLAIN writes beside a node; 0 where it leaves it out. */
export function figure(node: PlanTreeNode, key: string): number {
  const value = node.details[key];
  return typeof value === 'number' ? value : 0;
}

/** By how many rows a node's figures may be off: they are means over loops, and rounded to whole rows. */
export function roundingOf({ loops }: ViewedNode): number {
  return loops !== null && loops > 1 ? loops / 2 : 0;
}

/** A text that EXPLAIN writes beside a node; empty where it leaves it out. */
export function words(node: PlanTreeNode, key: string): string {
  const value = node.details[key];
  return typeof value === 'string' ? value : '';
}

/** The node and all below it. */
export function* below(one: ViewedNode): Generator<ViewedNode> {
  yield one;
  for (const child of one.children) yield* below(child);
}

/** From the parent up to the root. */
export function* above(one: ViewedNode): Generator<ViewedNode> {
  for (let next = one.parent; next !== null; next = next.parent) yield next;
}

/** The inputs of a node: subplans and init plans are none. */
export function inputsOf(one: ViewedNode): readonly ViewedNode[] {
  return one.children.filter(({ node }) => node.relationship !== 'sub-plan' && node.relationship !== 'init-plan');
}

/** The input that is read once, and the one that is read for it. */
export function outerOf(one: ViewedNode): ViewedNode | undefined {
  return inputsOf(one)[0];
}

export function innerOf(one: ViewedNode): ViewedNode | undefined {
  return inputsOf(one)[1];
}

/** What part of the statement's time nodes are by themselves, 0 to 1; undefined where they were not timed. */
export function selfShareOf(view: PlanView, nodes: readonly ViewedNode[]): number | undefined {
  const total = Math.max(view.executionMs ?? 0, view.root.totalMs ?? 0);
  if (!view.timed || total <= 0) return undefined;
  return Math.min(1, nodes.reduce((sum, { selfMs }) => sum + (selfMs ?? 0), 0) / total);
}

/** Whether all that a node reads are the rows of one table as they stand. */
export function readsOneTable(one: ViewedNode): boolean {
  const [input, ...more] = inputsOf(one);
  return (
    input !== undefined &&
    more.length === 0 &&
    input.node.relation !== null &&
    /^(?:Seq|Index|Index Only|Bitmap Heap) Scan$/.test(input.node.type)
  );
}

/**
 * What part of the statement a node with all below it is, 0 to 1: of its time, else of its blocks, else of its cost. Null where the plan says
 * none of these.
 */
export function shareOf(view: PlanView, one: ViewedNode): number | null {
  const { root, executionMs } = view;
  const total = Math.max(executionMs ?? 0, root.totalMs ?? 0);
  if (view.timed && one.totalMs !== null && total > 0) return Math.min(1, one.totalMs / total);
  const blocks = root.node.buffers ? blocksOf(root.node.buffers) : 0;
  if (view.hasBuffers && blocks > 0) return Math.min(1, blocksOf(one.node.buffers ?? NO_BUFFERS) / blocks);
  const cost = root.node.estimate?.totalCost ?? 0;
  if (view.ran || cost <= 0 || !one.node.estimate) return null;
  return Math.min(1, one.node.estimate.totalCost / cost);
}
