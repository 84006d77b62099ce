import type { RelationName } from '../../model/catalog.js';
import type { Skipped } from '../../model/coverage.js';
import type { Session } from '../session.js';
import type { OtherSession } from './deployments.js';
import { isoTime } from './scope.js';

/** A transaction of another session. */
export interface OpenTransaction extends OtherSession {
  readonly transactionMs: number;
  /** ISO 8601: with the process it tells one transaction from the next. */
  readonly startedAt: string;
  /** Whether it holds a lock on one of the tables asked for. */
  readonly holdsTable: boolean;
}

/** What may stand in a change's way, as the server shows it. */
export interface TargetPressure {
  readonly inRecovery: boolean;
  /** Transactions of others in this database, oldest first. */
  readonly transactions: readonly OpenTransaction[];
  /** Prepared transactions of this database: they hold their locks until somebody ends them. */
  readonly prepared: readonly { readonly name: string; readonly ageMs: number }[];
  readonly baseBackups: number;
  /** Standbys and how far each is behind; milliseconds null where the server does not say. */
  readonly standbys: readonly {
    readonly name: string;
    readonly lagMs: number | null;
    readonly lagBytes: number | null;
  }[];
  /** Tables among those asked for that the role does not own: it may not change them. */
  readonly notOwned: readonly string[];
  /** Where the server keeps its data; null where the role may not know. */
  readonly dataDirectory: string | null;
  readonly serverStartedAtSeconds: number;
  readonly port: number;
  /** Whether a new index would be made in the data directory itself, and not in a tablespace elsewhere. */
  readonly defaultTablespace: boolean;
  readonly notLooked: readonly Skipped[];
}

/** Reads who and what could keep a change of these tables waiting. `own` are the wizard's server processes. */
export async function readPressure(
  session: Session,
  tables: readonly RelationName[],
  own: readonly number[],
): Promise<TargetPressure> {
  const [server] = await session.query<ServerRow>(SERVER_SQL);
  const asked = [tables.map((table) => table.schema), tables.map((table) => table.name)] as const;
  const transactions = await session.query<TransactionRow>(TRANSACTIONS_SQL, [[...own, session.processId], ...asked]);
  const prepared = await session.query<{ name: string; age_ms: number }>(PREPARED_SQL);
  const standbys = server?.in_recovery === true ? [] : await session.query<StandbyRow>(STANDBYS_SQL);
  const owners = await session.query<{ place: string }>(NOT_OWNED_SQL, asked);
  const hidden = transactions.filter((row) => row.age_ms === null).length;
  return {
    inRecovery: server?.in_recovery ?? false,
    transactions: transactions.flatMap((row) =>
      row.age_ms === null
        ? []
        : [
            {
              processId: row.pid,
              role: row.role,
              application: row.application === '' ? null : row.application,
              state: row.state,
              transactionMs: row.age_ms,
              startedAt: row.started_at ?? '',
              holdsTable: row.holds_table,
            },
          ],
    ),
    prepared: prepared.map((row) => ({ name: row.name, ageMs: row.age_ms })),
    baseBackups: Number(server?.base_backups ?? 0),
    standbys: standbys.map((row) => ({
      name: row.name,
      lagMs: row.lag_ms,
      lagBytes: row.lag_bytes === null ? null : Number(row.lag_bytes),
    })),
    notOwned: owners.map((row) => row.place),
    dataDirectory: server?.data_directory ?? null,
    serverStartedAtSeconds: Math.floor(server?.started_at ?? 0),
    port: Number(server?.port ?? 0),
    defaultTablespace: server?.default_tablespace ?? false,
    notLooked: [...skipHidden(hidden), ...skipLag(standbys), BACKUPS_OF_OTHERS],
  };
}

function skipHidden(hidden: number): Skipped[] {
  if (hidden === 0) return [];
  return [
    {
      what: `transactions of ${hidden} other session${hidden === 1 ? '' : 's'}`,
      reason: 'Their age is not shown to this role.',
      remedy: 'GRANT pg_monitor (or pg_read_all_stats) to the role.',
    },
  ];
}

