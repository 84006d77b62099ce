import type { RelationName } from '../../model/catalog.js';
import { isReadOnly } from '../read-only.js';
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
 * First pages of all btree, GIN and BRIN indexes. Null when the role may neither use pageinspect nor read files, and under
 * the read-only guard, which refuses both to anybody: the heights are then estimated from the sizes. A superuser's session
 * on a copy borrows pageinspect in a transaction that is rolled back.
 */
export async function readIndexMetapages(session: Session): Promise<IndexMetapage[] | null> {
  if (isReadOnly(session)) return null;
  const [role] = await session.query<RoleRow>(ROLE_SQL);
  if (role === undefined) return null;
  if (role.superuser && role.pageinspect !== null) return readThrough(session, rawPage(role.pageinspect));
  if (role.superuser) {
    const borrowed = await borrowPageinspect(session);
    if (borrowed !== null) return borrowed;
  }
  if (!role.superuser && !role.files) return null;
  return readThrough(session, 'pg_catalog.pg_read_binary_file(pg_catalog.pg_relation_filepath(c.oid), 0, 96, true)');
}

interface RoleRow extends Record<string, unknown> {
  superuser: boolean;
  /** Schema of the extension, quoted; null when it is not installed. */
  pageinspect: string | null;
  files: boolean;
}

const ROLE_SQL = `
SELECT r.rolsuper AS superuser,
       (SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension AS e
          JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'pageinspect') AS pageinspect,
       pg_catalog.pg_has_role('pg_read_server_files', 'USAGE')
         AND pg_catalog.has_function_privilege('pg_catalog.pg_read_binary_file(text, int8, int8, bool)', 'EXECUTE') AS files
  FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user`;

function rawPage(schema: string): string {
  return `pg_catalog.substr(${schema}.get_raw_page(pg_catalog.format('%I.%I', n.nspname, c.relname), 0), 1, 96)`;
}

async function borrowPageinspect(session: Session): Promise<IndexMetapage[] | null> {
  await session.run('BEGIN');
  try {
    await session.run('CREATE SCHEMA wizard_inspect; CREATE EXTENSION pageinspect SCHEMA wizard_inspect');
    return await readThrough(session, rawPage('wizard_inspect'));
  } catch {
    return null;
  } finally {
    await session.run('ROLLBACK');
  }
}

/** `bytes` is SQL which gives the page of `c.oid`. Null when the server refuses. */
async function readThrough(session: Session, bytes: string): Promise<IndexMetapage[] | null> {
  try {
    const rows = await session.query<{ schema: string; name: string; hex: string | null }>(`
SELECT n.nspname::text AS schema, c.relname::text AS name, pg_catalog.encode(${bytes}, 'hex') AS hex
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_am AS am ON am.oid = c.relam
 WHERE c.relkind = 'i' AND c.relpersistence <> 't' AND am.amname IN ${METHODS_READ} AND ${IS_USER_SCHEMA}
 ORDER BY n.nspname, c.relname`);
    return rows.flatMap(({ schema, name, hex }) =>
      hex?.length === 192 ? { index: { schema, name }, bytes: Buffer.from(hex, 'hex') } : [],
    );
  } catch {
    return null;
  }
}
