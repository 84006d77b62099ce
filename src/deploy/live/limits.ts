import { DEFAULT_THRESHOLDS } from '../../kernel/thresholds.js';

/** What live figures are held against. */
export interface LiveLimits {
  /** A read that matters may become slower by this factor at most, */
  readonly readTolerance: number;
  /** a write by this one. */
  readonly writeTolerance: number;
  /** A statement matters when it holds at least this share of the time of all statements, before or after. */
  readonly criticalShare: number;
  /** Statements that could be judged must hold at least this share of the time after. */
  readonly judgedShare: number;
  /** Fewer calls on either side are no figure. */
  readonly minimalCalls: number;
  /** Least fall of the time of the statements for which a step promised one. */
  readonly minimalGain: number;
  /** Rollbacks and deadlocks in a transaction, and looks at which somebody waits for a lock, may become more frequent by this factor. */
  readonly errorTolerance: number;
  /** Of all intervals of one decision together. */
  readonly confidence: number;
  /** A standby that is further behind, in milliseconds, is over the limit; null for none. */
  readonly lagMs: number | null;
}

/**
 * The lab's own tolerances, so that production is asked for what the trial was. 30 calls: the usual least for a mean to be normal. 80 % of the time judged,
 * 1.5 for errors, and 99 % are choices: one deployment in a hundred may be stopped by chance.
 */
export function liveLimits(lagMs: number | null): LiveLimits {
  return {
    readTolerance: DEFAULT_THRESHOLDS.regressionTolerance,
    writeTolerance: DEFAULT_THRESHOLDS.writeTolerance,
    criticalShare: DEFAULT_THRESHOLDS.criticalShare,
    judgedShare: 0.8,
    minimalCalls: 30,
    minimalGain: DEFAULT_THRESHOLDS.minimalEffect,
    errorTolerance: 1.5,
    confidence: 0.99,
    lagMs,
  };
}
