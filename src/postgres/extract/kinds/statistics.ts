import { USER_SCHEMA, type ExtractContext } from '../context.js';
import { simpleObject, type SchemaObject } from '../script.js';

/** Extended statistics. */
export async function readExtendedStatistics(context: ExtractContext): Promise<readonly SchemaObject[]> {
  const rows = await context.rows<{
    key: string;
    table_key: string;
    identity: string;
    definition: string;
    target: number | null;
  }>(`
    SELECT 'pg_statistic_ext:' || s.oid AS key, 'pg_class:' || s.stxrelid AS table_key,
      pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(s.stxname) AS identity,
      pg_catalog.pg_get_statisticsobjdef(s.oid) AS definition, NULLIF(s.stxstattarget, -1)::int4 AS target
    FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
    WHERE ${USER_SCHEMA} ORDER BY identity`);
  return rows
    .filter(({ key, table_key: tableKey }) => !context.isMember(key) && !context.isMember(tableKey))
    .map(({ key, table_key: tableKey, identity, definition, target }) => {
      const base = { key, kind: 'extended statistics', identity, section: 'post', needs: [tableKey] } as const;
      return simpleObject(
        base,
        definition,
        target === null ? null : `ALTER STATISTICS ${identity} SET STATISTICS ${target}`,
      );
    });
}
