import { BLOCK_BYTES, PAGE_HEADER_BYTES } from '../base/block.js';
import { seededRandom } from '../stats/random.js';
import type { Random } from '../stats/random.js';

/** Key values of an index that are alike. */
export interface KeyClass {
  /** Index tuples of each such value; 1 where nothing is known of repetition. A mean need not be whole. */
  readonly rows: number;
  /** How many such values there are. Expected, so it need not be whole. */
  readonly values: number;
  /** Bytes of each tuple, header and alignment included. */
  readonly tupleBytes: number;
}

/** What the size of a freshly built btree follows from. */
export interface BtreeContent {
  readonly classes: readonly KeyClass[];
  /** False when the server will not: INCLUDE, unique, numeric, float, jsonb, `deduplicate_items = off`. */
  readonly deduplicates: boolean;
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
/** A page without header and `BTPageOpaqueData` (16). */
const PAGE_BYTES = BLOCK_BYTES - PAGE_HEADER_BYTES - 16;
/** `BTREE_NONLEAF_FILLFACTOR`, percent. */
const INNER_FILL = 70;
/** Longest posting list that a build makes: a tenth of a page, aligned (`_bt_load`, `maxpostingsize`). */
const POSTING_BYTES = 808;

/** Pages that are filled for trial; what they hold on average is the same to within a thousandth. */
const TRIAL_PAGES = 250;

/** Rounds up to PostgreSQL's `MAXALIGN`. */
export function maxAlign(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** Size of a btree as CREATE INDEX leaves it (`_bt_load`, `_bt_buildadd` of nbtsort.c). An estimate only through its inputs. */
export function btreeSize(content: BtreeContent): BtreeSize {
  const classes = content.classes.filter(({ rows, values }) => rows > 0 && values > 0);
  const rows = total(classes, (one) => one.rows * one.values);
  if (rows <= 0) return { pages: 1, level: 0 };
  const leaves = leafPages({ ...content, classes });
  const values = total(classes, (one) => one.values);
  const meanTuple = total(classes, (one) => one.values * one.tupleBytes) / values;
  // A pivot keeps the leading columns that tell its neighbours apart, and a row pointer where the keys are equal.
  const pivot = meanTuple + (content.deduplicates && rows / values > 1.5 ? 8 : 0);
  const fanOut = Math.max(2, Math.floor(innerBytes() / (pivot + ITEM_BYTES)));
  let pages = leaves;
  let level = 0;
  for (let below = leaves; below > 1; level += 1) {
    below = Math.ceil(below / fanOut);
    pages += below;
  }
  return { pages: pages + 1, level };
}

/** Bytes for items on an inner page until it is full; the last item moves on to the next page and leaves its copy as high key. */
function innerBytes(): number {
  return PAGE_BYTES - 2 * ITEM_BYTES - Math.floor((BLOCK_BYTES * (100 - INNER_FILL)) / 100);
}

function leafPages(content: BtreeContent): number {
  const { classes, deduplicates, fillFactor } = content;
  const rows = total(classes, (one) => one.rows * one.values);
  const [first] = classes;
  const isSingle = !deduplicates || classes.every((one) => one.rows <= 1);
  if (first !== undefined && isSingle && classes.every((one) => one.tupleBytes === first.tupleBytes)) {
    // The last page has no high key and keeps the tuple that would have moved on.
    const perPage = fillPages(fillFactor, () => [{ bytes: first.tupleBytes, listBytes: 0 }], 1).items;
    return Math.max(1, Math.ceil((rows - 1) / perPage));
  }
  const groups = classes.map((one) => ({
    items: isSingle ? [{ bytes: one.tupleBytes, listBytes: 0 }] : valueItems(one),
    weight: isSingle ? one.rows * one.values : one.values,
  }));
  const bytes = total(groups, ({ items, weight }) => weight * total(items, (item) => item.bytes + ITEM_BYTES));
  // A value of many lists fills pages by itself, all but its last list alike.
  const short = groups.map(({ items, weight }) =>
    items.length <= RUN_ITEMS
      ? { items, weight }
      : { items: items.slice(0, RUN_ITEMS), weight: (weight * items.length) / RUN_ITEMS },
  );
  const draw = drawer(short);
  return Math.max(1, Math.ceil(bytes / fillPages(fillFactor, draw, TRIAL_PAGES).bytes));
}

/** Longest run of lists of one value in a trial: two pages of them. */
const RUN_ITEMS = 18;

interface Item {
  readonly bytes: number;
  /** Of those the ones that a high key does without. */
  readonly listBytes: number;
}

/** What stands on the leaves for one value: full posting lists, and one with the rest. */
function valueItems({ rows, tupleBytes }: KeyClass): Item[] {
  const perList = Math.max(1, Math.floor((POSTING_BYTES - tupleBytes) / TID_BYTES));
  const items: Item[] = [];
  for (let left = Math.round(rows); left > 0; left -= perList)
    items.push(listItem(tupleBytes, Math.min(left, perList)));
  return items;
}

/** A tuple, or a key with that many row pointers. */
function listItem(tupleBytes: number, tids: number): Item {
  const bytes = maxAlign(tupleBytes + (tids > 1 ? TID_BYTES * tids : 0));
  return { bytes, listBytes: bytes - maxAlign(tupleBytes) };
}

/** Draws groups as often as they weigh; the same ones each time. */
function drawer(
  groups: readonly { readonly items: readonly Item[]; readonly weight: number }[],
): () => readonly Item[] {
  const random: Random = seededRandom(1);
  const ends: number[] = [];
  let sum = 0;
  for (const { weight } of groups) ends.push((sum += weight));
  return () => {
    const at = random() * sum;
    let low = 0;
    for (let high = ends.length - 1; low < high;) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? 0) > at) high = middle;
      else low = middle + 1;
    }
    return groups[low]?.items ?? [];
  };
}

