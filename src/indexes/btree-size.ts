import { BLOCK_BYTES, PAGE_HEADER_BYTES } from '../base/block.js';

/** How the key values of an index repeat. Heavy values are few and counted one by one, the others share a mean. */
export interface KeyRepetition {
  /** Index tuples of each heavy value. */
  readonly heavy: readonly number[];
  /** Index tuples of all other values together. */
  readonly otherRows: number;
  /** How many other values there are. */
  readonly otherDistinct: number;
}

/** What the size of a freshly built btree follows from. */
export interface BtreeContent {
  readonly rows: number;
  /** Mean bytes of an index tuple, header and alignment included. */
  readonly tupleBytes: number;
  /** Whether all tuples have `tupleBytes`. */
  readonly fixedWidth: boolean;
  /** Null when the server will not deduplicate: INCLUDE, unique, numeric, float, jsonb, `deduplicate_items = off`. */
  readonly repetition: KeyRepetition | null;
  /** Percent; 90 when not set. */
  readonly fillFactor: number;
}

export interface BtreeSize {
  readonly pages: number;
  /** Levels above the leaves. */
  readonly level: number;
}

/** Line pointer of an item on a page. */
const ITEM_BYTES = 4;
const TID_BYTES = 6;
/** Free for tuples on an empty page: without page header, `BTPageOpaqueData` (16), and the high key's line pointer. */
const LEAF_BYTES = BLOCK_BYTES - PAGE_HEADER_BYTES - 16 - ITEM_BYTES;
/** `BTREE_NONLEAF_FILLFACTOR`, percent. */
const INNER_FILL = 70;
/** Longest posting list that a build makes: a tenth of a page, aligned (`_bt_load`, `maxpostingsize`). */
const POSTING_BYTES = 808;

/** Rounds up to PostgreSQL's `MAXALIGN`. */
export function maxAlign(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** Size of a btree as CREATE INDEX leaves it (`_bt_load`, `_bt_buildadd` of nbtsort.c). An estimate only through its inputs. */
export function btreeSize(content: BtreeContent): BtreeSize {
  if (content.rows <= 0) return { pages: 1, level: 0 };
  const leaves = leafPages(content);
  // A pivot keeps the leading columns that tell its neighbours apart, and a row pointer where the keys are equal.
  const pivot = content.tupleBytes + (meanRepetition(content) > 1.5 ? 8 : 0);
  const fanOut = Math.max(2, Math.floor(usable(INNER_FILL) / (pivot + ITEM_BYTES)));
  let pages = leaves;
  let level = 0;
  for (let below = leaves; below > 1; level += 1) {
    below = Math.ceil(below / fanOut);
    pages += below;
  }
  return { pages: pages + 1, level };
}

/** Bytes that items can take until the page is full; the last tuple moves on to the next page and leaves its copy as high key. */
function usable(fillFactor: number): number {
  return LEAF_BYTES - ITEM_BYTES - Math.floor((BLOCK_BYTES * (100 - fillFactor)) / 100);
}

function leafPages(content: BtreeContent): number {
  const { tupleBytes, repetition, rows, fillFactor } = content;
  const room = usable(fillFactor);
  const single = tupleBytes + ITEM_BYTES;
  if (repetition === null || meanRepetition(content) <= 1) {
    const perPage = content.fixedWidth ? Math.max(1, Math.floor(room / single)) : Math.max(1, room / single - 0.5);
    // The last page has no high key and keeps the tuple that would have moved on.
    return Math.max(1, Math.ceil((rows - 1) / perPage));
  }
  const perList = Math.max(1, Math.floor((POSTING_BYTES - tupleBytes) / TID_BYTES));
  const fullBytes = listBytes(tupleBytes, perList);
  let full = 0;
  let bytes = 0;
  let items = 0;
  const add = (count: number, times: number): void => {
    const lists = Math.floor(count / perList);
    const rest = count - lists * perList;
    full += lists * times;
    if (rest <= 0) return;
    bytes += listBytes(tupleBytes, rest) * times;
    items += times;
  };
  for (const count of repetition.heavy) add(count, 1);
  if (repetition.otherDistinct > 0 && repetition.otherRows > 0) {
    const mean = repetition.otherRows / repetition.otherDistinct;
    for (const [count, share] of groupSizes(mean)) add(count, share * repetition.otherDistinct);
  }
  // Full lists stand in runs, so many to a page; of the others a page loses half of one.
  const fullPages = full / Math.max(1, Math.floor(room / fullBytes));
  const otherPages = items === 0 ? 0 : bytes / (room - bytes / items / 2);
  return Math.max(1, Math.ceil(fullPages + otherPages));
}

function meanRepetition({ rows, repetition }: BtreeContent): number {
  if (repetition === null) return 1;
  return rows / Math.max(1, repetition.heavy.length + repetition.otherDistinct);
}

/** An item on a page: a tuple, or a key with that many row pointers. */
function listBytes(tupleBytes: number, tids: number): number {
  return maxAlign(tupleBytes + (tids > 1 ? TID_BYTES * tids : 0)) + ITEM_BYTES;
}

/** Group sizes around a mean: Poisson given at least one; one size where the mean is large. */
function groupSizes(mean: number): (readonly [count: number, share: number])[] {
  if (mean > 60) return [[Math.round(mean), 1]];
  let rate = Math.max(1e-9, mean - 1);
  for (let step = 0; step < 40; step += 1) rate = mean * (1 - Math.exp(-rate));
  if (rate < 1e-6) return [[1, 1]];
  const sizes: (readonly [number, number])[] = [];
  let probability = Math.exp(-rate) / (1 - Math.exp(-rate));
  for (let count = 1; count <= mean * 3 + 20; count += 1) {
    probability *= rate / count;
    sizes.push([count, probability]);
  }
  return sizes;
}

/** Fan-out of inner pages with keys of one or two numbers. */
const COMMON_FAN_OUT = 280;

/** Levels above the leaves of a btree of which only the size is known. */
export function btreeHeight(pages: number): number {
  let level = 0;
  for (let below = pages - 1; below > 1; level += 1) below = Math.ceil(below / COMMON_FAN_OUT);
  return level;
}
