import type { RawColumnStatistics } from '../../../postgres/clone/columns.js';
import { btreeSize, maxAlign, repeatedValues } from '../../../indexes/btree-size.js';
import type { KeyClass } from '../../../indexes/btree-size.js';
import type { IndexLayout, LayoutColumn } from '../index-layout.js';
import type { BrinCounts, GinCounts } from '../metapage.js';
import { ginSize } from './gin-size.js';
import { brinSize, extrapolate, hashPages, looseTreePages } from './other-size.js';
import type { IndexSample } from './sample.js';

/** What an index would be like if it were built now. */
export interface CandidateSize {
  readonly pages: number;
  /** `reltuples` of the index. */
  readonly rows: number;
  /** Levels above the leaves of a btree; 0 for others. */
  readonly level: number;
  readonly gin: GinCounts | null;
  readonly brin: BrinCounts | null;
}

/** What the clone's planner knows of one key column. */
interface KeyStatistics {
  readonly nullFraction: number;
  readonly widthBytes: number;
  /** `n_distinct` of pg_stats; 0 when unknown. */
  readonly distinct: number;
  readonly commonFrequencies: readonly number[];
}

/** Everything a size follows from. */
export interface SizeInputs {
  readonly layout: IndexLayout;
  readonly heapRows: number;
  readonly heapBlocks: number;
  /** Rows that fulfil the predicate, as the planner estimates. */
  readonly indexedRows: number;
  /** By position; null when never analysed. */
  readonly columns: readonly (KeyStatistics | null)[];
  /** The planner's number of groups, where extended statistics cover the keys; else null. */
  readonly groups: number | null;
  /** Whether the server deduplicates this index. */
  readonly deduplicates: boolean;
  readonly sample: IndexSample | null;
}

/** `get_typavgwidth` for a variable width without statistics. */
const WIDTH_UNKNOWN_BYTES = 32;

/** Fill of pages that grow by splits: GiST and SP-GiST without a sample. */
const SPLIT_FILL = 0.65;

/** Estimates the size of an index from statistics, and from a sample where there is one. */
export function candidateSize(inputs: SizeInputs): CandidateSize {
  const { layout } = inputs;
  const rows = indexedRows(inputs);
  const option = (name: string, otherwise: number): number => Number(layout.options[name] ?? otherwise);
  const plain = { rows, level: 0, gin: null, brin: null };
  const tuple = tupleBytes(inputs);
  if (layout.method === 'btree') {
    const { deduplicates } = inputs;
    const classes = deduplicates ? keyClasses(inputs, rows, tuple) : widthClasses(inputs, rows, tuple);
    return { ...plain, ...btreeSize({ classes, deduplicates, fillFactor: option('fillfactor', 90) }) };
  }
  if (layout.method === 'hash') {
    return {
      ...plain,
      pages: hashPages(Math.max(rows, inputs.heapRows), option('fillfactor', 75), keyClasses(inputs, rows, tuple)),
    };
  }
  if (layout.method === 'brin') {
    const { pages, counts } = brinSize(inputs.heapBlocks, option('pages_per_range', 128), summaryBytes(layout, inputs));
    return { ...plain, pages, rows: Math.ceil(inputs.heapBlocks / counts.pagesPerRange), brin: counts };
  }
  return grownSize(inputs, rows, tuple);
}

function indexedRows({ sample, heapRows, indexedRows, layout }: SizeInputs): number {
  const isWhole = layout.predicate === null && layout.method !== 'hash';
  if (isWhole || sample === null || sample.sampledRows === 0) return indexedRows;
  return (heapRows * sample.keys.rows) / sample.sampledRows;
}

/** GIN, GiST, SP-GiST and access methods of extensions: measured on a sample where there is one. */
function grownSize(inputs: SizeInputs, rows: number, tuple: number): CandidateSize {
  const { builds = [], gin = null } = inputs.sample ?? {};
  if (gin !== null) {
    const counts = ginSize(gin, inputs.heapRows, inputs.heapBlocks);
    return { pages: counts.totalPages, rows, level: 0, gin: counts, brin: null };
  }
  const [small, large = small] = builds;
  if (small !== undefined && large !== undefined) {
    const pages = Math.max(1, Math.ceil(extrapolate(small, large, inputs.heapRows)));
    return { pages, rows, level: 0, gin: null, brin: null };
  }
  if (inputs.layout.method === 'gin') {
    // Without a sample: as many distinct keys as rows have elements that are not common ones, 8 bytes a row pointer and key share.
    const pages = 2 + Math.ceil((rows * Math.max(8, tuple / 2)) / 8192);
    return { pages, rows, level: 0, gin: null, brin: null };
  }
  return { pages: looseTreePages(rows, tuple, SPLIT_FILL), rows, level: 0, gin: null, brin: null };
}

function tupleBytes({ layout, columns, sample }: SizeInputs): number {
  if (sample !== null && sample.keys.rows > 0)
    return sample.keys.widths.reduce((bytes, one) => bytes + one.bytes * one.rows, 0) / sample.keys.rows;
  let bytes = 0;
  let notNull = 1;
  layout.columns.forEach((column, index) => {
    const statistics = columns[index] ?? null;
    const nullFraction = statistics?.nullFraction ?? 0;
    notNull *= 1 - nullFraction;
    if (nullFraction >= 1) return;
    bytes = place(column, bytes, statistics);
  });
  const whole = maxAlign(8 + bytes);
  // A tuple with a NULL has a longer header and lacks that value: about the same size, unless NULLs are most.
  return notNull > 0.5 || layout.columns.length > 1 ? whole : 16;
}

