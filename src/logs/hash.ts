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
 * 52 bits of stretches of one buffer that are added one after another, four bytes at a time: one half is MurmurHash3 (Appleby), the other the sum of the same words turned and multiplied by another
 * number.
 */
export class StretchesHash {
  private low = 0;
  private high = 0;
  private bytes: Uint8Array = NOTHING;
  private view: DataView = new DataView(NOTHING.buffer);

  begin(bytes: Uint8Array): void {
    this.low = 0;
    this.high = 0x9e_37_79_b1 | 0;
    if (bytes === this.bytes) return;
    this.bytes = bytes;
    // A word at any place: of typed arrays only bytes can be read so.
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** `mark` is what stands behind the stretch, below 256. */
  add(from: number, to: number, mark: number): void {
    const { bytes, view } = this;
    let { low, high } = this;
    let at = from;
    for (; at + 4 <= to; at += 4) {
      const word = view.getInt32(at, true);
      low = mixed(low, word);
      high = Math.imul(((high << 7) | (high >>> 25)) ^ word, 0x85_eb_ca_6b);
    }
    let rest = mark;
    for (; at < to; at += 1) rest = (rest << 8) | (bytes[at] as number);
    low = mixed(mixed(low, rest), to - from);
    high = Math.imul(((high << 7) | (high >>> 25)) ^ rest, 0x85_eb_ca_6b);
    this.low = low;
    this.high = high;
  }

  value(): number {
    let low = Math.imul(this.low ^ (this.low >>> 16), 0x85_eb_ca_6b);
    low = Math.imul(low ^ (low >>> 13), 0xc2_b2_ae_35);
    return joined(low ^ (low >>> 16), this.high ^ (this.high >>> 15));
  }
}

function mixed(hash: number, word: number): number {
  let turned = Math.imul(word, 0xcc_9e_2d_51);
  turned = Math.imul((turned << 15) | (turned >>> 17), 0x1b_87_35_93) ^ hash;
  return (Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe6_54_6b_64) | 0;
}

function joined(low: number, high: number): number {
  return ((high >>> 0) & 0xf_ff_ff) * 2 ** 32 + (low >>> 0);
}

const NOTHING = new Uint8Array(0);
const PRIME = 0x01_00_01_93;
