import { PAGE_HEADER_BYTES } from '../../../base/block.js';

/** Keys of a GIN index that are alike. */
export interface GinKeys {
  /** Header and key in an entry's tuple, where its row pointers begin. */
  readonly keyBytes: number;
  /** Row pointers of each. */
  readonly items: number;
  /** Bytes that a pointer but the first takes; null where there is no other. */
  readonly itemBytes: number | null;
  /** How many such keys there are. */
  readonly keys: number;
}

/** ginblock.h: `GinPageOpaqueData`, at the end of a page. */
const GIN_DATA = 1;
const GIN_LEAF = 2;
const GIN_META = 8;
const NO_BLOCK = 0xffffffff;
/** In the place of a number of pointers: they are in a tree of their own (`GIN_TREE_POSTING`). */
const IN_A_TREE = 0xffff;
/** A data page's right bound lies before its content. */
const DATA_AT = PAGE_HEADER_BYTES + 8;
/** `GinPostingList`: the first pointer and the length; the others are differences, seven bits to a byte. */
const LIST_HEADER_BYTES = 8;

interface PageFacts {
  readonly flags: number;
  readonly rightBlock: number;
  readonly lower: number;
}

/** The keys in the pages of a GIN index, all in order from block 0 on: by length and by how often they come. */
export function ginKeys(pages: readonly Buffer[]): readonly GinKeys[] {
  const alike = new Map<string, { readonly first: Entry; keys: number; bytes: number }>();
  for (const page of pages) {
    const { flags, lower } = factsOf(page);
    if ((flags & (GIN_LEAF | GIN_DATA | GIN_META)) !== GIN_LEAF) continue;
    for (let at = PAGE_HEADER_BYTES; at < lower; at += 4) {
      const pointer = page.readUInt32LE(at);
      const entry = entryOf(page.subarray(pointer & 0x7fff, (pointer & 0x7fff) + (pointer >>> 17)), pages);
      const key = `${entry.keyBytes} ${entry.items}`;
      const sums = alike.get(key) ?? { first: entry, keys: 0, bytes: 0 };
      sums.keys += 1;
      sums.bytes += entry.bytes;
      alike.set(key, sums);
    }
  }
  return [...alike.values()].map(({ first: { keyBytes, items }, keys, bytes }) => ({
    keyBytes,
    items,
    itemBytes: items > 1 ? bytes / (keys * (items - 1)) : null,
    keys,
  }));
}

interface Entry {
  readonly keyBytes: number;
  readonly items: number;
  /** Of its lists, headers left out. */
  readonly bytes: number;
}

function entryOf(tuple: Buffer, pages: readonly Buffer[]): Entry {
  const block = tuple.readUInt16LE(0) * 0x1_0000 + tuple.readUInt16LE(2);
  const items = tuple.readUInt16LE(4);
  if (items === IN_A_TREE) return { keyBytes: tuple.length, ...treeAt(block, pages) };
  // The highest bit says that the list is compressed, as all are since PostgreSQL 9.4.
  const listAt = block & 0x7fff_ffff;
  return { keyBytes: listAt, items, bytes: listOf(tuple, listAt).bytes };
}

/** Row pointers in a tree of their own, and the bytes of all but the first of each list. */
function treeAt(root: number, pages: readonly Buffer[]): { items: number; bytes: number } {
  let block = root;
  for (let page = pages[block]; page && (factsOf(page).flags & GIN_LEAF) === 0; page = pages[block])
    block = page.readUInt16LE(DATA_AT) * 0x1_0000 + page.readUInt16LE(DATA_AT + 2);
  let items = 0;
  let bytes = 0;
  for (let page = pages[block]; page; page = pages[block]) {
    const { lower, rightBlock } = factsOf(page);
    for (let at = DATA_AT; at < lower;) {
      const list = listOf(page, at);
      items += list.items;
      bytes += list.bytes;
      at += list.length;
    }
    if (rightBlock === NO_BLOCK) break;
    block = rightBlock;
  }
  return { items, bytes };
}

/** One list: a byte without its highest bit ends a difference. */
function listOf(page: Buffer, at: number): { items: number; bytes: number; length: number } {
  const bytes = page.readUInt16LE(at + 6);
  let items = 1;
  for (const byte of page.subarray(at + LIST_HEADER_BYTES, at + LIST_HEADER_BYTES + bytes)) if (byte < 0x80) items += 1;
  return { items, bytes, length: LIST_HEADER_BYTES + bytes + (bytes % 2) };
}

function factsOf(page: Buffer): PageFacts {
  const special = page.readUInt16LE(16);
  return {
    flags: page.readUInt16LE(special + 6),
    rightBlock: page.readUInt32LE(special),
    lower: page.readUInt16LE(12),
  };
}
