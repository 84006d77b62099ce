import { BLOCK_BYTES, PAGE_HEADER_BYTES } from '../../../base/block.js';
import { groupBy } from '../../../base/group.js';
import { maxAlign } from '../../../indexes/btree-size.js';
import { seededRandom } from '../../../stats/random.js';
import type { Random } from '../../../stats/random.js';
import type { GinCounts } from '../metapage.js';
import type { GinKeys } from './gin-pages.js';
import { multiplicities } from './multiplicities.js';

/** A GIN index over a sample of a table, and what it is to be foreseen for. */
export interface GinSample {
  readonly keys: readonly GinKeys[];
  /** Of the table that the sample is in. */
  readonly rows: number;
  readonly blocks: number;
  /** Bytes of `maintenance_work_mem`; null where the server sorts everything before it inserts. */
  readonly memoryBytes: number | null;
}

/** Row pointers are differences of block and position in it, eleven bits for that (`MaxHeapTuplesPerPageBits`); a byte takes seven bits. */
const BLOCKS_BY_BYTES = [2 ** 14 / 2 ** 11, 2 ** 21 / 2 ** 11, 2 ** 28 / 2 ** 11];

/** A key that came so often in the sample is scaled by itself; how many others there are is guessed. */
const HEAVY_ITEMS = 12;

/** Less than this share of what pointers take when rows are anywhere: they are close to each other, and remain so. */
const CLUSTERED_SHARE = 0.7;

/** An entry's tuple does not grow beyond it: its pointers get a tree (`GinMaxItemSize`). */
const ENTRY_BYTES = 2712;
const ENTRY_PAGE_BYTES = BLOCK_BYTES - PAGE_HEADER_BYTES - 8;
const LINE_BYTES = 4;

/** A list's header: its first pointer and its length. */
const LIST_BYTES = 8;
/** Lists in a tree are about as long as this, header included (`GinPostingListSegmentTargetSize`). */
const SEGMENT_BYTES = 256;
const DATA_PAGE_BYTES = BLOCK_BYTES - PAGE_HEADER_BYTES - 16;

/** Entries that are followed through a build. */
const FOLLOWED = 20_000;

/** What a GIN index over all rows will be like, by its keys in a sample. */
export function ginSize(sample: GinSample, rows: number, blocks: number): GinCounts {
  const keys = wholeKeys(sample, rows, blocks);
  const entries = keys.reduce((sum, one) => sum + one.keys, 0);
  let dataPages = 0;
  for (const one of keys) if (isTree(one)) dataPages += one.keys * treePages(one);
  const memory = keys.reduce((sum, one) => sum + one.keys * buildBytes(one), 0);
  const flushes = sample.memoryBytes === null ? 1 : Math.max(1, memory / sample.memoryBytes);
  const leaves = Math.max(1, entryPages(keys, entries, flushes));
  const keyBytes = keys.reduce((sum, one) => sum + one.keys * one.keyBytes, 0) / Math.max(1, entries);
  const inner = leaves <= 1 ? 0 : Math.ceil((leaves * (keyBytes + LINE_BYTES)) / (ENTRY_PAGE_BYTES * INNER_FILL));
  const entryTotal = Math.ceil(leaves) + inner;
  return {
    pendingPages: 0,
    entryPages: entryTotal,
    dataPages: Math.round(dataPages),
    totalPages: 1 + entryTotal + Math.round(dataPages),
    entries: Math.round(entries),
  };
}

/** Inner pages too are split in half. */
const INNER_FILL = 0.5;

/** The keys of all rows. */
function wholeKeys(sample: GinSample, rows: number, blocks: number): readonly WholeKeys[] {
  const scale = rows / Math.max(1, sample.rows);
  const isHeavy = ({ items }: GinKeys): boolean => scale <= 1 || items >= HEAVY_ITEMS;
  const bytesFor = (items: number, seen: Pick<GinKeys, 'items' | 'itemBytes'>): number => {
    const anywhere = itemBytes(items, blocks);
    const clustered = CLUSTERED_SHARE * itemBytes(seen.items, sample.blocks);
    return seen.itemBytes !== null && seen.itemBytes < clustered ? Math.min(seen.itemBytes, anywhere) : anywhere;
  };
  const whole = sample.keys.filter(isHeavy).map((one) => {
    const items = one.items * scale;
    return { ...one, items, itemBytes: bytesFor(items, one) };
  });
  const light = groupBy(
    sample.keys.filter((one) => !isHeavy(one)),
    ({ keyBytes }) => keyBytes,
  );
  // Keys of different kinds differ in their length.
  for (const [keyBytes, alike] of light) {
    const sums = sumsOf(alike);
    const seen = { items: sums.items / sums.keys, itemBytes: sums.others > 0 ? sums.bytes / sums.others : null };
    const sampled = alike.map((one) => ({ rows: one.items, values: one.keys }));
    for (const { rows: items, values: keys } of multiplicities(sampled, scale))
      whole.push({ keyBytes, keys, items, itemBytes: bytesFor(items, seen) });
  }
  return whole;
}

