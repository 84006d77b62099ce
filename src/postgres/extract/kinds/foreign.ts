import { quoteIdent, quoteLiteral } from '../../../base/quote.js';
import { FIRST_USER_OID, type ExtractContext } from '../context.js';
import { simpleObject, type SchemaObject } from '../script.js';
import { optionsSql } from './table-rows.js';

/** Foreign-data wrappers and foreign servers. User mappings hold secrets and are left out. */
export async function readForeign(context: ExtractContext): Promise<readonly SchemaObject[]> {
  await noteUserMappings(context);
  return [...(await readWrappers(context)), ...(await readServers(context))];
}

async function readWrappers(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<{
    key: string;
    fdwname: string;
    handler: string | null;
    validator: string | null;
    options: string | null;
  }>(`
    SELECT 'pg_foreign_data_wrapper:' || f.oid AS key, f.fdwname::text, NULLIF(f.fdwhandler, 0)::regproc::text AS handler,
      NULLIF(f.fdwvalidator, 0)::regproc::text AS validator, ${optionsSql('f.fdwoptions')} AS options
    FROM pg_catalog.pg_foreign_data_wrapper f WHERE f.oid >= ${FIRST_USER_OID} ORDER BY f.fdwname`);
  return rows
    .filter(({ key }) => !context.isMember(key))
    .map((row) => {
      const identity = quoteIdent(row.fdwname);
      const words = [`CREATE FOREIGN DATA WRAPPER ${identity}`];
      if (row.handler !== null) words.push(`HANDLER ${row.handler}`);
      if (row.validator !== null) words.push(`VALIDATOR ${row.validator}`);
      if (row.options !== null) words.push(`OPTIONS (${row.options})`);
      return simpleObject({ key: row.key, kind: 'foreign data wrapper', identity, section: 'pre' }, words.join(' '));
    });
}

interface ServerRow extends Record<string, unknown> {
  readonly key: string;
  readonly srvname: string;
  readonly type: string | null;
  readonly version: string | null;
  readonly wrapper: string;
  readonly options: string | null;
}

async function readServers(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<ServerRow>(`
    SELECT 'pg_foreign_server:' || s.oid AS key, s.srvname::text, s.srvtype AS type, s.srvversion AS version,
      f.fdwname::text AS wrapper, ${optionsSql('s.srvoptions')} AS options
    FROM pg_catalog.pg_foreign_server s JOIN pg_catalog.pg_foreign_data_wrapper f ON f.oid = s.srvfdw ORDER BY s.srvname`);
  return rows
    .filter(({ key }) => !context.isMember(key))
    .map((row) => {
      const identity = quoteIdent(row.srvname);
      const words = [`CREATE SERVER ${identity}`];
      if (row.type !== null) words.push(`TYPE ${quoteLiteral(row.type)}`);
      if (row.version !== null) words.push(`VERSION ${quoteLiteral(row.version)}`);
      words.push(`FOREIGN DATA WRAPPER ${quoteIdent(row.wrapper)}`);
      const withoutAddress = words.join(' ');
      if (row.options !== null) words.push(`OPTIONS (${row.options})`);
      const base = { key: row.key, kind: 'server', identity, section: 'pre' } as const;
      // A lab must never reach what the source reaches.
      return simpleObject(row.options === null ? base : { ...base, inLab: withoutAddress }, words.join(' '));
    });
}

async function noteUserMappings(context: ExtractContext): Promise<void> {
  const rows = await context.rows<{ server: string; mappings: number }>(`
    SELECT m.srvname::text AS server, pg_catalog.count(*)::int4 AS mappings FROM pg_catalog.pg_user_mappings m
    GROUP BY m.srvname ORDER BY m.srvname`);
  for (const { server, mappings } of rows) {
    context.skip({
      what: `${mappings} user mapping(s) of server ${quoteIdent(server)}`,
      reason: 'They hold secrets; foreign tables of the copy can not be read.',
      remedy: null,
    });
  }
}
