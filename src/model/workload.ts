/** What a statement does, from its tree. */
export type StatementKind = 'select' | 'insert' | 'update' | 'delete' | 'merge' | 'other';

/** One statement shape with its weight. */
export interface WorkloadStatement {
  /** Hex fingerprint of the parse tree: the same for statements that differ only in constants. */
  readonly fingerprint: string;
  /** A short name a person recognises: the file's `-- name:` line, else the beginning of the text. */
  readonly name: string;
  /** The SQL, with `$1` parameters where the source has them. */
  readonly sql: string;
  readonly kind: StatementKind;
  /** Executions in the observed time; the weight of the statement. */
  readonly calls: number;
  /** Mean execution time; null when not measured by the source. */
  readonly meanMs: number | null;
  readonly totalMs: number | null;
  readonly rows: number | null;
  readonly sharedHit: number | null;
  readonly sharedRead: number | null;
  readonly tempBlocks: number | null;
  readonly walBytes: number | null;
  /** Parameter sets seen or drawn: each a list of SQL literals (already quoted), in the order of `$1, $2, ...`. */
  readonly parameterSets: readonly ParameterSet[];
  /** What single executions showed; absent where the source only has sums. */
  readonly observed?: ObservedExecutions;
  /** What the functions that it calls run, as far as it can be planned; absent where there is none. */
  readonly inside?: readonly InsideStatement[];
}

/** A statement in the body of a function that a workload statement calls. No counter says how often it runs. */
export interface InsideStatement {
  /** `schema.name` of the function. */
  readonly within: string;
  readonly sql: string;
  readonly parameterSets: readonly ParameterSet[];
}

/** What single executions of a statement showed, in a log or in samples of activity. */
export interface ObservedExecutions {
  /** Executions whose time is known. */
  readonly timed: number;
  /** Of those; null without any. A log holds what its settings let through: with `log_min_duration_statement` the slow ones only. */
  readonly latencyMs: LatencyQuantiles | null;
  /** Means over the executions whose plan was logged; null without any, or where the plans do not say. */
  readonly planned: PlannedExecutions | null;
  /** Executions that ended in an error. */
  readonly errors: number;
  /** Bytes of temporary files that were logged one by one; null without any. */
  readonly temporaryBytes: number | null;
  readonly users: readonly Tallied[];
  readonly databases: readonly Tallied[];
  readonly applications: readonly Tallied[];
  /** Places in programs, from the tags in comments. */
  readonly sources: readonly Tallied[];
  /** ISO 8601, without a zone where the log's is not UTC; null when unknown. */
  readonly firstSeen: string | null;
  readonly lastSeen: string | null;
}

export interface LatencyQuantiles {
  readonly min: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** Of the quantiles; 0 where each execution's time was kept. */
  readonly relativeError: number;
}

/** Means per execution. */
export interface PlannedExecutions {
  readonly executions: number;
  readonly rows: number | null;
  readonly sharedHit: number | null;
  readonly sharedRead: number | null;
  readonly tempBlocks: number | null;
  readonly walBytes: number | null;
}

/** How many executions had a name, most first. */
export interface Tallied {
  readonly name: string;
  readonly executions: number;
}

/** Where a parameter set sits in the column's distribution. */
export type ParameterClass = 'given' | 'frequent' | 'typical' | 'rare' | 'absent';

export interface ParameterSet {
  readonly class: ParameterClass;
  /** SQL text of each value, e.g. `'paid'`, `42`, `NULL`, `'2024-01-01'::date`. */
  readonly values: readonly string[];
}

/** Where a workload came from: counters, a file of statements, a log, or samples of `pg_stat_activity`. */
export type WorkloadSource = 'pg_stat_statements' | 'file' | 'log' | 'activity' | 'none';

/** A statement that was seen and can not be used, and why. */
export interface UnusableStatement {
  readonly name: string;
  readonly sql: string;
  readonly reason: string;
}

export interface Workload {
  readonly source: WorkloadSource;
  /** Where it was read: a file's path or `pg_stat_statements`. */
  readonly origin: string;
  readonly statements: readonly WorkloadStatement[];
  readonly unusable: readonly UnusableStatement[];
  /** Start of the observed time; null when unknown. ISO 8601. */
  readonly since: string | null;
}
