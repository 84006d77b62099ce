import { expect, test } from 'vitest';
import { oncePer } from './once-per.js';

test('works it out once for each object, whatever comes of it', () => {
  const asked: object[] = [];
  const answer = oncePer((of: { readonly value?: number }) => {
    asked.push(of);
    return of.value;
  });
  const [one, other, none] = [{ value: 1 }, { value: 1 }, {}];
  expect([one, other, none, one, other, none].map(answer)).toEqual([1, 1, undefined, 1, 1, undefined]);
  expect(asked).toEqual([one, other, none]);
});
