import type { Action } from './action.js';
import type { Finding, Provenance } from './finding.js';

/** What a change is expected to do, before it is measured. Null when unknown. */
export interface Prediction {
  /** Total workload time after / before; below 1 is better. */
  readonly workloadRatio: number | null;
  /** Time of the statements it bears on, after / before. */
  readonly statementRatio: number | null;
  /** Workload throughput after / before at the same resources, 1 / workloadRatio. */
  readonly throughputRatio: number | null;
  /** Change in stored bytes; negative frees space. */
  readonly storageBytes: number | null;
  /** How it was foreseen, e.g. `what-if planner cost`. */
  readonly basis: string;
  readonly provenance: Exclude<Provenance, 'measured'>;
}

export type RiskLevel = 'low' | 'medium' | 'high';

export interface Risk {
  readonly level: RiskLevel;
  /** What could go wrong for behaviour, then for data. */
  readonly behaviour: string;
  readonly data: string;
  /** Downtime that applying it in production needs, in milliseconds; null when unknown. */
  readonly downtimeMs: number | null;
  /** Person-weeks that the change costs beyond running the migration. */
  readonly effortWeeks: number;
}

/** One specific change with its prediction and its risk. */
export interface Hypothesis {
  /** Stable over runs: a hash of the advisor, the place and the action's SQL. */
  readonly id: string;
  readonly advisor: string;
  readonly title: string;
  readonly finding: Finding;
  readonly action: Action;
  readonly prediction: Prediction;
  readonly risk: Risk;
}
