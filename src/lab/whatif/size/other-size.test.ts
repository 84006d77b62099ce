import { expect, it } from 'vitest';
import { extrapolate, hashPages } from './other-size.js';

it('grows a size by the power that two builds show, between the square root and proportion', () => {
  const small = { rows: 60_000, pages: 200 };
  expect(Math.round(extrapolate(small, { rows: 120_000, pages: 356 }, 250_000))).toBe(656);
  expect(extrapolate(small, { rows: 120_000, pages: 200 }, 480_000)).toBe(400);
  expect(extrapolate(small, { rows: 120_000, pages: 900 }, 240_000)).toBe(1800);
  expect(extrapolate(small, { rows: 120_000, pages: 400 }, 60_000)).toBe(200);
});

it('gives a hash index buckets for all rows of the table, and overflow pages for values that come often', () => {
  const unique = [{ rows: 1, values: 50_000, tupleBytes: 16 }];
  expect(hashPages(50_000, 75, unique)).toBe(258);
  // 50,000 rows of one value take 123 pages at 407 to a page; one of them is the bucket itself.
  expect(hashPages(50_000, 75, [{ rows: 50_000, values: 1, tupleBytes: 16 }])).toBe(380);
  // Values of 167 rows: three of them in one bucket need a second page. PostgreSQL 15 and 18 built 968 pages for 200,000 rows of 1201 values.
  expect(
    Math.abs(hashPages(200_000, 75, [{ rows: 200_000 / 1201, values: 1201, tupleBytes: 16 }]) / 968 - 1),
  ).toBeLessThan(0.05);
});
