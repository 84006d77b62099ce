import type { RelationName } from '../../model/catalog.js';
import type { Session } from '../session.js';

/** Partitions whose DETACH CONCURRENTLY was begun and did not come to its end (`pg_inherits.inhdetachpending`). */
export async function readDetaching(session: Session): Promise<readonly RelationName[]> {
  return session.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
     JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE i.inhdetachpending`,
  );
}
