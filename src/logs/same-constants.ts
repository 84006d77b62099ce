import { hashBytes } from './hash.js';
import type { Scanned } from './scanned.js';

/** Notes which constants of a statement were the same in all its executions. */
export class SameConstants {
  /** Hashes of the first text's constants; NaN for one that differed since. */
  private readonly hashes: Float64Array;

  constructor({ codes, literals, literalsEnd }: Scanned) {
    const hash = (i: number): number => hashBytes(codes, literals[i * 2] as number, literals[i * 2 + 1] as number, 0);
    this.hashes = Float64Array.from({ length: literalsEnd / 2 }, (_, i) => hash(i));
  }

  at(constant: number): boolean {
    return !Number.isNaN(this.hashes[constant] ?? Number.NaN);
  }

  /** A bit for each of the first constants that still is the same; the last one stands for all beyond. */
  get mask(): number {
    let mask = 0;
    for (let i = 0; i < this.hashes.length; i += 1) if (this.at(i)) mask |= 1 << Math.min(i, BEYOND);
    return mask;
  }

  /** Compares those of a text with as many constants. */
  compare({ codes, literals }: Scanned): void {
    const { hashes } = this;
    for (let i = 0; i < hashes.length; i += 1)
      if (hashes[i] !== hashBytes(codes, literals[i * 2] as number, literals[i * 2 + 1] as number, 0)) hashes[i] = NaN;
  }
}

/** Of the constants that the mask has a bit for; NaN where it stands for more. */
export function sameHash({ codes, literals }: Scanned, mask: number): number {
  if ((mask & (1 << BEYOND)) !== 0) return Number.NaN;
  let hash = 0;
  for (let rest = mask, i = 0; rest !== 0; rest >>>= 1, i += 2)
    if ((rest & 1) === 1) hash = hashBytes(codes, literals[i] as number, literals[i + 1] as number, hash);
  return hash;
}

const BEYOND = 30;
