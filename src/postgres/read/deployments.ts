import { DEPLOYMENT_LOCK } from '../deployment/lock.js';
import type { Backend } from '../deployment/session.js';
import type { Session } from '../session.js';
import { isoTime } from './scope.js';

/** A session of somebody, without its statement's text. */
export interface OtherSession {
  readonly processId: number;
  readonly role: string | null;
  readonly application: string | null;
  /** `active`, `idle in transaction`, ...; null where the role may not see it. */
  readonly state: string | null;
  /** Since its transaction began; null outside one, or where the role may not see it. */
  readonly transactionMs: number | null;
}

/** How far an index build is (`pg_stat_progress_create_index`). */
export interface BuildProgress {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  /** The session that it waits for. */
  readonly waitsFor: number | null;
}

/** Who deploys to this database just now; null when nobody does. */
export async function readDeployer(session: Session): Promise<(Backend & OtherSession) | null> {
  const [row] = await session.query<SessionRow & { started_at: string | null }>(DEPLOYER_SQL, [
    DEPLOYMENT_LOCK.key,
    DEPLOYMENT_LOCK.kind,
  ]);
  return row ? { ...toOther(row), startedAt: row.started_at ?? '' } : null;
}

/** Sessions that keep another one waiting. */
export async function readBlockers(session: Session, processId: number): Promise<readonly OtherSession[]> {
  const rows = await session.query<SessionRow>(BLOCKERS_SQL, [processId]);
  return rows.map(toOther);
}

/** How far a session's index build is; null when it builds none. */
export async function readBuildProgress(session: Session, processId: number): Promise<BuildProgress | null> {
  const [row] = await session.query<ProgressRow>(PROGRESS_SQL, [processId]);
  if (!row) return null;
  return {
    phase: row.phase,
    done: Number(row.done),
    total: Number(row.total),
    waitsFor: row.waits_for === null || row.waits_for === '0' ? null : Number(row.waits_for),
  };
}

/** How a transaction ended: null when the server has forgotten it. */
export async function readOutcome(
  session: Session,
  xid: string,
): Promise<'committed' | 'aborted' | 'in progress' | null> {
  const [row] = await session.query<{ status: 'committed' | 'aborted' | 'in progress' | null }>(
    'SELECT pg_catalog.pg_xact_status($1::pg_catalog.xid8) AS status',
    [xid],
  );
  return row?.status ?? null;
}

/** A database's own settings (`ALTER DATABASE ... SET`, for all roles) of those names, as `name=value`. */
export async function readDatabaseSettings(session: Session, names: readonly string[]): Promise<readonly string[]> {
  if (names.length === 0) return [];
  const rows = await session.query<{ setting: string }>(SETTINGS_SQL, [[...names]]);
  return rows.map((row) => row.setting);
}

const OTHER = `a.pid, a.usename::text AS role, a.application_name AS application, a.state,
    extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::float8 * 1000 AS transaction_ms`;

const DEPLOYER_SQL = `
  SELECT ${OTHER}, ${isoTime('a.backend_start')} AS started_at
  FROM pg_catalog.pg_locks AS l
  JOIN pg_catalog.pg_database AS d ON d.oid = l.database AND d.datname = pg_catalog.current_database()
  JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid::int8 = $1 AND l.objid::int8 = $2
  ORDER BY a.pid`;

const BLOCKERS_SQL = `
  SELECT ${OTHER} FROM pg_catalog.pg_stat_activity AS a
  WHERE a.pid = ANY (pg_catalog.pg_blocking_pids($1)) ORDER BY a.pid`;

const PROGRESS_SQL = `
  SELECT p.phase, p.current_locker_pid::text AS waits_for,
    CASE WHEN p.tuples_total > 0 THEN p.tuples_done WHEN p.blocks_total > 0 THEN p.blocks_done ELSE p.lockers_done END::text AS done,
    CASE WHEN p.tuples_total > 0 THEN p.tuples_total WHEN p.blocks_total > 0 THEN p.blocks_total ELSE p.lockers_total END::text AS total
  FROM pg_catalog.pg_stat_progress_create_index AS p WHERE p.pid = $1 AND p.phase IS NOT NULL ORDER BY p.pid`;

const SETTINGS_SQL = `
  SELECT c.setting FROM pg_catalog.pg_db_role_setting AS s
  JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase AND d.datname = pg_catalog.current_database()
  CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c (setting)
  WHERE s.setrole = 0 AND pg_catalog.lower(pg_catalog.split_part(c.setting, '=', 1)) = ANY ($1)
  ORDER BY c.setting`;

type SessionRow = {
  pid: number;
  role: string | null;
  application: string | null;
  state: string | null;
  transaction_ms: number | null;
};
type ProgressRow = { phase: string; waits_for: string | null; done: string; total: string };

function toOther(row: SessionRow): OtherSession {
  const application = row.application === '' ? null : row.application;
  return {
    processId: row.pid,
    role: row.role,
    application,
    state: row.state,
    transactionMs: row.transaction_ms,
  };
}
