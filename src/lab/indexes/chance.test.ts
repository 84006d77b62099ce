import { expect, test } from 'vitest';
import { onceTolerance } from './chance.js';

test('a single run may be longer by half, and by more where the pairs of the baseline were further apart, up to three times', () => {
  const noise = (timeLogRatio: number) => ({ timeLogRatio, bufferLogRatio: 0, pairs: 30 });
  expect(onceTolerance(null)).toBe(1.5);
  expect(onceTolerance(noise(0.02))).toBe(1.5);
  expect(onceTolerance(noise(0.25))).toBeCloseTo(Math.exp(0.75));
  expect(onceTolerance(noise(2))).toBe(3);
});
