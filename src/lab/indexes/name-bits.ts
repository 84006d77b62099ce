/**
 * Sets of names as numbers, one bit for each name: whether one holds another is asked some hundred thousand times while sets are walked. A name keeps its bit as long as the process lives.
 */
export function bitsOf(names: readonly string[]): bigint {
  const known = byList.get(names);
  if (known !== undefined) return known;
  let bits = 0n;
  for (const name of names) bits |= bitOf(name);
  byList.set(names, bits);
  return bits;
}

/** Whether all of the first are among the second. */
export function isWithin(some: bigint, all: bigint): boolean {
  return (some & all) === some;
}

/** Lists of names are never changed once they are made. */
const byList = new WeakMap<readonly string[], bigint>();
const byName = new Map<string, bigint>();

function bitOf(name: string): bigint {
  const known = byName.get(name);
  if (known !== undefined) return known;
  const bit = 1n << BigInt(byName.size);
  byName.set(name, bit);
  return bit;
}
