/** What a trial showed. Anything missing is `insufficient` or `unverifiable`, never a pass. */
export type VerdictKind = 'improved' | 'neutral' | 'regressed' | 'insufficient' | 'unverifiable';

/** `walBytes` and `storageBytes` are for changes that win on the write side. */
export type EffectMetric = 'executionMs' | 'buffers' | 'walBytes' | 'storageBytes' | 'risk';

/** A measured effect; `ratio` = after / before with its 95 % interval. */
export interface Effect {
  readonly metric: EffectMetric;
  readonly before: number;
  readonly after: number;
  readonly ratio: number;
  readonly ciLow: number;
  readonly ciHigh: number;
}

/** One statement's effect within a trial. */
export interface StatementEffect {
  readonly fingerprint: string;
  readonly name: string;
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly timeRatio: number;
  readonly timeCiLow: number;
  readonly timeCiHigh: number;
  readonly beforeBuffers: number;
  readonly afterBuffers: number;
  readonly beforeWalBytes: number;
  readonly afterWalBytes: number;
  readonly planBefore: string;
  readonly planAfter: string;
  readonly rounds: number;
  /** The timeout that the unchanged side ran into, milliseconds: its figures are then lower bounds, and the ratio an upper one. Null where it finished. */
  readonly beforeTimedOutMs: number | null;
  /** Before/after execution times in order of running, for the report's distributions. */
  readonly beforeSamplesMs: readonly number[];
  readonly afterSamplesMs: readonly number[];
}

export interface Verdict {
  readonly kind: VerdictKind;
  /** The main effect; null when nothing was measured. */
  readonly effect: Effect | null;
  /** All effects measured beside it. */
  readonly effects: readonly Effect[];
  /** Fall of the objective: 0.2 is 20 % better; 0 when nothing was gained. */
  readonly gain: number;
  /** null when no result could be compared. */
  readonly resultsEqual: boolean | null;
  readonly revertVerified: boolean;
  /** Plain sentence with the figures. */
  readonly reason: string;
}
