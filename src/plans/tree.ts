/** Blocks of 8 kB that a node touched, its children included, over all loops; what EXPLAIN leaves out is 0. */
export interface PlanBuffers {
  readonly sharedHit: number;
  readonly sharedRead: number;
  readonly sharedDirtied: number;
  readonly sharedWritten: number;
  readonly localHit: number;
  readonly localRead: number;
  readonly localDirtied: number;
  readonly localWritten: number;
  readonly tempRead: number;
  readonly tempWritten: number;
}

/** Milliseconds spent in reads and writes (`track_io_timing`); before PostgreSQL 17 local blocks count as shared. */
export interface PlanIoTimings {
  readonly sharedReadMs: number;
  readonly sharedWriteMs: number;
  readonly localReadMs: number;
  readonly localWriteMs: number;
  readonly tempReadMs: number;
  readonly tempWriteMs: number;
}

export interface PlanWal {
  readonly records: number;
  readonly fullPageImages: number;
  readonly bytes: number;
  readonly buffersFull: number;
}

/** What was counted when the plan ran. Rows and times are per loop, as EXPLAIN shows them; `loops` 0 means never executed. */
export interface PlanActual {
  /** Null with `TIMING OFF`. */
  readonly startupMs: number | null;
  readonly totalMs: number | null;
  readonly rows: number;
  readonly loops: number;
}

/** What one parallel worker did. */
export interface PlanWorker {
  readonly number: number;
  readonly actual: PlanActual | null;
  readonly buffers: PlanBuffers | null;
  readonly details: PlanDetails;
}

/** Everything else by PostgreSQL's own JSON key. Lists are joined by `, `; zero, false and empty are left out, as the text form does. */
export type PlanDetails = Readonly<Record<string, string | number | boolean>>;

/** How a node hangs on its parent. */
export type PlanRelationship = 'outer' | 'inner' | 'member' | 'subquery' | 'init-plan' | 'sub-plan';

/** One node of a plan, the same whichever of EXPLAIN's four forms it was read from. */
export interface PlanTreeNode {
  /** `Seq Scan`, `Hash Join`, `Aggregate`, `ModifyTable`, ...: the JSON form's word. */
  readonly type: string;
  readonly relationship: PlanRelationship | null;
  /** `CTE recent`, `SubPlan 1`, `InitPlan 1 (returns $0)`. */
  readonly subplanName: string | null;
  /** Of an Aggregate or SetOp: `Plain`, `Sorted`, `Hashed`, `Mixed`. */
  readonly strategy: string | null;
  readonly partialMode: 'Partial' | 'Finalize' | null;
  /** `Inner`, `Left`, `Right Anti`, ...; null for what is no join. */
  readonly joinType: string | null;
  /** `Insert`, `Update`, `Delete`, `Merge`; of a SetOp `Except`, `Intersect All`, ... */
  readonly operation: string | null;
  readonly backward: boolean;
  readonly parallelAware: boolean;
  readonly asyncCapable: boolean;
  /** Only with VERBOSE. */
  readonly schema: string | null;
  /** The table, function or CTE that is scanned or written. */
  readonly relation: string | null;
  readonly alias: string | null;
  readonly index: string | null;
  /** Null with `COSTS OFF`; planner's units. */
  readonly estimate: {
    readonly startupCost: number;
    readonly totalCost: number;
    readonly rows: number;
    readonly widthBytes: number;
  } | null;
  /** Null when the plan was not run. */
  readonly actual: PlanActual | null;
  readonly buffers: PlanBuffers | null;
  readonly ioTimings: PlanIoTimings | null;
  readonly wal: PlanWal | null;
  readonly workersPlanned: number | null;
  readonly workersLaunched: number | null;
  readonly workers: readonly PlanWorker[];
  readonly details: PlanDetails;
  readonly children: readonly PlanTreeNode[];
}

export interface PlanJit {
  readonly functions: number;
  readonly options: Readonly<Record<string, boolean>>;
  /** Null with `TIMING OFF`. */
  readonly totalMs: number | null;
}

export interface PlanTrigger {
  /** The constraint it is for, else the trigger. */
  readonly name: string;
  readonly isConstraint: boolean;
  readonly timeMs: number | null;
  readonly calls: number;
}

/** A whole plan with what EXPLAIN says beside it. Null: not in the output. */
export interface PlanTree {
  readonly root: PlanTreeNode;
  /** The statement, where auto_explain logged it. */
  readonly query: string | null;
  readonly planningMs: number | null;
  readonly executionMs: number | null;
  /** Whether the text speaks of a total runtime, as EXPLAIN did before 9.4. */
  readonly isBefore94: boolean;
  /** Whether the text lost its indentation, so that the tree is put together from how many inputs each node takes. */
  readonly isRebuilt: boolean;
  readonly planningBuffers: PlanBuffers | null;
  /** `EXPLAIN (MEMORY)`, bytes. */
  readonly planningMemoryBytes: number | null;
  readonly settings: Readonly<Record<string, string>>;
  readonly jit: PlanJit | null;
  readonly triggers: readonly PlanTrigger[];
  /** `EXPLAIN (SERIALIZE)`; volume in kB. */
  readonly serialization: { readonly timeMs: number | null; readonly outputKb: number; readonly format: string } | null;
  readonly queryIdentifier: string | null;
}
