import type { StatementKind } from './workload.js';

/** One execution of one statement with one parameter set. */
export interface Sample {
  /** Execution time as the server reports it, triggers included. */
  readonly executionMs: number;
  readonly planningMs: number;
  readonly sharedHit: number;
  readonly sharedRead: number;
  readonly tempRead: number;
  readonly tempWritten: number;
  readonly walBytes: number;
  readonly rows: number;
}

/** A statement case that gave no figure, and why: never dropped silently. */
export interface FailedCase {
  readonly fingerprint: string;
  readonly name: string;
  readonly reason: string;
}

/** A statement over all of its parameter sets. Medians over samples, mean over parameter sets. */
export interface StatementSummary {
  readonly fingerprint: string;
  readonly name: string;
  readonly kind: StatementKind;
  readonly calls: number;
  readonly meanMs: number;
  readonly p95Ms: number;
  readonly planningMs: number;
  /** Shared blocks hit + read + temp, per execution. */
  readonly buffers: number;
  readonly walBytes: number;
  readonly planShape: string;
  /** True where the plan and its data did not change and the figure is carried over from the last measurement. */
  readonly carriedOver: boolean;
  /** The timeout that at least one parameter set ran into, milliseconds: times and counts are then lower bounds. Null where all finished. */
  readonly timedOutMs: number | null;
}

/** The whole workload, weighted by calls. Quantiles are over executions. */
export interface WorkloadSummary {
  readonly totalMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly buffers: number;
  readonly sharedRead: number;
  readonly walBytes: number;
  readonly perStatement: readonly StatementSummary[];
  readonly failed: readonly FailedCase[];
}

/** Spread that doing nothing shows: A against A, as the 97.5 % quantile of |ln ratio| over statements, single outliers aside. */
export interface NoiseFloor {
  readonly timeLogRatio: number;
  readonly bufferLogRatio: number;
  /** Pairs behind it. */
  readonly pairs: number;
}
