import type { Session } from '../session.js';
import { IS_USER_SCHEMA } from './user-schemas.js';

/**
 * One row of `pg_stats` with nothing parsed: what is copied must come back byte for byte. Arrays are PostgreSQL's own
 * array text; keys are the names of `pg_restore_attribute_stats`.
 */
export interface RawColumnStatistics extends Record<string, unknown> {
  readonly schemaname: string;
  /** A table, or an index whose key is an expression. */
  readonly relname: string;
  readonly attname: string;
  readonly inherited: boolean;
  readonly null_frac: string;
  readonly avg_width: number;
  readonly n_distinct: string;
  readonly most_common_vals: string | null;
  readonly most_common_freqs: string | null;
  readonly histogram_bounds: string | null;
  readonly correlation: string | null;
  readonly most_common_elems: string | null;
  readonly most_common_elem_freqs: string | null;
  readonly elem_count_histogram: string | null;
  readonly range_length_histogram: string | null;
  readonly range_empty_frac: string | null;
  readonly range_bounds_histogram: string | null;
}

/** All of a `pg_stats`-like row but its name, for a select list. Range statistics are added by the caller. */
export const STATISTICS_COLUMNS = `inherited, null_frac::text, avg_width, n_distinct::text,
       most_common_vals::text, most_common_freqs::text, histogram_bounds::text, correlation::text,
       most_common_elems::text, most_common_elem_freqs::text, elem_count_histogram::text`;

/** Select list in the place of the range statistics where the view has none. */
export const NO_RANGE_COLUMNS = `NULL::text AS range_length_histogram, NULL::text AS range_empty_frac, NULL::text AS range_bounds_histogram`;

const RANGE_COLUMNS = `range_length_histogram::text, range_empty_frac::text, range_bounds_histogram::text`;

/** The statistics of every column that the role may read, indexed expressions among them. */
export async function readRawColumnStatistics(session: Session, major: number): Promise<RawColumnStatistics[]> {
  const columns = await session.query<RawColumnStatistics>(`
SELECT schemaname::text, tablename::text AS relname, attname::text, ${STATISTICS_COLUMNS}, ${major >= 17 ? RANGE_COLUMNS : NO_RANGE_COLUMNS}
  FROM pg_catalog.pg_stats AS n
 WHERE ${IS_USER_SCHEMA.replaceAll('n.nspname', 'n.schemaname')}
 ORDER BY schemaname, tablename, attname, inherited`);
  if (major >= 17) return columns;
  const ranges = await readRangeStatistics(session);
  return ranges.size === 0 ? columns : columns.map((column) => ({ ...column, ...ranges.get(columnKey(column)) }));
}

interface RangeRow extends Record<string, unknown> {
  schemaname: string;
  relname: string;
  attname: string;
  inherited: boolean;
  range_length_histogram: string | null;
  range_empty_frac: string | null;
  range_bounds_histogram: string | null;
}

/** Before 17 no view shows the statistics of range types: only who may read `pg_statistic` itself gets them. */
async function readRangeStatistics(session: Session): Promise<Map<string, RangeRow>> {
  const [may] = await session.query<{ ok: boolean }>(
    `SELECT pg_catalog.has_table_privilege('pg_catalog.pg_statistic', 'SELECT') AS ok`,
  );
  if (may?.ok !== true) return new Map();
  const slots = [1, 2, 3, 4, 5];
  // STATISTIC_KIND_RANGE_LENGTH_HISTOGRAM is 6, STATISTIC_KIND_BOUNDS_HISTOGRAM is 7 (pg_statistic.h).
  const pick = (kind: number, value: (slot: number) => string): string =>
    `CASE ${kind} ${slots.map((slot) => `WHEN s.stakind${slot} THEN ${value(slot)}`).join(' ')} END`;
  const rows = await session.query<RangeRow>(`
SELECT n.nspname::text AS schemaname, c.relname::text, a.attname::text, s.stainherit AS inherited,
       ${pick(6, (slot) => `s.stavalues${slot}::text`)} AS range_length_histogram,
       ${pick(6, (slot) => `s.stanumbers${slot}[1]::text`)} AS range_empty_frac,
       ${pick(7, (slot) => `s.stavalues${slot}::text`)} AS range_bounds_histogram
  FROM pg_catalog.pg_statistic AS s
  JOIN pg_catalog.pg_class AS c ON c.oid = s.starelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = s.starelid AND a.attnum = s.staattnum
 WHERE ${IS_USER_SCHEMA} AND (6 IN (s.stakind1, s.stakind2, s.stakind3, s.stakind4, s.stakind5)
    OR 7 IN (s.stakind1, s.stakind2, s.stakind3, s.stakind4, s.stakind5))
 ORDER BY n.nspname, c.relname, a.attnum`);
  return new Map(rows.map((row) => [columnKey(row), row]));
}

function columnKey(column: { schemaname: string; relname: string; attname: string; inherited: boolean }): string {
  return JSON.stringify([column.schemaname, column.relname, column.attname, column.inherited]);
}
