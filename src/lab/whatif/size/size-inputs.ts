import { groupBy } from '../../../base/group.js';
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

/** What a size is wanted for, with what is known already. */
export interface SizeWanted {
  readonly layout: IndexLayout;
  readonly heapBlocks: number;
  readonly deduplicates: boolean;
  readonly sample: IndexSample | null;
}

/** Collects the inputs from the clone, in the order wanted. The heaps must have their true size by now. */
export async function readSizeInputs(session: Session, wanted: readonly SizeWanted[]): Promise<SizeInputs[]> {
  const heaps = [...new Set(wanted.map(({ layout }) => layout.heap.oid))];
  const statistics = await readStatistics(session, [...heaps, ...wanted.map(({ layout }) => layout.oid)]);
  const densities = await readDensities(session, heaps);
  const groupedColumns = await readGroupedColumns(session, heaps);
  const rows = new Map<string, number>();
  const planned = async (sql: string): Promise<number> => {
    const known = rows.get(sql) ?? (await planRows(session, sql));
    rows.set(sql, known);
    return known;
  };
  const inputs: SizeInputs[] = [];
  for (const { layout, heapBlocks, deduplicates, sample } of wanted) {
    const table = `ONLY ${quoteQualified(layout.heap.schema, layout.heap.name)}`;
    const where = layout.predicate === null ? '' : ` WHERE ${layout.predicate}`;
    // The planner knows no more of a table that nobody analysed than the width of its columns.
    const density = densities.get(layout.heap.oid) ?? null;
    const isSampled = sample !== null && density === null;
    const counted = isSampled
      ? Math.round(sample.rowsPerBlock * heapBlocks)
      : density === null
        ? await planned(`SELECT FROM ${table}`)
        : rowsOf(density, heapBlocks);
    const heapRows = heapBlocks === 0 ? 0 : counted;
    const indexedRows = where === '' || heapRows === 0 ? heapRows : await planned(`SELECT FROM ${table}${where}`);
    const keys = layout.columns.slice(0, layout.keyCount);
    const covered = keys.length > 1 && isCovered(keys, groupedColumns.get(layout.heap.oid) ?? []);
    const groups = covered
      ? await planned(`SELECT FROM ${table}${where} GROUP BY ${keys.map((key) => key.sql).join(', ')}`)
      : null;
    const columns = layout.columns.map((column) => keyStatistics(layout, column, statistics));
    inputs.push({ layout, heapRows, heapBlocks, indexedRows, columns, groups, deduplicates, sample });
  }
  return inputs;
}

async function readStatistics(session: Session, oids: readonly number[]): Promise<Map<string, StatisticsRow>> {
  const rows = await session.query<StatisticsRow>(
    `
SELECT c.oid::int8::text AS relation, s.attname::text AS attribute, s.null_frac::float8 AS null_fraction, s.avg_width AS width,
       s.n_distinct::float8 AS distinct, pg_catalog.to_jsonb(s.most_common_freqs) AS frequencies
  FROM pg_catalog.pg_stats AS s
  JOIN pg_catalog.pg_namespace AS n ON n.nspname = s.schemaname
  JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = s.tablename
 WHERE NOT s.inherited AND c.oid = ANY ($1::oid[])`,
    [oids],
  );
  return new Map(rows.map((row) => [`${row.relation}.${row.attribute}`, row]));
}

function keyStatistics(
  layout: IndexLayout,
  column: LayoutColumn,
  statistics: ReadonlyMap<string, StatisticsRow>,
): SizeInputs['columns'][number] {
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
}

/** What pg_class says of a table. */
interface Density {
  readonly rows: number;
  readonly pages: number;
}

/** As the planner counts the rows of a table that has grown since: `estimate_rel_size` and `clamp_row_est`. */
function rowsOf({ rows, pages }: Density, blocks: number): number {
  return Math.max(1, Math.round((rows / pages) * blocks));
}

/** Of these tables those that were analysed, when they had pages. */
async function readDensities(session: Session, heaps: readonly number[]): Promise<ReadonlyMap<number, Density>> {
  const rows = await session.query<{ oid: string; rows: number; pages: number }>(
    'SELECT c.oid::int8::text AS oid, c.reltuples::float8 AS rows, c.relpages AS pages FROM pg_catalog.pg_class AS c WHERE c.oid = ANY ($1::oid[]) AND c.reltuples >= 0 AND c.relpages > 0',
    [heaps],
  );
  return new Map(rows.map(({ oid, ...density }) => [Number(oid), density]));
}

async function planRows(session: Session, sql: string): Promise<number> {
  const [row] = await session.query<{ 'QUERY PLAN': readonly { Plan: Plan['root'] }[] }>(
    `EXPLAIN (FORMAT JSON) ${sql}`,
  );
  return row?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0;
}

/** By table: sets of columns whose number of groups is known. */
async function readGroupedColumns(session: Session, heaps: readonly number[]): Promise<Map<number, string[][]>> {
  const rows = await session.query<{ heap: string; columns: string[] }>(
    `
SELECT s.stxrelid::int8::text AS heap,
       (SELECT coalesce(pg_catalog.jsonb_agg(a.attname ORDER BY a.attnum), '[]'::jsonb) FROM pg_catalog.pg_attribute AS a
         WHERE a.attrelid = s.stxrelid AND a.attnum = ANY (s.stxkeys::int2[])) AS columns
  FROM pg_catalog.pg_statistic_ext AS s WHERE s.stxrelid = ANY ($1::oid[]) AND 'd' = ANY (s.stxkind)
 ORDER BY s.oid`,
    [heaps],
  );
  return new Map(
    [...groupBy(rows, (row) => Number(row.heap))].map(([heap, sets]) => [heap, sets.map((one) => one.columns)]),
  );
}

function isCovered(keys: readonly LayoutColumn[], sets: readonly (readonly string[])[]): boolean {
  return sets.some((columns) => keys.every((key) => key.column !== null && columns.includes(key.column)));
}
