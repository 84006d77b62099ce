/** What the loop needs from the outside. `app` hands real ones over; kernel tests hand over in-memory fakes. */
import type { Action } from '../model/action.js';
import type { ChangeBounds } from '../model/change-bounds.js';
import type { Finding } from '../model/finding.js';
import type { Hypothesis } from '../model/hypothesis.js';
import type { Load } from '../model/load.js';
import type { FailedCase, NoiseFloor, WorkloadSummary } from '../model/measurement.js';
import type { PlanRecord } from '../model/plan-history.js';
import type { Iteration } from '../model/run.js';
import type { Snapshot } from '../model/snapshot.js';
import type { StatementEffect } from '../model/verdict.js';
import type { IndexWhatIf } from '../model/what-if.js';
import type { Workload } from '../model/workload.js';

export interface Clock {
  nowMs(): number;
  iso(): string;
}

/** Reads the accepted state of the lab (its catalog, statistics and settings, with the workload as last measured). Read-only. */
export interface Examiner {
  examine(workload: Workload, measured: WorkloadSummary | null): Promise<Snapshot>;
}

/** Advisors behind one door: the kernel never imports them. */
export interface Advisors {
  examine(snapshot: Snapshot, whatIf: IndexWhatIf | null, bounds?: ChangeBounds): Promise<readonly Finding[]>;
}

/** Whether an index holds exactly the rows of its table: where it does, it can change no result. */
export interface IndexCheck {
  /** Null where it could not be checked. */
  readonly agrees: boolean | null;
  /** What was done, or why nothing was. */
  readonly note: string;
}

/** What a trial measured; the kernel makes the verdict. */
export interface TrialMeasurement {
  readonly statements: readonly StatementEffect[];
  readonly failed: readonly FailedCase[];
  /** null when nothing could be compared. */
  readonly resultsEqual: boolean | null;
  /** Which statements differed, in words. */
  readonly resultDifferences: readonly string[];
  /** Which results could not be compared and why, in words. */
  readonly resultsUncompared: readonly string[];
  /** A new index held against its table; null where every result could be compared, and for any other change. */
  readonly indexCheck: IndexCheck | null;
  /** The action's revert was run and the catalog deep-equals the earlier one. */
  readonly revertVerified: boolean;
  readonly revertNote: string | null;
  /** Constraints still valid and every row count as before. */
  readonly constraintsIntact: boolean;
  readonly storageBytesBefore: number;
  readonly storageBytesAfter: number;
  /** Time that `up` took on the lab, milliseconds. */
  readonly applyMs: number;
  /** The whole workload with the change. */
  readonly workloadAfter: WorkloadSummary;
  readonly noise: NoiseFloor;
  /** Of a rewrite: on how many small databases no difference was seen, in words. */
  readonly equivalence?: string;
}

/** What all accepted changes do together: the state that the run began with against the accepted one, interleaved. */
export interface Confirmation {
  readonly before: WorkloadSummary;
  readonly after: WorkloadSummary;
  /** Of the statements that the changes touch. */
  readonly statements: readonly StatementEffect[];
  /** null when nothing could be compared. */
  readonly resultsEqual: boolean | null;
  readonly resultDifferences: readonly string[];
  readonly resultsUncompared: readonly string[];
}

/** A trial that gave no measurement, after the retries that are allowed. */
export interface TrialFailure {
  readonly failure: string;
}

/** The staging copy. Its accepted state only moves forward through `accept`. */
export interface Lab {
  /** `lab` always: the guard refuses anything else. */
  readonly role: 'lab';
  /** A against A: measures the accepted state and its noise floor. */
  baseline(workload: Workload): Promise<{ readonly summary: WorkloadSummary; readonly noise: NoiseFloor }>;
  /** Accepted state against accepted state + one action. */
  trial(action: Action): Promise<TrialMeasurement | TrialFailure>;
  /** Makes the action part of the accepted state: the one just tried, or, where `measured` is null, one that an earlier run accepted from the very same state. */
  accept(action: Action, measured: TrialMeasurement | null): Promise<void>;
  /** Takes an accepted change back, by its own way back; what came after it stays. A failure where that way is barred, and then nothing changed. */
  withdraw(action: Action): Promise<TrialFailure | null>;
  /** The beginning against the accepted state, in one measurement; null where nothing was accepted. */
  confirm(): Promise<Confirmation | TrialFailure | null>;
  /** The workload's mix from 1, 2, 4, ... up to so many clients, on both states of the last confirmation; null where there is none. */
  load(clients: number): Promise<Load | TrialFailure | null>;
  /** Hash over the catalog of the accepted state, the statistics and the rewritten statements. */
  stateHash(): Promise<string>;
}

/** What was done, in order, for ever. */
export interface Ledger {
  append(entry: LedgerEntry): Promise<void>;
  entries(): readonly LedgerEntry[];
}

export type LedgerEntry =
  | {
      readonly type: 'run-started';
      readonly at: string;
      readonly run: string;
      readonly target: string;
      readonly state: string;
    }
  | {
      readonly type: 'trial-started';
      readonly at: string;
      readonly run: string;
      readonly state: string;
      readonly hypothesis: Hypothesis;
    }
  | {
      readonly type: 'iteration';
      readonly at: string;
      readonly run: string;
      readonly iteration: Iteration;
      readonly stateAfter: string;
    }
  /** An accepted change that the end of a run refuted; the accepted ones behind it follow once more, each from the state without it. */
  | {
      readonly type: 'withdrawn';
      readonly at: string;
      readonly run: string;
      readonly state: string;
      readonly hypothesis: string;
      readonly reason: string;
    }
  /** How the unchanged target's statements were run, for the next run to compare with. */
  | {
      readonly type: 'plans';
      readonly at: string;
      readonly run: string;
      readonly target: string;
      readonly record: PlanRecord;
    }
  | { readonly type: 'run-stopped'; readonly at: string; readonly run: string; readonly reason: string };

/** Told to the one who watches. */
export type Progress =
  | { readonly type: 'phase'; readonly phase: Phase; readonly text: string }
  | {
      readonly type: 'work';
      readonly phase: Phase;
      readonly text: string;
      readonly done: number;
      readonly total: number;
    }
  | { readonly type: 'hypothesis'; readonly number: number; readonly hypothesis: Hypothesis; readonly waiting: number }
  | { readonly type: 'iteration'; readonly iteration: Iteration; readonly workload: WorkloadSummary }
  | { readonly type: 'note'; readonly text: string };

export type Phase =
  | 'copy'
  | 'examine'
  | 'baseline'
  | 'hypothesise'
  | 'act'
  | 'evaluate'
  | 'decide'
  | 'report'
  | 'deploy';

export type Watch = (progress: Progress) => void;
