import { maxAlign } from '../../../indexes/btree-size.js';
import type { KeyClass } from '../../../indexes/btree-size.js';
import { seededRandom } from '../../../stats/random.js';
import type { BrinCounts } from '../metapage.js';
import { BLOCK_BYTES, PAGE_HEADER_BYTES } from '../../../base/block.js';

const ITEM_BYTES = 4;

/** Row pointers on a page of the range map (`REVMAP_PAGE_MAXITEMS`). */
const REVMAP_ITEMS = 1360;

/** Pages of a BRIN index over a heap: metapage, range map, and one summary a range. `summaryBytes` is one summary, aligned. */
export function brinSize(
  heapBlocks: number,
  pagesPerRange: number,
  summaryBytes: number,
): { pages: number; counts: BrinCounts } {
  const ranges = Math.max(1, Math.ceil(heapBlocks / pagesPerRange));
  const revmap = Math.ceil(ranges / REVMAP_ITEMS);
  const perPage = Math.max(1, Math.floor((BLOCK_BYTES - PAGE_HEADER_BYTES - 8) / (summaryBytes + ITEM_BYTES)));
  return { pages: 1 + revmap + Math.ceil(ranges / perPage), counts: { pagesPerRange, lastRevmapPage: revmap } };
}

/** A hash tuple is the header and a four-byte code, whatever the key. */
const HASH_ITEM_BYTES = 16 + ITEM_BYTES;
const HASH_PAGE_ITEMS = Math.floor((BLOCK_BYTES - PAGE_HEADER_BYTES - 16) / HASH_ITEM_BYTES);

/** A value of fewer rows than this share of a page is one of many to its bucket: normal, all together. */
const HASH_HEAVY_SHARE = 0.25;

/** Pages of a hash index (`_hash_init`, `_hash_spareindex` of hashpage.c). Buckets are for the rows of the whole table, those that it leaves out too; widths do not matter to it. */
export function hashPages(rows: number, fillFactor: number, classes: readonly KeyClass[]): number {
  const perBucket = Math.max(10, Math.floor((BLOCK_BYTES * fillFactor) / 100 / HASH_ITEM_BYTES));
  const buckets = roundBuckets(Math.max(2, Math.ceil(rows / perBucket)));
  const isHeavy = (one: KeyClass): boolean => one.rows >= HASH_PAGE_ITEMS * HASH_HEAVY_SHARE;
  let spread = 0;
  let squares = 0;
  for (const one of classes) {
    if (isHeavy(one)) continue;
    spread += (one.rows * one.values) / buckets;
    squares += (one.rows * one.rows * one.values) / buckets;
  }
  const deviation = Math.sqrt(Math.max(squares, 1e-9));
  const heavy = thrown(classes.filter(isHeavy), buckets);
  let overflow = (buckets - heavy.length) * overflowPages(spread, deviation);
  for (const rowsOfBucket of heavy) overflow += overflowPages(rowsOfBucket + spread, deviation);
  const bitmaps = Math.max(1, Math.ceil(overflow / (BLOCK_BYTES * 8 * 0.5)));
  return 1 + buckets + Math.ceil(overflow) + bitmaps;
}

/** Rows of each bucket that has some, when the values fall at random: several may share one. */
function thrown(classes: readonly KeyClass[], buckets: number): readonly number[] {
  const random = seededRandom(1);
  const rows = new Map<number, number>();
  for (const one of classes) {
    for (let value = 0; value < Math.round(one.values); value += 1) {
      const bucket = Math.floor(random() * buckets);
      rows.set(bucket, (rows.get(bucket) ?? 0) + one.rows);
    }
  }
  return [...rows.values()];
}

/** Expected pages behind a bucket's first, its rows normal with this mean and deviation. */
function overflowPages(rows: number, deviation: number): number {
  let pages = 0;
  for (let page = 1; page * HASH_PAGE_ITEMS < rows + DEVIATIONS * deviation; page += 1)
    pages += 1 - normalBelow((HASH_PAGE_ITEMS * page - rows) / deviation);
  return pages;
}

/** Beyond six of them lies a billionth. */
const DEVIATIONS = 6;

/** Buckets are added in groups that double; from the tenth on in four steps each. */
function roundBuckets(buckets: number): number {
  const group = Math.ceil(Math.log2(buckets));
  if (group < 10) return 2 ** group;
  const base = 2 ** (group - 1);
  const quarter = base / 4;
  return base + quarter * Math.ceil((buckets - base) / quarter);
}

/** Distribution function of the normal distribution (Abramowitz and Stegun 7.1.26; error below 2e-7). */
function normalBelow(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const tail =
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) *
    Math.exp(-x * x);
  return z >= 0 ? 1 - tail / 2 : tail / 2;
}

/** Pages of a tree whose pages are filled to `fill` (a fraction) by tuples of that size: GiST and SP-GiST without a sample. */
export function looseTreePages(rows: number, tupleBytes: number, fill: number): number {
  const perPage = ((BLOCK_BYTES - PAGE_HEADER_BYTES - 16) * fill) / (maxAlign(tupleBytes) + ITEM_BYTES);
  return 1 + Math.max(1, Math.ceil(rows / Math.max(1, perPage)));
}

/** One point of a growth curve: an index built over that many rows. */
export interface SampleBuild {
  readonly rows: number;
  readonly pages: number;
}

/**
 * What a size grows to, by the power that two builds show: keys that come again take less than new ones. At least the
 * square root, at most in proportion; below the larger build in proportion.
 */
export function extrapolate(small: SampleBuild, large: SampleBuild, rows: number): number {
  if (rows <= large.rows || large.rows <= small.rows || small.pages <= 0)
    return (large.pages * rows) / Math.max(1, large.rows);
  const power = Math.log(large.pages / small.pages) / Math.log(large.rows / small.rows);
  return large.pages * (rows / large.rows) ** Math.min(1, Math.max(0.5, power));
}