/**
 * Fills leaves by the server's rule and gives what a page keeps on average. A page is full when what is free, posting
 * list of its last item included, is less than the fill factor leaves; the last item then moves on, and its key stays as high key.
 */
function fillPages(fillFactor: number, next: () => readonly Item[], pages: number): { items: number; bytes: number } {
  const softFree = Math.floor((BLOCK_BYTES * (100 - fillFactor)) / 100);
  let kept = { items: 0, bytes: 0 };
  let done = 0;
  let last: Item | null = null;
  let count = 0;
  // The high key's line pointer is there from the beginning.
  let free = PAGE_BYTES - ITEM_BYTES;
  let used = 0;
  for (let guard = 0; done < pages && guard < pages * 4000; guard += 1) {
    for (const item of next()) {
      const isFull =
        free - ITEM_BYTES < item.bytes + 8 || (count > 1 && free - ITEM_BYTES + (last?.listBytes ?? 0) < softFree);
      if (isFull && last !== null && count > 1) {
        kept = { items: kept.items + count - 1, bytes: kept.bytes + used - last.bytes - ITEM_BYTES };
        done += 1;
        if (done >= pages) break;
        used = last.bytes + ITEM_BYTES;
        // The new page starts with the item that moved on, and room for a high key's line pointer.
        free = PAGE_BYTES - ITEM_BYTES - used;
        count = 1;
      }
      used += item.bytes + ITEM_BYTES;
      free -= item.bytes + ITEM_BYTES;
      last = item;
      count += 1;
    }
  }
  return { items: kept.items / Math.max(1, done), bytes: kept.bytes / Math.max(1, done) };
}

function total<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}

/** Values that repeat that often on average, as classes: Poisson given at least once; one class where the mean is large. */
export function repeatedValues(mean: number, values: number, tupleBytes: number): KeyClass[] {
  if (values <= 0 || mean <= 0) return [];
  if (mean > 60) return [{ rows: mean, values, tupleBytes }];
  let rate = Math.max(1e-9, mean - 1);
  for (let step = 0; step < 40; step += 1) rate = mean * (1 - Math.exp(-rate));
  if (rate < 1e-6) return [{ rows: 1, values, tupleBytes }];
  const classes: KeyClass[] = [];
  let share = Math.exp(-rate) / (1 - Math.exp(-rate));
  for (let rows = 1; rows <= mean * 3 + 20; rows += 1) {
    share *= rate / rows;
    classes.push({ rows, values: share * values, tupleBytes });
  }
  return classes;
}

/** Fan-out of inner pages with keys of one or two numbers. */
const COMMON_FAN_OUT = 280;

/** Levels above the leaves of a btree of which only the size is known. */
export function btreeHeight(pages: number): number {
  let level = 0;
  for (let below = pages - 1; below > 1; level += 1) below = Math.ceil(below / COMMON_FAN_OUT);
  return level;
}
