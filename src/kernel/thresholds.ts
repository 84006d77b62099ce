/** What a verdict is held against. */
export interface Thresholds {
  /** Least fall of the touched statements' time that counts: 0.05 is 5 %. */
  readonly minimalEffect: number;
  /** A read that matters may become slower by this factor at most. */
  readonly regressionTolerance: number;
  /** A write may become slower by this factor at most... */
  readonly writeTolerance: number;
  /** ... and all writes together may cost at most this share of the time that the reads win. */
  readonly writeBudgetShare: number;
  /** A statement matters when it holds at least this share of the workload's time, */
  readonly criticalShare: number;
  /** or its p95 is at least this long. */
  readonly criticalMs: number;
  /** Fewer pairs than this are no measurement. */
  readonly minimalPairs: number;
}

/** Defaults. 1.15 is the statement guard that the index study used; 5 % is the L8 threshold; 3 pairs are the fewest a slow statement gets. */
export const DEFAULT_THRESHOLDS: Thresholds = {
  minimalEffect: 0.05,
  regressionTolerance: 1.15,
  writeTolerance: 2,
  writeBudgetShare: 0.25,
  criticalShare: 0.01,
  criticalMs: 100,
  minimalPairs: 3,
};

/** An interval of times whose ends are further apart than this factor decides nothing. */
export const WIDEST_INTERVAL = 2;
