import type { Skipped } from '../../model/coverage.js';
import type { Row, Session } from '../session.js';

/** What every reader of the extractor is given. */
export interface ExtractContext {
  /** `server_version_num`, e.g. 150018. */
  readonly version: number;
  /** Rows of a catalog query; its `pg_get_*` texts are qualified and their constants in ISO style. */
  rows<T extends Row>(sql: string): Promise<T[]>;
  /** True when an extension made the object at this address. */
  isMember(key: string): boolean;
  /** Addresses that extensions made, with the address of each one's extension. */
  readonly members: ReadonlyMap<string, string>;
  skip(entry: Skipped): void;
}

/** SQL condition: the schema of alias `n` is a user's. */
export const USER_SCHEMA = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

/** Objects from this OID on were not made by initdb (`FirstNormalObjectId` in transam.h). */
export const FIRST_USER_OID = 16_384;

/** Reads the version and the members of extensions, which all readers need. `session` is one of `openForTexts`. */
export async function createContext(session: Session): Promise<{ context: ExtractContext; skipped: Skipped[] }> {
  const skipped: Skipped[] = [];
  const rows = <T extends Row>(sql: string): Promise<T[]> => session.query<T>(sql);
  const [server] = await rows<{ version: number }>(
    `SELECT pg_catalog.current_setting('server_version_num')::int4 AS version`,
  );
  const memberRows = await rows<{ key: string; extension: string }>(`
    SELECT c.relname || ':' || d.objid AS key, 'pg_extension:' || d.refobjid AS extension
    FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class c ON c.oid = d.classid
    WHERE d.deptype = 'e' ORDER BY d.classid, d.objid`);
  const members = new Map(memberRows.map(({ key, extension }) => [key, extension]));
  const context: ExtractContext = {
    version: server?.version ?? 0,
    rows,
    isMember: (key) => members.has(key),
    members,
    skip: (entry) => void skipped.push(entry),
  };
  return { context, skipped };
}
