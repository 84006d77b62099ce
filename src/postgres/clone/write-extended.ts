import { quoteIdent, quoteLiteral, quoteQualified } from '../../base/quote.js';
import type { Skipped } from '../../model/coverage.js';
import type { Session } from '../session.js';
import type { CommonValues, ExtendedStatisticsData } from './extended.js';
import { renumberDependencies, renumberNdistinct, setItemFrequencies } from './serialized-statistics.js';
import type { ItemFrequency } from './serialized-statistics.js';
import { writeColumnStatistics } from './write-columns.js';

/** One statistics object as it is on the clone. */
interface Target extends Record<string, unknown> {
  oid: number;
  attributes: number[];
  table_schema: string;
  table_name: string;
  /** The columns as SQL, then the expressions. */
  columns: string[];
  expressions: string[];
}

const SCRATCH_SCHEMA = 'wizard_scratch';
const SCRATCH_TABLE = quoteQualified(SCRATCH_SCHEMA, 'sample');
const SCRATCH_STATISTICS = quoteQualified(SCRATCH_SCHEMA, 'sample_statistics');

/** The types have no input function that accepts anything; to a superuser bytes are as good. */
const CASTS = ['pg_ndistinct', 'pg_dependencies', 'pg_mcv_list'];

/**
 * Gives the clone's extended statistics objects the data they have on the source. The session must be a superuser's.
 * An object that the clone does not have, or whose values it does not take, becomes a `Skipped`.
 */
export async function writeExtendedStatistics(
  session: Session,
  all: readonly ExtendedStatisticsData[],
  source: { readonly serverVersionNum: number },
): Promise<Skipped[]> {
  if (all.length === 0) return [];
  const skipped: Skipped[] = [];
  await session.run(`CREATE SCHEMA ${SCRATCH_SCHEMA}`);
  for (const type of CASTS) await session.run(`CREATE CAST (bytea AS pg_catalog.${type}) WITHOUT FUNCTION`);
  try {
    for (const data of all) {
      const reason = await writeOne(session, data, source).catch((error: unknown) =>
        error instanceof Error && 'sqlstate' in error
          ? `the clone refused them (${String(error.sqlstate)})`
          : String(error),
      );
      if (reason !== null) {
        const what = `data of extended statistics ${data.statistics.schema}.${data.statistics.name}`;
        skipped.push({ what, reason, remedy: null });
      }
    }
  } finally {
    for (const type of CASTS) await session.run(`DROP CAST (bytea AS pg_catalog.${type})`);
    await session.run(`DROP SCHEMA ${SCRATCH_SCHEMA} CASCADE`);
  }
  return skipped;
}

/** Null when written, else why not. */
async function writeOne(
  session: Session,
  data: ExtendedStatisticsData,
  source: { readonly serverVersionNum: number },
): Promise<string | null> {
  const [target] = await session.query<Target>(TARGET_SQL, [data.statistics.schema, data.statistics.name]);
  if (target === undefined) return 'the clone does not have the object';
  const renumber = new Map(
    data.attributes.map((attribute, index) => [attribute, target.attributes[index] ?? attribute]),
  );
  const ndistinct =
    data.ndistinctHex === null ? null : renumberNdistinct(Buffer.from(data.ndistinctHex, 'hex'), renumber);
  const dependencies =
    data.dependenciesHex === null ? null : renumberDependencies(Buffer.from(data.dependenciesHex, 'hex'), renumber);
  const commonValues = data.commonValues === null ? null : await buildCommonValues(session, target, data.commonValues);
  const expressions = await prepareExpressions(session, target, data, source);
  const [server] = await session.query<{ version: number }>(
    `SELECT pg_catalog.current_setting('server_version_num')::int4 AS version`,
  );
  // Since 15 an object has one row for the table alone and one for the table with its children.
  const split = (server?.version ?? 0) >= 150_000;
  const inherited = split ? `AND stxdinherit = ${data.inherited}` : '';
  await session.run(`DELETE FROM pg_catalog.pg_statistic_ext_data WHERE stxoid = ${target.oid} ${inherited}`);
  await session.query(
    `INSERT INTO pg_catalog.pg_statistic_ext_data (stxoid, ${split ? 'stxdinherit, ' : ''}stxdndistinct, stxddependencies, stxdmcv, stxdexpr)
VALUES ($1, ${split ? `${data.inherited}, ` : ''}decode($2, 'hex')::pg_ndistinct, decode($3, 'hex')::pg_dependencies,
        decode($4, 'hex')::pg_mcv_list, ${expressions ? EXPRESSIONS_SQL : 'NULL'})`,
    [target.oid, hex(ndistinct), hex(dependencies), hex(commonValues)],
  );
  if (data.commonValues === null || commonValues !== null) return null;
  return 'its list of common values could not be rebuilt; the rest is there';
}

