import { describe, expect, it } from 'vitest';
import { likeSamples, regexSample } from './patterns.js';

describe('texts that match a pattern', () => {
  it.each([
    ['ab%', ['ab', 'abx']],
    ['%a_c%', ['axc', 'xaxcx']],
    [String.raw`50\%%`, ['50%', '50%x']],
    [String.raw`a\\_`, [String.raw`a\x`]],
    ['plain', ['plain']],
  ])('LIKE %s', (pattern, samples) => expect(likeSamples(pattern)).toEqual(samples));

  it.each([
    '^[0-9]{3}-[0-9]{2}$',
    '^[A-Z]{2}[0-9]+$',
    String.raw`^\d+\.\d{2}$`,
    '^(foo|bar)s?$',
    '[^a-z]x',
    'ab*c|d',
    String.raw`^\w+@\w+\.org$`,
  ])('the regular expression %s', (pattern) => expect(regexSample(pattern)).toMatch(new RegExp(pattern)));

  it.each(['', 'plain text', 'a.b'])('takes %j for no regular expression', (text) =>
    expect(regexSample(text)).toBeNull(),
  );
});
