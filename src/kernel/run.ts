import type { Finding } from '../model/finding.js';
import type { Hypothesis } from '../model/hypothesis.js';
import type { Load } from '../model/load.js';
import type { NoiseFloor, WorkloadSummary } from '../model/measurement.js';
import type { Iteration, ScorecardRow, Stop, Together } from '../model/run.js';
import type { Snapshot } from '../model/snapshot.js';
import type { LoopWhatIf } from '../model/what-if.js';
import type { EscalationLimits } from './escalate.js';
import type { Advisors, Clock, Examiner, Lab, Ledger, TrialMeasurement, Watch } from './ports.js';
import type { StopRules } from './stop.js';
import type { Thresholds } from './thresholds.js';

/** Everything outside that the loop works with. */
export interface LoopPorts {
  readonly lab: Lab;
  readonly examiner: Examiner;
  readonly whatIf: LoopWhatIf | null;
  readonly advisors: Advisors;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly watch: Watch;
  /** Ends the loop after the step that runs; the steps themselves end early by their own means. */
  readonly signal: AbortSignal;
  /** Told of the first measurement, before anything is changed in the lab. */
  readonly measured: (baseline: Baseline) => Promise<void>;
  /** Told of each accepted change, so that the what-if engine keeps step with the lab. */
  readonly adopted: (hypothesis: Hypothesis, trial: TrialMeasurement | null) => Promise<void>;
}

/** The accepted state as measured, A against A. */
export interface Baseline {
  readonly summary: WorkloadSummary;
  readonly noise: NoiseFloor;
}

export interface LoopOptions {
  readonly run: string;
  /** Of the target, for the ledger: never holds a secret. */
  readonly targetLabel: string;
  readonly budgetMs: number;
  /** What of the run is within the budget: all of it, or all after the baseline. */
  readonly budgetFrom: 'start' | 'baseline';
  readonly storageBudgetBytes: number | null;
  readonly thresholds: Thresholds;
  readonly stopRules: StopRules;
  readonly escalation: EscalationLimits;
  /** Clients of the load that the end of a run is measured under. */
  readonly clients: number;
  /** From the connection to the target; null when not measured. */
  readonly connectMs: number | null;
  readonly replicaLagSeconds: number | null;
}

/** A hypothesis that was not tried, and why. */
export interface Untried {
  readonly hypothesis: Hypothesis;
  readonly reason: string;
}

export interface LoopOutcome {
  readonly stop: Stop;
  /** Iterations that count for this target: those replayed from the ledger first, then this run's. */
  readonly iterations: readonly Iteration[];
  /** How many of them came from the ledger. */
  readonly replayed: number;
  readonly before: WorkloadSummary;
  readonly after: WorkloadSummary;
  /** All accepted changes held against the beginning; `before` and `after` are its two columns where it was measured. */
  readonly together: Together;
  /** Throughput under concurrency; null where it was not measured. */
  readonly load: Load | null;
  readonly noise: NoiseFloor;
  /** Findings before the first and after the last iteration. */
  readonly findingsBefore: readonly Finding[];
  readonly findingsAfter: readonly Finding[];
  readonly untried: readonly Untried[];
  readonly scorecard: readonly ScorecardRow[];
  /** The snapshot of the state that the loop ended in. */
  readonly snapshot: Snapshot;
}
