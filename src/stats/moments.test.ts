import { describe, expect, test } from 'vitest';
import { deviationOf, meanRatio, momentsOf, normalQuantile, pooled, studentQuantile, without } from './moments.js';
import type { Moments } from './moments.js';
import { seededRandom } from './random.js';
import { chanceOfRise } from './rise.js';

function momentsOfValues(values: readonly number[]): Moments {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { count: values.length, mean, sumSquares: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) };
}

describe('moments', () => {
  const early = [1, 5, 2, 8, 3];
  const late = [10, 12, 9, 30];

  test('of two sets together, and of one of them back again', () => {
    const both = pooled(momentsOfValues(early), momentsOfValues(late));
    const whole = momentsOfValues([...early, ...late]);
    expect(both.count).toBe(9);
    expect(both.mean).toBeCloseTo(whole.mean, 12);
    expect(both.sumSquares).toBeCloseTo(whole.sumSquares, 9);
    const back = without(whole, momentsOfValues(early));
    expect(back.mean).toBeCloseTo(15.25, 12);
    expect(deviationOf(back)).toBeCloseTo(deviationOf(momentsOfValues(late)), 9);
  });

  test('of few after very many keep a spread: what rounding swallowed is not certainty', () => {
    const whole = momentsOf(1_000_000_010, 5, 0);
    const back = without(whole, momentsOf(1_000_000_000, 5, 0));
    expect(back.count).toBe(10);
    expect(back.sumSquares).toBeGreaterThan(0);
    expect(without(momentsOf(5, 1, 1), momentsOf(5, 1, 1)).count).toBe(0);
  });
});

describe('the ratio of two means', () => {
  test.each([
    [0.975, 1.959964],
    [0.995, 2.575829],
    [0.9999, 3.719016],
    [0.5, 0],
  ])('normal quantile %s', (p, z) => expect(normalQuantile(p)).toBeCloseTo(z, 5));

  test.each([
    [0.975, 10, 2.228139],
    [0.995, 29, 2.756386],
    [0.975, 1e9, 1.959964],
  ])('t quantile %s with %s degrees of freedom', (p, free, t) => expect(studentQuantile(p, free)).toBeCloseTo(t, 3));

  test('has an interval that holds the truth as often as it says', () => {
    const random = seededRandom(5);
    // Exponential: as skewed as latencies are.
    const sample = (mean: number): Moments =>
      momentsOfValues(Array.from({ length: 60 }, () => -mean * Math.log(1 - random())));
    let held = 0;
    for (let round = 0; round < 2000; round += 1) {
      const { ciLow, ciHigh } = meanRatio([{ weight: 1, before: sample(4), after: sample(6) }], 0.95);
      if (ciLow <= 1.5 && ciHigh >= 1.5) held += 1;
    }
    expect(held / 2000).toBeGreaterThan(0.93);
    expect(held / 2000).toBeLessThan(0.97);
  });

  test('weighs statements, and knows nothing without values', () => {
    const still = momentsOf(100, 1, 0);
    const cases = [
      { weight: 9, before: still, after: still },
      { weight: 1, before: momentsOf(100, 11, 0), after: still },
    ];
    expect(meanRatio(cases, 0.95)).toEqual({ ratio: 0.5, ciLow: 0.5, ciHigh: 0.5 });
    expect(meanRatio([], 0.95).ratio).toBeNaN();
  });
});

describe('whether something happens more often', () => {
  test.each([
    ['none after', { count: 5, of: 100 }, { count: 0, of: 100 }, 1, 1],
    ['nothing looked at before', { count: 0, of: 0 }, { count: 9, of: 100 }, 1, 1],
    // P(X >= 3), X ~ B(3, 1/2)
    ['three of three', { count: 0, of: 50 }, { count: 3, of: 50 }, 1, 0.125],
    // P(X >= 8), X ~ B(10, 0.6)
    ['more than 1.5 times', { count: 2, of: 100 }, { count: 8, of: 100 }, 1.5, 0.16729],
    ['the same of very many', { count: 1_000_000, of: 2e6 }, { count: 1_000_000, of: 2e6 }, 1, 0.5],
  ])('%s', (_what, before, after, factor, chance) =>
    expect(chanceOfRise(before, after, factor)).toBeCloseTo(chance, 3),
  );
});
