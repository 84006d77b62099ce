import { createHash } from 'node:crypto';
import { quoteIdent, quoteLiteral, quoteQualified } from '../../base/quote.js';
import { structureDifferences, structureText } from '../../model/catalog-equality.js';
import { placeOf } from '../../model/catalog.js';
import type { Catalog, RelationName } from '../../model/catalog.js';
import { readCatalog } from '../../postgres/read/catalog.js';
import type { Session } from '../../postgres/session.js';

/** Everything that a revert must bring back. */
export interface SchemaState {
  readonly catalog: Catalog;
  /** Statements that make the settings tied to the database. */
  readonly settings: readonly string[];
}

/** Reads the schema's state. */
export async function readState(session: Session): Promise<SchemaState> {
  const { catalog } = await readCatalog(session);
  const settings = await readDatabaseSettings(session);
  return { catalog, settings: settings.map((setting) => setting.sql('this')) };
}

/** What differs between two states, in words; empty when they are equal. Sizes, counters and oids do not count. */
export function stateDifferences(before: SchemaState, after: SchemaState): readonly string[] {
  const gone = before.settings
    .filter((setting) => !after.settings.includes(setting))
    .map((setting) => `${setting} is gone`);
  const added = after.settings
    .filter((setting) => !before.settings.includes(setting))
    .map((setting) => `${setting} is new`);
  return [...structureDifferences(before.catalog, after.catalog), ...gone, ...added];
}

/** Constraints and indexes that were valid and are not so any more; those that are gone do not count when `mayDrop`. */
export function brokenRules(before: SchemaState, after: SchemaState, mayDrop: boolean): readonly string[] {
  const rules = (state: SchemaState): ReadonlyMap<string, boolean> =>
    new Map([
      ...state.catalog.constraints.map((one): [string, boolean] => [
        `constraint ${one.name} on ${placeOf(one.table)}`,
        one.validated,
      ]),
      ...state.catalog.indexes.map((one): [string, boolean] => [`index ${placeOf(one)}`, one.valid]),
    ]);
  const now = rules(after);
  return [...rules(before)].flatMap(([name, valid]) => {
    const still = now.get(name);
    if (!valid || still === true) return [];
    if (still === undefined) return mayDrop ? [] : [`${name} is gone`];
    return [`${name} is not valid any more`];
  });
}

/** A setting tied to the database by ALTER DATABASE or ALTER ROLE ... IN DATABASE. */
export interface DatabaseSetting {
  /** The statement that makes it for a database of that name. */
  readonly sql: (database: string) => string;
}

/** The settings tied to the connected database: CREATE DATABASE ... TEMPLATE does not copy them. */
export async function readDatabaseSettings(session: Session): Promise<readonly DatabaseSetting[]> {
  const rows = await session.query<{ role: string | null; setting: string }>(
    `SELECT r.rolname::text AS role, c.setting
     FROM pg_catalog.pg_db_role_setting AS s
     JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase AND d.datname = pg_catalog.current_database()
     LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
     CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c (setting) ORDER BY 1 NULLS FIRST, 2`,
  );
  return rows.map(({ role, setting }) => {
    const at = setting.indexOf('=');
    const name = setting.slice(0, at);
    // These are stored as lists that are quoted already (`GUC_LIST_QUOTE`; pg_dump makes the same exception).
    const value = QUOTED_LISTS.has(name.toLowerCase())
      ? setting.slice(at + 1) || "''"
      : quoteLiteral(setting.slice(at + 1));
    const parameter = name.split('.').map(quoteIdent).join('.');
    return {
      sql: (database) =>
        role === null
          ? `ALTER DATABASE ${quoteIdent(database)} SET ${parameter} TO ${value}`
          : `ALTER ROLE ${quoteIdent(role)} IN DATABASE ${quoteIdent(database)} SET ${parameter} TO ${value}`,
    };
  });
}

/** Bytes of tables with their indexes and TOAST, partitions included; tables that are gone count nothing. */
export async function storageOf(session: Session, tables: readonly RelationName[]): Promise<number> {
  let bytes = 0;
  for (const table of tables) {
    const [row] = await session.query<{ bytes: string }>(
      `SELECT coalesce(sum(pg_catalog.pg_total_relation_size(t.relid)), 0) AS bytes
       FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass($1)::oid) AS t`,
      [quoteQualified(table.schema, table.name)],
    );
    const own = Number(row?.bytes ?? 0);
    bytes += own > 0 ? own : await plainSize(session, table);
  }
  return bytes;
}

