import { quoteIdent } from '../../../base/quote.js';
import { FIRST_USER_OID, type ExtractContext } from '../context.js';
import { simpleObject, type SchemaObject } from '../script.js';

/** Casts and transforms; not the casts that come with a range type. */
export async function readCasts(context: ExtractContext): Promise<readonly SchemaObject[]> {
  return [...(await readPlainCasts(context)), ...(await readTransforms(context))];
}

async function readPlainCasts(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<{
    key: string;
    source: string;
    target: string;
    method: string;
    context: string;
    function: string | null;
  }>(`
    SELECT 'pg_cast:' || c.oid AS key, pg_catalog.format_type(c.castsource, NULL) AS source,
      pg_catalog.format_type(c.casttarget, NULL) AS target, c.castmethod::text AS method, c.castcontext::text AS context,
      NULLIF(c.castfunc, 0)::regprocedure::text AS function
    FROM pg_catalog.pg_cast c WHERE c.oid >= ${FIRST_USER_OID} AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'i')
    ORDER BY source, target`);
  return rows
    .filter(({ key }) => !context.isMember(key))
    .map((row) => {
      const identity = `(${row.source} AS ${row.target})`;
      const how =
        row.method === 'f' ? `WITH FUNCTION ${row.function}` : row.method === 'i' ? 'WITH INOUT' : 'WITHOUT FUNCTION';
      const when = row.context === 'a' ? ' AS ASSIGNMENT' : row.context === 'i' ? ' AS IMPLICIT' : '';
      const base = { key: row.key, kind: 'cast', identity, section: 'pre' } as const;
      return simpleObject(base, `CREATE CAST ${identity} ${how}${when}`);
    });
}

async function readTransforms(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<{
    key: string;
    type: string;
    language: string;
    from_sql: string | null;
    to_sql: string | null;
  }>(`
    SELECT 'pg_transform:' || t.oid AS key, pg_catalog.format_type(t.trftype, NULL) AS type, l.lanname::text AS language,
      NULLIF(t.trffromsql::oid, 0)::regprocedure::text AS from_sql, NULLIF(t.trftosql::oid, 0)::regprocedure::text AS to_sql
    FROM pg_catalog.pg_transform t JOIN pg_catalog.pg_language l ON l.oid = t.trflang
    WHERE t.oid >= ${FIRST_USER_OID} ORDER BY type, l.lanname`);
  return rows
    .filter(({ key }) => !context.isMember(key))
    .map((row) => {
      const identity = `FOR ${row.type} LANGUAGE ${quoteIdent(row.language)}`;
      const items: string[] = [];
      if (row.from_sql !== null) items.push(`FROM SQL WITH FUNCTION ${row.from_sql}`);
      if (row.to_sql !== null) items.push(`TO SQL WITH FUNCTION ${row.to_sql}`);
      const base = { key: row.key, kind: 'transform', identity, section: 'pre' } as const;
      return simpleObject(base, `CREATE TRANSFORM ${identity} (${items.join(', ')})`);
    });
}
