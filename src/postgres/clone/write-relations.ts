import type { RelationName } from '../../model/catalog.js';
import type { Session } from '../session.js';

/** Where a relation of the clone is kept. */
export interface RelationFile extends RelationName {
  readonly oid: number;
  /** Relative to the data directory. */
  readonly path: string;
}

interface FileRow extends Record<string, unknown> {
  schema: string;
  name: string;
  oid: string;
  path: string;
}

/** The first file of every table, materialised view and index; oids are given where only some are wanted. */
export async function readRelationFiles(session: Session, oids?: readonly number[]): Promise<RelationFile[]> {
  const rows = await session.query<FileRow>(
    `
SELECT n.nspname::text AS schema, c.relname::text AS name, c.oid::int8::text AS oid, pg_catalog.pg_relation_filepath(c.oid) AS path
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm', 'i') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'
   AND ($1::oid[] IS NULL OR c.oid = ANY ($1::oid[]))
 ORDER BY c.oid`,
    [oids ?? null],
  );
  return rows.map((row) => ({ schema: row.schema, name: row.name, oid: Number(row.oid), path: row.path }));
}

/** A row of pg_class to come. */
export interface RelationUpdate {
  readonly oid: number;
  readonly pages: number;
  readonly rows: number;
  readonly pagesAllVisible: number;
  /** The number of the file that it is kept in from now on; null to keep its own. */
  readonly fileNode: number | null;
}

/**
 * Writes sizes into pg_class, as a superuser: every version allows it, it is transactional, and each session sees it
 * at its next statement.
 */
export async function writeRelations(session: Session, updates: readonly RelationUpdate[]): Promise<void> {
  if (updates.length === 0) return;
  await session.query(
    `
UPDATE pg_catalog.pg_class AS c
   SET relpages = u.pages, reltuples = u.rows, relallvisible = u.visible, relfilenode = coalesce(u.node, c.relfilenode)
  FROM pg_catalog.jsonb_to_recordset($1::jsonb) AS u (oid oid, pages int4, rows real, visible int4, node oid)
 WHERE c.oid = u.oid`,
    [
      JSON.stringify(
        updates.map((update) => ({
          oid: update.oid,
          pages: update.pages,
          rows: update.rows,
          visible: update.pagesAllVisible,
          node: update.fileNode,
        })),
      ),
    ],
  );
}

/** Gives partitioned tables, which have no rows of their own, the row counts that ANALYZE left with them (14+). As a superuser. */
export async function writePartitionedRows(
  session: Session,
  tables: readonly (RelationName & { readonly rows: number })[],
): Promise<void> {
  if (tables.length === 0) return;
  await session.query(
    `
UPDATE pg_catalog.pg_class AS c
   SET reltuples = t.rows
  FROM pg_catalog.jsonb_to_recordset($1::jsonb) AS t (schema text, name text, rows real)
  JOIN pg_catalog.pg_namespace AS n ON n.nspname = t.schema
 WHERE c.relnamespace = n.oid AND c.relname = t.name AND c.relkind = 'p'`,
    [JSON.stringify(tables.map(({ schema, name, rows }) => ({ schema, name, rows })))],
  );
}
