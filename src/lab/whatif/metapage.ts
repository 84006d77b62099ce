import { BLOCK_BYTES, PAGE_HEADER_BYTES } from '../../base/block.js';
import { emptyPage } from './page.js';

/** What the planner reads from a GIN index itself (`GinMetaPageData`). */
export interface GinCounts {
  readonly pendingPages: number;
  readonly totalPages: number;
  readonly entryPages: number;
  readonly dataPages: number;
  readonly entries: number;
}

/** What the planner reads from a BRIN index itself (`BrinMetaPageData`). */
export interface BrinCounts {
  readonly pagesPerRange: number;
  readonly lastRevmapPage: number;
}

const AT = PAGE_HEADER_BYTES;

/** nbtree.h: `BTREE_MAGIC`, `BTP_LEAF`, `BTP_ROOT`, and the bytes of `BTPageOpaqueData`. */
const BTREE_MAGIC = 0x053162;
const BTP_LEAF = 1;
const BTP_ROOT = 2;
const BTREE_SPECIAL_BYTES = 16;

/** gin_private.h, ginblock.h. */
const GIN_META = 8;
const GIN_VERSION = 2;

/** brin_page.h. */
const BRIN_MAGIC = 0xa8109cfa;
const BRIN_PAGETYPE_META = 0xf091;

/** spgist_private.h. */
const SPGIST_MAGIC = 0xba0babee;
const SPGIST_META = 1;
const SPGIST_PAGE_ID = 0xff82;

/** Levels above the leaves (`btm_fastlevel`); null when the bytes are no btree metapage. */
export function btreeLevel(metapage: Buffer): number | null {
  return metapage.readUInt32LE(AT) === BTREE_MAGIC ? metapage.readUInt32LE(AT + 20) : null;
}

/** Whether the server found that equal keys of this index have equal bytes, so that it may deduplicate (`btm_allequalimage`). */
export function btreeDeduplicates(metapage: Buffer): boolean {
  return metapage.readUInt8(AT + 40) === 1;
}

/** The level of a btree whose descent costs the planner nothing: it reads `btm_fastlevel` as a signed number and adds 1. No btree that was built has it. */
export const LEVEL_WITHOUT_DESCENT = -1;

/**
 * The first blocks of a btree of that height, for a file whose other blocks are zeros: the metapage (from an index
 * that the server made), one leaf, and a chain of one-downlink pages from the root to it. A scan for either end finds
 * what is in the leaf.
 */
export function btreePages(metapage: Buffer, level: number, leaf: Buffer | null): Buffer[] {
  if (level === LEVEL_WITHOUT_DESCENT) return pagesWithoutDescent(metapage, leaf);
  const meta = withRoot(metapage, level + 1, level);
  const first = Buffer.from(leaf ?? emptyPage(BTREE_SPECIAL_BYTES));
  writeBtreeSpecial(first, 0, BTP_LEAF | (level === 0 ? BTP_ROOT : 0));
  const pages: Buffer[] = [meta, first];
  for (let depth = 1; depth <= level; depth += 1) pages.push(innerPage(depth, depth === level));
  return pages;
}

/** One inner page over the leaf, which the metapage and the page itself put at level -1: a scan for the ends checks that they agree. */
function pagesWithoutDescent(metapage: Buffer, leaf: Buffer | null): Buffer[] {
  const unsigned = LEVEL_WITHOUT_DESCENT >>> 0;
  const [, first] = btreePages(metapage, 1, leaf);
  const root = innerPage(1, true);
  root.writeUInt32LE(unsigned, BLOCK_BYTES - BTREE_SPECIAL_BYTES + 8);
  return [withRoot(metapage, 2, unsigned), ...(first === undefined ? [] : [first]), root];
}

function withRoot(metapage: Buffer, block: number, level: number): Buffer {
  const meta = Buffer.from(metapage);
  for (const [offset, value] of [
    [8, block],
    [12, level],
    [16, block],
    [20, level],
  ] as const) {
    meta.writeUInt32LE(value, AT + offset); // btm_root, btm_level, btm_fastroot, btm_fastlevel
  }
  return meta;
}

