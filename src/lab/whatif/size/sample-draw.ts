import { quoteIdent, quoteLiteral, quoteQualified } from '../../../base/quote.js';
import type { RelationName } from '../../../model/catalog.js';
import type { Session } from '../../../postgres/session.js';
import { SAMPLE } from './sample-builds.js';
import type { SampleWanted } from './sample.js';

/** Rows wanted in a sample: what ANALYZE takes at the default statistics target. */
const SAMPLE_ROWS = 30_000;

/** Rows for indexes that are built: over 30,000 too few keys of a GIN index come again to tell how many there are in all. */
const BUILD_ROWS = 120_000;

/** Access methods of which an index is built to see its size. */
export const METHODS_BUILT = new Set(['gin', 'gist', 'spgist', 'bloom']);

/** A sample as it was drawn. */
export interface Drawn {
  /** Another one of the same rows has the same. */
  readonly fingerprint: string;
  readonly sampledRows: number;
  readonly rowsPerSampled: number;
  readonly rowsPerBlock: number;
}

/** Draws a sample of a table for indexes on it into `SAMPLE`, its rows in the order of the table, and a larger one where an index is to be built. Reads the whole table. */
export async function drawSample(
  session: Session,
  heap: RelationName,
  indexes: readonly SampleWanted[],
): Promise<Drawn> {
  const columns = [...new Set(indexes.flatMap(({ layout }) => layout.columnsUsed))].map(quoteIdent);
  const table = quoteQualified(heap.schema, heap.name);
  const [size] = await session.query<{ 'QUERY PLAN': readonly { Plan: { 'Plan Rows': number } }[] }>(
    `EXPLAIN (FORMAT JSON) SELECT FROM ONLY ${table}`,
  );
  const rows = size?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0;
  const drawSql = (name: string, wanted: number): string => {
    const method = rows <= wanted ? '' : ` TABLESAMPLE BERNOULLI (${(wanted / rows) * 100}) REPEATABLE (0)`;
    return `CREATE TEMP TABLE ${name} ON COMMIT DROP AS SELECT ${['ctid AS wizard_row', ...columns].join(', ')} FROM ONLY ${table}${method} ORDER BY ctid`;
  };
  await session.run(drawSql('wizard_sample', SAMPLE_ROWS));
  if (indexes.some(({ layout }) => METHODS_BUILT.has(layout.method)))
    await session.run(drawSql('wizard_large', BUILD_ROWS));
  const [counted] = await session.query<{ rows: number; blocks: number; fingerprint: string }>(
    `SELECT count(*)::int4 AS rows, (pg_catalog.pg_relation_size(${quoteLiteral(table)}::regclass) / 8192)::float8 AS blocks,
       count(*) || ' ' || coalesce(sum(pg_catalog.hashtext(wizard_row::text)), 0) AS fingerprint FROM ${SAMPLE}`,
  );
  const sampledRows = counted?.rows ?? 0;
  const rowsPerSampled = Math.max(1, rows / SAMPLE_ROWS);
  return {
    fingerprint: counted?.fingerprint ?? '',
    sampledRows,
    rowsPerSampled,
    rowsPerBlock: (sampledRows * rowsPerSampled) / Math.max(1, counted?.blocks ?? 0),
  };
}
