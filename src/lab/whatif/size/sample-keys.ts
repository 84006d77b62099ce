import type { Session } from '../../../postgres/session.js';
import type { KeyClass } from '../../../indexes/btree-size.js';
import type { IndexLayout, LayoutColumn } from '../index-layout.js';

/** What a sample of rows says about an index's keys. Counts are of the sample unless they say otherwise. */
export interface SampledKeys {
  readonly rows: number;
  /** How many index tuples have how many bytes, header and alignment included. */
  readonly widths: readonly { readonly bytes: number; readonly rows: number }[];
  /** Values that came often, each with its rows. Empty for an access method that does not care. */
  readonly heavy: readonly KeyClass[];
  /** The other values by the rows that they had. */
  readonly others: readonly KeyClass[];
}

/** The table that a sample's keys are computed into: columns `k1`, `k2`, ..., and the index tuple's `bytes`. */
export const KEYS = 'pg_temp.wizard_keys';

/** The keys before their sizes are known. */
const PLAIN = 'pg_temp.wizard_plain';

/** A value that came so often in the sample is counted by itself. */
export const HEAVY_ROWS = 12;

/** From this length on an index compresses a value that the table keeps plain (`TOAST_INDEX_TARGET`, heaptoast.h). */
const COMPRESSED_FROM_BYTES = 510;

/** Longest index tuple that a btree takes (`BTMaxItemSize`). */
export const BTREE_TUPLE_BYTES = 2704;

/** Computes the keys of sampled rows, whose table is given, into `KEYS`. Throws what an expression throws on a row. */
export async function computeKeys(session: Session, layout: IndexLayout, rowsTable: string): Promise<void> {
  const conditions = layout.predicate === null ? [] : [layout.predicate];
  // A hash index leaves NULLs out.
  if (layout.method === 'hash') conditions.push(`(${layout.columns[0]?.sql}) IS NOT NULL`);
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.map((one) => `(${one})`).join(' AND ')}`;
  const list = layout.columns.map((column, index) => `(${column.sql}) AS k${index + 1}`).join(', ');
  // Stored first: only then values have the headers that they have in an index.
  await session.run(`CREATE TEMP TABLE wizard_plain ON COMMIT DROP AS SELECT ${list} FROM ${rowsTable}${where}`);
  const factors: number[] = [];
  for (const [index, column] of layout.columns.entries())
    factors.push(await compressionOf(session, column, `k${index + 1}`));
  await session.run(
    `CREATE TEMP TABLE wizard_keys ON COMMIT DROP AS ${tupleBytesSql(layout, factors)}; DROP TABLE ${PLAIN}`,
  );
}

/** Counts tuples by width, and values by how often they come. */
export async function countKeys(session: Session, keyCount: number, groups: boolean): Promise<SampledKeys> {
  const widths = await session.query<{ bytes: number; rows: number }>(
    `SELECT bytes, count(*)::int4 AS rows FROM ${KEYS} GROUP BY bytes ORDER BY bytes`,
  );
  const rows = widths.reduce((sum, one) => sum + one.rows, 0);
  const classes = groups ? await countClasses(session, keyCount) : [];
  return {
    rows,
    widths,
    heavy: classes.filter((one) => one.rows >= HEAVY_ROWS),
    others: classes.filter((one) => one.rows < HEAVY_ROWS),
  };
}

/** Values of `KEYS` by rows and width. */
export async function countClasses(session: Session, keyCount: number): Promise<KeyClass[]> {
  const keys = Array.from({ length: keyCount }, (_, index) => `k${index + 1}`).join(', ');
  const classes = await session.query<{ rows: number; bytes: number; values: number }>(
    `SELECT g.rows, g.bytes, count(*)::int4 AS values FROM (SELECT count(*)::int4 AS rows, max(bytes) AS bytes FROM ${KEYS} GROUP BY ${keys}) AS g
 GROUP BY g.rows, g.bytes ORDER BY g.rows, g.bytes`,
  );
  return classes.map(({ rows, bytes, values }) => ({ rows, values, tupleBytes: bytes }));
}

/** A value's bytes in an index tuple. `factor`: what compression leaves of a long one. */
function valueBytesSql(column: LayoutColumn, value: string, factor: number): string {
  if (column.length > 0) return String(column.length);
  const size = `pg_catalog.pg_column_size(${value})`;
  return factor === 1 ? size : `CASE WHEN ${isLongSql(value)} THEN (${size} * ${factor})::int4 ELSE ${size} END`;
}

function isLongSql(value: string): string {
  return `pg_catalog.pg_column_size(${value}) > ${COMPRESSED_FROM_BYTES} AND pg_catalog.pg_column_compression(${value}) IS NULL`;
}

/** The keys with their tuple's bytes: header (8, or 16 with a NULL), then column after column on its alignment. */
function tupleBytesSql(layout: IndexLayout, factors: readonly number[]): string {
  const steps = layout.columns.map((column, index) => {
    const value = `k.k${index + 1}`;
    const before = index === 0 ? '0' : `s${index}.bytes`;
    const aligned = `((${before} + ${column.alignment - 1}) / ${column.alignment} * ${column.alignment})`;
    // A short value has a one-byte header and stands anywhere.
    const start = column.length > 0 ? aligned : `CASE WHEN v.size <= 127 THEN ${before} ELSE ${aligned} END`;
    return `CROSS JOIN LATERAL (SELECT CASE WHEN ${value} IS NULL THEN ${before} ELSE ${start} + v.size END AS bytes
  FROM (SELECT ${valueBytesSql(column, value, factors[index] ?? 1)} AS size) AS v) AS s${index + 1}`;
  });
  const anyNull = layout.columns.map((_, index) => `k.k${index + 1} IS NULL`).join(' OR ');
  return `SELECT k.*, (CASE WHEN ${anyNull} THEN 16 ELSE 8 END + s${layout.columns.length}.bytes + 7) / 8 * 8 AS bytes FROM ${PLAIN} AS k ${steps.join(' ')}`;
}

/** Long values that are tried for compression. */
const TRIED_VALUES = 400;

/**
 * What compression leaves of a column's long values, as a fraction; 1 where none is long or they are not compressed. The
 * server compresses them itself, in a row that is too long anyway because of another column.
 */
async function compressionOf(session: Session, column: LayoutColumn, name: string): Promise<number> {
  if (column.length !== -1 || !['x', 'm'].includes(column.storage)) return 1;
  const [long] = await session.query<{ any: boolean }>(
    `SELECT EXISTS (SELECT FROM ${PLAIN} WHERE ${isLongSql(name)}) AS any`,
  );
  if (long?.any !== true) return 1;
  await session.run(`CREATE TEMP TABLE wizard_long ON COMMIT DROP AS SELECT ''::text AS pad, ${name}, 0::int4 AS before FROM ${PLAIN} WITH NO DATA;
ALTER TABLE pg_temp.wizard_long ALTER pad SET STORAGE PLAIN, ALTER ${name} SET STORAGE MAIN;
INSERT INTO pg_temp.wizard_long SELECT pg_catalog.repeat('x', 2200), ${name}, pg_catalog.pg_column_size(${name}) FROM ${PLAIN} WHERE ${isLongSql(name)} LIMIT ${TRIED_VALUES}`);
  const [packed] = await session.query<{ factor: number }>(
    `SELECT (sum(pg_catalog.pg_column_size(${name}))::float8 / sum(before)) AS factor FROM pg_temp.wizard_long`,
  );
  await session.run('DROP TABLE pg_temp.wizard_long');
  return Math.min(1, packed?.factor ?? 1);
}
