import type { FunctionInfo } from '../../model/function.js';
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
    rowsQuery:
      row.query === null ? null : { sql: row.query, parameters: row.parameter_names, columns: row.column_names },
    language: row.language,
    definition: row.definition,
    firedBy: row.fired_by,
  }));
}

const FUNCTIONS_SQL = `
  SELECT n.nspname AS schema, p.proname AS name, pg_catalog.oidvectortypes(p.proargtypes) AS argument_types,
    p.prorettype IN ('pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype) AS returns_trigger,
    p.provolatile::text AS volatility, l.lanname::text AS language,
    CASE WHEN l.lanname IN ('plpgsql', 'sql') THEN pg_catalog.pg_get_functiondef(p.oid) END AS definition,
    -- TRIGGER_TYPE_INSERT, _DELETE and _UPDATE of pg_trigger.h. Those of partitions are clones of their table's.
    coalesce((SELECT pg_catalog.json_agg(pg_catalog.json_build_object('table', pg_catalog.json_build_object('schema', tn.nspname, 'name', tc.relname),
        'events', pg_catalog.array_remove(ARRAY[CASE WHEN g.tgtype & 4 > 0 THEN 'insert' END, CASE WHEN g.tgtype & 8 > 0 THEN 'delete' END, CASE WHEN g.tgtype & 16 > 0 THEN 'update' END], NULL))
        ORDER BY tn.nspname, tc.relname, g.tgname)
      FROM pg_catalog.pg_trigger AS g JOIN pg_catalog.pg_class AS tc ON tc.oid = g.tgrelid JOIN pg_catalog.pg_namespace AS tn ON tn.oid = tc.relnamespace
      WHERE g.tgfoid = p.oid AND NOT g.tgisinternal AND g.tgparentid = 0 AND g.tgenabled <> 'D'), '[]') AS fired_by,
    CASE WHEN l.lanname = 'sql' AND p.prokind = 'f' AND p.proretset AND p.provolatile IN ('i', 's') AND NOT p.proisstrict AND NOT p.prosecdef
      AND p.proconfig IS NULL AND p.prosqlbody IS NULL THEN p.prosrc END AS query,
    ARRAY(SELECT coalesce(p.proargnames[i], '') FROM pg_catalog.generate_series(1, coalesce(pg_catalog.cardinality(p.proargmodes), p.pronargs)) AS i
      WHERE coalesce(p.proargmodes[i], 'i') IN ('i', 'b', 'v') ORDER BY i) AS parameter_names,
    CASE WHEN p.proargmodes IS NULL THEN ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)
      ELSE ARRAY(SELECT p.proargnames[i] FROM pg_catalog.generate_series(1, pg_catalog.cardinality(p.proargmodes)) AS i WHERE p.proargmodes[i] IN ('t', 'o', 'b') ORDER BY i) END AS column_names
  FROM pg_catalog.pg_proc AS p
  JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
  JOIN pg_catalog.pg_type AS t ON t.oid = p.prorettype
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
  WHERE p.prokind IN ('f', 'p', 'w') AND ${userSchema('n')} AND ${notOfExtension('pg_proc', 'p.oid')}
  ORDER BY n.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes)`;

type FunctionRow = {
  schema: string;
  name: string;
  argument_types: string;
  returns_trigger: boolean;
  volatility: 'i' | 's' | 'v';
  language: string;
  definition: string | null;
  fired_by: FunctionInfo['firedBy'][number][];
  query: string | null;
  parameter_names: string[];
  column_names: string[];
};
