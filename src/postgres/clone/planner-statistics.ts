import type { Skipped } from '../../model/coverage.js';
import { isReadOnly } from '../read-only.js';
import type { Session } from '../session.js';
import { readRawColumnStatistics } from './columns.js';
import type { RawColumnStatistics } from './columns.js';
import { readIndexEndpoints } from './endpoints.js';
import type { IndexEndpoints } from './endpoints.js';
import { readExtendedStatistics } from './extended.js';
import type { ExtendedStatisticsData } from './extended.js';
import { readIndexMetapages } from './metapages.js';
import type { IndexMetapage } from './metapages.js';
import { readPlannerSettings } from './planner-settings.js';
import type { PlannerSetting } from './planner-settings.js';
import { readRelationSizes } from './relations.js';
import type { RelationSize } from './relations.js';
import { IS_USER_SCHEMA } from './user-schemas.js';

/** All that the planner knows of a database beside its schema. Holds values out of columns: never print it. */
export interface PlannerStatistics {
  readonly serverVersionNum: number;
  readonly encoding: SourceEncoding;
  readonly relations: readonly RelationSize[];
  readonly columns: readonly RawColumnStatistics[];
  readonly extended: readonly ExtendedStatisticsData[];
  /** Null when the role may not read index pages. */
  readonly metapages: readonly IndexMetapage[] | null;
  readonly endpoints: readonly IndexEndpoints[];
  readonly settings: readonly PlannerSetting[];
  readonly skipped: readonly Skipped[];
}

/** How the source stores and sorts text. */
export interface SourceEncoding {
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  /** `c` libc, `i` ICU, `b` builtin. */
  readonly provider: string;
  /** ICU or builtin locale; null for libc. */
  readonly locale: string | null;
}

/** Exports it. Reads only; a role without `pg_read_all_data` gets less, and `skipped` says what. */
export async function exportPlannerStatistics(session: Session): Promise<PlannerStatistics> {
  const [server] = await session.query<{ version: number; block_size: number }>(
    `SELECT pg_catalog.current_setting('server_version_num')::int4 AS version, pg_catalog.current_setting('block_size')::int4 AS block_size`,
  );
  const version = server?.version ?? 0;
  const major = Math.floor(version / 10_000);
  const metapages = await readIndexMetapages(session);
  const skipped = [...(await readUnreadable(session)), ...(await readNeverAnalysed(session))];
  if (metapages === null) skipped.push(heightsEstimated(isReadOnly(session)));
  if (server !== undefined && server.block_size !== 8192) skipped.push(otherBlockSize(server.block_size));
  return {
    serverVersionNum: version,
    encoding: await readEncoding(session, major),
    relations: await readRelationSizes(session),
    columns: await readRawColumnStatistics(session, major),
    extended: await readExtendedStatistics(session, major),
    metapages,
    endpoints: await readIndexEndpoints(session),
    settings: await readPlannerSettings(session),
    skipped,
  };
}

/** No grant helps where the guard refuses what reads files and pages. */
function heightsEstimated(guarded: boolean): Skipped {
  const who = guarded ? 'nothing reads index pages under the read-only guard' : 'the role may not read index pages';
  return {
    what: 'heights of the existing indexes',
    reason: `${who}, so they are estimated from the sizes`,
    remedy: guarded ? null : 'Grant pg_read_server_files to the role.',
  };
}

function otherBlockSize(bytes: number): Skipped {
  return {
    what: 'exact sizes',
    reason: `the server was compiled with blocks of ${bytes} bytes and the lab has 8192`,
    remedy: null,
  };
}

async function readUnreadable(session: Session): Promise<Skipped[]> {
  const [row] = await session.query<{ count: number; example: string | null }>(`
SELECT count(*)::int4 AS count, min(pg_catalog.format('%I.%I', n.nspname, c.relname)) AS example
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't' AND ${IS_USER_SCHEMA}
   AND (pg_catalog.row_security_active(c.oid) OR NOT pg_catalog.has_any_column_privilege(c.oid, 'SELECT'))`);
  if (row === undefined || row.count === 0) return [];
  return [
    {
      what: `planner statistics of ${row.count} tables, such as ${row.example}`,
      reason: 'the role may not read these tables, and the server shows statistics to their readers only',
      remedy: 'Grant pg_read_all_data to the role, and BYPASSRLS where row security is on.',
    },
  ];
}

/** Tables with rows of which nothing is known, though the role might read it. */
async function readNeverAnalysed(session: Session): Promise<Skipped[]> {
  const tables = await session.query<{ name: string }>(`
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND ${IS_USER_SCHEMA}
   AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT') AND NOT pg_catalog.row_security_active(c.oid)
   AND pg_catalog.pg_relation_size(c.oid) > 0
   AND EXISTS (SELECT FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_stats AS s WHERE s.schemaname = n.nspname AND s.tablename = c.relname)
 ORDER BY 1`);
  if (tables.length === 0) return [];
  const named = tables.slice(0, MOST_NAMED).map((table) => table.name);
  const rest = tables.length - named.length;
  return [
    {
      what: `planner statistics of ${named.join(', ')}${rest > 0 ? ` and ${rest} tables more` : ''}`,
      reason:
        'never analysed: PostgreSQL guesses what their columns hold, on the target as in the lab; sizes of indexes are sampled from the rows',
      remedy: 'Run ANALYZE on them first: what is estimated of their statements then rests on their values.',
    },
  ];
}

/** Tables that one line can name. */
const MOST_NAMED = 20;

async function readEncoding(session: Session, major: number): Promise<SourceEncoding> {
  const provider = major >= 15 ? 'd.datlocprovider::text' : `'c'`;
  const locale = major >= 17 ? 'd.datlocale' : major >= 15 ? 'd.daticulocale' : 'NULL';
  const [row] = await session.query<{
    encoding: string;
    collate: string;
    ctype: string;
    provider: string;
    locale: string | null;
  }>(`
SELECT pg_catalog.pg_encoding_to_char(d.encoding)::text AS encoding, d.datcollate::text AS collate, d.datctype::text AS ctype,
       ${provider} AS provider, ${locale}::text AS locale
  FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()`);
  return row ?? { encoding: 'UTF8', collate: 'C', ctype: 'C', provider: 'c', locale: null };
}
