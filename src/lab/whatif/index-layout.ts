import type { RelationName } from '../../model/catalog.js';
import type { Session } from '../../postgres/session.js';

/** One key or included column as the index stores it. */
export interface LayoutColumn {
  /** Name in the index's own `pg_attribute`; statistics of expressions are kept under it. */
  readonly attribute: string;
  /** Column of the table; null for an expression. */
  readonly column: string | null;
  /** As SQL, every name but the columns' qualified. */
  readonly sql: string;
  /** Bytes of a fixed-width type; -1 variable, -2 C string. */
  readonly length: number;
  /** 1, 2, 4 or 8. */
  readonly alignment: number;
  /** `attstorage`: `p` plain, `e` external, `m` main, `x` extended. */
  readonly storage: string;
}

/** An index of the clone that stores rows: not the parent of a partitioned one. */
export interface IndexLayout {
  readonly oid: number;
  readonly name: string;
  readonly schema: string;
  readonly method: string;
  readonly heap: RelationName & { readonly oid: number };
  readonly keyCount: number;
  readonly columns: readonly LayoutColumn[];
  /** Columns of the table which the index depends on, those of expressions and predicate included. */
  readonly columnsUsed: readonly string[];
  /** As SQL; null for a whole index. */
  readonly predicate: string | null;
  readonly unique: boolean;
  /** Storage parameters by name. */
  readonly options: Readonly<Record<string, string>>;
}

interface LayoutRow extends Record<string, unknown> {
  oid: string;
  name: string;
  schema: string;
  method: string;
  heap_oid: string;
  heap_name: string;
  heap_schema: string;
  key_count: number;
  columns: (LayoutColumn & { readonly align: string })[];
  used: string[];
  predicate: string | null;
  unique: boolean;
  options: string[];
}

const LAYOUT_SQL = `
SELECT i.indexrelid::int8::text AS oid, c.relname::text AS name, n.nspname::text AS schema, am.amname::text AS method,
       t.oid::int8::text AS heap_oid, t.relname::text AS heap_name, tn.nspname::text AS heap_schema, i.indnkeyatts::int4 AS key_count,
       (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('attribute', a.attname, 'column', h.attname, 'length', a.attlen,
                 'align', a.attalign, 'storage', a.attstorage, 'sql', pg_catalog.pg_get_indexdef(i.indexrelid, a.attnum::int4, false)) ORDER BY a.attnum)
          FROM pg_catalog.pg_attribute AS a
          LEFT JOIN pg_catalog.pg_attribute AS h ON h.attrelid = i.indrelid AND h.attnum = i.indkey[a.attnum - 1] AND h.attnum > 0
         WHERE a.attrelid = i.indexrelid AND a.attnum > 0) AS columns,
       (SELECT coalesce(pg_catalog.jsonb_agg(DISTINCT a.attname), '[]'::jsonb)
          FROM pg_catalog.pg_depend AS d
          JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
         WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = i.indexrelid AND d.refobjid = i.indrelid AND d.refobjsubid > 0) AS used,
       pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate, i.indisunique AS unique,
       coalesce(pg_catalog.to_jsonb(c.reloptions), '[]'::jsonb) AS options
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid AND c.relkind = 'i'
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_am AS am ON am.oid = c.relam
  JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
  JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
 WHERE i.indexrelid = ANY ($1::oid[])
 ORDER BY i.indexrelid`;

const ALIGNMENTS: Readonly<Record<string, number>> = { c: 1, s: 2, i: 4, d: 8 };

/** Reads how indexes are laid out. Every name in expressions comes qualified, so that they can be run elsewhere. */
export async function readIndexLayouts(session: Session, oids: readonly number[]): Promise<IndexLayout[]> {
  await session.run('BEGIN; SET LOCAL search_path TO pg_catalog');
  try {
    const rows = await session.query<LayoutRow>(LAYOUT_SQL, [oids]);
    return rows.map(toLayout);
  } finally {
    await session.run('ROLLBACK');
  }
}

function toLayout(row: LayoutRow): IndexLayout {
  return {
    oid: Number(row.oid),
    name: row.name,
    schema: row.schema,
    method: row.method,
    heap: { oid: Number(row.heap_oid), schema: row.heap_schema, name: row.heap_name },
    keyCount: row.key_count,
    columns: row.columns.map(({ align, ...column }) => ({ ...column, alignment: ALIGNMENTS[align] ?? 8 })),
    columnsUsed: row.used,
    predicate: row.predicate,
    unique: row.unique,
    options: Object.fromEntries(
      row.options.map((option) => [option.slice(0, option.indexOf('=')), option.slice(option.indexOf('=') + 1)]),
    ),
  };
}
