import type { Skipped } from '../../model/coverage.js';
import type { ColumnStatistics, Statistics } from '../../model/statistics.js';
import type { Session } from '../session.js';
import { isoTime, notOfExtension, userSchema } from './scope.js';

/** Reads `pg_stats` of the user's tables, by table and column, and how old the counters are. What the role may not see is in `skipped`. */
export async function readStatistics(session: Session): Promise<{ statistics: Statistics; skipped: Skipped[] }> {
  const columns = await session.query<ColumnRow>(COLUMNS_SQL);
  const [clock] = await session.query<ClockRow>(CLOCK_SQL);
  const hidden = await session.query<{ place: string; reason: string }>(HIDDEN_SQL);
  return {
    statistics: {
      columns: columns.map(toColumnStatistics),
      countersSince: clock?.counters_since ?? null,
      readAt: clock?.read_at ?? new Date().toISOString(),
      serverStartedAt: clock?.started_at ?? null,
    },
    skipped: [
      ...skip(hidden, 'privilege', 'This role may not read them.', 'GRANT pg_read_all_data to the role.'),
      ...skip(hidden, 'policy', 'Row level security applies to this role.', 'Use a role with BYPASSRLS.'),
    ],
  };
}

/** `anyarray` has no cast to `text[]`; by way of its text it has. */
const COLUMNS_SQL = `
  SELECT s.schemaname AS schema, s.tablename AS table_name, s.attname AS column_name, s.inherited,
    s.null_frac::float8 AS null_fraction, s.avg_width AS width, s.n_distinct::float8 AS distinct_values,
    s.most_common_vals::text::text[] AS common_values, s.most_common_freqs::float8[] AS common_frequencies,
    s.histogram_bounds::text::text[] AS histogram, s.correlation::float8 AS correlation
  FROM pg_catalog.pg_stats AS s
  JOIN pg_catalog.pg_namespace AS n ON n.nspname = s.schemaname
  JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = s.tablename AND c.relkind IN ('r', 'p', 'm', 'f')
  WHERE ${userSchema('n')} AND ${notOfExtension('pg_class', 'c.oid')}
  ORDER BY s.schemaname, s.tablename, s.attname, s.inherited`;

const CLOCK_SQL = `
  SELECT ${isoTime('d.stats_reset')} AS counters_since, ${isoTime('pg_catalog.clock_timestamp()')} AS read_at,
    ${isoTime('pg_catalog.pg_postmaster_start_time()')} AS started_at
  FROM pg_catalog.pg_stat_database AS d WHERE d.datname = pg_catalog.current_database() ORDER BY d.datid`;

/** The two conditions under which `pg_stats` leaves a table's rows out. */
const HIDDEN_SQL = `
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS place,
    CASE WHEN pg_catalog.row_security_active(c.oid) THEN 'policy' ELSE 'privilege' END AS reason
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'm', 'f') AND ${userSchema('n')} AND ${notOfExtension('pg_class', 'c.oid')}
    AND (pg_catalog.row_security_active(c.oid) OR NOT pg_catalog.has_any_column_privilege(c.oid, 'SELECT'))
  ORDER BY n.nspname, c.relname`;

type ColumnRow = {
  schema: string;
  table_name: string;
  column_name: string;
  inherited: boolean;
  null_fraction: number;
  width: number;
  distinct_values: number;
  common_values: string[] | null;
  common_frequencies: number[] | null;
  histogram: string[] | null;
  correlation: number | null;
};

type ClockRow = { counters_since: string | null; read_at: string; started_at: string | null };

function toColumnStatistics(row: ColumnRow): ColumnStatistics {
  return {
    table: { schema: row.schema, name: row.table_name },
    column: row.column_name,
    inherited: row.inherited,
    nullFraction: row.null_fraction,
    widthBytes: row.width,
    distinct: row.distinct_values,
    commonValues: row.common_values ?? [],
    commonFrequencies: row.common_frequencies ?? [],
    histogram: row.histogram ?? [],
    correlation: row.correlation,
  };
}

const NAMED = 5;

function skip(
  hidden: readonly { place: string; reason: string }[],
  kind: string,
  reason: string,
  remedy: string,
): Skipped[] {
  const places = hidden.filter((row) => row.reason === kind).map((row) => row.place);
  if (places.length === 0) return [];
  const names = places.slice(0, NAMED).join(', ');
  const more = places.length > NAMED ? ` and ${places.length - NAMED} more` : '';
  return [{ what: `column statistics of ${names}${more}`, reason, remedy }];
}
