import type { RelationName } from './catalog.js';

/** What an index takes, and what it would take if it were built anew, known from more than statistics. */
export interface IndexRebuild {
  readonly index: RelationName;
  /** On the target. */
  readonly sizeBytes: number;
  readonly rebuiltBytes: number;
  /** Whether `rebuiltBytes` was read off an index that was built anew, or reckoned from the fill of every page. */
  readonly how: 'built' | 'pages';
}