/** Over keys that came seldom: how many, their pointers, pointers but the first of each and the bytes of these. */
function sumsOf(alike: readonly GinKeys[]): Record<'keys' | 'items' | 'others' | 'bytes', number> {
  const sums = { keys: 0, items: 0, others: 0, bytes: 0 };
  for (const { keys, items, itemBytes: bytes } of alike) {
    sums.keys += keys;
    sums.items += keys * items;
    sums.others += keys * (items - 1);
    sums.bytes += (bytes ?? 0) * keys * (items - 1);
  }
  return sums;
}

/** Expected bytes of a pointer but the first, of so many rows that lie anywhere in a table. */
function itemBytes(items: number, blocks: number): number {
  const density = items / Math.max(1, blocks);
  // That the next one is not in the same block, and then that it is so many blocks away.
  const elsewhere = density < 1e-6 ? 1 : -Math.expm1(-density) / density;
  return 1 + elsewhere * (1 + BLOCKS_BY_BYTES.reduce((sum, away) => sum + Math.exp(-density * (away - 1)), 0));
}

interface WholeKeys extends GinKeys {
  readonly itemBytes: number;
}

function inlineBytes({ keyBytes, itemBytes: each }: WholeKeys, items: number): number {
  return maxAlign(keyBytes + LIST_BYTES + Math.max(0, items - 1) * each);
}

function isTree(one: WholeKeys): boolean {
  return inlineBytes(one, one.items) > ENTRY_BYTES;
}

function treePages({ items, itemBytes: each }: WholeKeys): number {
  const bytes = (items * each * SEGMENT_BYTES) / (SEGMENT_BYTES - LIST_BYTES);
  const leaves = Math.max(1, Math.ceil(bytes / DATA_PAGE_BYTES));
  return leaves === 1 ? 1 : leaves + Math.ceil(leaves / CHILDREN);
}

/** `PostingItem`s to a page. */
const CHILDREN = Math.floor(DATA_PAGE_BYTES / 10);

/**
 * What a key takes in memory until it is written (`ginbulk.c`): an entry, its key, and an array of pointers that begins at 5 and doubles.
 * Memory up to 8 kB is handed out in powers of two, with a header.
 */
function buildBytes({ keyBytes, items }: GinKeys): number {
  const capacity = FIRST_POINTERS * 2 ** Math.max(0, Math.ceil(Math.log2(items / FIRST_POINTERS)));
  return BUILD_ENTRY_BYTES + chunkBytes(keyBytes) + chunkBytes(capacity * 6);
}

const FIRST_POINTERS = 5;
const BUILD_ENTRY_BYTES = 72;

function chunkBytes(bytes: number): number {
  return 16 + (bytes > BLOCK_BYTES ? bytes : 2 ** Math.ceil(Math.log2(Math.max(8, bytes))));
}

/**
 * Leaves of the entry tree after a build that writes what memory holds so many times. Entries come in order each time and a full page is
 * split in half, so that after one time pages are half full; later ones fill them, and split them again. Followed on some of the entries.
 */
function entryPages(keys: readonly WholeKeys[], entries: number, flushes: number): number {
  const random = seededRandom(1);
  const followed = drawn(keys, entries, random);
  const pages: EntryPage[] = [{ bytes: 0, from: 0, to: 0 }];
  const sizes = new Float64Array(followed.length);
  for (let flush = 1; flush <= Math.ceil(flushes); flush += 1) {
    const share = Math.min(1, flush / flushes);
    let at = 0;
    for (const [entry, one] of followed.entries()) {
      const items = share === 1 ? one.items : Math.floor(one.items * share + random());
      if (items < 1) continue;
      const inline = inlineBytes(one, items);
      const size = LINE_BYTES + (inline > ENTRY_BYTES ? maxAlign(one.keyBytes) : inline);
      while (at + 1 < pages.length && (pages[at + 1]?.from ?? 0) <= entry) at += 1;
      const page = pages[at];
      if (!page || size === sizes[entry]) continue;
      page.bytes += size - (sizes[entry] ?? 0);
      sizes[entry] = size;
      page.to = Math.max(page.to, entry + 1);
      if (page.bytes > ENTRY_PAGE_BYTES) at += split(pages, at, sizes) <= entry ? 1 : 0;
    }
  }
  return (pages.length * entries) / Math.max(1, followed.length);
}

interface EntryPage {
  bytes: number;
  /** Entries in it, as far as they are there. */
  from: number;
  to: number;
}

/** Moves what is beyond the half of a page into a new one (`entrySplitPage`), and gives its first entry. */
function split(pages: EntryPage[], at: number, sizes: Float64Array): number {
  const page = pages[at];
  if (!page) return 0;
  let left = 0;
  let entry = page.from;
  for (; entry < page.to - 1 && left <= page.bytes / 2; entry += 1) left += sizes[entry] ?? 0;
  pages.splice(at + 1, 0, { bytes: page.bytes - left, from: entry, to: page.to });
  page.bytes = left;
  page.to = entry;
  return entry;
}

/** Some of the entries, each key as often as it is there, in any order. */
function drawn(keys: readonly WholeKeys[], entries: number, random: Random): readonly WholeKeys[] {
  const count = Math.min(FOLLOWED, Math.max(1, Math.round(entries)));
  const some: WholeKeys[] = [];
  let passed = 0;
  for (const one of keys) {
    passed += one.keys;
    while (some.length < (passed / entries) * count) some.push(one);
  }
  return some
    .map((one) => ({ one, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ one }) => one);
}
