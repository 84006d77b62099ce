import { describe, expect, it } from 'vitest';
import { displayWidth, fit, pad, table, wrap } from './columns.js';

describe('displayWidth', () => {
  it.each([
    ['orders', 6],
    ['注文', 4],
    ['e\u0301', 1],
    ['\u001b[31mred\u001b[39m', 3],
    ['🙂', 2],
    ['', 0],
  ])('%j takes %i columns', (text, width) => expect(displayWidth(text)).toBe(width));
});

describe('fit and pad', () => {
  it('cuts with an ellipsis inside the width, also between wide letters', () => {
    expect(fit('orders_placed_at', 8)).toBe('orders_…');
    expect(displayWidth(fit('注文注文注文', 6))).toBeLessThanOrEqual(6);
    expect(fit('short', 8)).toBe('short');
  });

  it('pads by what is seen', () => {
    expect(pad('注文', 6)).toBe('注文  ');
    expect(pad('12', 4, 'right')).toBe('  12');
  });
});

describe('wrap', () => {
  it('breaks at spaces, indents what follows and keeps a figure with its unit', () => {
    expect(wrap('it fell from 1.34 ms', 17, '  ')).toEqual(['it fell from', '  1.34 ms']);
  });

  it('breaks a word that alone is too long', () => {
    expect(wrap('aaaaaaaaaaaa b', 5)).toEqual(['aaaaa', 'aaaaa', 'aa b']);
  });
});

describe('table', () => {
  const columns = [
    { title: 'name', align: 'left', shrinks: true },
    { title: 'ms', align: 'right' },
  ] as const;

  it('aligns, and cuts the column that may shrink', () => {
    expect(
      table(
        columns,
        [
          ['a_very_long_name_of_a_statement', '12'],
          ['b', '1'],
        ],
        20,
      ),
    ).toEqual(['name              ms', 'a_very_long_nam…  12', 'b                  1']);
  });

  it.each([4, 10, 20, 60])('is never wider than %i', (width) => {
    const lines = table(
      columns,
      [
        ['x'.repeat(50), '123,456,789'],
        ['注文'.repeat(9), '1'],
      ],
      width,
    );
    expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(width);
  });
});
