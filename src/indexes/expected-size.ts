import { BLOCK_BYTES } from '../base/block.js';
import { findTable, sameRelation, type Catalog, type Index, type IndexColumn } from '../model/catalog.js';
import type { ColumnStatistics, Statistics } from '../model/statistics.js';
import { btreeSize, maxAlign, repeatedValues, type KeyClass } from './btree-size.js';
import { estimatedRows } from './facts.js';

/** Rows of which ANALYZE counts distinct values: 300 times the default target (`analyze.c`). It sees all of a smaller table. */
const SAMPLED_ROWS = 30_000;

/**
 * How many times more distinct values there may be than ANALYZE estimates of a sample, where rows of one value lie together:
 * 372,314 for the 1,500,000 of TPC-H's l_orderkey at scale 1 (PostgreSQL 15).
 */
const DISTINCT_DOUBT = 4;

/** What a btree would take if it were built now, as far as statistics tell. */
export interface ExpectedSize {
  /** One for each live row. */
  readonly entries: number;
  /** Where its keys repeat as much as the statistics allow. */
  readonly lowBytes: number;
  /** Where they repeat as little as the statistics allow. */
  readonly highBytes: number;
}

/** Mean width beyond which values may be stored compressed or out of line in the table and not so in the index: nothing is said then. */
const WIDEST_BYTES = 200;

/** `BTREE_DEFAULT_FILLFACTOR`, percent. */
const DEFAULT_FILL = 90;

/** An index tuple that holds nothing but NULL: header and bitmap, aligned. */
const NULL_TUPLE_BYTES = 16;

/** Estimates the size of a freshly built btree; null for other methods, and where rows or widths are not known. `estimated`. */
export function expectedBtreeSize(catalog: Catalog, statistics: Statistics, index: Index): ExpectedSize | null {
  if (index.method !== 'btree' || !index.valid) return null;
  const entries = entriesOf(catalog, index);
  if (entries === null || entries <= 0) return null;
  const columns = [...index.keys, ...index.include].map((column) => storedColumn(statistics, index, column));
  const known = columns.filter((column) => column !== null);
  if (known.length < columns.length) return null;
  const bytes = tupleBytes(known);
  const bytesWith = (repetition: KeyRepetition | null): number =>
    BLOCK_BYTES *
    btreeSize({
      classes: repetition === null ? [{ rows: 1, values: entries, tupleBytes: bytes }] : classesOf(repetition, bytes),
      deduplicates: repetition !== null,
      fillFactor: Number(index.parameters['fillfactor'] ?? DEFAULT_FILL),
    }).pages;
  const [most, least] = mergesEqualKeys(index) ? repetitionRange(known, index, entries) : [null, null];
  const sizes = [bytesWith(most), bytesWith(least)];
  return { entries, lowBytes: Math.min(...sizes), highBytes: Math.max(...sizes) };
}

/** How the key values of an index repeat. Heavy values are few and counted one by one, the others share a mean. */
interface KeyRepetition {
  /** Index tuples of each heavy value. */
  readonly heavy: readonly number[];
  /** Index tuples of all other values together. */
  readonly otherRows: number;
  /** How many other values there are. */
  readonly otherDistinct: number;
}

function classesOf({ heavy, otherRows, otherDistinct }: KeyRepetition, tupleBytes: number): KeyClass[] {
  const counted = heavy.map((rows) => ({ rows, values: 1, tupleBytes }));
  const mean = otherDistinct > 0 ? otherRows / otherDistinct : 0;
  return [...counted, ...repeatedValues(mean, otherDistinct, tupleBytes)];
}

interface StoredColumn {
  readonly fixed: boolean;
  readonly widthBytes: number;
  readonly alignmentBytes: number;
  readonly nullFraction: number;
  /** Null for an expression, of which no statistics are read. */
  readonly statistics: ColumnStatistics | null;
}

/** Entries of the index: its rows, whichever count is greater. Those of dead rows are not in it. */
function entriesOf(catalog: Catalog, index: Index): number | null {
  const table = findTable(catalog, index.table);
  if (!table || table.rowsEstimated === null || index.rowsEstimated === null) return null;
  const rows = estimatedRows(catalog, table).rows;
  const live = Math.max(rows, table.activity?.liveTuples ?? 0);
  const share = index.predicate === null ? 1 : Math.min(1, index.rowsEstimated / Math.max(1, rows));
  return Math.max(index.rowsEstimated, live * share);
}