/** A page whose only tuple is the least possible pivot, pointing to the block one below. */
function innerPage(depth: number, isRoot: boolean): Buffer {
  const page = emptyPage(BTREE_SPECIAL_BYTES);
  const tuple = BLOCK_BYTES - BTREE_SPECIAL_BYTES - 8;
  page.writeUInt16LE(PAGE_HEADER_BYTES + 4, 12);
  page.writeUInt16LE(tuple, 14);
  page.writeUInt32LE((tuple | (1 << 15) | (8 << 17)) >>> 0, AT); // line pointer: offset, LP_NORMAL, length
  page.writeUInt16LE(depth, tuple + 2); // low half of the child's block
  page.writeUInt16LE(8 | 0x2000, tuple + 6); // size 8, INDEX_ALT_TID_MASK: a pivot with no attribute
  writeBtreeSpecial(page, depth, isRoot ? BTP_ROOT : 0);
  return page;
}

function writeBtreeSpecial(page: Buffer, depth: number, flags: number): void {
  const at = BLOCK_BYTES - BTREE_SPECIAL_BYTES;
  page.writeUInt32LE(0, at); // no left sibling
  page.writeUInt32LE(0, at + 4); // no right sibling
  page.writeUInt32LE(depth, at + 8);
  page.writeUInt16LE(flags, at + 12);
  page.writeUInt16LE(0, at + 14);
}

/** Reads the counts out of a GIN metapage. */
export function ginCounts(metapage: Buffer): GinCounts {
  return {
    pendingPages: metapage.readUInt32LE(AT + 12),
    totalPages: metapage.readUInt32LE(AT + 24),
    entryPages: metapage.readUInt32LE(AT + 28),
    dataPages: metapage.readUInt32LE(AT + 32),
    entries: Number(metapage.readBigInt64LE(AT + 40)),
  };
}

/** A GIN metapage with those counts. */
export function ginMetapage(counts: GinCounts): Buffer {
  const page = emptyPage(8);
  page.writeUInt16LE(PAGE_HEADER_BYTES + 56, 12);
  for (const at of [0, 4]) page.writeUInt32LE(0xffffffff, AT + at); // head and tail of the pending list: none
  page.writeUInt32LE(counts.pendingPages, AT + 12);
  page.writeUInt32LE(counts.totalPages, AT + 24);
  page.writeUInt32LE(counts.entryPages, AT + 28);
  page.writeUInt32LE(counts.dataPages, AT + 32);
  page.writeBigInt64LE(BigInt(Math.round(counts.entries)), AT + 40);
  page.writeUInt32LE(GIN_VERSION, AT + 48);
  page.writeUInt32LE(0xffffffff, BLOCK_BYTES - 8);
  page.writeUInt16LE(GIN_META, BLOCK_BYTES - 2);
  return page;
}

/** Reads the counts out of a BRIN metapage. */
export function brinCounts(metapage: Buffer): BrinCounts {
  return { pagesPerRange: metapage.readUInt32LE(AT + 8), lastRevmapPage: metapage.readUInt32LE(AT + 12) };
}

/** A BRIN metapage with those counts. */
export function brinMetapage(counts: BrinCounts): Buffer {
  const page = emptyPage(8);
  page.writeUInt16LE(PAGE_HEADER_BYTES + 16, 12);
  page.writeUInt32LE(BRIN_MAGIC, AT);
  page.writeUInt32LE(1, AT + 4); // version
  page.writeUInt32LE(counts.pagesPerRange, AT + 8);
  page.writeUInt32LE(counts.lastRevmapPage, AT + 12);
  page.writeUInt16LE(BRIN_PAGETYPE_META, BLOCK_BYTES - 2);
  return page;
}

/** An SP-GiST metapage: the planner asks the index whether it can return its columns, which reads this one. */
export function spgistMetapage(): Buffer {
  const page = emptyPage(8);
  page.writeUInt16LE(PAGE_HEADER_BYTES + 68, 12);
  page.writeUInt32LE(SPGIST_MAGIC, AT);
  page.writeUInt16LE(SPGIST_META, BLOCK_BYTES - 8);
  page.writeUInt16LE(SPGIST_PAGE_ID, BLOCK_BYTES - 2);
  return page;
}

/** A visibility map that calls the first block of its heap all-visible and all-frozen. */
export function visibilityMapPage(): Buffer {
  const page = emptyPage(0);
  page.writeUInt8(0b11, PAGE_HEADER_BYTES);
  return page;
}
