import { describe, expect, it } from 'vitest';
import type { Constant } from './constants.js';
import { candidatesOf } from './values.js';

const string = (text: string): Constant => ({ kind: 'string', text });
const number = (text: string): Constant => ({ kind: 'number', text });

function valuesFor(baseType: string, declared: string, constants: readonly Constant[]): readonly string[] {
  const { plain, exact, near } = candidatesOf({ baseType, labels: [], declared }, constants, { now: false, own: true });
  return [...plain, ...exact, ...near];
}

describe('values worth trying', () => {
  it.each([
    ['a number with the other sign, and beside it', 'int4', 'integer', [number('5')], ["'-5'", "'-6'", "'-4'"]],
    ['zero with a sign', 'float8', 'double precision', [], ["'-0'"]],
    ['as many digits as the column holds', 'numeric', 'numeric(12,4)', [], ["'0.0005'", "'0.4444'"]],
    ['a text where a number says', 'text', 'text', [number('4'), string('-20')], ["'xxx-20'", "'xxxx-20'"]],
    ['a part of several', 'text', 'text', [string('-'), string('B7')], ["'x-B7-x'", "'x-B7'", "'B7-x'"]],
    ['a text cut to its column', 'varchar', 'character varying(4)', [string('abcdef')], ["'abcd'"]],
    [
      'what begins like a pattern, and the next',
      'uuid',
      'uuid',
      [string('a%')],
      ["'a0000000-0000-0000-0000-000000000000'", "'b0000000-0000-0000-0000-000000000000'"],
    ],
    [
      'a document at a path',
      'jsonb',
      'jsonb',
      [string('{call,phone}'), string('112')],
      [`'{"call": {"phone": "112"}}'`],
    ],
    [
      'a literal document under a key',
      'jsonb',
      'jsonb',
      [string('langs'), string('["de"]')],
      [`'{"langs": ["de"]}'`, `'{"langs": ["de", "y"]}'`],
    ],
    [
      'days and years before a day',
      'date',
      'date',
      [string('2025-06-01'), number('65')],
      ["timestamp '2025-06-01' - interval '65 year' + interval '1 day'"],
    ],
  ] as const)('%s', (_, baseType, declared, constants, expected) => {
    expect(valuesFor(baseType, declared, constants)).toEqual(expect.arrayContaining([...expected]));
  });
});
