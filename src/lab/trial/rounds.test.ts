import { describe, expect, test } from 'vitest';
import { BASELINE_PAIRS, TRIAL_PAIRS, firstSide, isDecisive, planPairs } from './rounds.js';

describe('planPairs', () => {
  test('wants more pairs of fast statements', () => {
    const statements = [1, 50, 500, 2000].map((totalMs) => ({ totalMs, cases: 1 }));
    expect(planPairs(statements, 1_000_000, TRIAL_PAIRS)).toEqual([20, 12, 7, 4]);
    expect(planPairs(statements, 1_000_000, BASELINE_PAIRS)).toEqual([20, 8, 4, 3]);
  });

  test('never goes under the minimum, however small the budget', () => {
    const statements = [1, 50, 500, 2000].map((totalMs) => ({ totalMs, cases: 1 }));
    expect(planPairs(statements, 0, TRIAL_PAIRS)).toEqual([5, 5, 5, 3]);
    expect(planPairs(statements, -5, BASELINE_PAIRS)).toEqual([5, 3, 3, 1]);
  });

  test('stays within a budget between the two', () => {
    const statements = Array.from({ length: 10 }, () => ({ totalMs: 100, cases: 1 }));
    const pairs = planPairs(statements, 16_000, TRIAL_PAIRS);
    const costMs = pairs.reduce((sum, count) => sum + 2 * count * 100, 0);
    expect(costMs).toBeLessThanOrEqual(16_000);
    expect(Math.min(...pairs)).toBeGreaterThan(5);
  });

  test('judges a statement by the mean of its cases', () => {
    expect(planPairs([{ totalMs: 60, cases: 4 }], 1_000_000, TRIAL_PAIRS)).toEqual([20]);
  });

  test('of nothing is nothing', () => {
    expect(planPairs([], 1000, TRIAL_PAIRS)).toEqual([]);
  });
});

describe('firstSide', () => {
  test('goes A B, B A, A B, and the other way round for the next statement', () => {
    expect([0, 1, 2, 3].map((pair) => firstSide(pair, 0))).toEqual(['before', 'after', 'before', 'after']);
    expect([0, 1].map((pair) => firstSide(pair, 1))).toEqual(['after', 'before']);
  });
});

describe('isDecisive', () => {
  const five = [10, 11, 9, 10, 10];

  test.each<[string, readonly number[], readonly number[], boolean]>([
    ['five pairs that all halve', five, [5, 5, 4, 5, 5], true],
    ['five pairs that all double', five, [20, 22, 18, 20, 20], true],
    ['four pairs', five.slice(1), [5, 5, 4, 5], false],
    ['one pair in doubt', five, [5, 5, 8, 5, 5], false],
    ['pairs in both directions', five, [5, 22, 4, 20, 5], false],
    ['no change', five, five, false],
    ['no pairs', [], [], false],
  ])('%s', (_, before, after, expected) => {
    expect(isDecisive(before, after)).toBe(expected);
  });
});
