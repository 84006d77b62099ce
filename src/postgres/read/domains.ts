import type { DomainInfo } from '../../model/catalog.js';
import type { Session } from '../session.js';
import { notOfExtension, userSchema } from './scope.js';

/** Every domain of the user's schemas, by schema and name. */
export async function readDomains(session: Session): Promise<DomainInfo[]> {
  const rows = await session.query<DomainRow>(DOMAINS_SQL);
  return rows.map(({ schema, name, type, constrained }) => ({ schema, name, type, constrained }));
}

const DOMAINS_SQL = `
  WITH RECURSIVE made AS (
    SELECT t.oid AS domain, t.oid AS type FROM pg_catalog.pg_type AS t WHERE t.typtype = 'd'
    UNION ALL
    SELECT made.domain, t.typbasetype FROM made JOIN pg_catalog.pg_type AS t ON t.oid = made.type WHERE t.typtype = 'd'
  )
  SELECT n.nspname AS schema, t.typname AS name, pg_catalog.format_type(t.typbasetype, t.typtypmod) AS type,
    EXISTS (
      SELECT FROM made JOIN pg_catalog.pg_type AS part ON part.oid = made.type
      WHERE made.domain = t.oid AND (part.typnotnull OR EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.contypid = part.oid))
    ) AS constrained
  FROM pg_catalog.pg_type AS t
  JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
  WHERE t.typtype = 'd' AND ${userSchema('n')} AND ${notOfExtension('pg_type', 't.oid')}
  ORDER BY n.nspname, t.typname`;

type DomainRow = {
  schema: string;
  name: string;
  type: string;
  constrained: boolean;
};
