import { quoteIdent, quoteQualified } from '../../../base/quote.js';
import type { RelationName } from '../../../model/catalog.js';
import type { Session } from '../../../postgres/session.js';
import { HEAVY_ROWS, groupRows } from './sample-keys.js';
import type { SampledKeys } from './sample-keys.js';
import { hashSql, readParts } from './sample-parts.js';
import type { FoundPart, Part, PartValues, PartWanted } from './sample-parts.js';

/** A slice holds about as many rows as the sample, so that it costs the same. */
const SLICE_VALUES = 30;

/** Rows of a key's heavy values, as a fraction of all: with more a slice is what chance made of them. */
const HEAVY_SHARE = 0.05;

/** Of each hash: sums over the 32 keys that an index may have stay exact in a double. */
const SLICED_BITS = 40;

/** A key of an index, in a sample. */
export interface SlicedKey {
  readonly sql: string;
  readonly part: Part;
}

/** What a table is sliced by, ordered by their SQL: any index with these among its keys can be counted in such a slice. */
export type Pivot = readonly SlicedKey[];

export function pivotKey(pivot: Pivot): string {
  return JSON.stringify(pivot.map(({ sql }) => sql));
}

/** A sample's keys, as far as they say whether and by what to slice. */
export interface PivotQuestion {
  readonly keys: readonly SlicedKey[];
  /** Rows that are in the index, by position. */
  readonly rows: Int32Array;
  readonly sampled: SampledKeys;
  readonly rowsPerSampled: number;
  readonly isDrawn: (pivot: Pivot) => boolean;
}

/**
 * What to slice the table by for an index; null when the sample tells enough. One key, if a slice by it holds enough values and none is most
 * of it, else two: other indexes share the slice, so that one which is there comes first. Else all keys.
 */
export function slicePivot({ keys, rows, sampled, rowsPerSampled, isDrawn }: PivotQuestion): Pivot | null {
  if (rowsPerSampled <= 1 || !isUncertain(sampled)) return null;
  const ordered = keys.toSorted((a, b) => (a.sql < b.sql ? -1 : 1));
  const enough = Math.min(SLICE_VALUES * rowsPerSampled, sampled.rows / 3);
  const singles = ordered.map((key): Pivot => [key]);
  const pairs = ordered.flatMap((one, at) => ordered.slice(at + 1).map((other): Pivot => [one, other]));
  for (const pivots of [singles, pairs]) {
    const even = pivots.flatMap((pivot) => {
      const { counts } = groupRows(
        pivot.map(({ part }) => part),
        rows,
      );
      const heavy = counts.filter((count) => count >= HEAVY_ROWS).reduce((sum, count) => sum + count, 0);
      return counts.length >= enough && heavy <= sampled.rows * HEAVY_SHARE ? [{ pivot, values: counts.length }] : [];
    });
    const most = even.toSorted((a, b) => b.values - a.values)[0]?.pivot;
    if (most) return even.find(({ pivot }) => isDrawn(pivot))?.pivot ?? most;
  }
  return ordered;
}

const SLICE = 'pg_temp.wizard_slice';

/** A slice to take of a table. */
export interface SliceWanted {
  readonly heap: RelationName;
  readonly pivot: Pivot;
  readonly parts: readonly PartWanted[];
  readonly rowsPerSampled: number;
}

/**
 * Takes all rows of a few key values of a table, chosen by hash, and reads parts of them: how often values repeat is then known
 * and not guessed. A sample of rows can not tell a million values that come twice from half of them that come thrice
 * (Gibbons 2001, "distinct sampling"). One pass over the table. Needs a transaction. Throws what an expression throws on a row
 * that the sample does not have.
 */
export async function readSlice(
  session: Session,
  { heap, pivot, parts, rowsPerSampled }: SliceWanted,
): Promise<ReadonlyMap<string, FoundPart>> {
  const columns = [...new Set(parts.flatMap((one) => one.columns))].map(quoteIdent);
  const slices = Math.max(2, Math.round(rowsPerSampled));
  await session.run(
    `CREATE TEMP TABLE wizard_slice ON COMMIT DROP AS SELECT ${columns.join(', ')} FROM ONLY ${quoteQualified(heap.schema, heap.name)} WHERE ${sliceSql(pivot)} % ${slices} = ${middlingSlice(pivot, slices)} ORDER BY ctid`,
  );
  const found = await readParts(session, SLICE, parts);
  await session.run(`DROP TABLE ${SLICE}`);
  return found;
}

/** Of the slices one of middling size: one with a value of very many rows would hold little else, and those are known. */
function middlingSlice(pivot: Pivot, slices: number): number {
  const rows = new Map<number, number>();
  for (let row = 0; row < (pivot[0]?.part.bytes.length ?? 0); row += 1) {
    const slice = sliceOf(pivot, row) % slices;
    rows.set(slice, (rows.get(slice) ?? 0) + 1);
  }
  const bySize = [...rows].toSorted(([a, few], [b, many]) => few - many || a - b);
  return bySize[Math.floor((bySize.length - 1) / 2)]?.[0] ?? 0;
}

/** The same number as `sliceSql` gives for the row. */
function sliceOf(pivot: Pivot, row: number): number {
  return valuesOf(pivot).reduce(
    (sum, { ids, hashes }, index) => sum + (index + 1) * ((hashes[ids[row] ?? 0] ?? 0) % 2 ** SLICED_BITS),
    0,
  );
}

function sliceSql(pivot: Pivot): string {
  const terms = pivot.map(
    ({ sql, part }, index) =>
      `${index + 1} * (${hashSql(`(${sql})`, part.values?.hashedBy ?? 'value')} & ${2 ** SLICED_BITS - 1})`,
  );
  return `(${terms.join(' + ')})`;
}

function valuesOf(pivot: Pivot): readonly PartValues[] {
  return pivot.flatMap(({ part }) => part.values ?? []);
}

/** Nearly every value seen again, or none ever: then the sample tells enough. */
function isUncertain({ rows, others }: SampledKeys): boolean {
  const once = others.filter((one) => one.rows === 1).reduce((sum, one) => sum + one.values, 0);
  return once > rows * 0.01 && once < rows;
}
