/** A node of `EXPLAIN (FORMAT JSON)`, with PostgreSQL's own key names. Fields absent from the output are undefined. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Schema?: string;
  readonly Alias?: string;
  readonly 'Index Name'?: string;
  readonly 'Startup Cost'?: number;
  readonly 'Total Cost': number;
  readonly 'Plan Rows': number;
  readonly 'Plan Width'?: number;
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Actual Total Time'?: number;
  readonly 'Shared Hit Blocks'?: number;
  readonly 'Shared Read Blocks'?: number;
  readonly 'Temp Read Blocks'?: number;
  readonly 'Temp Written Blocks'?: number;
  readonly 'WAL Bytes'?: number;
  readonly 'WAL Records'?: number;
  readonly 'Sort Method'?: string;
  readonly 'Sort Space Used'?: number;
  readonly 'Sort Space Type'?: string;
  readonly 'Hash Batches'?: number;
  /** Of a Hash or a hashed Aggregate, in kB. */
  readonly 'Peak Memory Usage'?: number;
  /** Of a hashed Aggregate; above 1 when it spilled. */
  readonly 'HashAgg Batches'?: number;
  /** Of a hashed Aggregate that spilled, in kB. */
  readonly 'Disk Usage'?: number;
  /** Of a Gather or Gather Merge. */
  readonly 'Workers Planned'?: number;
  readonly 'Workers Launched'?: number;
  readonly 'Subplan Name'?: string;
  readonly 'Parent Relationship'?: string;
  readonly Filter?: string;
  readonly 'Index Cond'?: string;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** An EXPLAIN plan; times are there only when it was run. */
export interface Plan {
  readonly root: PlanNode;
  readonly planningMs: number | null;
  readonly executionMs: number | null;
  /** Time in triggers (foreign-key checks among them), milliseconds; null when not run. */
  readonly triggerMs: number | null;
}

/** Every node, parents first. */
export function* planNodes(node: PlanNode): Generator<PlanNode> {
  yield node;
  for (const child of node.Plans ?? []) yield* planNodes(child);
}

/** The plan's form without figures: node types, relations and indexes. Two plans with the same shape do the same work in the same way. */
export function planShape(node: PlanNode): string {
  const relation = node['Relation Name'] ? `@${node.Alias ?? node['Relation Name']}` : '';
  const index = node['Index Name'] ? `:${node['Index Name']}` : '';
  const children = node.Plans ? `(${node.Plans.map(planShape).join(',')})` : '';
  return `${node['Node Type']}${index}${relation}${children}`;
}
