import type { IndexSpec } from '../../../model/action.js';
import type { Session } from '../../../postgres/session.js';
import { quoteIdent } from '../../../base/quote.js';
import { ginKeys } from './gin-pages.js';
import type { GinSample } from './gin-size.js';
import type { SampleBuild } from './other-size.js';
import { refusalOf } from './sample-refusal.js';

/** The table that the sampled rows are in. */
export const SAMPLE = 'pg_temp.wizard_sample';

/** A larger sample, for indexes that are built to see their size. */
export const LARGE_SAMPLE = 'pg_temp.wizard_large';

/** A GiST index has a tuple for each row, whatever the others are, and grows in proportion. */
const PROPORTIONAL = new Set(['gist']);

/** Builds an index over all of the large sample, and before over half of it where its growth is to be followed. */
export async function buildAndMeasure(sampler: Session, spec: IndexSpec): Promise<SampleBuild[]> {
  const halves = PROPORTIONAL.has(spec.method) ? [] : ['wizard_half'];
  if (halves.length > 0)
    await sampler.run(`CREATE TEMP TABLE wizard_half ON COMMIT DROP AS
SELECT s.* FROM (SELECT *, pg_catalog.row_number() OVER () AS wizard_number FROM ${LARGE_SAMPLE}) AS s WHERE s.wizard_number % 2 = 0`);
  const builds: SampleBuild[] = [];
  for (const table of [...halves, 'wizard_large']) {
    await sampler.run(createSql(spec, table));
    const [built] = await sampler.query<{ pages: number; rows: number }>(
      `SELECT (pg_catalog.pg_relation_size('${BUILT}') / 8192)::float8 AS pages, (SELECT count(*)::int4 FROM pg_temp.${table}) AS rows`,
    );
    await sampler.run(`DROP INDEX ${BUILT}`);
    if (built !== undefined) builds.push(built);
  }
  return builds;
}

/** Pages that are read in one statement. */
const PAGES_AT_ONCE = 256;

/** Builds a GIN index over the large sample and reads its pages; null where they can not be read. */
export async function buildGin(sampler: Session, spec: IndexSpec): Promise<GinSample | null> {
  await sampler.run('SAVEPOINT gin');
  try {
    await sampler.run(`CREATE EXTENSION IF NOT EXISTS pageinspect SCHEMA public`);
    await sampler.run(createSql(spec, 'wizard_large'));
    const [facts] = await sampler.query<{
      schema: string;
      pages: number;
      rows: number;
      blocks: number;
      memory: number | null;
    }>(GIN_FACTS_SQL);
    if (facts === undefined) return null;
    const pages: Buffer[] = [];
    for (let from = 0; from < facts.pages; from += PAGES_AT_ONCE) {
      const to = Math.min(facts.pages, from + PAGES_AT_ONCE) - 1;
      const read = await sampler.query<{ page: string }>(
        `SELECT pg_catalog.encode(${quoteIdent(facts.schema)}.get_raw_page('${BUILT}', b), 'hex') AS page FROM pg_catalog.generate_series(${from}, ${to}) AS b ORDER BY b`,
      );
      pages.push(...read.map(({ page }) => Buffer.from(page, 'hex')));
    }
    return { keys: ginKeys(pages), rows: facts.rows, blocks: facts.blocks, memoryBytes: facts.memory };
  } catch (thrown) {
    // An error on the rows is for the caller to know; that the extension is not to be had is not.
    if (refusalOf(thrown) !== null) throw thrown;
    return null;
  } finally {
    await sampler.run('ROLLBACK TO SAVEPOINT gin; RELEASE SAVEPOINT gin');
  }
}

const BUILT = 'pg_temp.wizard_built';

/** From PostgreSQL 18 on workers sort before anything is inserted. */
const GIN_FACTS_SQL = `
SELECT (SELECT n.nspname::text FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'pageinspect') AS schema,
       (pg_catalog.pg_relation_size('${BUILT}') / 8192)::int4 AS pages, (SELECT count(*)::int4 FROM ${LARGE_SAMPLE}) AS rows,
       (pg_catalog.pg_relation_size('${LARGE_SAMPLE}') / 8192)::float8 AS blocks,
       CASE WHEN pg_catalog.current_setting('server_version_num')::int4 >= 180000 AND pg_catalog.current_setting('max_parallel_maintenance_workers')::int4 > 0 THEN NULL
            ELSE pg_catalog.pg_size_bytes(pg_catalog.current_setting('maintenance_work_mem'))::float8 END AS memory`;

/** Builds an index over the sample and drops it: throws what the server throws. */
export async function buildOnce(sampler: Session, spec: IndexSpec): Promise<void> {
  await sampler.run(`${createSql(spec, 'wizard_sample')}; DROP INDEX ${BUILT}`);
}

function createSql(spec: IndexSpec, table: string): string {
  const storage = spec.with === null ? '' : ` WITH (${spec.with})`;
  const include = spec.include.length === 0 ? '' : ` INCLUDE (${spec.include.join(', ')})`;
  const where = spec.where === null ? '' : ` WHERE ${spec.where}`;
  // Its SQL was written for the usual search path.
  return `RESET search_path; CREATE ${spec.unique ? 'UNIQUE ' : ''}INDEX wizard_built ON pg_temp.${table} USING ${spec.method} (${spec.keys.join(', ')})${include}${storage}${where}`;
}
