import type { PlanTreeNode } from './tree.js';
import type { PlanView } from './view.js';

/** One kind of work with its part of the statement. */
export interface CauseShare {
  readonly cause: string;
  /** Milliseconds, blocks or planner's units, by `TimeByCause.unit`. */
  readonly amount: number;
  /** Of the total, 0 to 1. */
  readonly share: number;
  /** Ids of the nodes, heaviest first; empty for what is beside the plan. */
  readonly nodes: readonly number[];
}

/** Where a statement's time went; its blocks where nothing was timed; its cost where it was not run. */
export interface TimeByCause {
  readonly unit: 'ms' | 'blocks' | 'cost';
  readonly provenance: 'measured' | 'estimated';
  readonly total: number;
  /** Largest first; all together are the total. */
  readonly causes: readonly CauseShare[];
}

/** Adds up what the nodes took by themselves, by kind of work, and what is beside them: triggers, sending, starting and ending. Null where the plan says none of it. */
export function timeByCause(view: PlanView): TimeByCause | null {
  if (view.timed) {
    const { triggers, serialization } = view.tree;
    const triggerMs = triggers.reduce((sum, { timeMs }) => sum + (timeMs ?? 0), 0);
    const serialMs = serialization?.timeMs ?? 0;
    const rest = (view.executionMs ?? 0) - (view.root.totalMs ?? 0) - triggerMs - serialMs;
    const beside = [
      ['triggers and foreign keys', triggerMs],
      ['turning the result into text', serialMs],
      ['starting and ending', Math.max(0, rest)],
    ] as const;
    return sums(view, 'ms', (id) => view.nodes[id - 1]?.selfMs ?? 0, beside);
  }
  if (view.ran && view.hasBuffers) return sums(view, 'blocks', (id) => view.nodes[id - 1]?.selfBlocks ?? 0, []);
  if (view.ran || !view.root.node.estimate) return null;
  return sums(view, 'cost', (id) => view.nodes[id - 1]?.selfCost ?? 0, []);
}

function sums(
  { nodes }: PlanView,
  unit: TimeByCause['unit'],
  amountOf: (id: number) => number,
  beside: readonly (readonly [string, number])[],
): TimeByCause {
  const found = new Map<string, number[]>();
  for (const { node, id } of nodes) {
    const cause = unit === 'cost' && runsSubplans(node) ? 'running subqueries for rows' : causeOf(node);
    found.set(cause, [...(found.get(cause) ?? []), id]);
  }
  const causes = [
    ...[...found].map(([cause, ids]) => ({
      cause,
      amount: ids.reduce((sum, id) => sum + amountOf(id), 0),
      nodes: ids.filter((id) => amountOf(id) > 0).toSorted((a, b) => amountOf(b) - amountOf(a)),
    })),
    ...beside.map(([cause, amount]) => ({ cause, amount, nodes: [] })),
  ].filter(({ amount }) => amount > 0);
  const total = causes.reduce((sum, { amount }) => sum + amount, 0);
  return {
    unit,
    provenance: unit === 'cost' ? 'estimated' : 'measured',
    total,
    causes: causes
      .map((cause) => ({ ...cause, share: total > 0 ? cause.amount / total : 0 }))
      .toSorted((a, b) => b.amount - a.amount),
  };
}

/** What a subplan is expected to cost over all rows is in the cost of the node that runs it. */
function runsSubplans({ children }: PlanTreeNode): boolean {
  return children.some(({ relationship }) => relationship === 'sub-plan');
}

const CAUSES: readonly (readonly [RegExp, string])[] = [
  [/^(?:Seq|Sample) Scan$/, 'reading whole tables'],
  [/^(?:Index|Bitmap|Tid)/, 'reading by an index'],
  [/^(?:Nested Loop|Hash|Hash Join|Merge Join)$/, 'joining'],
  [/Sort$/, 'sorting'],
  [/^(?:Aggregate|Group|Unique|SetOp)$/, 'grouping'],
  [/^WindowAgg$/, 'windows'],
  [/^(?:Materialize|Memoize|CTE Scan|WorkTable Scan|Recursive Union|Named Tuplestore Scan)$/, 'keeping rows'],
  [/^(?:Function Scan|Table Function Scan|Values Scan|ProjectSet|Result)$/, 'functions and expressions'],
  [/^(?:Foreign|Custom) Scan$/, 'other servers and extensions'],
  [/^Gather/, 'starting, awaiting and feeding from workers'],
  [/^ModifyTable$/, 'writing'],
  [/^LockRows$/, 'locking rows'],
];

function causeOf({ type }: PlanTreeNode): string {
  return CAUSES.find(([pattern]) => pattern.test(type))?.[1] ?? 'passing rows on';
}
