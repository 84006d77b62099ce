import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../stats/random.js';
import type { GeneratedRow } from './generate.js';
import { matchedRows } from './matched.js';
import type { FilledColumn, FilledTable } from './tables.js';

function table(columns: readonly Partial<FilledColumn>[]): FilledTable {
  return {
    schema: 'public',
    name: 'visit',
    foreignKeys: [],
    keys: [],
    columns: columns.map((column, i) => ({
      name: `c${i}`,
      link: i,
      key: false,
      group: 'number',
      mayBeNull: true,
      matters: true,
      role: 'other',
      plain: ["'1'", "'2'", "'0'", "'-1'"],
      exact: [],
      near: [],
      passing: [],
      steps: [],
      extremes: [],
      ...column,
    })),
  };
}

function databases(of: FilledTable, counts: readonly number[] = []): readonly (readonly GeneratedRow[])[] {
  const random = seededRandom(5);
  return Array.from({ length: 200 }, () => matchedRows([of], random, counts));
}

const valuesOf = (rows: readonly GeneratedRow[], name: string): readonly (string | undefined)[] =>
  rows.map(({ values }) => values.get(name));

describe('databases in which conditions meet', () => {
  it('has numbers that are added up with both signs in turn, in many databases', () => {
    const cancelling = (role: 'summed' | 'other'): number =>
      databases(table([{ role }])).filter((rows) => {
        const numbers = valuesOf(rows, 'c0').map((value) => Number(value?.slice(1, -1)));
        return numbers[0] !== 0 && numbers.reduce((sum, one) => sum + one, 0) === 0;
      }).length;
    expect(cancelling('summed')).toBeGreaterThan(2 * cancelling('other'));
  });

  it('has NULL in one column of many rows, while another holds one value in all of them', () => {
    const half = databases(table([{ role: 'grouped' }, {}]), [20]).filter((rows) => {
      const groups = new Set(valuesOf(rows, 'c0'));
      return rows.length > 20 && groups.size === 1 && !groups.has('NULL') && valuesOf(rows, 'c1').includes('NULL');
    });
    expect(half.length).toBeGreaterThan(2);
  });
});
