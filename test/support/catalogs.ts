import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ConnectionSettings } from '../../src/postgres/session.js';

const USERS = `relnamespace::regnamespace::text !~ '^pg_|^information_schema'`;
/** What the catalogs say, asked without the extractor: it can not hide here what it does not look at. */
export const CATALOGS: Readonly<Record<string, string>> = {
  relations: `SELECT oid::regclass::text, relkind, relpersistence, reloptions, relrowsecurity, relforcerowsecurity, relreplident, relispartition,
    pg_get_expr(relpartbound, oid) AS bound, reloftype::regtype::text, relchecks, relnatts > 0 AS has_columns FROM pg_class
    WHERE ${USERS} AND relkind <> 't' ORDER BY 1`,
  columns: `SELECT attrelid::regclass::text, attname::text, format_type(atttypid, atttypmod), attnotnull, atthasdef, attidentity, attgenerated,
    attislocal, attinhcount, attcollation::regcollation::text, attstorage, attcompression, attstattarget, attoptions, attfdwoptions,
    pg_get_expr(d.adbin, d.adrelid) AS "default" FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = attrelid AND d.adnum = attnum WHERE ${USERS} AND attnum > 0 AND NOT attisdropped ORDER BY 1, 2`,
  constraints: `SELECT conname::text, conrelid::regclass::text, contypid::regtype::text, contype, condeferrable, condeferred, convalidated, conislocal,
    coninhcount, contype IN ('c', 'n') AND connoinherit AS no_inherit, conindid::regclass::text, confrelid::regclass::text, pg_get_constraintdef(oid) AS def FROM pg_constraint
    WHERE connamespace::regnamespace::text !~ '^pg_|^information_schema' ORDER BY 2, 3, 1`,
  indexes: `SELECT indexrelid::regclass::text, indisunique, indisprimary, indisexclusion, indimmediate, indisclustered, indisvalid, indisready,
    indisreplident, pg_get_indexdef(indexrelid) AS def, (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = indexrelid) AS parent
    FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE ${USERS} ORDER BY 1`,
  inheritance: `SELECT inhrelid::regclass::text, inhparent::regclass::text, inhseqno FROM pg_inherits ORDER BY 1, 2`,
  sequences: `SELECT seqrelid::regclass::text, seqtypid::regtype::text, seqstart, seqincrement, seqmax, seqmin, seqcache, seqcycle,
    (SELECT refobjid::regclass::text || refobjsubid || deptype::text FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = seqrelid
      AND refclassid = 'pg_class'::regclass) AS owner FROM pg_sequence ORDER BY 1`,
  triggers: `SELECT tgrelid::regclass::text, tgname::text, tgenabled, tgisinternal, tgparentid > 0 AS inherited, pg_get_triggerdef(oid) AS def FROM pg_trigger
    WHERE NOT tgisinternal ORDER BY 1, 2`,
  rules: `SELECT ev_class::regclass::text, rulename::text, ev_enabled, pg_get_ruledef(r.oid) AS def FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class
    WHERE ${USERS} ORDER BY 1, 2`,
  policies: `SELECT * FROM pg_policies ORDER BY schemaname, tablename, policyname`,
  types: `SELECT oid::regtype::text, typtype, typcategory, typnotnull, typdefault, typlen, typbyval, typalign, typstorage, typisdefined, typdelim,
    typinput::text, typoutput::text, typsend::text, typreceive::text, typbasetype::regtype::text, typcollation::regcollation::text FROM pg_type
    WHERE typnamespace::regnamespace::text !~ '^pg_|^information_schema' ORDER BY 1`,
  functions: `SELECT oid::regprocedure::text, prokind, prosecdef, proleakproof, proisstrict, proretset, provolatile, proparallel, procost, prorows,
    proconfig, prosrc, prosqlbody IS NULL AS is_text, proargnames, proargmodes, pg_get_expr(proargdefaults, 0) AS defaults FROM pg_proc
    WHERE pronamespace::regnamespace::text !~ '^pg_|^information_schema' ORDER BY 1`,
  aggregates: `SELECT to_jsonb(a) - 'aggfnoid' - 'aggtranstype' - 'aggmtranstype' - 'aggsortop' AS rest, aggfnoid::text, aggtranstype::regtype::text,
    aggmtranstype::regtype::text, aggsortop::regoperator::text FROM pg_aggregate a WHERE aggfnoid >= 16384 ORDER BY 2`,
  statistics: `SELECT stxname::text, stxkind, stxkeys::text, pg_get_statisticsobjdef(oid) AS def, stxstattarget FROM pg_statistic_ext ORDER BY 1`,
  comments: `SELECT i.type, i.identity, description FROM pg_description d, pg_identify_object(classoid, objoid, objsubid) i
    WHERE objoid >= 16384 ORDER BY 1, 2`,
  'text search': `SELECT c.cfgname::text, m.maptokentype, m.mapseqno, m.mapdict::regdictionary::text FROM pg_ts_config_map m
    JOIN pg_ts_config c ON c.oid = m.mapcfg WHERE c.oid >= 16384 ORDER BY 1, 2, 3`,
  'operator families': `SELECT opfname::text, amopstrategy, amopopr::regoperator::text FROM pg_amop JOIN pg_opfamily f ON f.oid = amopfamily
    WHERE pg_amop.oid >= 16384 ORDER BY 1, 2, 3`,
};

/** One that is not older than the server. */
export async function findPgDump(major: number): Promise<string | null> {
  const folders = ['/usr/lib/postgresql/15/bin', ...[18, 17, 16, 15, 14].map((n) => `/usr/lib/postgresql/${n}/bin`)];
  for (const path of ['pg_dump', ...folders.map((folder) => `${folder}/pg_dump`)]) {
    const version = await promisify(execFile)(path, ['--version']).catch(() => null);
    const found = Number(/(\d+)/.exec(version?.stdout ?? '')?.[1] ?? 0);
    if (found >= major) return path;
  }
  console.warn(`No pg_dump of major ${major} or newer: the round trip is compared by extracting the copy only`);
  return null;
}

/** The schema as pg_dump writes it, without owners and privileges. */
export async function dumpSchema(pgDump: string, settings: ConnectionSettings): Promise<string> {
  const { host, port, user, database } = settings;
  const args = [
    '--schema-only',
    '--no-owner',
    '--no-privileges',
    '-h',
    host,
    '-p',
    String(port),
    '-U',
    user,
    '-d',
    database,
  ];
  const env = { ...process.env, PGPASSWORD: settings.password ?? '' };
  const { stdout } = await promisify(execFile)(pgDump, args, { env, maxBuffer: 64 * 1024 * 1024 });
  return stdout.replace(/^\\(un)?restrict .*$/gm, '');
}
