import type { RelationName } from './catalog.js';

/** One row of `pg_stats`; arrays are kept as PostgreSQL's own array text and parsed where needed. */
export interface ColumnStatistics {
  readonly table: RelationName;
  readonly column: string;
  readonly inherited: boolean;
  readonly nullFraction: number;
  /** Average stored width in bytes, header included. */
  readonly widthBytes: number;
  /** `n_distinct`: > 0 a count, < 0 minus the fraction of rows. */
  readonly distinct: number;
  /** Most common values as text, frequencies beside them; empty when not collected. */
  readonly commonValues: readonly string[];
  readonly commonFrequencies: readonly number[];
  /** Histogram bounds as text; empty when not collected. */
  readonly histogram: readonly string[];
  readonly correlation: number | null;
}

/** The planner's statistics, and how old the activity counters are. */
export interface Statistics {
  readonly columns: readonly ColumnStatistics[];
  /** `pg_stat_database.stats_reset`; null when never reset or not visible. ISO 8601. */
  readonly countersSince: string | null;
  /** The server's clock when read. ISO 8601. */
  readonly readAt: string;
  /** `pg_postmaster_start_time()`. ISO 8601; null when not visible. */
  readonly serverStartedAt: string | null;
}