const TARGET_SQL = `
SELECT s.oid::int8::float8 AS oid, pg_catalog.to_jsonb(s.stxkeys::int2[]) AS attributes,
       tn.nspname::text AS table_schema, t.relname::text AS table_name,
       (SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.quote_ident(a.attname) ORDER BY k.number), '[]'::jsonb)
          FROM unnest(s.stxkeys::int2[]) WITH ORDINALITY AS k (attnum, number)
          JOIN pg_catalog.pg_attribute AS a ON a.attrelid = s.stxrelid AND a.attnum = k.attnum) AS columns,
       coalesce(pg_catalog.to_jsonb(pg_catalog.pg_get_statisticsobjdef_expressions(s.oid)), '[]'::jsonb) AS expressions
  FROM pg_catalog.pg_statistic_ext AS s
  JOIN pg_catalog.pg_namespace AS n ON n.oid = s.stxnamespace
  JOIN pg_catalog.pg_class AS t ON t.oid = s.stxrelid
  JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
 WHERE n.nspname = $1 AND s.stxname = $2`;

/** Statistics of expressions are kept as an array of rows of pg_statistic. */
const EXPRESSIONS_SQL = `(SELECT pg_catalog.array_agg(p ORDER BY p.staattnum) FROM pg_catalog.pg_statistic AS p
   WHERE p.starelid = '${SCRATCH_TABLE}'::regclass)`;

function hex(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('hex');
}

/**
 * Lets the server build the list: one row an item in a table of the same types, ANALYZE, then the true frequencies
 * are written into the bytes. Null when what comes out is not what was asked for.
 */
async function buildCommonValues(session: Session, target: Target, common: CommonValues): Promise<Buffer | null> {
  const dimensions = [...target.columns, ...target.expressions];
  await createScratch(session, target, dimensions);
  const rows = common.values.map(
    (item) => `(${item.map((value) => (value === null ? 'NULL' : quoteLiteral(value))).join(', ')})`,
  );
  await session.run(`INSERT INTO ${SCRATCH_TABLE} VALUES ${rows.join(', ')}`);
  const names = dimensions.map((_, index) => `c${index + 1}`).join(', ');
  await session.run(`CREATE STATISTICS ${SCRATCH_STATISTICS} (mcv) ON ${names} FROM ${SCRATCH_TABLE}`);
  await session.run(`ALTER STATISTICS ${SCRATCH_STATISTICS} SET STATISTICS 10000`);
  await session.run(`ANALYZE ${SCRATCH_TABLE}`);
  const [built] = await session.query<{ bytes: string | null; values: (string | null)[][] | null }>(`
SELECT pg_catalog.encode(d.stxdmcv::bytea, 'hex') AS bytes,
       (SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(m.values) ORDER BY m.index) FROM pg_catalog.pg_mcv_list_items(d.stxdmcv) AS m) AS values
  FROM pg_catalog.pg_statistic_ext_data AS d JOIN pg_catalog.pg_statistic_ext AS s ON s.oid = d.stxoid
 WHERE s.stxrelid = '${SCRATCH_TABLE}'::regclass`);
  if (!built?.bytes || built.values?.length !== common.values.length) return null;
  const known = new Map<string, ItemFrequency>();
  common.values.forEach((item, index) => {
    const frequency = common.frequencies[index];
    const baseFrequency = common.baseFrequencies[index];
    if (frequency !== undefined && baseFrequency !== undefined)
      known.set(JSON.stringify(item), { frequency, baseFrequency });
  });
  const frequencies: ItemFrequency[] = [];
  for (const item of built.values) {
    const frequency = known.get(JSON.stringify(item));
    if (frequency === undefined) return null;
    frequencies.push(frequency);
  }
  return setItemFrequencies(Buffer.from(built.bytes, 'hex'), dimensions.length, frequencies);
}

/** Puts the statistics of the expressions on a scratch table with one column each; false when there are none. */
async function prepareExpressions(
  session: Session,
  target: Target,
  data: ExtendedStatisticsData,
  source: { readonly serverVersionNum: number },
): Promise<boolean> {
  if (data.expressions.length === 0) return false;
  await createScratch(session, target, target.expressions);
  const columns = target.expressions.flatMap((expression, index) => {
    const found = data.expressions.find((one) => one.expression === expression);
    if (found === undefined) return [];
    return {
      ...found.statistics,
      schemaname: SCRATCH_SCHEMA,
      relname: 'sample',
      attname: `c${index + 1}`,
      inherited: false,
    };
  });
  // The planner takes the entries by position: none may be missing.
  if (columns.length !== target.expressions.length) return false;
  return (await writeColumnStatistics(session, columns, source)).length === 0;
}

async function createScratch(session: Session, target: Target, dimensions: readonly string[]): Promise<void> {
  const list = dimensions.map((sql, index) => `(${sql}) AS ${quoteIdent(`c${index + 1}`)}`).join(', ');
  const table = quoteQualified(target.table_schema, target.table_name);
  await session.run(`DROP TABLE IF EXISTS ${SCRATCH_TABLE}`);
  await session.run(`CREATE TABLE ${SCRATCH_TABLE} AS SELECT ${list} FROM ${table} WITH NO DATA`);
}
