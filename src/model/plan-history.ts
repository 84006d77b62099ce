import type { ParameterClass } from './workload.js';

/** The plan of a statement with one set of values. */
export interface ObservedPlan {
  readonly parameterClass: ParameterClass;
  /** A hash of the values, to tell whether two runs used the same; the values themselves are not kept. */
  readonly values: string;
  /** `planShape`. */
  readonly shape: string;
  /** Median of its executions. */
  readonly ms: number;
  /** Blocks per execution, median. */
  readonly buffers: number;
  /** Whether it was cut off, so that time and blocks are lower bounds. */
  readonly cutOff: boolean;
}

/** A statement as one run measured it, unchanged. */
export interface ObservedStatement {
  readonly fingerprint: string;
  readonly name: string;
  readonly plans: readonly ObservedPlan[];
  /** What the plans read and write, as `schema.name`. */
  readonly tables: readonly string[];
}

/** What of a table the planner decides by. */
export interface ObservedTable {
  /** `schema.name`. */
  readonly name: string;
  /** `reltuples`; null when never analysed. */
  readonly rows: number | null;
  readonly pages: number;
  /** Of the target; null when never, or not known. ISO 8601. */
  readonly lastAnalyze: string | null;
  /** A hash of all its rows in `pg_stats`. */
  readonly statistics: string;
  readonly indexes: readonly { readonly name: string; readonly definition: string }[];
}

export interface ObservedSetting {
  readonly name: string;
  /** As SET takes it. */
  readonly value: string;
  /** As SHOW prints it. */
  readonly shown: string;
}

/** The plans of one run before any change, and what they were made from. Measured in the lab. */
export interface PlanRecord {
  /** ISO 8601. */
  readonly at: string;
  /** Of the lab's server, as SHOW prints it. */
  readonly serverVersion: string;
  /** Those that decide plans. */
  readonly settings: readonly ObservedSetting[];
  /** What doing nothing shows in that run: |ln ratio| of times. */
  readonly noiseLogRatio: number;
  readonly tables: readonly ObservedTable[];
  readonly statements: readonly ObservedStatement[];
}

export type PlanDifferenceKind =
  | 'server-version'
  | 'setting'
  | 'index-new'
  | 'index-gone'
  | 'statistics'
  | 'size'
  | 'values';

/** One thing that differs between two runs and bears on a plan. */
export interface PlanDifference {
  readonly kind: PlanDifferenceKind;
  /** Name of the setting, table or index. */
  readonly on: string;
  /** In words, with the figures. */
  readonly says: string;
}

/**
 * `shown`: an experiment or the plan itself shows it. `likely`: the one thing known to differ. `open`: one or more of several things
 * that differ. `unknown`: nothing that is known differs.
 */
export type CauseCertainty = 'shown' | 'likely' | 'open' | 'unknown';

/** A statement whose plan is another one than in the run before, with the set of values that got the slowest by it. */
export interface ChangedPlan {
  readonly fingerprint: string;
  readonly name: string;
  readonly parameterClass: ParameterClass;
  readonly planBefore: string;
  readonly planNow: string;
  readonly beforeMs: number;
  readonly nowMs: number;
  readonly beforeBuffers: number;
  readonly nowBuffers: number;
  /** Of two runs at different times; `same` within the noise of both, `unknown` where an execution was cut off. */
  readonly time: 'slower' | 'faster' | 'same' | 'unknown';
  readonly cause: { readonly certainty: CauseCertainty; readonly says: string };
  readonly differences: readonly PlanDifference[];
}

/** The plans of this run against those of the last one on the same target. */
export interface PlanChanges {
  /** When the earlier plans were recorded. ISO 8601. */
  readonly since: string;
  /** Statements that both runs planned. */
  readonly compared: number;
  readonly changes: readonly ChangedPlan[];
}
