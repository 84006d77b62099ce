import { USER_SCHEMA, type ExtractContext } from '../context.js';

/** A table, partitioned table or foreign table. */
export interface TableRow extends Record<string, unknown> {
  readonly key: string;
  readonly type_key: string;
  readonly array_key: string;
  readonly nspname: string;
  readonly relname: string;
  readonly relkind: 'r' | 'p' | 'f';
  readonly unlogged: boolean;
  readonly is_partition: boolean;
  /** `FOR VALUES ...` or `DEFAULT`. */
  readonly bound: string | null;
  readonly partition_key: string | null;
  /** Qualified, in order. */
  readonly parents: readonly string[] | null;
  readonly parent_keys: readonly string[] | null;
  readonly of_type: string | null;
  readonly access_method: string | null;
  readonly tablespace: string | null;
  readonly options: readonly string[] | null;
  readonly toast_options: readonly string[] | null;
  readonly replica_identity: string;
  readonly row_security: boolean;
  readonly force_row_security: boolean;
  readonly server: string | null;
  /** As `"name" 'value', ...`. */
  readonly foreign_options: string | null;
}

/** All tables of user schemas which are not of an extension. */
export async function readTableRows(context: ExtractContext): Promise<readonly TableRow[]> {
  const rows = await context.rows<TableRow>(`
    SELECT 'pg_class:' || c.oid AS key, 'pg_type:' || c.reltype AS type_key, 'pg_type:' || t.typarray AS array_key,
      n.nspname::text, c.relname::text, c.relkind::text, c.relpersistence = 'u' AS unlogged,
      c.relispartition AS is_partition, pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS bound,
      CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS partition_key,
      i.parents, i.parent_keys, NULLIF(c.reloftype, 0)::regtype::text AS of_type,
      am.amname::text AS access_method, ts.spcname::text AS tablespace, c.reloptions AS options, tc.reloptions AS toast_options,
      c.relreplident::text AS replica_identity, c.relrowsecurity AS row_security, c.relforcerowsecurity AS force_row_security,
      fs.srvname::text AS server, ${optionsSql('ft.ftoptions')} AS foreign_options
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_type t ON t.oid = c.reltype
    LEFT JOIN pg_catalog.pg_class tc ON tc.oid = c.reltoastrelid
    LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
    LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = c.reltablespace
    LEFT JOIN pg_catalog.pg_foreign_table ft ON ft.ftrelid = c.oid
    LEFT JOIN pg_catalog.pg_foreign_server fs ON fs.oid = ft.ftserver
    LEFT JOIN (
      SELECT h.inhrelid, pg_catalog.array_agg(h.inhparent::regclass::text ORDER BY h.inhseqno) AS parents,
        pg_catalog.array_agg('pg_class:' || h.inhparent ORDER BY h.inhseqno) AS parent_keys
      FROM pg_catalog.pg_inherits h GROUP BY h.inhrelid) i ON i.inhrelid = c.oid
    WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' AND ${USER_SCHEMA}
    ORDER BY n.nspname, c.relname`);
  return rows.filter(({ key }) => !context.isMember(key));
}

/** A column of a table, view or foreign table. */
export interface ColumnRow extends Record<string, unknown> {
  readonly table_key: string;
  readonly attnum: number;
  readonly attname: string;
  readonly type: string;
  readonly not_null: boolean;
  readonly local: boolean;
  readonly inherited: boolean;
  /** `a` always, `d` by default, empty none. */
  readonly identity: string;
  /** `s` stored, `v` virtual, empty none. */
  readonly generated: string;
  readonly storage: string | null;
  readonly compression: string;
  /** null: the default. */
  readonly statistics_target: number | null;
  readonly options: readonly string[] | null;
  readonly foreign_options: string | null;
  readonly collation: string | null;
  readonly default_key: string | null;
  readonly default_sql: string | null;
}

/** All columns, in order, of tables, foreign tables, views and materialised views; dropped ones are left out. */
export async function readColumnRows(context: ExtractContext): Promise<readonly ColumnRow[]> {
  const rows = await context.rows<ColumnRow>(`
    SELECT 'pg_class:' || c.oid AS table_key, a.attnum::int4 AS attnum, a.attname::text,
      pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null, a.attislocal AS local,
      a.attinhcount > 0 AS inherited, a.attidentity::text AS identity, a.attgenerated::text AS generated,
      CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END AS storage, a.attcompression::text AS compression,
      NULLIF(a.attstattarget, -1)::int4 AS statistics_target, a.attoptions AS options, ${optionsSql('a.attfdwoptions')} AS foreign_options,
      CASE WHEN a.attcollation <> 0 AND a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END AS collation,
      'pg_attrdef:' || d.oid AS default_key, pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS default_sql
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND c.relpersistence <> 't' AND ${USER_SCHEMA}
      AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY c.oid, a.attnum`);
  return rows;
}

/** A check or (18+) not-null constraint of a table. */
export interface CheckRow extends Record<string, unknown> {
  readonly key: string;
  readonly table_key: string;
  readonly conname: string;
  readonly contype: 'c' | 'n';
  readonly validated: boolean;
  readonly local: boolean;
  readonly no_inherit: boolean;
  /** Of a not-null constraint. */
  readonly column_number: number | null;
  readonly definition: string;
}

/** Check constraints of all tables, and on 18+ their not-null constraints. */
export async function readCheckRows(context: ExtractContext): Promise<readonly CheckRow[]> {
  return context.rows<CheckRow>(`
    SELECT 'pg_constraint:' || k.oid AS key, 'pg_class:' || k.conrelid AS table_key, k.conname::text, k.contype::text,
      k.convalidated AS validated, k.conislocal AS local, k.connoinherit AS no_inherit,
      CASE WHEN k.contype = 'n' THEN k.conkey[1]::int4 END AS column_number, pg_catalog.pg_get_constraintdef(k.oid) AS definition
    FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE k.contype IN ('c', 'n') AND ${USER_SCHEMA} ORDER BY k.conrelid, k.conname`);
}

/** SQL for the options of something foreign, as its `OPTIONS (...)` takes them; null when there are none. */
export function optionsSql(column: string): string {
  return `(SELECT pg_catalog.string_agg(pg_catalog.quote_ident(o.option_name) || ' ' || pg_catalog.quote_literal(o.option_value), ', ')
    FROM pg_catalog.pg_options_to_table(${column}) o)`;
}
