import type { RelationName } from '../../model/catalog.js';
import type { Session } from '../session.js';
import { IS_USER_SCHEMA } from './user-schemas.js';

/** The beginning of an index's first page, which holds what the planner reads from the index itself. */
export interface IndexMetapage {
  readonly index: RelationName;
  /** The first 96 bytes of block 0. */
  readonly bytes: Buffer;
}

/** Access methods whose metapage the planner reads. */
const METHODS_READ = `('btree', 'gin', 'brin')`;

/**
 * First pages of all btree, GIN and BRIN indexes. Null when the role may neither use pageinspect nor read files: the
 * heights are then estimated from the sizes.
 */
export async function readIndexMetapages(session: Session): Promise<IndexMetapage[] | null> {
  const reader = await choosePageReader(session);
  if (reader === null) return null;
  try {
    const rows = await session.query<{ schema: string; name: string; hex: string }>(`
SELECT n.nspname::text AS schema, c.relname::text AS name, pg_catalog.encode(${reader}, 'hex') AS hex
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_am AS am ON am.oid = c.relam
 WHERE c.relkind = 'i' AND c.relpersistence <> 't' AND am.amname IN ${METHODS_READ} AND ${IS_USER_SCHEMA}
 ORDER BY n.nspname, c.relname`);
    return rows
      .filter((row) => row.hex !== null && row.hex.length === 192)
      .map((row) => ({ index: { schema: row.schema, name: row.name }, bytes: Buffer.from(row.hex, 'hex') }));
  } catch {
    return null;
  }
}

/** SQL that gives the bytes for `c.oid`: through the buffer cache where pageinspect is installed, else from the file. */
async function choosePageReader(session: Session): Promise<string | null> {
  const [row] = await session.query<{ superuser: boolean; pageinspect: string | null; files: boolean }>(`
SELECT r.rolsuper AS superuser,
       (SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension AS e
          JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'pageinspect') AS pageinspect,
       pg_catalog.pg_has_role('pg_read_server_files', 'USAGE')
         AND pg_catalog.has_function_privilege('pg_catalog.pg_read_binary_file(text, int8, int8, bool)', 'EXECUTE') AS files
  FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user`);
  if (row?.superuser === true && row.pageinspect !== null) {
    return `pg_catalog.substr(${row.pageinspect}.get_raw_page(c.oid::regclass::text, 0), 1, 96)`;
  }
  if (row?.superuser === true || row?.files === true) {
    return 'pg_catalog.pg_read_binary_file(pg_catalog.pg_relation_filepath(c.oid), 0, 96, true)';
  }
  return null;
}
