import type { Random } from '../../stats/random.js';

/** One of a list; undefined of an empty one. */
export function pick<T>(random: Random, from: readonly T[]): T | undefined {
  return from[Math.floor(random() * from.length)];
}
