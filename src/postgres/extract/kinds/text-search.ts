import { quoteIdent } from '../../../base/quote.js';
import { USER_SCHEMA, type ExtractContext } from '../context.js';
import { simpleObject, type Kind, type SchemaObject } from '../script.js';

/** Text search parsers, templates, dictionaries and configurations. */
export async function readTextSearch(context: ExtractContext): Promise<readonly SchemaObject[]> {
  const groups = [
    await readParsers(context),
    await readTemplates(context),
    await readDictionaries(context),
    await readConfigurations(context),
  ];
  return groups.flat();
}

/** Qualified name of something with a schema; `alias` is its catalog row's. */
const qualified = (schemaOid: string, name: string): string =>
  `(SELECT pg_catalog.quote_ident(x.nspname) FROM pg_catalog.pg_namespace x WHERE x.oid = ${schemaOid}) || '.' || pg_catalog.quote_ident(${name})`;

function objectsOf(
  context: ExtractContext,
  kind: Kind,
  rows: readonly { key: string; name: string; options: string }[],
): SchemaObject[] {
  return rows
    .filter(({ key }) => !context.isMember(key))
    .map(({ key, name, options }) => {
      const base = { key, kind, identity: name, section: 'pre' } as const;
      return simpleObject(base, `CREATE ${kind.toUpperCase()} ${name} (${options})`);
    });
}

async function readParsers(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<{ key: string; name: string; options: string }>(`
    SELECT 'pg_ts_parser:' || p.oid AS key, ${qualified('p.prsnamespace', 'p.prsname')} AS name,
      'START = ' || p.prsstart::regproc::text || ', GETTOKEN = ' || p.prstoken::regproc::text || ', END = ' || p.prsend::regproc::text
        || COALESCE(', HEADLINE = ' || NULLIF(p.prsheadline::oid, 0)::regproc::text, '') || ', LEXTYPES = ' || p.prslextype::regproc::text AS options
    FROM pg_catalog.pg_ts_parser p JOIN pg_catalog.pg_namespace n ON n.oid = p.prsnamespace WHERE ${USER_SCHEMA} ORDER BY name`);
  return objectsOf(context, 'text search parser', rows);
}

async function readTemplates(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<{ key: string; name: string; options: string }>(`
    SELECT 'pg_ts_template:' || t.oid AS key, ${qualified('t.tmplnamespace', 't.tmplname')} AS name,
      COALESCE('INIT = ' || NULLIF(t.tmplinit::oid, 0)::regproc::text || ', ', '') || 'LEXIZE = ' || t.tmpllexize::regproc::text AS options
    FROM pg_catalog.pg_ts_template t JOIN pg_catalog.pg_namespace n ON n.oid = t.tmplnamespace WHERE ${USER_SCHEMA} ORDER BY name`);
  return objectsOf(context, 'text search template', rows);
}

async function readDictionaries(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<{ key: string; name: string; options: string }>(`
    SELECT 'pg_ts_dict:' || d.oid AS key, ${qualified('d.dictnamespace', 'd.dictname')} AS name,
      'TEMPLATE = ' || ${qualified('t.tmplnamespace', 't.tmplname')} || COALESCE(', ' || d.dictinitoption, '') AS options
    FROM pg_catalog.pg_ts_dict d JOIN pg_catalog.pg_namespace n ON n.oid = d.dictnamespace
    JOIN pg_catalog.pg_ts_template t ON t.oid = d.dicttemplate WHERE ${USER_SCHEMA} ORDER BY name`);
  return objectsOf(context, 'text search dictionary', rows);
}

async function readConfigurations(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<{ key: string; name: string; parser: string }>(`
    SELECT 'pg_ts_config:' || c.oid AS key, ${qualified('c.cfgnamespace', 'c.cfgname')} AS name,
      ${qualified('p.prsnamespace', 'p.prsname')} AS parser
    FROM pg_catalog.pg_ts_config c JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace
    JOIN pg_catalog.pg_ts_parser p ON p.oid = c.cfgparser WHERE ${USER_SCHEMA} ORDER BY name`);
  if (rows.length === 0) return [];
  const mappings = await context.rows<{ key: string; token: string; dictionaries: string }>(`
    SELECT 'pg_ts_config:' || c.oid AS key, k.alias::text AS token,
      pg_catalog.string_agg(${qualified('d.dictnamespace', 'd.dictname')}, ', ' ORDER BY m.mapseqno) AS dictionaries
    FROM pg_catalog.pg_ts_config c JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace
    JOIN pg_catalog.pg_ts_config_map m ON m.mapcfg = c.oid JOIN pg_catalog.pg_ts_dict d ON d.oid = m.mapdict
    CROSS JOIN LATERAL pg_catalog.ts_token_type(c.cfgparser) k
    WHERE k.tokid = m.maptokentype AND ${USER_SCHEMA} GROUP BY c.oid, k.tokid, k.alias ORDER BY c.oid, k.tokid`);
  return rows
    .filter(({ key }) => !context.isMember(key))
    .map(({ key, name, parser }) => {
      const own = mappings.filter((mapping) => mapping.key === key);
      const add = own.map(
        ({ token, dictionaries }) =>
          `ALTER TEXT SEARCH CONFIGURATION ${name} ADD MAPPING FOR ${quoteIdent(token)} WITH ${dictionaries}`,
      );
      const base = { key, kind: 'text search configuration', identity: name, section: 'pre' } as const;
      return simpleObject(base, `CREATE TEXT SEARCH CONFIGURATION ${name} (PARSER = ${parser})`, ...add);
    });
}
