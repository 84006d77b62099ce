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
}

/** Where a parameter set sits in the column's distribution. */
export type ParameterClass = 'given' | 'frequent' | 'typical' | 'rare' | 'absent';

export interface ParameterSet {
  readonly class: ParameterClass;
  /** SQL text of each value, e.g. `'paid'`, `42`, `NULL`, `'2024-01-01'::date`. */
  readonly values: readonly string[];
}

/** Where a workload came from. */
export type WorkloadSource = 'pg_stat_statements' | 'file' | 'none';

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
