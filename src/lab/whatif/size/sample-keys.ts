import { maxAlign } from '../../../indexes/btree-size.js';
import type { KeyClass } from '../../../indexes/btree-size.js';
import type { IndexLayout } from '../index-layout.js';
import { numbering } from './numbering.js';
import type { Part } from './sample-parts.js';

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

/** An index's columns in rows that were read, in order, and what its rows must fulfil. */
export interface IndexParts {
  readonly columns: readonly Part[];
  readonly condition: Part | null;
}

/** A value that came so often in the sample is counted by itself. */
export const HEAVY_ROWS = 12;

/** Longest index tuple that a btree takes (`BTMaxItemSize`). */
export const BTREE_TUPLE_BYTES = 2704;

/** Header of an index tuple, and with the bitmap that it has when a value is NULL. */
const HEADER_BYTES = 8;
const HEADER_WITH_NULLS_BYTES = 16;

/** A longer value has a header of four bytes, which is aligned. */
const SHORT_BYTES = 127;

/** Counts tuples by width, and values by how often they come where that matters. */
export function countKeys(layout: IndexLayout, parts: IndexParts, rows: Int32Array, repeats: boolean): SampledKeys {
  const bytes = tupleBytes(layout, parts.columns, rows);
  const widths = new Map<number, number>();
  for (const one of bytes) widths.set(one, (widths.get(one) ?? 0) + 1);
  const classes = repeats ? classesOf(layout, parts, rows, bytes) : [];
  return {
    rows: rows.length,
    widths: [...widths].map(([width, count]) => ({ bytes: width, rows: count })).toSorted((a, b) => a.bytes - b.bytes),
    heavy: classes.filter((one) => one.rows >= HEAVY_ROWS),
    others: classes.filter((one) => one.rows < HEAVY_ROWS),
  };
}

/** Values by rows and width. */
export function countClasses(layout: IndexLayout, parts: IndexParts): readonly KeyClass[] {
  const rows = indexedRows(layout, parts);
  return classesOf(layout, parts, rows, tupleBytes(layout, parts.columns, rows));
}

/** The rows that are in the index, by position. */
export function indexedRows(layout: IndexLayout, { columns, condition }: IndexParts): Int32Array {
  const [first] = columns;
  const all = first?.bytes.length ?? 0;
  // A hash index leaves NULLs out.
  const needed = [condition, ...(layout.method === 'hash' && first ? [first] : [])].filter((part) => part !== null);
  const rows = new Int32Array(all);
  let count = 0;
  for (let row = 0; row < all; row += 1) {
    if (needed.some(({ bytes }) => (bytes[row] ?? -1) < 0)) continue;
    rows[count] = row;
    count += 1;
  }
  return rows.subarray(0, count);
}

/** Equal numbers for rows that agree in all parts, from 0 and without gaps, and how many rows have each. */
export function groupRows(parts: readonly Part[], rows: Int32Array): { ids: Int32Array; counts: readonly number[] } {
  const ids = new Int32Array(rows.length);
  let groups = Math.min(1, rows.length);
  for (const { values } of parts) {
    if (values === null) continue;
    const distinct = values.hashes.length;
    const number = numbering(groups * distinct, rows.length);
    for (let at = 0; at < rows.length; at += 1)
      ids[at] = number((ids[at] ?? 0) * distinct + (values.ids[rows[at] ?? 0] ?? 0));
    groups = number.count();
  }
  const counts = Array.from({ length: groups }, () => 0);
  for (const id of ids) counts[id] = (counts[id] ?? 0) + 1;
  return { ids, counts };
}

function classesOf(layout: IndexLayout, { columns }: IndexParts, rows: Int32Array, bytes: Int32Array): KeyClass[] {
  const { ids, counts } = groupRows(columns.slice(0, layout.keyCount), rows);
  const widest: number[] = counts.map(() => 0);
  ids.forEach((id, at) => {
    widest[id] = Math.max(widest[id] ?? 0, bytes[at] ?? 0);
  });
  const classes = new Map<string, { rows: number; values: number; tupleBytes: number }>();
  counts.forEach((count, id) => {
    const key = `${count} ${widest[id]}`;
    const known = classes.get(key);
    if (known) known.values += 1;
    else classes.set(key, { rows: count, values: 1, tupleBytes: widest[id] ?? 0 });
  });
  return [...classes.values()].toSorted((a, b) => a.rows - b.rows || a.tupleBytes - b.tupleBytes);
}

/** Header, then column after column on its alignment, and the whole aligned. */
function tupleBytes(layout: IndexLayout, columns: readonly Part[], rows: Int32Array): Int32Array {
  const tuples = new Int32Array(rows.length);
  const withNull = new Uint8Array(rows.length);
  layout.columns.forEach((column, index) => {
    const own = columns[index]?.bytes;
    for (let at = 0; at < rows.length; at += 1) {
      const bytes = own?.[rows[at] ?? 0] ?? -1;
      if (bytes < 0) {
        withNull[at] = 1;
        continue;
      }
      // An index may store another type than its column has.
      const size = column.length > 0 ? column.length : bytes;
      const before = tuples[at] ?? 0;
      // A short value has a one-byte header and stands anywhere.
      const isAligned = column.length > 0 || size > SHORT_BYTES;
      tuples[at] = (isAligned ? Math.ceil(before / column.alignment) * column.alignment : before) + size;
    }
  });
  for (let at = 0; at < rows.length; at += 1)
    tuples[at] = maxAlign((withNull[at] === 1 ? HEADER_WITH_NULLS_BYTES : HEADER_BYTES) + (tuples[at] ?? 0));
  return tuples;
}