function skipLag(standbys: readonly StandbyRow[]): Skipped[] {
  const unknown = standbys.filter((row) => row.lag_ms === null && row.lag_bytes === null);
  return unknown.map((row) => ({
    what: `how far the standby ${row.name} is behind`,
    reason: 'The server does not show it to this role.',
    remedy: 'GRANT pg_monitor to the role.',
  }));
}

/** `pg_stat_progress_basebackup` shows those of the replication protocol only. */
const BACKUPS_OF_OTHERS: Skipped = {
  what: 'backups that copy files between pg_backup_start and pg_backup_stop',
  reason: 'The server shows only those that run over the replication protocol.',
  remedy: null,
};

const SERVER_SQL = `
  SELECT pg_catalog.pg_is_in_recovery() AS in_recovery,
    (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_progress_basebackup) AS base_backups,
    (SELECT s.setting FROM pg_catalog.pg_settings AS s WHERE s.name = 'data_directory') AS data_directory,
    extract(epoch FROM pg_catalog.pg_postmaster_start_time())::float8 AS started_at,
    pg_catalog.current_setting('port') AS port,
    pg_catalog.current_setting('default_tablespace') IN ('', 'pg_default')
      AND (SELECT t.spcname = 'pg_default' FROM pg_catalog.pg_database AS d JOIN pg_catalog.pg_tablespace AS t ON t.oid = d.dattablespace
           WHERE d.datname = pg_catalog.current_database()) AS default_tablespace`;

/** A session whose transaction the role may not see counts as hidden; those without any do not. */
const TRANSACTIONS_SQL = `
  SELECT a.pid, a.usename::text AS role, a.application_name AS application, a.state,
    extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::float8 * 1000 AS age_ms,
    ${isoTime('a.xact_start')} AS started_at,
    EXISTS (SELECT FROM pg_catalog.pg_locks AS l
      JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
      JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      JOIN ROWS FROM (pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[])) AS w (schema, name) ON w.schema = n.nspname AND w.name = c.relname
      WHERE l.pid = a.pid AND l.granted AND l.locktype = 'relation') AS holds_table
  FROM pg_catalog.pg_stat_activity AS a
  WHERE a.datname = pg_catalog.current_database() AND a.pid <> ALL ($1)
    AND ((a.xact_start IS NOT NULL AND a.backend_type = 'client backend') OR a.query = '<insufficient privilege>')
  ORDER BY a.xact_start NULLS LAST, a.pid`;

const PREPARED_SQL = `
  SELECT p.gid AS name, extract(epoch FROM pg_catalog.clock_timestamp() - p.prepared)::float8 * 1000 AS age_ms
  FROM pg_catalog.pg_prepared_xacts AS p WHERE p.database = pg_catalog.current_database() ORDER BY p.prepared`;

const STANDBYS_SQL = `
  SELECT coalesce(nullif(r.application_name, ''), r.pid::text) AS name, extract(epoch FROM r.replay_lag)::float8 * 1000 AS lag_ms,
    pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), r.replay_lsn)::text AS lag_bytes
  FROM pg_catalog.pg_stat_replication AS r
  WHERE r.state IS DISTINCT FROM 'backup' AND r.application_name IS DISTINCT FROM 'pg_receivewal' ORDER BY 1`;

const NOT_OWNED_SQL = `
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS place
  FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS w (schema, name)
  JOIN pg_catalog.pg_namespace AS n ON n.nspname = w.schema
  JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.name
  WHERE NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') ORDER BY 1`;

type ServerRow = {
  in_recovery: boolean;
  base_backups: string;
  data_directory: string | null;
  started_at: number;
  port: string;
  default_tablespace: boolean | null;
};
type TransactionRow = {
  pid: number;
  role: string | null;
  application: string | null;
  state: string | null;
  age_ms: number | null;
  started_at: string | null;
  holds_table: boolean;
};
type StandbyRow = { name: string; lag_ms: number | null; lag_bytes: string | null };
