import { WizardError } from '../../base/errors.js';
import { quoteQualified } from '../../base/quote.js';
import type { Counter } from '../../logs/counters.js';
import { sqlstateOf } from '../errors.js';
import type { Session } from '../session.js';
import { TAG } from '../wire.js';
import { STATEMENTS_EXTENSION_SQL } from './workload.js';

/** The entries of `pg_stat_statements` of this database one by one, so that two looks can be compared; `most` of them at the most. Throws `target/permission` where it is not there or may not be read. */
export async function readCounters(session: Session, most: number | null = null): Promise<readonly Counter[]> {
  const [extension] = await session.query<{ schema: string; version: string }>(STATEMENTS_EXTENSION_SQL);
  if (!extension) throw missing('pg_stat_statements is not installed in this database');
  try {
    return await session.query<Counter>(countersSql(extension), [`%${TAG}%`, most]);
  } catch (error) {
    const sqlstate = sqlstateOf(error);
    if (sqlstate === '55000') throw missing('pg_stat_statements is installed but not loaded by the server');
    if (sqlstate === '42501') throw missing('This role may not read pg_stat_statements');
    throw error;
  }
}

/** Why they can not be read; null where they can. */
export async function whyNoCounters(session: Session): Promise<string | null> {
  try {
    await readCounters(session, 1);
    return null;
  } catch (thrown) {
    if (thrown instanceof WizardError && thrown.code === 'target/permission') return thrown.message;
    throw thrown;
  }
}

function missing(message: string): WizardError {
  return new WizardError('target/permission', message, {
    hint: 'Use --sample instead of --between: pg_stat_activity needs no extension.',
  });
}

/**
 * When an entry was made came with 1.11 (PostgreSQL 17), when all were reset with 1.9 (14): with that alone, an entry that was evicted and is past its old count again is not seen to be
 * new. Columns differ by version, so they are read through jsonb, as `readWorkloadFromStatements` does.
 */
const countersSql = ({ schema, version }: { readonly schema: string; readonly version: string }): string => `
  SELECT s.query, 1 AS entries, s.calls::float8 AS calls, s.rows::float8 AS rows,
    coalesce(s.j ->> 'total_exec_time', s.j ->> 'total_time')::float8 AS total_ms,
    coalesce(s.j ->> 'stddev_exec_time', s.j ->> 'stddev_time')::float8 AS stddev_ms,
    s.shared_blks_hit::float8 AS shared_hit, s.shared_blks_read::float8 AS shared_read,
    (s.temp_blks_read + s.temp_blks_written)::float8 AS temp_blocks, (s.j ->> 'wal_bytes')::float8 AS wal_bytes,
    coalesce((s.j ->> 'toplevel')::bool, true) AS top_level, coalesce(s.j ->> 'stats_since', ${resetSql(schema, version)}) AS since,
    pg_catalog.jsonb_build_array(s.j -> 'userid', s.j -> 'dbid', coalesce(s.j -> 'queryid', pg_catalog.to_jsonb(s.query)), s.j -> 'toplevel')::text AS key
  FROM (SELECT p.*, pg_catalog.to_jsonb(p) - 'query' AS j FROM ${quoteQualified(schema, 'pg_stat_statements')} AS p
    JOIN pg_catalog.pg_database AS d ON d.oid = p.dbid AND d.datname = pg_catalog.current_database()) AS s
  WHERE s.calls > 0 AND coalesce(s.query NOT LIKE $1, true)
  ORDER BY key LIMIT $2::int4`;

function resetSql(schema: string, version: string): string {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major === 1 && minor < 9) return 'NULL';
  return `(SELECT i.stats_reset::text FROM ${quoteQualified(schema, 'pg_stat_statements_info')} AS i)`;
}
