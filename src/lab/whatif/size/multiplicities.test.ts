import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../stats/random.js';
import { multiplicities } from './multiplicities.js';
import type { Multiplicity } from './multiplicities.js';

/** How often values come in a sample of every `scale`-th of the rows, and how many there are in all rows. */
function sampled(
  valueOf: (row: number) => number,
  rows: number,
  scale: number,
): { sample: Multiplicity[]; all: number } {
  const random = seededRandom(7);
  const all = new Set<number>();
  const counts = new Map<number, number>();
  for (let row = 0; row < rows; row += 1) {
    const value = valueOf(row);
    all.add(value);
    if (random() < 1 / scale) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const byRows = new Map<number, number>();
  for (const count of counts.values()) byRows.set(count, (byRows.get(count) ?? 0) + 1);
  return { sample: [...byRows].map(([one, values]) => ({ rows: one, values })), all: all.size };
}

function total(found: readonly Multiplicity[]): number {
  return found.reduce((sum, one) => sum + one.values, 0);
}

describe('how often values come among all rows', () => {
  const zipf = seededRandom(3);
  it.each([
    ['each once', (row: number) => row, 0.01],
    ['each five times', (row: number) => Math.floor(row / 5), 0.02],
    ['half of them once, the others a hundred times', (row: number) => (row % 2 ? row : -Math.floor(row / 200)), 0.03],
    ['few often, many seldom', () => Math.floor(Math.exp(zipf() * Math.log(50_000))), 0.05],
  ])('is found where they come %s', (_, valueOf, tolerance) => {
    const { sample, all } = sampled(valueOf, 100_000, 6);
    const found = multiplicities(sample, 6);
    expect(Math.abs(total(found) / all - 1)).toBeLessThan(tolerance);
    const rows = found.reduce((sum, one) => sum + one.rows * one.values, 0);
    expect(Math.abs(rows / 100_000 - 1)).toBeLessThan(0.02);
  });

  it('is what the sample says where it holds all rows, and nothing of no values', () => {
    expect(multiplicities([{ rows: 2, values: 9 }], 1)).toEqual([{ rows: 2, values: 9 }]);
    expect(multiplicities([], 9)).toEqual([]);
  });
});
