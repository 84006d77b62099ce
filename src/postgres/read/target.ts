import { WizardError } from '../../base/errors.js';
import type { Target, TargetRole } from '../../model/target.js';
import { describeTarget } from '../errors.js';
import type { Session } from '../session.js';

/** What the session's role may see; each false leaves a gap that the coverage names. */
export interface RoleRights {
  readonly user: string;
  readonly superuser: boolean;
  /** Member of `pg_monitor`: other roles' statements, all settings, sizes. */
  readonly monitor: boolean;
  /** Member of `pg_read_all_data`: every table's rows and column statistics. */
  readonly readsAllData: boolean;
}

/** A target, with what the session is allowed there. */
export interface TargetFacts extends Target {
  readonly rights: RoleRights;
  /** A standby: read-only by nature. */
  readonly inRecovery: boolean;
}

/** Reads what server and database the session is on, and as whom. */
export async function readTarget(session: Session, role: TargetRole): Promise<TargetFacts> {
  const [row] = await session.query<TargetRow>(TARGET_SQL);
  if (!row) throw new WizardError('internal', 'The server did not describe itself');
  return {
    role,
    label: describeTarget(session.settings),
    database: row.database,
    serverVersionNum: row.version,
    major: Math.floor(row.version / 10_000),
    inRecovery: row.in_recovery,
    rights: { user: row.user_name, superuser: row.superuser, monitor: row.monitor, readsAllData: row.reads_all_data },
  };
}

const TARGET_SQL = `
  SELECT pg_catalog.current_setting('server_version_num')::int4 AS version, pg_catalog.current_database() AS database,
    current_user AS user_name, r.rolsuper AS superuser, pg_catalog.pg_is_in_recovery() AS in_recovery,
    pg_catalog.pg_has_role(r.oid, 'pg_monitor', 'USAGE') AS monitor,
    pg_catalog.pg_has_role(r.oid, 'pg_read_all_data', 'USAGE') AS reads_all_data
  FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user ORDER BY r.oid`;

type TargetRow = {
  version: number;
  database: string;
  user_name: string;
  superuser: boolean;
  in_recovery: boolean;
  monitor: boolean;
  reads_all_data: boolean;
};
