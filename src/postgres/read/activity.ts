import type { ActiveSession } from '../../logs/activity.js';
import type { Skipped } from '../../model/coverage.js';
import type { Session } from '../session.js';

type ActivityRow = {
  pid: number;
  query_start: string;
  query: string;
  user_name: string | null;
  application: string | null;
  waits_for: string | null;
  elapsed_ms: number;
  at_ms: number;
};

/** Sessions of this database that run a statement just now, this one left out. Statements of other roles are not shown to a role without `pg_read_all_stats`: those are `skipped`. */
export async function readActivity(
  session: Session,
): Promise<{ readonly sessions: readonly ActiveSession[]; readonly skipped: readonly Skipped[] }> {
  const rows = await session.query<ActivityRow>(ACTIVITY_SQL);
  const shown = rows.filter((row) => row.query !== HIDDEN_TEXT);
  const sessions = shown.map((row) => ({
    pid: row.pid,
    queryStart: row.query_start,
    query: row.query,
    user: row.user_name,
    database: session.settings.database,
    application: row.application === '' ? null : row.application,
    waitsFor: row.waits_for,
    elapsedMs: row.elapsed_ms,
    atMs: row.at_ms,
  }));
  const skipped =
    shown.length === rows.length
      ? []
      : [
          {
            what: "other roles' statements",
            reason: 'Their text is not shown to this role.',
            remedy: 'GRANT pg_monitor (or pg_read_all_stats) to the role.',
          },
        ];
  return { sessions, skipped };
}

const HIDDEN_TEXT = '<insufficient privilege>';

const ACTIVITY_SQL = `
  SELECT a.pid, coalesce(a.query_start::text, '') AS query_start, a.query, a.usename::text AS user_name, a.application_name AS application,
    a.wait_event_type || ': ' || a.wait_event AS waits_for,
    extract(epoch FROM pg_catalog.clock_timestamp() - a.query_start)::float8 * 1000 AS elapsed_ms,
    extract(epoch FROM pg_catalog.clock_timestamp())::float8 * 1000 AS at_ms
  FROM pg_catalog.pg_stat_activity AS a
  WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid()
    AND (a.state = 'active' OR a.query = '${HIDDEN_TEXT}') AND a.backend_type = 'client backend'
  ORDER BY a.pid`;