function place(column: LayoutColumn, before: number, statistics: KeyStatistics | null): number {
  const aligned = Math.ceil(before / column.alignment) * column.alignment;
  if (column.length > 0) return aligned + column.length;
  const width = statistics?.widthBytes ?? WIDTH_UNKNOWN_BYTES;
  return (width <= 127 ? before : aligned) + width;
}

/** Tuples by width, where repetition does not matter. */
function widthClasses({ sample }: SizeInputs, rows: number, tuple: number): KeyClass[] {
  if (sample === null || sample.keys.rows === 0) return [{ rows: 1, values: rows, tupleBytes: tuple }];
  const scale = rows / sample.keys.rows;
  return sample.keys.widths.map((one) => ({ rows: 1, values: one.rows * scale, tupleBytes: one.bytes }));
}

/** How keys repeat: from the sample, else from the statistics. */
function keyClasses(inputs: SizeInputs, rows: number, tuple: number): KeyClass[] {
  const { sample } = inputs;
  if (sample !== null && sample.keys.rows > 0) return sampledClasses(sample, rows);
  const keys = inputs.columns.slice(0, inputs.layout.keyCount);
  const [only] = keys;
  if (keys.length === 1 && only !== null && only !== undefined && inputs.layout.predicate === null)
    return columnClasses(only, rows, tuple);
  const counts = keys.map((key) => valueCount(key, rows));
  const distinct = Math.max(1, Math.min(rows, inputs.groups ?? independentGroups(counts, rows)));
  return repeatedValues(rows / distinct, distinct, tuple);
}

/** The values that came often as often as they came; the others as a slice has them, or as many as the sample lets guess. */
function sampledClasses({ keys, classes }: IndexSample, rows: number): KeyClass[] {
  const scale = rows / keys.rows;
  const heavy = keys.heavy.map((one) => ({ ...one, rows: one.rows * scale }));
  const left = rows - countRows(heavy);
  if (left <= 0 || keys.others.length === 0) return heavy;
  const seen = classes ?? (scale <= 1 ? keys.others : null);
  if (seen !== null) {
    const factor = left / countRows(seen);
    return [...heavy, ...seen.map((one) => ({ ...one, values: one.values * factor }))];
  }
  const sampled = countRows(keys.others);
  const distinct = sum(keys.others.map((one) => one.values));
  const once = sum(keys.others.filter((one) => one.rows === 1).map((one) => one.values));
  const values = Math.max(1, Math.min(left, distinctFromSample(sampled, distinct, once, left)));
  const bytes = sum(keys.others.map((one) => one.values * one.tupleBytes)) / distinct;
  return [...heavy, ...repeatedValues(left / values, values, bytes)];
}

function columnClasses(key: KeyStatistics, rows: number, tuple: number): KeyClass[] {
  const heavy = key.commonFrequencies.map((frequency) => ({ rows: frequency * rows, values: 1, tupleBytes: tuple }));
  if (key.nullFraction > 0) heavy.push({ rows: key.nullFraction * rows, values: 1, tupleBytes: NULL_TUPLE_BYTES });
  const left = rows - countRows(heavy);
  if (left <= 0) return heavy;
  const others = Math.max(1, Math.min(left, valueCount(key, rows) - heavy.length));
  return [...heavy, ...repeatedValues(left / others, others, tuple)];
}

/** Header and bitmap, and nothing else. */
const NULL_TUPLE_BYTES = 16;

function countRows(classes: readonly KeyClass[]): number {
  return sum(classes.map((one) => one.rows * one.values));
}

function valueCount(key: KeyStatistics | null | undefined, rows: number): number {
  if (!key || key.distinct === 0) return Math.min(rows, 200);
  return (key.distinct > 0 ? key.distinct : -key.distinct * rows) + (key.nullFraction > 0 ? 1 : 0);
}

/** Expected groups of independent columns (Cardenas 1975): cells hit by that many rows. */
function independentGroups(counts: readonly number[], rows: number): number {
  const cells = counts.reduce((product, count) => product * Math.max(1, count), 1);
  return cells * -Math.expm1(-rows / cells);
}

/** Values in all rows from those in a sample (Haas and Stokes 1998, "Duj1", which ANALYZE uses). */
export function distinctFromSample(sampled: number, distinct: number, once: number, rows: number): number {
  if (sampled === 0) return 0;
  if (once >= sampled) return rows;
  return Math.max(
    distinct,
    Math.min(rows, (sampled * distinct) / (sampled - once + (once * sampled) / Math.max(sampled, rows))),
  );
}

/** One summary: least and greatest of each column, on their alignment. */
function summaryBytes(layout: IndexLayout, inputs: SizeInputs): number {
  let bytes = 0;
  let nulls = false;
  layout.columns.forEach((column, index) => {
    const statistics = inputs.columns[index] ?? null;
    if ((statistics?.nullFraction ?? 0) > 0) nulls = true;
    for (let side = 0; side < 2; side += 1) bytes = place(column, bytes, statistics);
  });
  // BrinTuple's header is 5 bytes, and two bits a column where a range holds NULLs.
  return maxAlign(maxAlign(5 + (nulls ? Math.ceil(layout.columns.length / 4) : 0)) + bytes);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Statistics of sampled expressions, with their distinct counts scaled from the sample to all rows. */
export function expressionStatistics(sample: IndexSample, rows: number): RawColumnStatistics[] {
  return sample.expressions.map(({ statistics, distinct, once, notNull }) => {
    if (notNull === 0 || distinct === 0) return statistics;
    const nullFraction = Number(statistics.null_frac);
    const present = rows * (1 - nullFraction);
    const whole = distinctFromSample(notNull, distinct, once, present);
    const scaled =
      once >= notNull ? -(1 - nullFraction) : whole > 0.1 * rows ? -whole / Math.max(1, rows) : Math.round(whole);
    return { ...statistics, n_distinct: String(scaled) };
  });
}
