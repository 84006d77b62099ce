import { describe, expect, it } from 'vitest';
import { btreeHeight, btreeSize } from './btree-size.js';

const unique = { deduplicates: false, fillFactor: 90 };

describe('sizes that CREATE INDEX gave on PostgreSQL 15 and 18', () => {
  it.each([
    // An int4 or int8 key has tuples of 16 bytes: 366 to a leaf, and one more on the last.
    [1, { pages: 2, level: 0 }],
    [367, { pages: 2, level: 0 }],
    [368, { pages: 4, level: 1 }],
    [733, { pages: 4, level: 1 }],
    [734, { pages: 5, level: 1 }],
    [1_000_000, { pages: 2745, level: 2 }],
    [0, { pages: 1, level: 0 }],
  ])('%i rows', (rows, size) => {
    expect(btreeSize({ ...unique, classes: [{ rows, values: 1, tupleBytes: 16 }] })).toEqual(size);
  });

  it('merges equal keys into posting lists', () => {
    const classes = [{ rows: 30_000, values: 5, tupleBytes: 16 }];
    expect(btreeSize({ classes, deduplicates: true, fillFactor: 90 })).toEqual({ pages: 129, level: 1 });
  });
});

it('guesses a height from a size', () => {
  expect([1, 2, 4, 276, 2745, 300_000].map(btreeHeight)).toEqual([0, 0, 1, 1, 2, 3]);
});
