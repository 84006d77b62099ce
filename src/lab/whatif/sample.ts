import { quoteIdent, quoteLiteral, quoteQualified } from '../../base/quote.js';
import type { IndexSpec } from '../../model/action.js';
import type { RawColumnStatistics } from '../../postgres/clone/columns.js';
import { NO_RANGE_COLUMNS, STATISTICS_COLUMNS } from '../../postgres/clone/columns.js';
import type { Session } from '../../postgres/session.js';
import type { IndexLayout } from './index-layout.js';
import type { GinCounts } from './metapage.js';
import { ginCounts } from './metapage.js';
import type { SampleBuild } from './other-size.js';

/** Lends a session of a database that holds data. What is done there leaves nothing behind. */
export type Sampler = <T>(work: (session: Session) => Promise<T>) => Promise<T>;

/** What a sample of a table's rows says about an index on it. */
export interface IndexSample {
  /** Rows in the sample, and those of them that the index would hold. */
  readonly sampledRows: number;
  readonly indexedRows: number;
  /** Key values in the sample, and how many of them came once. */
  readonly distinct: number;
  readonly once: number;
  /** Sampled rows of each value that came often. */
  readonly heavy: readonly number[];
  /** Mean and deviation of the index tuple's bytes, header and alignment included. */
  readonly tupleBytes: number;
  readonly tupleDeviation: number;
  /** Statistics of the expressions among the keys, named after the index's attributes; distinct counts are not scaled. */
  readonly expressions: readonly {
    readonly statistics: RawColumnStatistics;
    readonly distinct: number;
    readonly once: number;
    readonly notNull: number;
  }[];
  /** Access methods without a formula: the index built over half of the sample and over all of it. */
  readonly builds: readonly (SampleBuild & { readonly gin: GinCounts | null })[];
}

/** Rows wanted in a sample: what ANALYZE takes at the default statistics target. */
const SAMPLE_ROWS = 30_000;

/** A value that came so often in the sample is counted by itself. */
const HEAVY_ROWS = 12;

const METHODS_BUILT = new Set(['gin', 'gist', 'spgist', 'bloom']);

const SAMPLE = 'pg_temp.wizard_sample';
const KEYS = 'pg_temp.wizard_keys';

/**
 * Samples one table of a database that holds data for any number of indexes on it, all inside a transaction that is
 * rolled back. An index that can not be sampled is left out of the answer. Reads the whole table once.
 */
export async function sampleIndexes(
  sampler: Session,
  indexes: readonly { readonly layout: IndexLayout; readonly spec: IndexSpec }[],
): Promise<Map<number, IndexSample>> {
  const found = new Map<number, IndexSample>();
  const heap = indexes[0]?.layout.heap;
  if (heap === undefined) return found;
  await sampler.run('BEGIN');
  try {
    const sampledRows = await drawSample(
      sampler,
      indexes.map((one) => one.layout),
    );
    for (const { layout, spec } of indexes) {
      await sampler.run('SAVEPOINT one');
      const sample = await sampleOne(sampler, { layout, spec, sampledRows }).catch(() => null);
      await sampler.run('ROLLBACK TO SAVEPOINT one');
      if (sample !== null) found.set(layout.oid, sample);
    }
  } catch {
    // The sampler may be another version of the schema: without a sample the statistics are all there is.
  } finally {
    await sampler.run('ROLLBACK');
  }
  return found;
}

async function drawSample(sampler: Session, layouts: readonly IndexLayout[]): Promise<number> {
  const heap = layouts[0]?.heap ?? { schema: '', name: '' };
  const table = quoteQualified(heap.schema, heap.name);
  const columns = [...new Set(layouts.flatMap((layout) => layout.columnsUsed))].map(quoteIdent);
  const [size] = await sampler.query<{ rows: number }>(
    `SELECT reltuples::float8 AS rows FROM pg_catalog.pg_class WHERE oid = ${quoteLiteral(table)}::regclass`,
  );
  const percent = size === undefined || size.rows <= SAMPLE_ROWS ? 100 : (SAMPLE_ROWS / size.rows) * 100;
  const method = percent >= 100 ? '' : ` TABLESAMPLE BERNOULLI (${percent}) REPEATABLE (0)`;
  await sampler.run(
    `SET LOCAL search_path TO pg_catalog; CREATE TEMP TABLE wizard_sample ON COMMIT DROP AS SELECT ${columns.join(', ')} FROM ONLY ${table}${method}`,
  );
  const [counted] = await sampler.query<{ rows: number }>(`SELECT count(*)::int4 AS rows FROM ${SAMPLE}`);
  return counted?.rows ?? 0;
}

