import type { RelationName } from './catalog.js';

/** What one standby counted of the indexes: each node counts its own scans. */
export interface NodeCounters {
  /** `host:port/database`. */
  readonly label: string;
  /** `pg_stat_database.stats_reset` there; null when never reset or not visible. ISO 8601. */
  readonly countersSince: string | null;
  /** ISO 8601; null when not visible. */
  readonly serverStartedAt: string | null;
  /** That node's clock when read. ISO 8601. */
  readonly readAt: string;
  readonly indexes: readonly NodeIndexUse[];
}

/** Scans of one index on one node. */
export interface NodeIndexUse extends RelationName {
  /** `idx_scan`; null where not visible. */
  readonly scans: number | null;
  /** `last_idx_scan` (16+); null when never or not known. ISO 8601. */
  readonly lastScan: string | null;
}

/** The target among its copies: which of them there are, and what those that were looked at counted. */
export interface Replication {
  /** The target is a standby itself: what its primary counted is not known. */
  readonly isStandby: boolean;
  /** Standbys that the nodes looked at know of: streaming now, or expected by a physical slot. */
  readonly standbys: number;
  readonly looked: readonly NodeCounters[];
  /** Standbys that were to be looked at and could not be. */
  readonly notLooked: readonly { readonly label: string; readonly reason: string }[];
}

/** A server of which no copy is known. */
export const NO_REPLICATION: Replication = { isStandby: false, standbys: 0, looked: [], notLooked: [] };
