import { expect, it } from 'vitest';
import {
  LEVEL_WITHOUT_DESCENT,
  brinCounts,
  brinMetapage,
  btreeLevel,
  btreePages,
  ginCounts,
  ginMetapage,
} from './metapage.js';
import { BLOCK_BYTES } from '../../base/block.js';
import { emptyPage, setChecksum } from './page.js';

it('reads back what it wrote', () => {
  const gin = { pendingPages: 1, totalPages: 500_000, entryPages: 40, dataPages: 459, entries: 5_000_000_000 };
  expect(ginCounts(ginMetapage(gin))).toEqual(gin);
  const brin = { pagesPerRange: 32, lastRevmapPage: 7 };
  expect(brinCounts(brinMetapage(brin))).toEqual(brin);
});

it('makes a chain from the root to a leaf', () => {
  const metapage = emptyPage(16);
  metapage.writeUInt32LE(0x053162, 24);
  const pages = btreePages(metapage, 2, null);
  const flags = pages.slice(1).map((page) => page.readUInt16LE(BLOCK_BYTES - 4));
  expect(pages.map((page) => page.length)).toEqual([BLOCK_BYTES, BLOCK_BYTES, BLOCK_BYTES, BLOCK_BYTES]);
  expect(btreeLevel(pages[0] ?? metapage)).toBe(2);
  expect(flags).toEqual([1, 0, 2]);
  expect(btreeLevel(emptyPage(16))).toBeNull();
});

it('puts root and metapage of a btree without a descent on the same level, over a leaf', () => {
  const metapage = emptyPage(16);
  metapage.writeUInt32LE(0x053162, 24);
  const [meta, leaf, root] = btreePages(metapage, LEVEL_WITHOUT_DESCENT, null);
  expect([meta?.readInt32LE(24 + 8), meta?.readInt32LE(24 + 20)]).toEqual([2, -1]); // btm_root, btm_fastlevel
  expect([leaf, root].map((page) => page?.readInt32LE(BLOCK_BYTES - 8))).toEqual([0, -1]);
  expect([leaf, root].map((page) => page?.readUInt16LE(BLOCK_BYTES - 4))).toEqual([1, 2]);
});

it('has the checksum that PostgreSQL computes', () => {
  // pageinspect's page_checksum() of the same page on PostgreSQL 15 and 18.
  const page = emptyPage(16);
  const sums = [0, 1, 70_000].map((block) => {
    setChecksum(page, block);
    return page.readUInt16LE(8);
  });
  expect(sums).toEqual([44_699, 44_698, 49_130]);
});
