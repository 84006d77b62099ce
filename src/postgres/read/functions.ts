import type { FunctionInfo } from '../../model/catalog.js';
import type { Session } from '../session.js';
import { notOfExtension, userSchema } from './scope.js';

/** Every function, procedure and window function of the user's schemas, by schema, name and arguments. */
export async function readFunctions(session: Session): Promise<FunctionInfo[]> {
  const rows = await session.query<FunctionRow>(FUNCTIONS_SQL);
  return rows.map((row) => ({
    schema: row.schema,
    name: row.name,
    argumentTypes: row.argument_types,
    returnsTrigger: row.returns_trigger,
    volatility: row.volatility,
  }));
}

const FUNCTIONS_SQL = `
  SELECT n.nspname AS schema, p.proname AS name, pg_catalog.oidvectortypes(p.proargtypes) AS argument_types,
    p.prorettype IN ('pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype) AS returns_trigger,
    p.provolatile::text AS volatility
  FROM pg_catalog.pg_proc AS p
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
  WHERE p.prokind IN ('f', 'p', 'w') AND ${userSchema('n')} AND ${notOfExtension('pg_proc', 'p.oid')}
  ORDER BY n.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes)`;

type FunctionRow = {
  schema: string;
  name: string;
  argument_types: string;
  returns_trigger: boolean;
  volatility: 'i' | 's' | 'v';
};
