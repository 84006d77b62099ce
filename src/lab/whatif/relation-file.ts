import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { BLOCK_BYTES } from '../../base/block.js';
import { setChecksum } from './page.js';

/** Blocks in one file of a relation: `RELSEG_SIZE` of every build that npm ships (1 GiB). */
const SEGMENT_BLOCKS = 131_072;

/** Blocks in all files of a relation. */
export function relationBlocks(path: string): number {
  let blocks = 0;
  for (let segment = 0; existsSync(segmentPath(path, segment)); segment += 1) {
    blocks += Math.floor(statSync(segmentPath(path, segment)).size / BLOCK_BYTES);
  }
  return blocks;
}

/**
 * Makes a relation that many blocks long, without writing any: what is added reads as zeros, which PostgreSQL takes
 * for new pages, and occupies no disk. Creates the files that are missing, with the owner and mode that files in their folder have.
 */
export function resizeRelation(path: string, blocks: number): void {
  let left = blocks;
  let segment = 0;
  do {
    const here = Math.min(left, SEGMENT_BLOCKS);
    resizeFile(segmentPath(path, segment), here * BLOCK_BYTES);
    left -= here;
    segment += 1;
    // A full file is followed by another, even if empty only when more is to come: the server stops at the first short one.
  } while (left > 0);
  for (; existsSync(segmentPath(path, segment)); segment += 1) unlinkSync(segmentPath(path, segment));
}

/** Creates a relation's file with these first blocks and zeros up to `blocks` (at least as many as the pages given). */
export function createRelation(
  path: string,
  pages: readonly Buffer[],
  options: { blocks: number; checksums: boolean },
): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    pages.forEach((page, block) => {
      if (options.checksums) setChecksum(page, block);
      writeSync(file, page, 0, BLOCK_BYTES, block * BLOCK_BYTES);
    });
  } finally {
    closeSync(file);
  }
  giveToServer(path);
  resizeRelation(path, Math.max(options.blocks, pages.length));
}

/** One block of a relation's first file; null when the file is shorter. */
export function readBlock(path: string, block: number): Buffer | null {
  const page = Buffer.alloc(BLOCK_BYTES);
  const file = openSync(path, 'r');
  try {
    return readSync(file, page, 0, BLOCK_BYTES, block * BLOCK_BYTES) === BLOCK_BYTES ? page : null;
  } finally {
    closeSync(file);
  }
}

function segmentPath(path: string, segment: number): string {
  return segment === 0 ? path : `${path}.${segment}`;
}

function resizeFile(path: string, bytes: number): void {
  const isNew = !existsSync(path);
  const file = openSync(path, isNew ? 'wx' : 'r+', 0o600);
  try {
    ftruncateSync(file, bytes);
  } finally {
    closeSync(file);
  }
  if (isNew) giveToServer(path);
}

/** A file that the server's user can not open counts as absent, silently. */
function giveToServer(path: string): void {
  const folder = statSync(dirname(path));
  const file = statSync(path);
  if (file.uid !== folder.uid || file.gid !== folder.gid) chownSync(path, folder.uid, folder.gid);
  chmodSync(path, 0o600);
}
