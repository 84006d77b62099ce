import { expect, it } from 'vitest';
import { Growing } from './growing.js';

it('leaves the earlier ones as they were, also where two grow out of one', () => {
  const none = new Growing<number>();
  const one = none.with('a', 1);
  const two = one.with('a', 2).with('b', 3);
  const other = one.with('b', 4);
  const rows = [none, one, two, other].map((map) => ['a', 'b', 'c'].map((key) => map.get(key)));
  expect(rows).toEqual([
    [undefined, undefined, undefined],
    [1, undefined, undefined],
    [2, 3, undefined],
    [1, 4, undefined],
  ]);
  expect(other.has('b') && !one.has('b')).toBe(true);
});
