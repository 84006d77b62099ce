import { join } from 'node:path';
import { btreeDeduplicates, btreeLevel, btreePages, brinMetapage, ginMetapage, spgistMetapage } from './metapage.js';
import type { BrinCounts, GinCounts } from './metapage.js';
import { readBlock, relationBlocks } from './relation-file.js';
import { createFile, resizeFile } from './storage.js';
import type { Storage } from './storage.js';

/** What is to be seen in an index's file. */
export interface IndexContent {
  readonly pages: number;
  readonly level: number;
  readonly gin: GinCounts | null;
  readonly brin: BrinCounts | null;
  /** A leaf page of the same shape with the least and the greatest key in it; null for none. */
  readonly leaf: Buffer | null;
}

/** An index that the server built over no rows. */
export interface EmptyIndex {
  readonly method: string;
  /** Relative to the data directory. */
  readonly path: string;
}

/**
 * Gives an empty index the size and the first pages that the planner looks at. The number of the file to use from now
 * on, or null where its own was made longer: what the server may have in its buffers can not be changed behind its back.
 */
export function writeIndexFile(storage: Storage, index: EmptyIndex, content: IndexContent): number | null {
  if (index.method === 'btree') {
    const metapage = readBlock(join(storage.dataDir, index.path), 0);
    if (metapage !== null && btreeLevel(metapage) !== null) {
      const pages = content.pages <= 1 ? [metapage] : btreePages(metapage, content.level, content.leaf);
      return createFile(storage, pages, content.pages);
    }
  }
  const pages = firstPages(index.method, content);
  if (pages !== null) return createFile(storage, pages, content.pages);
  const path = join(storage.dataDir, index.path);
  if (content.pages > relationBlocks(path)) resizeFile(storage, index.path, content.pages);
  return null;
}

/** Null for an access method of which it is not known what its planning reads. */
function firstPages(method: string, content: IndexContent): Buffer[] | null {
  if (method === 'gin' && content.gin !== null) return [ginMetapage(content.gin)];
  if (method === 'brin' && content.brin !== null) return [brinMetapage(content.brin)];
  if (method === 'spgist') return [spgistMetapage()];
  return method === 'hash' || method === 'gist' ? [] : null;
}

/** Whether the server will deduplicate this empty btree; false for other access methods. */
export function readDeduplicates(storage: Storage, index: EmptyIndex): boolean {
  if (index.method !== 'btree') return false;
  const metapage = readBlock(join(storage.dataDir, index.path), 0);
  return metapage !== null && btreeLevel(metapage) !== null && btreeDeduplicates(metapage);
}
