import type { NodeCounters, Replication } from '../../model/replication.js';
import { describeTarget, sqlstateOf } from '../errors.js';
import type { Session } from '../session.js';
import { isoTime, notOfExtension, userSchema } from './scope.js';

/** What a server says of itself and its copies. */
export interface NodeIdentity {
  /** `pg_control_system().system_identifier`, the same on a server and its physical standbys; null where the role may not ask. */
  readonly system: string | null;
  readonly database: string;
  readonly isStandby: boolean;
  /** Standbys that stream from it, or for which a physical slot waits. Backups and `pg_receivewal` are none, logical subscribers are servers of their own. */
  readonly standbys: number;
}

/** Reads who the server is, and how many standbys it knows of. */
export async function readNodeIdentity(session: Session): Promise<NodeIdentity> {
  const [row] = await session.query<IdentityRow>(IDENTITY_SQL);
  return {
    system: await readSystem(session),
    database: row?.database ?? '',
    isStandby: row?.is_standby ?? false,
    standbys: Number(row?.standbys ?? 0),
  };
}

/** Reads what this node counted of the indexes of the user's tables. Works on a standby. */
export async function readNodeCounters(session: Session): Promise<NodeCounters> {
  const [clock] = await session.query<ClockRow>(CLOCK_SQL);
  const rows = await session.query<UseRow>(USES_SQL);
  return {
    label: describeTarget(session.settings),
    countersSince: clock?.counters_since ?? null,
    serverStartedAt: clock?.started_at ?? null,
    readAt: clock?.read_at ?? new Date().toISOString(),
    indexes: rows.map((row) => ({
      schema: row.schema,
      name: row.name,
      scans: row.scans === null ? null : Number(row.scans),
      lastScan: row.last_scan,
    })),
  };
}

/** The target with the copies that were looked at, and those that could not be. `standbys` of copies count as well: a standby may have its own. */
export function toReplication(
  target: NodeIdentity,
  copies: readonly { readonly identity: NodeIdentity; readonly counters: NodeCounters }[],
  notLooked: Replication['notLooked'],
): Replication {
  return {
    isStandby: target.isStandby,
    standbys: copies.reduce((sum, copy) => sum + copy.identity.standbys, target.standbys),
    looked: copies.map((copy) => copy.counters),
    notLooked,
  };
}

async function readSystem(session: Session): Promise<string | null> {
  try {
    const [row] = await session.query<{ system: string }>(
      'SELECT s.system_identifier::text AS system FROM pg_catalog.pg_control_system() AS s ORDER BY 1',
    );
    return row?.system ?? null;
  } catch (thrown) {
    if (sqlstateOf(thrown) === INSUFFICIENT_PRIVILEGE) return null;
    throw thrown;
  }
}

const INSUFFICIENT_PRIVILEGE = '42501';

/** A lesser role sees a row per connection with most of it NULL, and all slots: it may take a logical sender whose slot it can not match for a standby, never the other way round. */
const IDENTITY_SQL = `
  SELECT pg_catalog.current_database()::text AS database, pg_catalog.pg_is_in_recovery() AS is_standby,
    (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_replication AS r
     WHERE r.state IS DISTINCT FROM 'backup' AND r.application_name IS DISTINCT FROM 'pg_receivewal'
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots AS s WHERE s.active_pid = r.pid AND s.slot_type = 'logical'))
    + (SELECT pg_catalog.count(*) FROM pg_catalog.pg_replication_slots AS s WHERE s.slot_type = 'physical' AND NOT s.active) AS standbys`;

const CLOCK_SQL = `
  SELECT ${isoTime('d.stats_reset')} AS counters_since, ${isoTime('pg_catalog.clock_timestamp()')} AS read_at,
    ${isoTime('pg_catalog.pg_postmaster_start_time()')} AS started_at
  FROM pg_catalog.pg_stat_database AS d WHERE d.datname = pg_catalog.current_database() ORDER BY d.datid`;

const USES_SQL = `
  SELECT s.schemaname AS schema, s.indexrelname AS name, s.idx_scan AS scans,
    ${isoTime(`(pg_catalog.to_jsonb(s) ->> 'last_idx_scan')::timestamptz`)} AS last_scan
  FROM pg_catalog.pg_stat_all_indexes AS s
  JOIN pg_catalog.pg_namespace AS n ON n.nspname = s.schemaname
  WHERE ${userSchema('n')} AND ${notOfExtension('pg_class', 's.relid')}
  ORDER BY s.schemaname, s.indexrelname`;

type IdentityRow = { database: string; is_standby: boolean; standbys: string };
type ClockRow = { counters_since: string | null; read_at: string; started_at: string | null };
type UseRow = { schema: string; name: string; scans: string | null; last_scan: string | null };
