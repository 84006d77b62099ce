import type { IndexSpec } from '../../../model/action.js';
import type { Session } from '../../../postgres/session.js';
import { ginCounts } from '../metapage.js';
import type { GinCounts } from '../metapage.js';
import type { SampleBuild } from './other-size.js';

/** An index built over some of the sample. */
export type GrownBuild = SampleBuild & { readonly gin: GinCounts | null };

/** The table that the sampled rows are in. */
export const SAMPLE = 'pg_temp.wizard_sample';

/** A larger sample, for indexes whose growth is followed. */
export const LARGE_SAMPLE = 'pg_temp.wizard_large';

/** Builds an index over half of the large sample and over all of it. */
export async function buildTwice(sampler: Session, spec: IndexSpec): Promise<GrownBuild[]> {
  const inspect = await sampler
    .run('SAVEPOINT inspect; CREATE EXTENSION IF NOT EXISTS pageinspect SCHEMA public')
    .then(() => true)
    .catch(async () => {
      await sampler.run('ROLLBACK TO SAVEPOINT inspect');
      return false;
    });
  await sampler.run(`CREATE TEMP TABLE wizard_half ON COMMIT DROP AS
SELECT s.* FROM (SELECT *, pg_catalog.row_number() OVER () AS wizard_number FROM ${LARGE_SAMPLE}) AS s WHERE s.wizard_number % 2 = 0`);
  const builds: GrownBuild[] = [];
  for (const table of ['wizard_half', 'wizard_large']) {
    await sampler.run(createSql(spec, table));
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

/** Builds an index over the sample and drops it: throws what the server throws. */
export async function buildOnce(sampler: Session, spec: IndexSpec): Promise<void> {
  await sampler.run(`${createSql(spec, 'wizard_sample')}; DROP INDEX pg_temp.wizard_built`);
}

function createSql(spec: IndexSpec, table: string): string {
  const storage = spec.with === null ? '' : ` WITH (${spec.with})`;
  const include = spec.include.length === 0 ? '' : ` INCLUDE (${spec.include.join(', ')})`;
  const where = spec.where === null ? '' : ` WHERE ${spec.where}`;
  // Its SQL was written for the usual search path.
  return `RESET search_path; CREATE ${spec.unique ? 'UNIQUE ' : ''}INDEX wizard_built ON pg_temp.${table} USING ${spec.method} (${spec.keys.join(', ')})${include}${storage}${where}`;
}
