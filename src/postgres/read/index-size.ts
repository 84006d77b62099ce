import type { RelationName } from '../../model/catalog.js';
import type { Session } from '../session.js';

/** True size of a plain index. */
export interface IndexSize {
  readonly pages: number;
  readonly rows: number;
}

/** Reads it; null when there is no such index or it is one on a partitioned table, which stores nothing itself. */
export async function readIndexSize(
  session: Session,
  index: { readonly table: RelationName; readonly name: string },
): Promise<IndexSize | null> {
  const [row] = await session.query<{ pages: number; rows: number }>(
    `SELECT (pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int8)::int4 AS pages, c.reltuples::float8 AS rows
     FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'i' ORDER BY c.oid`,
    [index.table.schema, index.name],
  );
  return row ? { pages: row.pages, rows: row.rows } : null;
}
