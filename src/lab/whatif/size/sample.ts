import { quoteIdent, quoteLiteral, quoteQualified } from '../../../base/quote.js';
import { WizardError } from '../../../base/errors.js';
import type { IndexSpec } from '../../../model/action.js';
import type { Session } from '../../../postgres/session.js';
import type { KeyClass } from '../../../indexes/btree-size.js';
import type { IndexLayout } from '../index-layout.js';
import { SAMPLE, buildOnce, buildTwice } from './sample-builds.js';
import type { GrownBuild } from './sample-builds.js';
import { sampleExpressions } from './sample-expressions.js';
import type { SampledExpression } from './sample-expressions.js';
import { BTREE_TUPLE_BYTES, computeKeys, countKeys } from './sample-keys.js';
import type { SampledKeys } from './sample-keys.js';
import { slicePivot, sliceClasses } from './sample-slice.js';
import type { SliceWanted } from './sample-slice.js';

/** Lends a session of a database that holds data. What is done there leaves nothing behind. */
export type Sampler = <T>(work: (session: Session) => Promise<T>) => Promise<T>;

/** What a sample of a table's rows says about an index on it. */
export interface IndexSample {
  /** Rows in the sample. */
  readonly sampledRows: number;
  /** Rows of the table to a block, where the sample was drawn. */
  readonly rowsPerBlock: number;
  readonly keys: SampledKeys;
  /** Values by their true number of rows, the heavy ones left out; null when they are to be guessed from the sample. */
  readonly classes: readonly KeyClass[] | null;
  readonly expressions: readonly SampledExpression[];
  /** Access methods without a formula: the index built over half of the sample and over all of it. */
  readonly builds: readonly GrownBuild[];
}

/** An index to sample for. */
export interface SampleWanted {
  readonly layout: IndexLayout;
  readonly spec: IndexSpec;
  /** Whether the server will deduplicate it: only then does it matter how values repeat. */
  readonly deduplicates: boolean;
}

/** Why the rows do not allow an index that their table does: certain, for some of them were tried. No literal in it. */
export interface RefusedByRows {
  readonly refused: string;
}

/** Rows wanted in a sample: what ANALYZE takes at the default statistics target. */
const SAMPLE_ROWS = 30_000;

/** Rows for builds whose growth is followed: with 30,000 GIN indexes came out 1.5 times too large at 250,000 rows, with these 1.05. */
const BUILD_ROWS = 120_000;

const METHODS_BUILT = new Set(['gin', 'gist', 'spgist', 'bloom']);

/**
 * Samples one table of a database that holds data for any number of indexes on it, all inside a transaction that is
 * rolled back. An index that can not be sampled is left out of the answer. Reads the whole table, once and once more for each
 * key whose repetition a sample of rows leaves open.
 */
export async function sampleIndexes(
  sampler: Session,
  indexes: readonly SampleWanted[],
): Promise<Map<number, IndexSample | RefusedByRows>> {
  const found = new Map<number, IndexSample | RefusedByRows>();
  const layouts = indexes.map((one) => one.layout);
  if (layouts.length === 0) return found;
  await sampler.run('BEGIN');
  try {
    const columns = [...new Set(layouts.flatMap((layout) => layout.columnsUsed))].map(quoteIdent);
    const drawn = await drawSample(sampler, layouts, columns);
    const sliced: SliceWanted[] = [];
    for (const one of indexes) {
      await sampler.run('SAVEPOINT one');
      const sample = await sampleOne(sampler, { ...one, ...drawn }).catch(refusalOf);
      await sampler.run('ROLLBACK TO SAVEPOINT one; RELEASE SAVEPOINT one');
      if (sample === null) continue;
      const { layout } = one;
      found.set(layout.oid, sample);
      if ('pivot' in sample && sample.pivot !== null) sliced.push({ layout, pivot: sample.pivot });
    }
    for (const [oid, classes] of await sliceClasses(sampler, sliced, drawn.rowsPerSampled)) {
      const sample = found.get(oid);
      if (sample !== undefined && 'keys' in sample) found.set(oid, { ...sample, classes });
    }
  } catch {
    // The sampler may be another version of the schema: without a sample the statistics are all there is.
  } finally {
    await sampler.run('ROLLBACK');
  }
  return found;
}

