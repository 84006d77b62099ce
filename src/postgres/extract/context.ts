import type { Skipped } from '../../model/coverage.js';
import type { Row, Session } from '../session.js';

/** What every reader of the extractor is given. */
export interface ExtractContext {
  /** `server_version_num`, e.g. 150018. */
  readonly version: number;
  /** Rows of a catalog query whose `pg_get_*` texts are qualified and whose constants are in ISO style. */
  rows<T extends Row>(sql: string): Promise<T[]>;
  /** True when an extension made the object at this address. */
  isMember(key: string): boolean;
  /** Addresses that extensions made, with the address of each one's extension. */
  readonly members: ReadonlyMap<string, string>;
  skip(entry: Skipped): void;
}

/** A reader: all objects of one kind or of a few related ones. */
export type ObjectReader<T> = (context: ExtractContext) => Promise<readonly T[]>;

/** SQL condition: the schema of alias `n` is a user's. */
export const USER_SCHEMA = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

/** Objects from this OID on were not made by initdb (`FirstNormalObjectId` in transam.h). */
export const FIRST_USER_OID = 16_384;

/** Settings that the texts of `pg_get_*` depend on: those of pg_dump. */
const TEXT_SETTINGS: readonly (readonly [string, string])[] = [
  ['search_path', ''],
  ['datestyle', 'ISO'],
  ['intervalstyle', 'postgres'],
  ['extra_float_digits', '3'],
];

/** Reads the version and the members of extensions, which all readers need. */
export async function createContext(session: Session, quoteAll: boolean): Promise<{ context: ExtractContext; skipped: Skipped[] }> {
  const skipped: Skipped[] = [];
  const rows = <T extends Row>(sql: string): Promise<T[]> => session.query<T>(underTextSettings(sql, quoteAll));
  const [server] = await rows<{ version: number }>(`SELECT pg_catalog.current_setting('server_version_num')::int4 AS version`);
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

/** The one-time filter is evaluated before the first row: the settings hold for all of the statement, whatever the session has. */
function underTextSettings(sql: string, quoteAll: boolean): string {
  const settings = [...TEXT_SETTINGS, ['quote_all_identifiers', quoteAll ? 'on' : 'off'] as const];
  const calls = settings.map(([name, value]) => `pg_catalog.set_config('${name}', '${value}', true)`);
  return `SELECT q.* FROM (${sql}) AS q WHERE (SELECT pg_catalog.concat(${calls.join(', ')})) IS NOT NULL`;
}

/** Rows by a key, in their order. */
export function groupRows<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}
