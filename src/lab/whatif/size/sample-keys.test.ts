import { describe, expect, it } from 'vitest';
import type { IndexLayout, LayoutColumn } from '../index-layout.js';
import { countClasses, countKeys as countKeysOf, groupRows, indexedRows } from './sample-keys.js';
import type { IndexParts, SampledKeys } from './sample-keys.js';
import type { Part } from './sample-parts.js';

const column = (length: number, alignment: number): LayoutColumn => ({
  attribute: 'a',
  column: 'a',
  sql: 'a',
  length,
  alignment,
  storage: 'x',
});

function layoutOf(method: string, columns: readonly LayoutColumn[]): IndexLayout {
  return { method, columns, keyCount: columns.length } as unknown as IndexLayout;
}

function countKeys(layout: IndexLayout, parts: IndexParts, repeats: boolean): SampledKeys {
  return countKeysOf(layout, parts, indexedRows(layout, parts), repeats);
}

/** A part with these values, each of these bytes; null is NULL. */
function partOf(values: readonly (string | null)[], bytes = 4): Part {
  const known = [...new Set(values)];
  return {
    bytes: Int32Array.from(values, (value) => (value === null ? -1 : bytes)),
    values: {
      ids: Int32Array.from(values, (value) => known.indexOf(value)),
      hashes: Float64Array.from(known, (_, id) => id),
      hashedBy: 'value',
    },
  };
}

const rows = (count: number): Int32Array => Int32Array.from({ length: count }, (_, row) => row);

describe('groups of rows', () => {
  it('agree in all parts, NULLs with each other', () => {
    const one = partOf(['x', 'x', 'y', 'y', null, null]);
    const other = partOf(['1', '2', '1', '1', null, null]);
    expect(groupRows([one, other], rows(6))).toEqual({
      ids: Int32Array.from([0, 1, 2, 2, 3, 3]),
      counts: [1, 1, 2, 2],
    });
    expect(groupRows([one, other], Int32Array.from([1, 3])).counts).toEqual([1, 1]);
  });

  it('are none of no rows', () => {
    expect(groupRows([partOf([])], rows(0))).toEqual({ ids: new Int32Array(0), counts: [] });
  });
});

describe('keys of an index', () => {
  it('are as long as the server makes them', () => {
    // int4 then int8: 4, aligned to 8, and 8 more; a header of 8.
    const wide = countKeys(
      layoutOf('btree', [column(4, 4), column(8, 8)]),
      partsOf(partOf(['a']), partOf(['b'], 8)),
      true,
    );
    expect(wide.widths).toEqual([{ bytes: 24, rows: 1 }]);
    // A short text stands right behind the int4, a long one on its alignment; with a NULL the header takes 16.
    const texts: Part = { ...partOf(['s', 'l', null]), bytes: Int32Array.from([6, 200, -1]) };
    const mixed = countKeys(
      layoutOf('btree', [column(2, 2), column(-1, 4)]),
      partsOf(partOf(['a', 'b', 'c'], 2), texts),
      true,
    );
    expect(mixed.widths).toEqual([
      { bytes: 16, rows: 1 },
      { bytes: 24, rows: 1 },
      { bytes: 216, rows: 1 },
    ]);
  });

  it('are counted by how often they come, those that came often apart', () => {
    const values = [...Array.from({ length: 12 }, () => 'often'), 'twice', 'twice', 'once', 'one more'];
    const layout = layoutOf('btree', [column(4, 4)]);
    const { rows: counted, heavy, others } = countKeys(layout, partsOf(partOf(values)), true);
    expect(counted).toBe(16);
    expect(heavy).toEqual([{ rows: 12, values: 1, tupleBytes: 16 }]);
    expect(others).toEqual([
      { rows: 1, values: 2, tupleBytes: 16 },
      { rows: 2, values: 1, tupleBytes: 16 },
    ]);
    expect(countKeys(layout, partsOf(partOf(values)), false)).toMatchObject({ heavy: [], others: [] });
  });

  it('leave out what the condition does, and a hash index NULLs', () => {
    const part = partOf(['a', null, 'a', 'b']);
    const condition: Part = { bytes: Int32Array.from([4, 4, -1, 4]), values: null };
    const classes = (method: string): number[] =>
      countClasses(layoutOf(method, [column(4, 4)]), { columns: [part], condition }).map((one) => one.values);
    expect(classes('btree')).toEqual([3]);
    expect(classes('hash')).toEqual([2]);
  });
});

function partsOf(...columns: readonly Part[]): { columns: readonly Part[]; condition: null } {
  return { columns, condition: null };
}