/** An error on the rows themselves would meet the build too; of any other nothing follows. */
function refusalOf(thrown: unknown): RefusedByRows | null {
  if (!(thrown instanceof WizardError) || thrown.sqlstate === undefined) return null;
  const reason = ROW_ERRORS.find(([pattern]) => pattern.test(thrown.sqlstate ?? ''))?.[1];
  return reason === undefined ? null : { refused: `${reason} (SQLSTATE ${thrown.sqlstate})` };
}

/** Class 22 data exception, 23 constraint violation, 54 a limit. */
const ROW_ERRORS: readonly (readonly [RegExp, string])[] = [
  [/^22/, 'an expression of it fails on some of the rows'],
  [/^23/, 'rows break its uniqueness'],
  [/^54/, 'some rows are too long for it'],
];

async function drawSample(
  sampler: Session,
  layouts: readonly IndexLayout[],
  columns: readonly string[],
): Promise<Drawn> {
  const heap = layouts[0]?.heap ?? { schema: '', name: '' };
  const table = quoteQualified(heap.schema, heap.name);
  const [size] = await sampler.query<{ 'QUERY PLAN': readonly { Plan: { 'Plan Rows': number } }[] }>(
    `EXPLAIN (FORMAT JSON) SELECT FROM ONLY ${table}`,
  );
  const rows = size?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0;
  const drawSql = (name: string, wanted: number): string => {
    const method = rows <= wanted ? '' : ` TABLESAMPLE BERNOULLI (${(wanted / rows) * 100}) REPEATABLE (0)`;
    return `CREATE TEMP TABLE ${name} ON COMMIT DROP AS SELECT ${columns.join(', ')} FROM ONLY ${table}${method}`;
  };
  await sampler.run(`SET LOCAL search_path TO pg_catalog; ${drawSql('wizard_sample', SAMPLE_ROWS)}`);
  if (layouts.some((layout) => METHODS_BUILT.has(layout.method)))
    await sampler.run(drawSql('wizard_large', BUILD_ROWS));
  const [counted] = await sampler.query<{ rows: number; blocks: number }>(
    `SELECT count(*)::int4 AS rows, (pg_catalog.pg_relation_size(${quoteLiteral(table)}::regclass) / 8192)::float8 AS blocks FROM ${SAMPLE}`,
  );
  const sampledRows = counted?.rows ?? 0;
  const rowsPerSampled = Math.max(1, rows / SAMPLE_ROWS);
  return {
    sampledRows,
    rowsPerSampled,
    rowsPerBlock: (sampledRows * rowsPerSampled) / Math.max(1, counted?.blocks ?? 0),
  };
}

interface Drawn {
  readonly sampledRows: number;
  readonly rowsPerSampled: number;
  readonly rowsPerBlock: number;
}

async function sampleOne(
  sampler: Session,
  { layout, spec, deduplicates, sampledRows, rowsPerSampled, rowsPerBlock }: SampleWanted & Drawn,
): Promise<IndexSample & { readonly pivot: string | null }> {
  await computeKeys(sampler, layout, SAMPLE);
  const repeats = deduplicates || layout.method === 'hash';
  const keys = await countKeys(sampler, layout.keyCount, repeats);
  const longest = keys.widths.at(-1)?.bytes ?? 0;
  // The server says it better than a rule would: NULLs may be alike, and a long value may be compressed.
  if (layout.method === 'btree' && (spec.unique || longest > BTREE_TUPLE_BYTES)) await buildOnce(sampler, spec);
  const expressions = await sampleExpressions(sampler, layout);
  const pivot = repeats ? await slicePivot(sampler, layout, keys, rowsPerSampled) : null;
  const builds = METHODS_BUILT.has(layout.method) && sampledRows > 100 ? await buildTwice(sampler, spec) : [];
  return { sampledRows, rowsPerBlock, keys, classes: null, pivot, expressions, builds };
}