async function sampleOne(
  sampler: Session,
  { layout, spec, sampledRows }: { layout: IndexLayout; spec: IndexSpec; sampledRows: number },
): Promise<IndexSample> {
  const where = layout.predicate === null ? '' : ` WHERE ${layout.predicate}`;
  const list = layout.columns.map((column, index) => `(${column.sql}) AS k${index + 1}`);
  await sampler.run(`CREATE TEMP TABLE wizard_keys ON COMMIT DROP AS SELECT ${list.join(', ')} FROM ${SAMPLE}${where}`);
  const keys = layout.columns.slice(0, layout.keyCount).map((_, index) => `k${index + 1}`);
  const [size] = await sampler.query<{ rows: number; bytes: number | null; deviation: number | null }>(
    tupleSizeSql(layout),
  );
  const groups =
    METHODS_BUILT.has(layout.method) || layout.method === 'brin' ? undefined : await countGroups(sampler, keys);
  return {
    sampledRows,
    indexedRows: size?.rows ?? 0,
    distinct: groups?.distinct ?? 0,
    once: groups?.once ?? 0,
    heavy: groups?.heavy ?? [],
    tupleBytes: size?.bytes ?? 16,
    tupleDeviation: size?.deviation ?? 0,
    expressions: await sampleExpressions(sampler, layout),
    builds: METHODS_BUILT.has(layout.method) && sampledRows > 100 ? await buildTwice(sampler, spec) : [],
  };
}

interface Groups extends Record<string, unknown> {
  distinct: number;
  once: number;
  heavy: number[];
}

async function countGroups(sampler: Session, keys: readonly string[]): Promise<Groups | undefined> {
  const [groups] = await sampler.query<Groups>(`
SELECT count(*)::int4 AS distinct, (count(*) FILTER (WHERE g.rows = 1))::int4 AS once,
       coalesce(pg_catalog.jsonb_agg(g.rows) FILTER (WHERE g.rows >= ${HEAVY_ROWS}), '[]'::jsonb) AS heavy
  FROM (SELECT count(*)::int4 AS rows FROM ${KEYS} GROUP BY ${keys.join(', ')}) AS g`);
  return groups;
}

/** The bytes of each index tuple: header (8, or 16 with a NULL), then column after column on its alignment. */
function tupleSizeSql(layout: IndexLayout): string {
  const names = layout.columns.map((_, index) => `k${index + 1}`);
  const steps = layout.columns.map((column, index) => {
    const value = `k.k${index + 1}`;
    const before = index === 0 ? '0' : `s${index}.bytes`;
    const aligned = `((${before} + ${column.alignment - 1}) / ${column.alignment} * ${column.alignment})`;
    // A short value has a one-byte header and stands anywhere.
    const start =
      column.length > 0
        ? aligned
        : `CASE WHEN pg_catalog.pg_column_size(${value}) <= 127 THEN ${before} ELSE ${aligned} END`;
    const width = column.length > 0 ? String(column.length) : `pg_catalog.pg_column_size(${value})`;
    return `CROSS JOIN LATERAL (SELECT CASE WHEN ${value} IS NULL THEN ${before} ELSE ${start} + ${width} END AS bytes) AS s${index + 1}`;
  });
  const anyNull = names.map((name) => `k.${name} IS NULL`).join(' OR ');
  return `SELECT count(*)::int4 AS rows, avg(t.bytes)::float8 AS bytes, coalesce(stddev_pop(t.bytes), 0)::float8 AS deviation
  FROM (SELECT (CASE WHEN ${anyNull} THEN 16 ELSE 8 END + s${names.length}.bytes + 7) / 8 * 8 AS bytes FROM ${KEYS} AS k ${steps.join(' ')}) AS t`;
}

