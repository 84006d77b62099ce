import { quoteIdent, quoteQualified } from '../../../base/quote.js';
import { columnAlterations } from './columns.js';
import { USER_SCHEMA, type ExtractContext } from '../context.js';
import { simpleObject, type SchemaObject, type SchemaPart } from '../script.js';
import type { ColumnRow } from './table-rows.js';
import { storageParameter } from './tables.js';

interface ViewRow extends Record<string, unknown> {
  readonly key: string;
  readonly type_key: string;
  readonly array_key: string;
  readonly rule_key: string;
  readonly nspname: string;
  readonly relname: string;
  readonly relkind: 'v' | 'm';
  /** With its semicolon. */
  readonly query: string;
  readonly options: readonly string[] | null;
  readonly access_method: string | null;
  readonly populated: boolean;
}

/** Views and materialised views; `refresh` objects fill those that are filled in the source. */
export async function readViews(
  context: ExtractContext,
  columns: ReadonlyMap<string, readonly ColumnRow[]>,
): Promise<readonly SchemaObject[]> {
  const listed = await context.rows<{ key: string; oid: string }>(`
    SELECT 'pg_class:' || c.oid AS key, c.oid::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('v', 'm') AND c.relpersistence <> 't' AND ${USER_SCHEMA} ORDER BY n.nspname, c.relname`);
  const own = listed.filter(({ key }) => !context.isMember(key));
  const objects: SchemaObject[] = [];
  for (let at = 0; at < own.length; at += BATCH) {
    const rows = await readBatch(
      context,
      own.slice(at, at + BATCH).map(({ oid }) => oid),
    );
    const objectsOf = (row: ViewRow): SchemaObject[] =>
      row.relkind === 'v' ? viewObjects(row, columns) : materializedViewObjects(row, columns);
    objects.push(...rows.flatMap(objectsOf));
  }
  return objects;
}

/** The text of a view locks all that it reads until the statement's end, so it is asked for some at a time. */
const BATCH = 500;

function readBatch(context: ExtractContext, oids: readonly string[]): Promise<ViewRow[]> {
  return context.rows<ViewRow>(`
    SELECT 'pg_class:' || c.oid AS key, 'pg_type:' || c.reltype AS type_key, 'pg_type:' || t.typarray AS array_key,
      'pg_rewrite:' || r.oid AS rule_key, n.nspname::text, c.relname::text, c.relkind::text,
      pg_catalog.pg_get_viewdef(c.oid) AS query, c.reloptions AS options, am.amname::text AS access_method, c.relispopulated AS populated
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid AND r.rulename = '_RETURN'
    LEFT JOIN pg_catalog.pg_type t ON t.oid = c.reltype LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
    WHERE c.oid IN (${oids.join(', ')}) ORDER BY n.nspname, c.relname`);
}

function viewObjects(row: ViewRow, columns: ReadonlyMap<string, readonly ColumnRow[]>): SchemaObject[] {
  const identity = quoteQualified(row.nspname, row.relname);
  const options = withClause(row.options);
  const query = row.query.replace(/;\s*$/, '');
  const own = columns.get(row.key) ?? [];
  const part: SchemaPart = {
    key: row.rule_key,
    kind: 'view',
    identity,
    sql: `CREATE OR REPLACE VIEW ${identity}${options} AS\n${query}`,
  };
  const view: SchemaObject = {
    key: row.key,
    aliases: [row.type_key, row.array_key],
    kind: 'view',
    identity,
    section: 'pre',
    parts: [part],
    facts: { type: 'view', columns: own.map(({ attname, type }) => ({ name: attname, type })) },
    sql: (later) => [later.has(part.key) ? dummyView(identity, own) : `CREATE VIEW ${identity}${options} AS\n${query}`],
  };
  return [view, ...own.flatMap((column) => defaultObjects(row.key, identity, column))];
}

/** A view of the right columns and nothing else, for what needs only those. */
function dummyView(identity: string, columns: readonly ColumnRow[]): string {
  const list = columns.map((column) => {
    const collation = column.collation === null ? '' : ` COLLATE ${column.collation}`;
    return `NULL::${column.type}${collation} AS ${quoteIdent(column.attname)}`;
  });
  return `CREATE VIEW ${identity} AS SELECT ${list.join(', ')}`;
}

function defaultObjects(viewKey: string, identity: string, column: ColumnRow): SchemaObject[] {
  if (column.default_key === null || column.default_sql === null) return [];
  const name = quoteIdent(column.attname);
  const base = {
    key: column.default_key,
    kind: 'default',
    identity: `${identity}.${name}`,
    section: 'pre',
    needs: [viewKey],
  } as const;
  return [simpleObject(base, `ALTER VIEW ${identity} ALTER COLUMN ${name} SET DEFAULT ${column.default_sql}`)];
}

function materializedViewObjects(row: ViewRow, columns: ReadonlyMap<string, readonly ColumnRow[]>): SchemaObject[] {
  const identity = quoteQualified(row.nspname, row.relname);
  const method =
    row.access_method === null || row.access_method === 'heap' ? '' : ` USING ${quoteIdent(row.access_method)}`;
  const query = row.query.replace(/;\s*$/, '');
  const alterations = (columns.get(row.key) ?? []).flatMap((column) => columnAlterations(column, false));
  const view = simpleObject(
    {
      key: row.key,
      aliases: [row.type_key, row.array_key, row.rule_key],
      kind: 'materialized view',
      identity,
      section: 'pre',
    },
    `CREATE MATERIALIZED VIEW ${identity}${method}${withClause(row.options)} AS\n${query}\nWITH NO DATA`,
    alterations.length === 0 ? null : `ALTER MATERIALIZED VIEW ${identity} ${alterations.join(', ')}`,
  );
  if (!row.populated) return [view];
  const refresh = { key: `refresh ${row.key}`, kind: 'refresh', identity, section: 'post', needs: [row.key] } as const;
  return [view, simpleObject(refresh, `REFRESH MATERIALIZED VIEW ${identity}`)];
}

function withClause(options: readonly string[] | null): string {
  return options === null || options.length === 0 ? '' : ` WITH (${options.map(storageParameter).join(', ')})`;
}
