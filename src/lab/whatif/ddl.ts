import type { Session } from '../../postgres/session.js';
import { EMPTY_FILE_NODE, resizeFile } from './storage.js';
import type { Storage } from './storage.js';

/** Statements that are about data, or about the whole server: the clone follows them by `refresh`, not by running them. */
const NOT_FOR_THE_CLONE = /^\s*(ANALYZE|VACUUM|REINDEX|CLUSTER|ALTER\s+(SYSTEM|DATABASE|ROLE))\b/i;

interface HeapRow extends Record<string, unknown> {
  oid: string;
  pages: number;
  rows: number;
  visible: number;
  node: string;
  blocks: string;
}

/**
 * Runs a schema change on the clone as if all tables were empty, so that checking and rewriting them cost nothing,
 * and gives them their sizes back. Statements about data alone are passed over.
 */
export async function applyStatement(session: Session, storage: Storage, sql: string): Promise<void> {
  if (NOT_FOR_THE_CLONE.test(sql)) return;
  await session.run('BEGIN; SET LOCAL statement_timeout TO 0');
  try {
    const heaps = await session.query<HeapRow>(HEAPS_SQL);
    const oids = heaps.map((heap) => heap.oid);
    await session.query('UPDATE pg_catalog.pg_class SET relfilenode = $2::oid WHERE oid = ANY ($1::oid[])', [
      oids,
      EMPTY_FILE_NODE,
    ]);
    // Nobody else reads the clone, and a transaction block takes no CONCURRENTLY.
    await session.run(sql.replace(/\bCONCURRENTLY\b/i, ''));
    // A table that was rewritten has a file of its own by now.
    const rewritten = await session.query<{ oid: string; path: string }>(
      `SELECT c.oid::int8::text AS oid, pg_catalog.pg_relation_filepath(c.oid) AS path FROM pg_catalog.pg_class AS c
        WHERE c.oid = ANY ($1::oid[]) AND c.relfilenode <> $2::oid ORDER BY c.oid`,
      [oids, EMPTY_FILE_NODE],
    );
    const blocks = new Map(heaps.map((heap) => [heap.oid, Number(heap.blocks)]));
    for (const { oid, path } of rewritten) resizeFile(storage, path, blocks.get(oid) ?? 0);
    await session.query(RESTORE_SQL, [JSON.stringify(heaps), EMPTY_FILE_NODE]);
    await session.run('COMMIT');
  } catch (error) {
    await session.run('ROLLBACK');
    throw error;
  }
}

const HEAPS_SQL = `
SELECT c.oid::int8::text AS oid, c.relpages AS pages, c.reltuples::float8 AS rows, c.relallvisible AS visible,
       c.relfilenode::int8::text AS node, (pg_catalog.pg_relation_size(c.oid) / 8192)::text AS blocks
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'
 ORDER BY c.oid`;

const RESTORE_SQL = `
UPDATE pg_catalog.pg_class AS c
   SET relpages = h.pages, reltuples = h.rows, relallvisible = h.visible,
       relfilenode = CASE WHEN c.relfilenode = $2::oid THEN h.node ELSE c.relfilenode END
  FROM pg_catalog.jsonb_to_recordset($1::jsonb) AS h (oid oid, pages int4, rows real, visible int4, node oid)
 WHERE c.oid = h.oid`;