async function sampleExpressions(sampler: Session, layout: IndexLayout): Promise<IndexSample['expressions']> {
  const wanted = layout.columns.flatMap((column, index) =>
    column.column === null ? [{ column, name: `k${index + 1}` }] : [],
  );
  if (wanted.length === 0) return [];
  await sampler.run(`ANALYZE ${KEYS}`);
  const sampled: IndexSample['expressions'][number][] = [];
  for (const { column, name } of wanted) {
    const [statistics] = await sampler.query<RawColumnStatistics>(
      `SELECT $2::text AS schemaname, $3::text AS relname, $4::text AS attname, ${STATISTICS_COLUMNS}, ${NO_RANGE_COLUMNS}
  FROM pg_catalog.pg_stats
 WHERE schemaname = (SELECT nspname FROM pg_catalog.pg_namespace WHERE oid = pg_catalog.pg_my_temp_schema()) AND tablename = 'wizard_keys' AND attname = $1`,
      [name, layout.schema, layout.name, column.attribute],
    );
    const count = await countValues(sampler, name);
    if (statistics !== undefined) sampled.push({ statistics, ...count });
  }
  return sampled;
}

/** Zeros for a type without equality. */
async function countValues(
  sampler: Session,
  name: string,
): Promise<{ distinct: number; once: number; notNull: number }> {
  const none = { distinct: 0, once: 0, notNull: 0 };
  await sampler.run('SAVEPOINT counting');
  try {
    const [count] = await sampler.query<{ distinct: number; once: number; notNull: number }>(
      `SELECT count(*)::int4 AS distinct, (count(*) FILTER (WHERE g.rows = 1))::int4 AS once, coalesce(sum(g.rows), 0)::int4 AS "notNull"
  FROM (SELECT count(*)::int4 AS rows FROM ${KEYS} WHERE ${name} IS NOT NULL GROUP BY ${name}) AS g`,
    );
    return count ?? none;
  } catch {
    await sampler.run('ROLLBACK TO SAVEPOINT counting');
    return none;
  }
}

async function buildTwice(sampler: Session, spec: IndexSpec): Promise<IndexSample['builds']> {
  const inspect = await sampler
    .run('SAVEPOINT inspect; CREATE EXTENSION IF NOT EXISTS pageinspect SCHEMA public')
    .then(() => true)
    .catch(async () => {
      await sampler.run('ROLLBACK TO SAVEPOINT inspect');
      return false;
    });
  await sampler.run(`CREATE TEMP TABLE wizard_half ON COMMIT DROP AS
SELECT s.* FROM (SELECT *, pg_catalog.row_number() OVER () AS wizard_number FROM ${SAMPLE}) AS s WHERE s.wizard_number % 2 = 0`);
  const builds: IndexSample['builds'][number][] = [];
  for (const table of ['wizard_half', 'wizard_sample']) {
    await sampler.run('RESET search_path');
    const storage = spec.with === null ? '' : ` WITH (${spec.with})`;
    const where = spec.where === null ? '' : ` WHERE ${spec.where}`;
    await sampler.run(
      `CREATE INDEX wizard_built ON pg_temp.${table} USING ${spec.method} (${spec.keys.join(', ')})${storage}${where}`,
    );
    const [built] = await sampler.query<{ bytes: string; rows: number; meta: string | null }>(
      `SELECT pg_catalog.pg_relation_size('pg_temp.wizard_built')::text AS bytes, (SELECT count(*)::int4 FROM pg_temp.${table}) AS rows,
       ${inspect && spec.method === 'gin' ? `pg_catalog.encode(pg_catalog.substr(public.get_raw_page('pg_temp.wizard_built', 0), 1, 96), 'hex')` : 'NULL::text'} AS meta`,
    );
    await sampler.run('DROP INDEX pg_temp.wizard_built');
    if (built === undefined) continue;
    const gin = built.meta === null ? null : ginCounts(Buffer.from(built.meta, 'hex'));
    builds.push({ rows: built.rows, pages: Number(built.bytes) / 8192, gin });
  }
  return builds;
}