/** Rows of each table, counted; null for one that is gone. */
export async function countRows(
  session: Session,
  tables: readonly RelationName[],
): Promise<readonly (string | null)[]> {
  const counts: (string | null)[] = [];
  for (const table of tables) {
    const name = quoteQualified(table.schema, table.name);
    const [there] = await session.query<{ there: boolean }>('SELECT pg_catalog.to_regclass($1) IS NOT NULL AS there', [
      name,
    ]);
    if (there?.there !== true) counts.push(null);
    else counts.push((await session.query<{ rows: string }>(`SELECT count(*) AS rows FROM ${name}`))[0]?.rows ?? null);
  }
  return counts;
}

/** A checksum over all rows of each table in any order, to prove that a revert lost nothing; reads each table once. */
export async function checksumTables(session: Session, tables: readonly RelationName[]): Promise<string> {
  const parts: string[] = [];
  for (const table of tables) {
    const [row] = await session.query<{ sum: string | null }>(
      `SELECT count(*) || ':' || coalesce(sum(pg_catalog.hashtextextended(t::text, 0)::numeric), 0) AS sum
       FROM ${quoteQualified(table.schema, table.name)} AS t`,
    );
    parts.push(`${placeOf(table)}=${row?.sum ?? ''}`);
  }
  return parts.join('\n');
}

/** Tables whose writes may cost more or less when these change: parents, partitions, tables they reference or cascade from, and every table with a user's trigger. As `schema.name`. */
export async function writesTouching(session: Session, tables: readonly RelationName[]): Promise<ReadonlySet<string>> {
  const rows = await session.query<{ name: string }>(
    `WITH RECURSIVE start AS (
       SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
       JOIN ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS t (schema, name)
         ON t.schema = n.nspname AND t.name = c.relname
     ), related AS (
       SELECT oid FROM start
       UNION
       SELECT step.other FROM related AS r JOIN (
         SELECT inhrelid AS one, inhparent AS other FROM pg_catalog.pg_inherits
         UNION ALL SELECT inhparent, inhrelid FROM pg_catalog.pg_inherits
         UNION ALL SELECT conrelid, confrelid FROM pg_catalog.pg_constraint WHERE contype = 'f'
       ) AS step ON step.one = r.oid
     )
     SELECT n.nspname || '.' || c.relname AS name
     FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.oid IN (SELECT oid FROM related)
        OR c.oid IN (SELECT conrelid FROM pg_catalog.pg_constraint WHERE contype = 'f' AND confrelid IN (SELECT oid FROM start))
        OR c.oid IN (SELECT tgrelid FROM pg_catalog.pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D')
     ORDER BY 1`,
    [tables.map((table) => table.schema), tables.map((table) => table.name)],
  );
  return new Set(rows.map((row) => row.name));
}

/**
 * Hash of a database's state which is the same for two copies of one source: structure, settings, and statistics as far
 * as they do not depend on which rows ANALYZE happened to sample (which columns have any, row counts to two digits).
 */
export async function hashState(session: Session, beyond: readonly string[]): Promise<string> {
  const state = await readState(session);
  const text = [structureText(state.catalog), ...state.settings];
  const tables = await session.query<{ name: string; rows: number; columns: string }>(
    `SELECT n.nspname || '.' || c.relname AS name, c.reltuples::float8 AS rows,
            (SELECT coalesce(pg_catalog.string_agg(s.attname::text, ',' ORDER BY s.attname::text), '')
             FROM pg_catalog.pg_stats AS s WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND NOT s.inherited) AS columns
     FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
     ORDER BY 1`,
  );
  const statistics = tables.map((table) => [table.name, Number(table.rows.toPrecision(2)), table.columns]);
  return createHash('sha256')
    .update(JSON.stringify([text, statistics, beyond]))
    .digest('hex')
    .slice(0, 32);
}

/** `GUC_LIST_QUOTE` settings (`variable_is_guc_list_quote` in pg_dump's dumputils.c). */
const QUOTED_LISTS = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

async function plainSize(session: Session, table: RelationName): Promise<number> {
  const [row] = await session.query<{ bytes: string | null }>(
    'SELECT pg_catalog.pg_total_relation_size(pg_catalog.to_regclass($1)) AS bytes',
    [quoteQualified(table.schema, table.name)],
  );
  return Number(row?.bytes ?? 0);
}
