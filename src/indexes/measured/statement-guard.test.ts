import { expect, test } from 'vitest';
import { mostOf } from './statement-guard.js';

const STRICT = { tolerance: 1.15, slack: 0.1, small: 0 };

test('a statement may take its tolerance and the slack more', () => {
  expect(mostOf(100, STRICT)).toBeCloseTo(115.1);
  expect(mostOf(0, STRICT)).toBeCloseTo(0.1);
});

test('what is too little to matter is allowed, short of a tenth of a second and of three times as much', () => {
  const lenient = { ...STRICT, small: 50 };
  expect(mostOf(40, lenient)).toBe(90);
  expect(mostOf(80, lenient)).toBe(100);
  expect(mostOf(10, lenient)).toBe(30);
});

test('it never takes from the tolerance', () => {
  expect(mostOf(200, { ...STRICT, small: 50 })).toBeCloseTo(230.1);
  expect(mostOf(95, { ...STRICT, small: 0.01 })).toBeCloseTo(109.35);
});
