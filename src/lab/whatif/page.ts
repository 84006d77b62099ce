import { BLOCK_BYTES, PAGE_HEADER_BYTES } from '../../base/block.js';

/** `FNV_PRIME` of checksum_impl.h. */
const FNV_PRIME = 16_777_619;

/** `checksumBaseOffsets` of checksum_impl.h. */
const CHECKSUM_OFFSETS = Uint32Array.of(
  0x5b1f36e9,
  0xb8525960,
  0x02ab50aa,
  0x1de66d2a,
  0x79ff467a,
  0x9bb9f8a3,
  0x217e7cd2,
  0x83e13d2c,
  0xf8d4474f,
  0xe39eb970,
  0x42c6ae16,
  0x993216fa,
  0x7b093b5d,
  0x98daff3c,
  0xf718902a,
  0x0b1c9cdb,
  0xe58f764b,
  0x187636bc,
  0x5d7b3bb1,
  0xe73de7de,
  0x92bec979,
  0xcca6c0b2,
  0x304a0979,
  0x85aa43d4,
  0x783125bb,
  0x6ca8eaa2,
  0xe407eac6,
  0x4b5cfc3e,
  0x9fbf8c76,
  0x15ca20be,
  0xf2ca9fd3,
  0x959bd756,
);

const LANES = CHECKSUM_OFFSETS.length;

/** A page with a valid header, nothing in it, and `specialBytes` kept at its end. */
export function emptyPage(specialBytes: number): Buffer {
  const page = Buffer.alloc(BLOCK_BYTES);
  page.writeUInt16LE(PAGE_HEADER_BYTES, 12); // pd_lower
  page.writeUInt16LE(BLOCK_BYTES - specialBytes, 14); // pd_upper
  page.writeUInt16LE(BLOCK_BYTES - specialBytes, 16); // pd_special
  page.writeUInt16LE(BLOCK_BYTES | 4, 18); // page size and layout version 4
  return page;
}

/** Writes `pd_checksum` for the page as block `block` of its fork (`pg_checksum_page`). */
export function setChecksum(page: Buffer, block: number): void {
  page.writeUInt16LE(0, 8);
  const sums = Uint32Array.from(CHECKSUM_OFFSETS);
  const mix = (lane: number, value: number): void => {
    const mixed = ((sums[lane] ?? 0) ^ value) >>> 0;
    sums[lane] = Math.imul(mixed, FNV_PRIME) ^ (mixed >>> 17);
  };
  for (let at = 0; at < BLOCK_BYTES; at += 4 * LANES) {
    for (let lane = 0; lane < LANES; lane += 1) mix(lane, page.readUInt32LE(at + 4 * lane));
  }
  for (let round = 0; round < 2; round += 1) for (let lane = 0; lane < LANES; lane += 1) mix(lane, 0);
  const folded = sums.reduce((whole, sum) => (whole ^ sum) >>> 0, 0);
  page.writeUInt16LE((((folded ^ block) >>> 0) % 65_535) + 1, 8);
}
