import type { IndexSpec } from './action.js';

/** What a run leaves room for: what is found beyond this could not be accepted. */
export interface ChangeBounds {
  /** Bytes that the accepted state may still grow by; null for no limit. */
  readonly storageBytes: number | null;
  /** Indexes that this run tried and did not accept. */
  readonly refuted: readonly IndexSpec[];
  /** Time for one search, milliseconds: it ends with the best that it has by then. Null for no limit. */
  readonly searchMs: number | null;
}

/** Where no run sets any. */
export const NO_BOUNDS: ChangeBounds = { storageBytes: null, refuted: [], searchMs: null };
