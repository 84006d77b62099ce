/**
 * 52 bits of stretches of codes, given as start and end (exclusive) in turn: two sums by FNV-1a (Fowler, Noll, Vo), whose lowest bits depend on each other, so that of fifty
 * thousand texts two are the same in one of a million logs. What differs in `seed` differs in the hash.
 */
export function hashCuts(codes: Uint16Array, cuts: Int32Array, cutsEnd: number, seed: number): number {
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
  return ((high >>> 0) & 0xf_ff_ff) * 2 ** 32 + (low >>> 0);
}

/** The same of a text. */
export function hashText(text: string, seed: number): number {
  if (text.length > textCodes.length) {
    textCodes = new Uint16Array(text.length);
    textBytes = Buffer.from(textCodes.buffer);
  }
  textBytes.write(text, 'utf16le');
  textCut[1] = text.length;
  return hashCuts(textCodes, textCut, 2, seed);
}

const PRIME = 0x01_00_01_93;
let textCodes = new Uint16Array(4096);
let textBytes = Buffer.from(textCodes.buffer);
const textCut = new Int32Array(2);
