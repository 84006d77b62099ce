import { describe, expect, test } from 'vitest';
import { pairedBootstrap, workloadBootstrap } from './bootstrap.js';
import { geometricMean, mad, mean, median, quantile, weightedQuantile, workloadQuantiles } from './quantile.js';
import { seededRandom } from './random.js';

describe('quantile', () => {
  test('agrees with R type 7 and keeps its input', () => {
    const values = [4, 1, 3, 2];
    expect([0, 0.25, 0.5, 0.9, 1].map((q) => quantile(values, q))).toEqual([1, 1.75, 2.5, 3.7, 4]);
    expect(values).toEqual([4, 1, 3, 2]);
    expect(quantile([], 0.5)).toBeNaN();
    expect(median([5])).toBe(5);
  });
  test('mad ignores an outlier', () => {
    expect(mad([1, 2, 3, 4, 1000])).toBeCloseTo(1.4826);
  });
  test('weighted: a value with weight n is n values', () => {
    const weighted = [
      { value: 10, weight: 1 },
      { value: 1, weight: 98 },
      { value: 5, weight: 1 },
      { value: 99, weight: 0 },
    ];
    expect([0.5, 0.98, 0.99, 1].map((q) => weightedQuantile(weighted, q))).toEqual([1, 1, 5, 10]);
    expect(weightedQuantile([], 0.5)).toBeNaN();
  });
  test('a workload shares the calls of a statement among its samples', () => {
    const statements = [
      { calls: 90, samples: [1, 1, 2] },
      { calls: 10, samples: [50] },
      { calls: 1000, samples: [] },
    ];
    expect(workloadQuantiles(statements, [0.5, 0.9, 0.95])).toEqual([1, 2, 50]);
  });
  test('means', () => {
    expect(mean([1, 3])).toBe(2);
    expect(geometricMean([0.5, 2])).toBeCloseTo(1);
    expect(geometricMean([1, 0])).toBeNaN();
  });
});

describe('pairedBootstrap', () => {
  const noise = seededRandom(7);
  const halved = Array.from({ length: 40 }, () => {
    const before = 10 * (0.9 + 0.2 * noise());
    return { before, after: before * 0.5 * (0.95 + 0.1 * noise()) };
  });
  test('finds the ratio, with an interval that holds it and is narrow', () => {
    const estimate = pairedBootstrap(halved);
    expect(estimate.ratio).toBeCloseTo(0.5, 1);
    expect(estimate.ciLow).toBeLessThan(0.5);
    expect(estimate.ciHigh).toBeGreaterThan(0.5);
    expect(estimate.ciHigh - estimate.ciLow).toBeLessThan(0.03);
    expect(estimate.pairs).toBe(40);
  });
  test('is the same every time, and differs with the seed', () => {
    expect(pairedBootstrap(halved)).toEqual(pairedBootstrap(halved));
    expect(pairedBootstrap(halved, { seed: 2 }).ciLow).not.toBe(pairedBootstrap(halved).ciLow);
  });
  test('covers the truth about 95 times of 100', () => {
    const random = seededRandom(3);
    const covered = Array.from({ length: 200 }, (_, seed) => {
      const pairs = Array.from({ length: 30 }, () => ({
        before: 1,
        after: Math.exp(random() + random() + random() - 1.5),
      }));
      const { ciLow, ciHigh } = pairedBootstrap(pairs, { resamples: 400, seed });
      return ciLow <= 1 && ciHigh >= 1;
    }).filter(Boolean).length;
    expect(covered).toBeGreaterThan(176);
    expect(covered).toBeLessThan(199);
  });
  test('leaves out pairs without a ratio; equal zeroes count as no change', () => {
    expect(pairedBootstrap([]).ratio).toBeNaN();
    expect(pairedBootstrap([{ before: 0, after: 3 }]).pairs).toBe(0);
    expect(pairedBootstrap([{ before: 0, after: 0 }])).toEqual({ ratio: 1, ciLow: 1, ciHigh: 1, pairs: 1 });
    expect(pairedBootstrap([{ before: 0, after: 3 }], { offset: 1 }).ratio).toBeCloseTo(4);
  });
});

describe('workloadBootstrap', () => {
  test('weighs by calls', () => {
    const cases = [
      {
        weight: 100,
        pairs: [
          { before: 10, after: 1 },
          { before: 10, after: 1 },
        ],
      },
      { weight: 1, pairs: [{ before: 10, after: 100 }] },
      { weight: 5, pairs: [] },
    ];
    const estimate = workloadBootstrap(cases);
    expect(estimate).toEqual({ ratio: 200 / 1010, ciLow: 200 / 1010, ciHigh: 200 / 1010, pairs: 3 });
    expect(workloadBootstrap([]).ratio).toBeNaN();
  });
});
