import { quoteIdent, quoteLiteral, quoteQualified } from '../../base/quote.js';
import { WizardError } from '../../base/errors.js';
import type { IndexSpec } from '../../model/action.js';
import type { Session } from '../../postgres/session.js';
import type { KeyClass } from './btree-size.js';
import type { IndexLayout } from './index-layout.js';
import { SAMPLE, buildOnce, buildTwice } from './sample-builds.js';
import type { GrownBuild } from './sample-builds.js';
import { sampleExpressions } from './sample-expressions.js';
import type { SampledExpression } from './sample-expressions.js';
import { BTREE_TUPLE_BYTES, computeKeys, countKeys } from './sample-keys.js';
import type { SampledKeys } from './sample-keys.js';
import { KeySlices } from './sample-slice.js';

/** Lends a session of a database that holds data. What is done there leaves nothing behind. */
export type Sampler = <T>(work: (session: Session) => Promise<T>) => Promise<T>;

/** What a sample of a table's rows says about an index on it. */
export interface IndexSample {
  /** Rows in the sample. */
  readonly sampledRows: number;
  readonly keys: SampledKeys;
  /** Values by their true number of rows, the heavy ones left out; null when they are to be guessed from the sample. */
  readonly classes: readonly KeyClass[] | null;
  readonly expressions: readonly SampledExpression[];
  /** Access methods without a formula: the index built over half of the sample and over all of it. */
  readonly builds: readonly GrownBuild[];
}

/** Why the rows do not allow an index that their table does: certain, for some of them were tried. No literal in it. */
export interface RefusedByRows {
  readonly refused: string;
}

/** Rows wanted in a sample: what ANALYZE takes at the default statistics target. */
const SAMPLE_ROWS = 30_000;

const METHODS_BUILT = new Set(['gin', 'gist', 'spgist', 'bloom']);

/**
 * Samples one table of a database that holds data for any number of indexes on it, all inside a transaction that is
 * rolled back. An index that can not be sampled is left out of the answer. Reads the whole table, once and once more for each
 * key whose repetition a sample of rows leaves open.
 */
export async function sampleIndexes(
  sampler: Session,
  indexes: readonly { readonly layout: IndexLayout; readonly spec: IndexSpec }[],
): Promise<Map<number, IndexSample | RefusedByRows>> {
  const found = new Map<number, IndexSample | RefusedByRows>();
  const layouts = indexes.map((one) => one.layout);
  if (layouts.length === 0) return found;
  await sampler.run('BEGIN');
  try {
    const columns = [...new Set(layouts.flatMap((layout) => layout.columnsUsed))].map(quoteIdent);
    const { sampledRows, rowsPerSampled } = await drawSample(sampler, layouts, columns);
    const slices = new KeySlices(sampler, { layouts, columns, rowsPerSampled });
    for (const { layout, spec } of indexes) {
      await sampler.run('SAVEPOINT one');
      const sample = await sampleOne(sampler, { layout, spec, sampledRows, slices }).catch(refusalOf);
      await sampler.run('ROLLBACK TO SAVEPOINT one; RELEASE SAVEPOINT one');
      if (sample === null) continue;
      if ('refused' in sample) found.set(layout.oid, sample);
      else
        found.set(layout.oid, {
          ...sample,
          classes: sample.pivot === null ? null : await slices.classes(layout, sample.pivot),
        });
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
): Promise<{ sampledRows: number; rowsPerSampled: number }> {
  const heap = layouts[0]?.heap ?? { schema: '', name: '' };
  const table = quoteQualified(heap.schema, heap.name);
  const [size] = await sampler.query<{ 'QUERY PLAN': readonly { Plan: { 'Plan Rows': number } }[] }>(
    `EXPLAIN (FORMAT JSON) SELECT FROM ONLY ${table}`,
  );
  // Counts every row where nobody did: what the planner assumes of a table that was never analysed may be far off.
  const rows = size?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0;
  const percent = rows <= SAMPLE_ROWS ? 100 : (SAMPLE_ROWS / rows) * 100;
  const method = percent >= 100 ? '' : ` TABLESAMPLE BERNOULLI (${percent}) REPEATABLE (0)`;
  await sampler.run(
    `SET LOCAL search_path TO pg_catalog; CREATE TEMP TABLE wizard_sample ON COMMIT DROP AS SELECT ${columns.join(', ')} FROM ONLY ${table}${method}`,
  );
  const [counted] = await sampler.query<{ rows: number }>(`SELECT count(*)::int4 AS rows FROM ${SAMPLE}`);
  return { sampledRows: counted?.rows ?? 0, rowsPerSampled: 100 / percent };
}

interface Wanted {
  readonly layout: IndexLayout;
  readonly spec: IndexSpec;
  readonly sampledRows: number;
  readonly slices: KeySlices;
}

async function sampleOne(
  sampler: Session,
  { layout, spec, sampledRows, slices }: Wanted,
): Promise<Omit<IndexSample, 'classes'> & { readonly pivot: string | null }> {
  await computeKeys(sampler, layout, SAMPLE);
  const repeats = layout.method === 'btree' || layout.method === 'hash';
  const keys = await countKeys(sampler, layout.keyCount, repeats);
  const longest = keys.widths.at(-1)?.bytes ?? 0;
  // The server says it better than a rule would: NULLs may be alike, and a long value may be compressed.
  if (layout.method === 'btree' && (spec.unique || longest > BTREE_TUPLE_BYTES)) await buildOnce(sampler, spec);
  const expressions = await sampleExpressions(sampler, layout);
  const pivot = repeats ? await slices.pivot(layout, keys) : null;
  const builds = METHODS_BUILT.has(layout.method) && sampledRows > 100 ? await buildTwice(sampler, spec) : [];
  return { sampledRows, keys, pivot, expressions, builds };
}
