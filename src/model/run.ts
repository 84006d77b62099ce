import type { Hypothesis } from './hypothesis.js';
import type { StatementEffect, Verdict } from './verdict.js';

export type DecisionKind = 'accept' | 'reject' | 'escalate';

/** Who must decide what, by when, on which evidence. */
export interface Escalation {
  /** `schema-change`, `data-integrity`, `downtime`, `architecture`. */
  readonly protocol: string;
  readonly decisionNeeded: string;
  readonly decidedBy: string;
  /** Hours for the review. */
  readonly timeLimitHours: number;
  readonly evidence: readonly string[];
}

export interface Decision {
  readonly kind: DecisionKind;
  readonly reason: string;
  readonly escalation: Escalation | null;
}

/** One turn of the loop: one hypothesis, one trial, one decision. */
export interface Iteration {
  readonly number: number;
  readonly hypothesis: Hypothesis;
  readonly verdict: Verdict;
  readonly decision: Decision;
  readonly statements: readonly StatementEffect[];
  /** The accepted state that it started from: a hash of the catalog and the accepted actions. */
  readonly stateBefore: string;
  readonly startedAt: string;
  readonly durationMs: number;
  /** Time that the change itself took in the lab, milliseconds; null where it was not tried. Ledgers of 0.1.0 have none. */
  readonly applyMs?: number | null;
}

export type StopReason = 'targets-met' | 'mature' | 'small-gains' | 'budget' | 'interrupted' | 'no-workload';

/** What all accepted changes do together, held against the beginning in one measurement. `none` where nothing was accepted. */
export interface Together {
  readonly verdict: 'confirmed' | 'regressed' | 'unverifiable' | 'none';
  /** Plain sentence with the figures. */
  readonly reason: string;
  /** Of the statements that the changes touch. */
  readonly statements: readonly StatementEffect[];
  /** null when nothing could be compared. */
  readonly resultsEqual: boolean | null;
}

export interface Stop {
  readonly reason: StopReason;
  /** With the figures. */
  readonly detail: string;
}

/** One target of the scorecard. */
export interface ScorecardRow {
  readonly id: string;
  readonly target: string;
  readonly status: 'met' | 'missed' | 'unknown';
  /** For people, with unit; `unknown` where nothing was measured. */
  readonly value: string;
  /** The bare figure; null when unknown. */
  readonly measured: number | null;
  /** How it was measured, or why it was not. */
  readonly source: string;
}
