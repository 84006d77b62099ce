/** Numbers what comes, from 0, the same for what came before. */
export interface Numbering {
  (code: number): number;
  /** How many different ones came. */
  count(): number;
}

/** A table for each possible code takes this many at most: 1 MB. */
const MOST_DIRECT = 2 ** 18;

/** Numbers codes from 0 up to `codes`, of which at most `most` different ones will come. A Map of numbers takes five times as long. */
export function numbering(codes: number, most: number): Numbering {
  return codes <= MOST_DIRECT ? direct(codes) : hashed(most);
}

function direct(codes: number): Numbering {
  const numbers = new Int32Array(codes);
  let next = 0;
  const number = (code: number): number => {
    const known = numbers[code] ?? 0;
    if (known > 0) return known - 1;
    next += 1;
    numbers[code] = next;
    return next - 1;
  };
  return Object.assign(number, { count: () => next });
}

/** Open addressing, at most half full. */
function hashed(most: number): Numbering {
  const slots = 2 ** Math.ceil(Math.log2(2 * most + 2));
  const codes = new Float64Array(slots);
  const numbers = new Int32Array(slots);
  let next = 0;
  const number = (code: number): number => {
    // Multiplied by the golden ratio's share of 2^32 (Knuth, "The Art of Computer Programming", 6.4).
    let slot = (Math.imul((code % 2 ** 31) ^ (code / 2 ** 31), 0x9e3779b1) >>> 0) % slots;
    while ((numbers[slot] ?? 0) > 0 && codes[slot] !== code) slot = (slot + 1) % slots;
    const known = numbers[slot] ?? 0;
    if (known > 0) return known - 1;
    next += 1;
    codes[slot] = code;
    numbers[slot] = next;
    return next - 1;
  };
  return Object.assign(number, { count: () => next });
}
