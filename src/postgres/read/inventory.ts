import type { Catalog } from '../../model/catalog.js';
import type { Session } from '../session.js';
import { notOfExtension, userSchema } from './scope.js';

/** The user's schemas, the extensions, and how many there are of every object kind that the catalog does not list one by one. */
export async function readInventory(
  session: Session,
): Promise<Pick<Catalog, 'schemas' | 'extensions' | 'otherCounts'>> {
  const schemas = await session.query<{ name: string }>(SCHEMAS_SQL);
  const extensions = await session.query<{ name: string; version: string; schema: string }>(EXTENSIONS_SQL);
  const counts = await session.query<{ kind: string; count: string }>(COUNTS_SQL);
  return {
    schemas: schemas.map((row) => row.name),
    extensions,
    otherCounts: Object.fromEntries(counts.map((row) => [row.kind, Number(row.count)])),
  };
}

const SCHEMAS_SQL = `
  SELECT n.nspname AS name FROM pg_catalog.pg_namespace AS n
  WHERE ${userSchema('n')} AND ${notOfExtension('pg_namespace', 'n.oid')}
  ORDER BY n.nspname`;

const EXTENSIONS_SQL = `
  SELECT e.extname AS name, e.extversion AS version, n.nspname AS schema
  FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
  ORDER BY e.extname`;

/** An object kind that lives in a schema: its catalog, the column of its schema, its name here (SQL), and a condition. */
const inSchema = (catalog: string, namespace: string, kind: string, condition = 'true'): string => `
  SELECT ${kind} AS kind FROM pg_catalog.${catalog} AS o JOIN pg_catalog.pg_namespace AS n ON n.oid = o.${namespace}
  WHERE ${condition} AND ${userSchema('n')} AND ${notOfExtension(catalog, 'o.oid')}`;

/** An object kind that belongs to a table. */
const onTable = (catalog: string, table: string, kind: string, condition = 'true'): string => `
  SELECT '${kind}' AS kind FROM pg_catalog.${catalog} AS o JOIN pg_catalog.pg_class AS c ON c.oid = o.${table}
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE ${condition} AND ${userSchema('n')} AND ${notOfExtension('pg_class', 'c.oid')}`;

/** An object kind of the whole database. Oids below 16384 are the system's own (FirstNormalObjectId). */
const ofDatabase = (catalog: string, kind: string): string => `
  SELECT '${kind}' AS kind FROM pg_catalog.${catalog} AS o WHERE o.oid >= 16384 AND ${notOfExtension(catalog, 'o.oid')}`;

const RELATION_KINDS = `CASE o.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' ELSE 'foreign table' END`;
const TYPE_KINDS = `CASE o.typtype WHEN 'd' THEN 'domain' WHEN 'e' THEN 'enum' WHEN 'r' THEN 'range type' WHEN 'c' THEN 'composite type' ELSE 'base type' END`;
/** Neither the row type of a table, nor an array, nor a multirange: those come with something else. */
const OWN_TYPE = `o.typcategory <> 'A' AND o.typtype IN ('d', 'e', 'r', 'c', 'b') AND (o.typrelid = 0 OR EXISTS (
  SELECT FROM pg_catalog.pg_class AS row_of WHERE row_of.oid = o.typrelid AND row_of.relkind = 'c'))`;

const COUNTS_SQL = `
  SELECT counted.kind, pg_catalog.count(*) AS count FROM (
    ${[
      inSchema('pg_class', 'relnamespace', RELATION_KINDS, `o.relkind IN ('v', 'm', 'S', 'f')`),
      inSchema('pg_type', 'typnamespace', TYPE_KINDS, OWN_TYPE),
      inSchema('pg_proc', 'pronamespace', `'aggregate'`, `o.prokind = 'a'`),
      inSchema('pg_operator', 'oprnamespace', `'operator'`),
      inSchema('pg_opclass', 'opcnamespace', `'operator class'`),
      inSchema('pg_collation', 'collnamespace', `'collation'`),
      inSchema('pg_conversion', 'connamespace', `'conversion'`),
      inSchema('pg_ts_config', 'cfgnamespace', `'text search configuration'`),
      inSchema('pg_ts_dict', 'dictnamespace', `'text search dictionary'`),
      onTable('pg_trigger', 'tgrelid', 'trigger', 'NOT o.tgisinternal'),
      onTable('pg_policy', 'polrelid', 'policy'),
      onTable('pg_rewrite', 'ev_class', 'rule', `o.rulename <> '_RETURN'`),
      ofDatabase('pg_foreign_server', 'foreign server'),
      ofDatabase('pg_foreign_data_wrapper', 'foreign data wrapper'),
      ofDatabase('pg_publication', 'publication'),
      ofDatabase('pg_event_trigger', 'event trigger'),
      ofDatabase('pg_cast', 'cast'),
      ofDatabase('pg_language', 'language'),
    ].join('\n    UNION ALL')}
  ) AS counted GROUP BY counted.kind ORDER BY counted.kind`;
