import { describe, expect, test } from 'vitest';
import { gainOf, isWorthwhile } from './gain.js';

describe('isWorthwhile', () => {
  const limits = { leastGain: 0.01 };
  const many = Array.from({ length: 1000 }, () => ({ calls: 1 }));
  const before = many.map(() => 10);
  const changed = (after: number): number[] => before.map((value, i) => (i === 7 ? after : value));

  test('a hundredfold gain of one of a thousand statements counts, a small one does not', () => {
    expect(gainOf(many, before, changed(0.1))).toBeLessThan(0.01);
    expect(isWorthwhile(many, before, changed(0.1), limits)).toBe(true);
    expect(isWorthwhile(many, before, changed(8.5), limits)).toBe(true);
    expect(isWorthwhile(many, before, changed(9.2), limits)).toBe(false);
    expect(isWorthwhile(many, before, changed(11), limits)).toBe(false);
  });

  test('a statement that is a thousandth of the others is not worth an index, however fast it gets', () => {
    const few = [{ calls: 1 }, { calls: 1 }, { calls: 1 }];
    expect(isWorthwhile(few, [1000, 1000, 1], [1000, 1000, 0.001], limits)).toBe(false);
    expect(isWorthwhile(few, [1000, 1000, 100], [1000, 1000, 0.001], limits)).toBe(true);
  });

  test('a large statement that only changes its plan hides no gain', () => {
    const statements = Array.from({ length: 30 }, () => ({ calls: 1 }));
    const now = statements.map((_, i) => (i === 0 ? 3000 : 30));
    const then = now.map((value, i) => (i === 0 ? 2990 : i === 1 ? 3 : value));
    expect(isWorthwhile(statements, now, then, limits)).toBe(true);
  });
});

describe('gainOf', () => {
  test('is the fall of the total, or the larger geometric mean, and negative for a loss', () => {
    const calls = [{ calls: 1 }, { calls: 1 }];
    expect(gainOf(calls, [50, 50], [25, 50])).toBeCloseTo(1 - Math.exp(0.5 * Math.log(0.5)));
    expect(gainOf(calls, [99, 1], [99, 0.01])).toBeCloseTo(1 - Math.exp(0.01 * Math.log(0.01)));
    expect(gainOf(calls, [10, 1], [11, 0.001])).toBeLessThan(0);
    expect(gainOf(calls, [0, 0], [0, 0])).toBe(0);
  });
});
