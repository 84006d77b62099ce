import { expect, it } from 'vitest';
import { parseArrayText } from './array-text.js';

it.each([
  ['{}', []],
  ['{1,2,3}', ['1', '2', '3']],
  ['{NULL,"NULL",null}', [null, 'NULL', null]],
  [String.raw`{"a,b","c\"d","e\\f","",x y}`, ['a,b', 'c"d', String.raw`e\f`, '', 'x y']],
  ['{"2024-01-01 00:00:00+00","{}"}', ['2024-01-01 00:00:00+00', '{}']],
  ['{{1,2},{3,4}}', null],
  ['{1,2', null],
  ['1', null],
])('reads %s', (text, elements) => {
  expect(parseArrayText(text)).toEqual(elements);
});
