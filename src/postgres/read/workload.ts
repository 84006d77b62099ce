import { quoteQualified } from '../../base/quote.js';
import { countedWorkload } from '../../logs/counted.js';
import type { CountedRow } from '../../logs/counted.js';
import type { Skipped } from '../../model/coverage.js';
import type { Workload } from '../../model/workload.js';
import { loadParser } from '../../sql/parse.js';
import { sqlstateOf } from '../errors.js';
import type { Session } from '../session.js';
import { TAG } from '../wire.js';
import { isoTime } from './scope.js';

/** Reads the statements of this database from `pg_stat_statements`, heaviest first, equal shapes as one. Never fails for its absence: then the source is `none` and `skipped` says how to get it. */
export async function readWorkloadFromStatements(
  session: Session,
): Promise<{ workload: Workload; skipped: Skipped[] }> {
  await loadParser();
  const [extension] = await session.query<{ schema: string; version: string }>(STATEMENTS_EXTENSION_SQL);
  if (!extension) return none('pg_stat_statements is not installed in this database.', CREATE);
  let rows: CountedRow[];
  try {
    rows = await session.query<CountedRow>(statementsSql(extension.schema), [`%${TAG}%`]);
  } catch (error) {
    const sqlstate = sqlstateOf(error);
    if (sqlstate === '55000') return none('pg_stat_statements is installed but not loaded by the server.', PRELOAD);
    if (sqlstate === '42501') return none('This role may not read pg_stat_statements.', GRANT);
    throw error;
  }
  return countedWorkload(rows, await readSince(session, extension));
}

const CREATE =
  'Add pg_stat_statements to shared_preload_libraries, restart, and run CREATE EXTENSION pg_stat_statements; or give a workload file.';
const PRELOAD = 'Add pg_stat_statements to shared_preload_libraries and restart; or give a workload file.';
const GRANT = 'GRANT pg_monitor to the role.';

/** The schema and version of `pg_stat_statements` in this database; no row without it. */
export const STATEMENTS_EXTENSION_SQL = `
  SELECT n.nspname AS schema, e.extversion AS version
  FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
  WHERE e.extname = 'pg_stat_statements' ORDER BY e.oid`;

/**
 * Columns differ by version (`total_time` became `total_exec_time` in 1.8, `toplevel` came in 1.9), so they are read through jsonb.
 * One statement of several roles is several rows.
 */
const statementsSql = (schema: string): string => `
  SELECT s.query, pg_catalog.count(*)::int4 AS entries, pg_catalog.sum(s.calls)::float8 AS calls, pg_catalog.sum(s.rows)::float8 AS rows,
    pg_catalog.sum(coalesce(s.j ->> 'total_exec_time', s.j ->> 'total_time')::float8) AS total_ms,
    pg_catalog.sum(s.shared_blks_hit)::float8 AS shared_hit, pg_catalog.sum(s.shared_blks_read)::float8 AS shared_read,
    pg_catalog.sum(s.temp_blks_read + s.temp_blks_written)::float8 AS temp_blocks,
    pg_catalog.sum((s.j ->> 'wal_bytes')::float8) AS wal_bytes,
    coalesce((s.j ->> 'toplevel')::bool, true) AS top_level
  FROM (SELECT p.*, pg_catalog.to_jsonb(p) - 'query' AS j FROM ${quoteQualified(schema, 'pg_stat_statements')} AS p
    JOIN pg_catalog.pg_database AS d ON d.oid = p.dbid AND d.datname = pg_catalog.current_database()) AS s
  WHERE s.calls > 0 AND coalesce(s.query NOT LIKE $1, true)
  GROUP BY s.query, top_level
  ORDER BY total_ms DESC, s.query`;

/** `pg_stat_statements_info` came with 1.9. */
async function readSince(session: Session, extension: { schema: string; version: string }): Promise<string | null> {
  const [major = 0, minor = 0] = extension.version.split('.').map(Number);
  if (major === 1 && minor < 9) return null;
  const view = quoteQualified(extension.schema, 'pg_stat_statements_info');
  const [row] = await session.query<{ since: string | null }>(
    `SELECT ${isoTime('i.stats_reset')} AS since FROM ${view} AS i`,
  );
  return row?.since ?? null;
}

function none(reason: string, remedy: string): { workload: Workload; skipped: Skipped[] } {
  return {
    workload: { source: 'none', origin: 'pg_stat_statements', statements: [], unusable: [], since: null },
    skipped: [{ what: 'workload from pg_stat_statements', reason, remedy }],
  };
}
