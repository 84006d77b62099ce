import { quoteQualified } from '../../../base/quote.js';
import type { Plan } from '../../../model/plan.js';
import type { Session } from '../../../postgres/session.js';
import type { SizeInputs } from './candidate-size.js';
import type { IndexLayout, LayoutColumn } from '../index-layout.js';
import type { IndexSample } from './sample.js';

interface StatisticsRow extends Record<string, unknown> {
  relation: string;
  attribute: string;
  null_fraction: number;
  width: number;
  distinct: number;
  frequencies: number[] | null;
}

/** Collects the inputs from the clone. The heap must have its true size by now. */
export async function readSizeInputs(
  session: Session,
  layout: IndexLayout,
  known: { readonly heapBlocks: number; readonly deduplicates: boolean; readonly sample: IndexSample | null },
): Promise<SizeInputs> {
  const rows = await session.query<StatisticsRow>(
    `
SELECT c.oid::int8::text AS relation, s.attname::text AS attribute, s.null_frac::float8 AS null_fraction, s.avg_width AS width,
       s.n_distinct::float8 AS distinct, pg_catalog.to_jsonb(s.most_common_freqs) AS frequencies
  FROM pg_catalog.pg_stats AS s
  JOIN pg_catalog.pg_namespace AS n ON n.nspname = s.schemaname
  JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = s.tablename
 WHERE NOT s.inherited AND c.oid = ANY ($1::oid[])`,
    [[layout.oid, layout.heap.oid]],
  );
  const statistics = new Map(rows.map((row) => [`${row.relation}.${row.attribute}`, row]));
  const columns = layout.columns.map((column) => {
    const found = statistics.get(
      column.column === null ? `${layout.oid}.${column.attribute}` : `${layout.heap.oid}.${column.column}`,
    );
    if (found === undefined) return null;
    return {
      nullFraction: found.null_fraction,
      widthBytes: found.width,
      distinct: found.distinct,
      commonFrequencies: found.frequencies ?? [],
    };
  });
  const table = `ONLY ${quoteQualified(layout.heap.schema, layout.heap.name)}`;
  const where = layout.predicate === null ? '' : ` WHERE ${layout.predicate}`;
  const heapRows = await countHeapRows(session, layout, table, known);
  const indexed = where === '' || heapRows === 0 ? heapRows : await planRows(session, `SELECT FROM ${table}${where}`);
  const keys = layout.columns.slice(0, layout.keyCount);
  const covered = keys.length > 1 && (await hasGroupStatistics(session, layout.heap.oid, keys));
  const groups = covered
    ? await planRows(session, `SELECT FROM ${table}${where} GROUP BY ${keys.map((key) => key.sql).join(', ')}`)
    : null;
  return { layout, heapRows, indexedRows: indexed, columns, groups, ...known };
}

/** As the planner has it; of a table that nobody analysed it knows no more than the width of its columns. */
async function countHeapRows(
  session: Session,
  layout: IndexLayout,
  table: string,
  { heapBlocks, sample }: { readonly heapBlocks: number; readonly sample: IndexSample | null },
): Promise<number> {
  if (heapBlocks === 0) return 0;
  const [row] = await session.query<{ analysed: boolean }>(
    'SELECT reltuples >= 0 AS analysed FROM pg_catalog.pg_class WHERE oid = $1',
    [layout.heap.oid],
  );
  if (row?.analysed === false && sample !== null) return Math.round(sample.rowsPerBlock * heapBlocks);
  return planRows(session, `SELECT FROM ${table}`);
}

async function planRows(session: Session, sql: string): Promise<number> {
  const [row] = await session.query<{ 'QUERY PLAN': readonly { Plan: Plan['root'] }[] }>(
    `EXPLAIN (FORMAT JSON) ${sql}`,
  );
  return row?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0;
}

async function hasGroupStatistics(session: Session, heap: number, keys: readonly LayoutColumn[]): Promise<boolean> {
  if (keys.some((key) => key.column === null)) return false;
  const [row] = await session.query<{ covered: boolean }>(
    `
SELECT EXISTS (SELECT FROM pg_catalog.pg_statistic_ext AS s WHERE s.stxrelid = $1::oid AND 'd' = ANY (s.stxkind)
   AND (SELECT count(*) FROM unnest(s.stxkeys::int2[]) AS k (attnum) JOIN pg_catalog.pg_attribute AS a ON a.attrelid = $1::oid AND a.attnum = k.attnum
         WHERE a.attname = ANY ($2::text[])) = pg_catalog.cardinality($2::text[])) AS covered`,
    [heap, keys.map((key) => key.column)],
  );
  return row?.covered ?? false;
}
