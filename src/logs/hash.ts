/**
 * 52 bits of stretches of bytes, given as start and end (exclusive) in turn: two sums by FNV-1a (Fowler, Noll, Vo), whose lowest bits depend on each other, so that of fifty
 * thousand texts two are the same in one of a million logs. What differs in `seed` differs in the hash.
 */
export function hashCuts(codes: Uint8Array, cuts: Int32Array, cutsEnd: number, seed: number): number {
  let low = Math.imul(0x81_1c_9d_c5 ^ seed, PRIME);
  let high = Math.imul(PRIME + seed, PRIME);
  let count = 0;
  for (let cut = 0; cut < cutsEnd; cut += 2) {
    if (cut > 0) {
      low = Math.imul(low, PRIME);
      high = Math.imul(high ^ count, PRIME);
      count += 1;
    }
    const start = cuts[cut] as number;
    const length = (cuts[cut + 1] as number) - start;
    for (let i = 0; i < length; i += 1) {
      const code = codes[start + i] as number;
      low = Math.imul(low ^ code, PRIME);
      high = Math.imul(high ^ (code + count + i), PRIME);
    }
    count += length;
  }
  return joined(low, high);
}

/** The same of one stretch; `seed` may be a hash. */
export function hashBytes(bytes: Uint8Array, from: number, to: number, seed: number): number {
  let low = Math.imul(0x81_1c_9d_c5 ^ seed, PRIME);
  let high = Math.imul(PRIME ^ (seed / 2 ** 32) ^ (to - from), PRIME);
  for (let at = from; at < to; at += 1) {
    const code = bytes[at] as number;
    low = Math.imul(low ^ code, PRIME);
    high = Math.imul(high ^ (code + at - from), PRIME);
  }
  return joined(low, high);
}

/**
 * 52 bits of a text of `length` bytes, four at a time: what is behind it in its last word must be zeros. One half is MurmurHash3 (Appleby), the other the sum of the same words
 * turned and multiplied by another number.
 */
export function hashWords(words: Uint32Array, length: number): number {
  const count = (length + 3) >> 2;
  let low = length;
  let high = 0x9e_37_79_b1 ^ length;
  for (let i = 0; i < count; i += 1) {
    const word = words[i] as number;
    let mixed = Math.imul(word, 0xcc_9e_2d_51);
    mixed = (mixed << 15) | (mixed >>> 17);
    low ^= Math.imul(mixed, 0x1b_87_35_93);
    low = (low << 13) | (low >>> 19);
    low = (Math.imul(low, 5) + 0xe6_54_6b_64) | 0;
    high = Math.imul(((high << 7) | (high >>> 25)) ^ word, 0x85_eb_ca_6b);
  }
  low = Math.imul(low ^ (low >>> 16), 0x85_eb_ca_6b);
  low = Math.imul(low ^ (low >>> 13), 0xc2_b2_ae_35);
  high ^= high >>> 15;
  return joined(low ^ (low >>> 16), high);
}

function joined(low: number, high: number): number {
  return ((high >>> 0) & 0xf_ff_ff) * 2 ** 32 + (low >>> 0);
}

const PRIME = 0x01_00_01_93;
