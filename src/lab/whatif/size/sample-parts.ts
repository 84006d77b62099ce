import type { Session } from '../../../postgres/session.js';
import type { IndexLayout } from '../index-layout.js';
import { numbering } from './numbering.js';
import { refusalOf } from './sample-refusal.js';
import type { RefusedByRows } from './sample-refusal.js';

/**
 * A key, an included column or a condition of indexes, in each row of a sample: everything that sizes follow from, so that the next index
 * on the same columns asks the server nothing. All parts of one sample have their rows in the same order.
 */
export interface Part {
  /** Of the value as an index takes it, by row; -1 for NULL. */
  readonly bytes: Int32Array;
  /** What its values are compared by; null where nobody asked for it. */
  readonly values: PartValues | null;
}

export interface PartValues {
  /** By row: the same number for equal values, NULLs equal to each other; from 0, without gaps. */
  readonly ids: Int32Array;
  /** By id, `HASH_BITS` bits. */
  readonly hashes: Float64Array;
  readonly hashedBy: HashedBy;
}

/** A type without a hash function is hashed as its text. */
export type HashedBy = 'value' | 'text';

/** A part, or why it can not be had; null where nothing follows from that. */
export type FoundPart = Part | RefusedByRows | null;

/** A part to read. */
export interface PartWanted {
  /** Over the table's columns. */
  readonly sql: string;
  /** Columns of the table which it may need. */
  readonly columns: readonly string[];
  /** Whether an index compresses long values of it (`attstorage` x or m). */
  readonly compressed: boolean;
  readonly withValues: boolean;
}

/** Two collide in a sample of 30,000 once in 600,000 samples, and numbers hold them exactly. */
const HASH_BITS = 48;

/** From this length on an index compresses a value that the table keeps plain (`TOAST_INDEX_TARGET`, heaptoast.h). */
const COMPRESSED_FROM_BYTES = 510;

/** Long values that are tried for compression. */
const TRIED_VALUES = 400;

const PARTS = 'pg_temp.wizard_parts';

/** Access methods whose keys are compared: those of others may be of types that nothing compares. */
const ORDERED = new Set(['btree', 'hash', 'brin']);

/** The columns of an index, in order. */
export function columnParts(layout: IndexLayout, withValues: boolean): readonly PartWanted[] {
  return layout.columns.map((column, index) => ({
    sql: column.sql,
    columns: layout.columnsUsed,
    compressed: column.length === -1 && ['x', 'm'].includes(column.storage),
    // How many values an expression has is for the planner to know too.
    withValues: index < layout.keyCount && (withValues || (column.column === null && ORDERED.has(layout.method))),
  }));
}

/** What a row must fulfil to be in the index: a part that is NULL where it does not. */
export function conditionPart(layout: IndexLayout): PartWanted | null {
  if (layout.predicate === null) return null;
  const sql = `CASE WHEN ${layout.predicate} THEN 1 END`;
  return { sql, columns: layout.columnsUsed, compressed: false, withValues: false };
}

/** Same for parts that a sample holds once. */
export function partKey({ sql, compressed }: PartWanted): string {
  return JSON.stringify([sql, compressed]);
}

export function isRefused(found: FoundPart | undefined): found is RefusedByRows {
  return found !== null && found !== undefined && 'refused' in found;
}

/** Whether a part was read, with its values where they are wanted; one that can not be had counts. */
export function hasPart(parts: ReadonlyMap<string, FoundPart>, wanted: PartWanted): boolean {
  const found = parts.get(partKey(wanted));
  if (found === undefined) return false;
  return found === null || isRefused(found) || !wanted.withValues || found.values !== null;
}

/** Bytes of the longest value; 0 where nothing was read. */
export function longestOf(found: FoundPart | undefined): number {
  if (found === null || found === undefined || isRefused(found)) return 0;
  return found.bytes.reduce((most, bytes) => Math.max(most, bytes), 0);
}

/** SQL of a value's hash, a bigint of `HASH_BITS` bits. */
export function hashSql(value: string, by: HashedBy): string {
  const hash =
    by === 'value'
      ? `pg_catalog.hash_record_extended(ROW(${value}), 0)`
      : `coalesce(pg_catalog.hashtextextended((${value})::text, 0), 0)`;
  return `(${hash} & ${2 ** HASH_BITS - 1})`;
}

/** Reads parts of the rows that a temporary table holds, by key. Needs a transaction. */
export async function readParts(
  session: Session,
  table: string,
  wanted: readonly PartWanted[],
): Promise<ReadonlyMap<string, FoundPart>> {
  const found = new Map<string, FoundPart>();
  if (wanted.length === 0) return found;
  const together = await attempt(session, () => readSome(session, table, wanted, 'value'));
  for (const [at, one] of wanted.entries()) {
    const part = 'parts' in together ? (together.parts[at] ?? null) : await readAlone(session, table, one);
    found.set(partKey(one), part);
  }
  return found;
}

async function readAlone(session: Session, table: string, wanted: PartWanted): Promise<FoundPart> {
  let refusal: RefusedByRows | null = null;
  for (const by of ['value', 'text'] as const) {
    const read = await attempt(session, () => readSome(session, table, [wanted], by));
    if ('parts' in read) return read.parts[0] ?? null;
    refusal = read.refusal;
  }
  return refusal;
}

