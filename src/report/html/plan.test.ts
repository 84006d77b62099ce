import { describe, expect, it } from 'vitest';
import { ratioAxis, timeAxis } from './axis.js';
import { escapeHtml, html } from './markup.js';
import { parseShape } from './plan.js';

describe('parseShape', () => {
  it('reads a tree', () => {
    expect(parseShape('Limit(Sort(Seq Scan@a),Index Scan:i@b)')).toEqual({
      label: 'Limit',
      children: [
        { label: 'Sort', children: [{ label: 'Seq Scan@a', children: [] }] },
        { label: 'Index Scan:i@b', children: [] },
      ],
    });
  });

  it.each(['Limit(Sort', 'Limit)', 'Seq Scan@odd(name', '(,)', '', 'a('.repeat(5000)])(
    'keeps %j as one text',
    (shape) => {
      expect(parseShape(shape)).toEqual({ label: shape, children: [] });
    },
  );
});

describe('html', () => {
  it('escapes values, keeps markup, and leaves out null and false', () => {
    expect(html`<b title="${'"x"'}">${'<&>'}${html`<i>${1}</i>`}${null}${false}${['a', html`<u></u>`]}</b>`.text).toBe(
      '<b title="&#34;x&#34;">&#60;&#38;&#62;<i>1</i>a<u></u></b>',
    );
    expect(escapeHtml('\u0000\u001b`')).toBe('\ufffd\ufffd&#96;');
  });
});

describe('axes', () => {
  it('are logarithmic and keep every value between 0 and 100', () => {
    const axis = timeAxis([0.01, 1, 100]);
    expect(axis.at(1)).toBeCloseTo(50, 6);
    for (const value of [0, -1, 1e-9, 1e9]) expect(axis.at(value)).toBeGreaterThanOrEqual(0);
    for (const value of [0, -1, 1e-9, 1e9]) expect(axis.at(value)).toBeLessThanOrEqual(100);
  });

  it('have two ticks at least, and no crowd', () => {
    for (const values of [[10, 12], [1, 1], [0.001, 60_000], [], [0]]) {
      expect(timeAxis(values).ticks.length).toBeLessThanOrEqual(7);
      expect(timeAxis(values).ticks.length).toBeGreaterThanOrEqual(1);
    }
  });

  it('of ratios hold 1', () => {
    expect(ratioAxis([0.0001]).ticks.map((tick) => tick.label)).toContain('same');
    expect(ratioAxis([]).ticks.map((tick) => tick.label)).toContain('same');
  });
});
