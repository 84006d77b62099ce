import type { RelationName } from '../../model/catalog.js';
import type { Session } from '../session.js';
import { IS_USER_SCHEMA } from './user-schemas.js';

/** The size of one relation as the planner sees it. */
export interface RelationSize extends RelationName {
  /** `r` table, `m` materialised view, `p` partitioned table, `i` index, `I` partitioned index. */
  readonly kind: 'r' | 'm' | 'p' | 'i' | 'I';
  /** Access method of an index; null for a table. */
  readonly method: string | null;
  /** The indexed table; null for a table. */
  readonly table: RelationName | null;
  /** Blocks of the main fork now: what the planner multiplies the density with. 0 for a partitioned relation. */
  readonly blocks: number;
  /** `pg_class.relpages`: blocks when last analysed. */
  readonly pages: number;
  /** `pg_class.reltuples`: -1 when never analysed. */
  readonly rows: number;
  readonly pagesAllVisible: number;
}

interface RelationRow extends Record<string, unknown> {
  schema: string;
  name: string;
  kind: RelationSize['kind'];
  method: string | null;
  table_schema: string | null;
  table_name: string | null;
  blocks: string;
  pages: number;
  rows: number;
  all_visible: number;
}

const RELATIONS_SQL = `
SELECT n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind, am.amname::text AS method,
       tn.nspname::text AS table_schema, t.relname::text AS table_name,
       CASE WHEN c.relkind IN ('r', 'm', 'i') THEN coalesce(pg_catalog.pg_relation_size(c.oid), 0) ELSE 0 END
         / pg_catalog.current_setting('block_size')::int8 AS blocks,
       c.relpages AS pages, c.reltuples::float8 AS rows, c.relallvisible AS all_visible
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
  LEFT JOIN pg_catalog.pg_am AS am ON am.oid = c.relam AND i.indexrelid IS NOT NULL
  LEFT JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
  LEFT JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
 WHERE c.relkind IN ('r', 'm', 'p', 'i', 'I') AND c.relpersistence <> 't' AND ${IS_USER_SCHEMA}
 ORDER BY n.nspname, c.relname`;

/** Sizes of all tables, materialised views and indexes outside the server's own schemas. Any role may read them. */
export async function readRelationSizes(session: Session): Promise<RelationSize[]> {
  const rows = await session.query<RelationRow>(RELATIONS_SQL);
  return rows.map((row) => ({
    schema: row.schema,
    name: row.name,
    kind: row.kind,
    method: row.method,
    table: row.table_name === null ? null : { schema: row.table_schema ?? '', name: row.table_name },
    blocks: Number(row.blocks),
    pages: row.pages,
    rows: row.rows,
    pagesAllVisible: row.all_visible,
  }));
}
