import { describe, expect, it } from 'vitest';
import type { Part } from './sample-parts.js';
import { slicePivot } from './sample-slice.js';
import type { Pivot, SlicedKey } from './sample-slice.js';
import { groupRows } from './sample-keys.js';

const ROWS = 3000;

/** A key whose value of a row is what `valueOf` says. */
function key(sql: string, valueOf: (row: number) => number): SlicedKey {
  const values = Array.from({ length: ROWS }, (_, row) => valueOf(row));
  const known = new Map([...new Set(values)].map((value, id) => [value, id]));
  const part: Part = {
    bytes: new Int32Array(ROWS).fill(4),
    values: {
      ids: Int32Array.from(values, (value) => known.get(value) ?? 0),
      hashes: Float64Array.from(known.keys()),
      hashedBy: 'value',
    },
  };
  return { sql, part };
}

/** What a table of a hundred times the sample is sliced by. */
function pivotOf(keys: readonly SlicedKey[], isDrawn: (pivot: Pivot) => boolean = () => false): string[] | null {
  const rows = Int32Array.from({ length: ROWS }, (_, row) => row);
  const { counts } = groupRows(
    keys.map(({ part }) => part),
    rows,
  );
  const others = counts.map((count) => ({ rows: count, values: 1, tupleBytes: 16 }));
  const sampled = { rows: ROWS, widths: [], heavy: [], others };
  return slicePivot({ keys, rows, sampled, rowsPerSampled: 100, isDrawn })?.map(({ sql }) => sql) ?? null;
}

const person = key('person', (row) => row % 1000);
const most = key('most', (row) => row % 2000);
/** Half of its rows have one value. */
const uneven = key('uneven', (row) => (row < 1500 ? row : 0));
const hour = key('hour', (row) => row % 41);
const city = key('city', (row) => Math.floor(row / 50));
const day = key('day', (row) => Math.floor(row / 300));

describe('what a table is sliced by', () => {
  it('is nothing where the sample tells enough: every value seen again, or none', () => {
    expect(pivotOf([hour])).toBeNull();
    expect(pivotOf([key('id', (row) => row)])).toBeNull();
  });

  it('is the key with the most values, or one that is drawn already', () => {
    expect(pivotOf([person, most])).toEqual(['most']);
    expect(pivotOf([person, most], (pivot) => pivot[0]?.sql === 'person')).toEqual(['person']);
    expect(pivotOf([person, uneven])).toEqual(['person']);
  });

  it('is two keys in the order of their names where none has enough values, else all', () => {
    expect(pivotOf([hour, city, day])).toEqual(['city', 'hour']);
    expect(pivotOf([day, hour])).toEqual(pivotOf([hour, day]));
  });
});