type Attempt = { readonly parts: readonly Part[] } | { readonly refusal: RefusedByRows | null };

async function attempt(session: Session, work: () => Promise<readonly Part[]>): Promise<Attempt> {
  await session.run('SAVEPOINT parts');
  try {
    return { parts: await work() };
  } catch (thrown) {
    return { refusal: refusalOf(thrown) };
  } finally {
    await session.run('ROLLBACK TO SAVEPOINT parts; RELEASE SAVEPOINT parts');
  }
}

async function readSome(
  session: Session,
  table: string,
  wanted: readonly PartWanted[],
  by: HashedBy,
): Promise<readonly Part[]> {
  const list = wanted.map(({ sql }, index) => `(${sql}) AS p${index}`).join(', ');
  // Stored first: only then values have the headers that they have in an index.
  await session.run(`CREATE TEMP TABLE wizard_parts ON COMMIT DROP AS SELECT ${list} FROM ${table}`);
  const long = await longParts(session, wanted);
  const columns: string[] = [];
  for (const [index, one] of wanted.entries()) {
    const name = `p${index}`;
    const factor = long.has(name) ? await compressionOf(session, name) : 1;
    columns.push(`${packedSql(`int4send(coalesce(${bytesSql(name, factor)}, -1))`)} AS bytes${index}`);
    if (one.withValues) columns.push(`${packedSql(`int8send(${hashSql(name, by)})`)} AS hashes${index}`);
  }
  const [row] = await session.query<Record<string, string | null>>(`SELECT ${columns.join(', ')} FROM ${PARTS}`);
  const packed = (name: string): Buffer => Buffer.from(row?.[name] ?? '', 'hex');
  return wanted.map(({ withValues }, index) => ({
    bytes: integersOf(packed(`bytes${index}`)),
    values: withValues ? { ...numbered(packed(`hashes${index}`)), hashedBy: by } : null,
  }));
}

/** One value of all rows, in their order: a tenth of the work of a result row for each. */
function packedSql(bytes: string): string {
  return `pg_catalog.encode(pg_catalog.string_agg(pg_catalog.${bytes}, ''::bytea), 'hex')`;
}

function integersOf(packed: Buffer): Int32Array {
  const integers = new Int32Array(packed.length / 4);
  for (let index = 0; index < integers.length; index += 1) integers[index] = packed.readInt32BE(index * 4);
  return integers;
}

function numbered(packed: Buffer): Pick<PartValues, 'ids' | 'hashes'> {
  const ids = new Int32Array(packed.length / 8);
  const number = numbering(2 ** HASH_BITS, ids.length);
  const hashes: number[] = [];
  for (let index = 0; index < ids.length; index += 1) {
    const hash = packed.readUInt32BE(index * 8) * 2 ** 32 + packed.readUInt32BE(index * 8 + 4);
    const id = number(hash);
    ids[index] = id;
    hashes[id] = hash;
  }
  return { ids, hashes: Float64Array.from(hashes) };
}

/** A value's bytes in an index tuple; NULL for NULL. `factor`: what compression leaves of a long one. */
function bytesSql(name: string, factor: number): string {
  const size = `pg_catalog.pg_column_size(${name})`;
  return factor === 1 ? size : `CASE WHEN ${isLongSql(name)} THEN (${size} * ${factor})::int4 ELSE ${size} END`;
}

function isLongSql(name: string): string {
  return `pg_catalog.pg_column_size(${name}) > ${COMPRESSED_FROM_BYTES} AND pg_catalog.pg_column_compression(${name}) IS NULL`;
}

/** Those with values that an index compresses. */
async function longParts(session: Session, wanted: readonly PartWanted[]): Promise<ReadonlySet<string>> {
  const names = wanted.flatMap(({ compressed }, index) => (compressed ? [`p${index}`] : []));
  if (names.length === 0) return new Set();
  const any = names.map((name) => `bool_or(${isLongSql(name)}) AS ${name}`);
  const [row] = await session.query<Record<string, boolean | null>>(`SELECT ${any.join(', ')} FROM ${PARTS}`);
  return new Set(names.filter((name) => row?.[name] === true));
}

/**
 * What compression leaves of a part's long values, as a fraction; 1 where they are not compressed. The
 * server compresses them itself, in a row that is too long anyway because of another column.
 */
async function compressionOf(session: Session, name: string): Promise<number> {
  await session.run(`CREATE TEMP TABLE wizard_long ON COMMIT DROP AS SELECT ''::text AS pad, ${name}, 0::int4 AS before FROM ${PARTS} WITH NO DATA;
ALTER TABLE pg_temp.wizard_long ALTER pad SET STORAGE PLAIN, ALTER ${name} SET STORAGE MAIN;
INSERT INTO pg_temp.wizard_long SELECT pg_catalog.repeat('x', 2200), ${name}, pg_catalog.pg_column_size(${name}) FROM ${PARTS} WHERE ${isLongSql(name)} LIMIT ${TRIED_VALUES}`);
  const [packed] = await session.query<{ factor: number }>(
    `SELECT (sum(pg_catalog.pg_column_size(${name}))::float8 / sum(before)) AS factor FROM pg_temp.wizard_long`,
  );
  await session.run('DROP TABLE pg_temp.wizard_long');
  return Math.min(1, packed?.factor ?? 1);
}
