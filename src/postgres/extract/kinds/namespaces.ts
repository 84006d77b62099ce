import { quoteIdent } from '../../../base/quote.js';
import { FIRST_USER_OID, USER_SCHEMA, type ExtractContext } from '../context.js';
import { simpleObject, type SchemaObject } from '../script.js';

/** Schemas, extensions, procedural languages and access methods. */
export async function readNamespaces(context: ExtractContext): Promise<readonly SchemaObject[]> {
  return [
    ...(await readSchemas(context)),
    ...(await readExtensions(context)),
    ...(await readLanguages(context)),
    ...(await readAccessMethods(context)),
  ];
}

async function readSchemas(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<{ key: string; nspname: string }>(`
    SELECT 'pg_namespace:' || n.oid AS key, n.nspname::text FROM pg_catalog.pg_namespace n
    WHERE ${USER_SCHEMA} ORDER BY n.nspname`);
  return rows
    .filter(({ key }) => !context.isMember(key))
    .map(({ key, nspname }) => {
      const identity = quoteIdent(nspname);
      const base = { key, kind: 'schema', identity, section: 'pre' } as const;
      return simpleObject(base, `CREATE SCHEMA IF NOT EXISTS ${identity}`);
    });
}

async function readExtensions(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<{ key: string; extname: string; nspname: string; schema_key: string }>(`
    SELECT 'pg_extension:' || e.oid AS key, e.extname::text, n.nspname::text, 'pg_namespace:' || n.oid AS schema_key
    FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname <> 'plpgsql' ORDER BY e.extname`);
  return rows.map(({ key, extname, nspname, schema_key: schemaKey }) => {
    const identity = quoteIdent(extname);
    const withSchema = context.isMember(schemaKey) ? '' : ` WITH SCHEMA ${quoteIdent(nspname)}`;
    const base = { key, kind: 'extension', identity, section: 'pre' } as const;
    return simpleObject(base, `CREATE EXTENSION IF NOT EXISTS ${identity}${withSchema}`);
  });
}

async function readLanguages(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<{
    key: string;
    lanname: string;
    lanpltrusted: boolean;
    handler: string;
    inline: string | null;
    validator: string | null;
  }>(`
    SELECT 'pg_language:' || l.oid AS key, l.lanname::text, l.lanpltrusted, l.lanplcallfoid::regproc::text AS handler,
      NULLIF(l.laninline, 0)::regproc::text AS inline, NULLIF(l.lanvalidator, 0)::regproc::text AS validator
    FROM pg_catalog.pg_language l WHERE l.lanispl AND l.oid >= ${FIRST_USER_OID} ORDER BY l.lanname`);
  return rows
    .filter(({ key }) => !context.isMember(key))
    .map((row) => {
      const identity = quoteIdent(row.lanname);
      const clauses = [`HANDLER ${row.handler}`];
      if (row.inline !== null) clauses.push(`INLINE ${row.inline}`);
      if (row.validator !== null) clauses.push(`VALIDATOR ${row.validator}`);
      const base = { key: row.key, kind: 'language', identity, section: 'pre' } as const;
      return simpleObject(
        base,
        `CREATE ${row.lanpltrusted ? 'TRUSTED ' : ''}LANGUAGE ${identity} ${clauses.join(' ')}`,
      );
    });
}

async function readAccessMethods(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<{ key: string; amname: string; amtype: string; handler: string }>(`
    SELECT 'pg_am:' || a.oid AS key, a.amname::text, a.amtype::text, a.amhandler::regproc::text AS handler
    FROM pg_catalog.pg_am a WHERE a.oid >= ${FIRST_USER_OID} ORDER BY a.amname`);
  return rows
    .filter(({ key }) => !context.isMember(key))
    .map(({ key, amname, amtype, handler }) => {
      const identity = quoteIdent(amname);
      const type = amtype === 't' ? 'TABLE' : 'INDEX';
      const base = { key, kind: 'access method', identity, section: 'pre' } as const;
      return simpleObject(base, `CREATE ACCESS METHOD ${identity} TYPE ${type} HANDLER ${handler}`);
    });
}
