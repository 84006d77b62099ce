import type { Action } from '../../model/action.js';
import type { Index } from '../../model/catalog.js';
import type { Finding } from '../../model/finding.js';
import type { MeasuredTotals, VerifiedStatement } from './measured-index-set.js';

/** An index that is there, and what would drop it. */
export interface Removal {
  readonly index: Index;
  /** A drop, with the way back. */
  readonly action: Action;
  /** What says so. */
  readonly finding: Finding;
}

/** One that was dropped in the lab. */
export interface TriedRemoval extends Removal {
  /** In the lab; of all parts of a partitioned one. */
  readonly sizeBytes: number;
}

/** One that was dropped and missed, or of which that could not be seen. */
export interface StayingIndex extends TriedRemoval {
  /** In words, with the figures. */
  readonly reason: string;
}

/** What the lab did without indexes that are there, beside those that were kept of a set. */
export interface MeasuredRemovals {
  /** Those that went, all together. */
  readonly gone: readonly TriedRemoval[];
  readonly stay: readonly StayingIndex[];
  /** Bytes of those that went, in the lab. */
  readonly sizeBytes: number;
  /** Statements that plan otherwise without those that went, that write to their tables or that call a function: before and after, turn by turn. */
  readonly perStatement: readonly VerifiedStatement[];
  /** Over these, calls times figures. */
  readonly before: RemovalTotals;
  readonly after: RemovalTotals;
  /** Statements that could not be planned or run with all of them there, or had no values to run with: what they would miss is unknown. */
  readonly unasked: number;
  /** Statements that came to no end with all of them there: what they use inside functions and triggers is unknown. */
  readonly unended: number;
  /** Whether the way back was run, and brought back the catalog as it was; null where the time was over. */
  readonly reverted: boolean | null;
}

export interface RemovalTotals extends MeasuredTotals {
  readonly walBytes: number;
}
