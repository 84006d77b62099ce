import { join } from 'node:path';
import { quoteLiteral } from '../../base/quote.js';
import type { IndexEndpoints } from '../../postgres/clone/endpoints.js';
import { relationKey } from '../../postgres/clone/write-relations.js';
import type { Session } from '../../postgres/session.js';
import type { Leaves } from './install.js';
import { readBlock } from './relation-file.js';
import type { Storage } from './storage.js';

/**
 * For each index a leaf page with its least and its greatest key, pointing into the table's first block. The planner
 * reads the true ends of a column from its index where a histogram may be out of date. Made by the server itself: a
 * table of the key columns with two rows, and an index of the same definition.
 */
export async function buildLeaves(session: Session, storage: Storage, endpoints: readonly IndexEndpoints[]): Promise<Leaves> {
  const leaves = new Map<string, Buffer>();
  for (const ends of endpoints) {
    if (ends.least === null || ends.greatest === null) continue;
    const leaf = await buildLeaf(session, storage, ends).catch(() => null);
    if (leaf !== null) leaves.set(relationKey(ends.index), leaf);
  }
  return leaves;
}

interface KeyRow extends Record<string, unknown> {
  type: string;
  collation: string | null;
  opclass: string;
  descending: boolean;
  nulls_first: boolean;
  key: boolean;
}

const KEYS_SQL = `
SELECT pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       (SELECT pg_catalog.format('%I.%I', cn.nspname, k.collname) FROM pg_catalog.pg_collation AS k
          JOIN pg_catalog.pg_namespace AS cn ON cn.oid = k.collnamespace WHERE k.oid = a.attcollation) AS collation,
       (SELECT pg_catalog.format('%I.%I', onn.nspname, o.opcname) FROM pg_catalog.pg_opclass AS o
          JOIN pg_catalog.pg_namespace AS onn ON onn.oid = o.opcnamespace WHERE o.oid = i.indclass[a.attnum - 1]) AS opclass,
       coalesce((i.indoption[a.attnum - 1]::int4 & 1) <> 0, false) AS descending,
       coalesce((i.indoption[a.attnum - 1]::int4 & 2) <> 0, false) AS nulls_first, a.attnum <= i.indnkeyatts AS key
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indexrelid AND a.attnum > 0
 WHERE n.nspname = $1 AND c.relname = $2
 ORDER BY a.attnum`;

async function buildLeaf(session: Session, storage: Storage, ends: IndexEndpoints): Promise<Buffer | null> {
  const columns = await session.query<KeyRow>(KEYS_SQL, [ends.index.schema, ends.index.name]);
  if (columns.length === 0) return null;
  const table = columns.map((column, index) => `c${index + 1} ${column.type}${column.collation === null ? '' : ` COLLATE ${column.collation}`}`);
  const keys = columns.flatMap((column, index) =>
    column.key ? `c${index + 1} ${column.opclass} ${column.descending ? 'DESC' : 'ASC'} NULLS ${column.nulls_first ? 'FIRST' : 'LAST'}` : [],
  );
  const include = columns.flatMap((column, index) => (column.key ? [] : `c${index + 1}`));
  await session.run('BEGIN');
  try {
    await session.run(`
CREATE TABLE wizard_ends (${table.join(', ')});
INSERT INTO wizard_ends (c1) VALUES (${quoteLiteral(ends.least ?? '')}), (${quoteLiteral(ends.greatest ?? '')});
CREATE INDEX wizard_ends_index ON wizard_ends (${keys.join(', ')})${include.length > 0 ? ` INCLUDE (${include.join(', ')})` : ''} WITH (deduplicate_items = off)`);
    const [file] = await session.query<{ path: string }>(`SELECT pg_catalog.pg_relation_filepath('wizard_ends_index') AS path`);
    return file === undefined ? null : readBlock(join(storage.dataDir, file.path), 1);
  } finally {
    await session.run('ROLLBACK');
  }
}
