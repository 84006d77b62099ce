import { WizardError } from '../../base/errors.js';
import type { Session } from '../../postgres/session.js';
import type { LabSessions } from './sessions.js';

/** A running server and one database of it. A restored backup shares the system identifier with its source, but not the start. */
export interface Instance {
  /** `pg_control_system()`; null when it may not be read. */
  readonly systemIdentifier: string | null;
  /** `pg_postmaster_start_time()`, to the microsecond. */
  readonly startedAt: string;
  readonly database: string;
}

/** Reads which server and database a session is on. */
export async function readInstance(session: Session): Promise<Instance> {
  const [row] = await session.query<{ started: string; database: string }>(
    `SELECT pg_catalog.to_char(pg_catalog.pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS started,
            pg_catalog.current_database()::text AS database`,
  );
  const identifiers = await session
    .query<{ id: string }>('SELECT system_identifier::text AS id FROM pg_catalog.pg_control_system()')
    .catch(() => []);
  return { systemIdentifier: identifiers[0]?.id ?? null, startedAt: row?.started ?? '', database: row?.database ?? '' };
}

/** Whether both are on the same running server. Without an identifier the start alone, to the microsecond, decides. */
export function sameServer(a: Instance, b: Instance): boolean {
  if (a.startedAt !== b.startedAt) return false;
  return a.systemIdentifier === null || b.systemIdentifier === null || a.systemIdentifier === b.systemIdentifier;
}

/** Throws `kernel/forbidden` when a lab's database is the target. */
export async function assertSeparate(sessions: LabSessions, database: string, target: Instance): Promise<void> {
  const lab = await sessions.within(database, readInstance);
  if (!sameServer(lab, target) || lab.database !== target.database) return;
  throw new WizardError(
    'kernel/forbidden',
    `The database ${database} is the target itself: nothing is ever tried on it`,
    {
      hint: 'Give --lab the address of another server, or leave it out.',
    },
  );
}