function storedColumn(statistics: Statistics, index: Index, column: IndexColumn): StoredColumn | null {
  const found =
    column.column === null
      ? null
      : (statistics.columns.find(
          (one) => !one.inherited && one.column === column.column && sameRelation(one.table, index.table),
        ) ?? null);
  const fixed = column.lengthBytes > 0;
  if (!fixed && (found === null || found.widthBytes > WIDEST_BYTES)) return null;
  return {
    fixed,
    widthBytes: fixed ? column.lengthBytes : (found?.widthBytes ?? 0),
    alignmentBytes: column.alignmentBytes,
    nullFraction: found?.nullFraction ?? 0,
    statistics: found,
  };
}

/** Mean bytes of an entry. A short value of variable width needs no alignment (manual, "Database Page Layout"). */
function tupleBytes(columns: readonly StoredColumn[]): number {
  let bytes = 0;
  for (const { fixed, widthBytes, alignmentBytes } of columns) {
    const at = fixed || widthBytes > 127 ? Math.ceil(bytes / alignmentBytes) * alignmentBytes : bytes;
    bytes = at + widthBytes;
  }
  const whole = maxAlign(8 + bytes);
  const [only] = columns;
  if (columns.length > 1 || only === undefined) return whole;
  return only.nullFraction * NULL_TUPLE_BYTES + (1 - only.nullFraction) * whole;
}

/** Whether a build merges equal keys (manual, "Deduplication"). */
function mergesEqualKeys(index: Index): boolean {
  const isOff = ['off', 'false', '0', 'no'].includes((index.parameters['deduplicate_items'] ?? 'on').toLowerCase());
  return !isOff && !index.unique && index.include.length === 0 && index.keys.every((key) => key.mergesEqual);
}

/**
 * How keys repeat at most and at least. Of one plain column the statistics say it. Of several they only say that there are
 * as many combinations as the column with most values has, and no more than the product; of a part of the rows, or an expression, nothing.
 */
function repetitionRange(
  columns: readonly StoredColumn[],
  index: Index,
  entries: number,
): readonly [KeyRepetition | null, KeyRepetition | null] {
  const [only] = columns;
  const statistics = columns.map((column) => column.statistics);
  if (only?.statistics && columns.length === 1) {
    const repetition = ofOneColumn(only.statistics, entries);
    return [repetition, index.predicate === null ? doubted(repetition, entries) : null];
  }
  const counts = statistics.map((one) => (one === null ? null : distinctValues(one, entries)));
  const known = counts.filter((count) => count !== null);
  const evenly = (distinct: number): KeyRepetition => ({
    heavy: [],
    otherRows: entries,
    otherDistinct: Math.max(1, Math.min(entries, distinct)),
  });
  const most = known.length === 0 ? null : evenly(Math.max(...known));
  const isWhole = index.predicate === null && known.length === counts.length;
  const product = known.reduce((cells, count) => cells * count, 1);
  return [most, isWhole ? doubted(evenly(product), entries) : null];
}

function doubted(repetition: KeyRepetition, entries: number): KeyRepetition {
  if (entries <= SAMPLED_ROWS) return repetition;
  const { otherRows, otherDistinct } = repetition;
  return { ...repetition, otherDistinct: Math.min(otherRows, otherDistinct * DISTINCT_DOUBT) };
}

function ofOneColumn(statistics: ColumnStatistics, entries: number): KeyRepetition {
  const heavy = statistics.commonFrequencies.map((frequency) => frequency * entries);
  const nulls = statistics.nullFraction * entries;
  const counted = nulls > 0 ? [...heavy, nulls] : heavy;
  const otherRows = Math.max(0, entries - counted.reduce((sum, count) => sum + count, 0));
  const others = distinctValues(statistics, entries) - heavy.length;
  return {
    heavy: counted,
    otherRows,
    otherDistinct: Math.min(otherRows, Math.max(others, otherRows > 0 ? 1 : 0)),
  };
}

/** `n_distinct`, scaled where it is a fraction of the rows. NULLs count as one more value. */
function distinctValues(statistics: ColumnStatistics, entries: number): number {
  const { distinct, nullFraction } = statistics;
  if (distinct === 0) return 1;
  return (distinct > 0 ? distinct : -distinct * entries) + (nullFraction > 0 ? 1 : 0);
}
