import type { Skipped } from '../../model/coverage.js';
import type { Session } from '../session.js';
import { userSchema } from './scope.js';

/** A relation that somebody holds, or waits for, in a mode which keeps its definition from being read. */
export interface LockedRelation {
  readonly oid: string;
  readonly place: string;
}

/** Sizes, and everything that `pg_get_indexdef` and its like print, take ACCESS SHARE on the table; a sequence's value takes ROW EXCLUSIVE. */
export async function readLocked(session: Session): Promise<readonly LockedRelation[]> {
  return session.query<{ oid: string; place: string }>(LOCKED_SQL);
}

const LOCKED_SQL = `
  SELECT DISTINCT c.oid::int8 AS oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS place
  FROM pg_catalog.pg_locks AS l
  JOIN pg_catalog.pg_database AS d ON d.oid = l.database AND d.datname = pg_catalog.current_database()
  JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE l.locktype = 'relation' AND l.pid <> pg_catalog.pg_backend_pid() AND ${userSchema('n')}
    AND (l.mode = 'AccessExclusiveLock' OR (c.relkind = 'S' AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock')))
  ORDER BY 2, 1`;

/** What the catalog says about locked relations: their columns, but neither indexes nor constraints. */
export function skipLocked(locked: readonly LockedRelation[]): Skipped[] {
  return locked.map(({ place }) => ({
    what: `size, indexes and constraints of ${place}`,
    reason: 'It is locked in ACCESS EXCLUSIVE mode, and the examination does not wait for locks.',
    remedy: 'Examine again when no DDL, VACUUM FULL or TRUNCATE runs on it.',
  }));
}
