import { expect, test } from 'vitest';
import { aCatalog, aColumn, anIndex, aTable } from '../../../test/support/snapshot.js';
import type { TableWrite } from '../measured/write-cost.js';
import { columnKey, indexSpec } from '../candidates/candidates.js';
import { writeCostOf } from './keeping-cost.js';

const t = aTable('t', { columns: ['a', 'Odd "b"', 'c'].map((name) => aColumn(name)) });
const catalog = { ...aCatalog(), tables: [t], indexes: [anIndex('t_pkey', 't', ['c']), anIndex('i', 't', ['c', 'a'])] };
const spec = indexSpec(catalog, t, { keys: [columnKey('a')], include: [columnKey('Odd "b"')], where: 'c IS NOT NULL' });

function write(kind: TableWrite['kind'], columns: readonly string[] = [], table = 't'): TableWrite {
  return {
    table: { schema: 'public', name: table },
    fingerprint: 'w',
    name: 'w',
    kind,
    columns,
    set: kind === 'update' ? columns : [],
    deletes: kind === 'delete',
    rows: 100,
    rowsAssumed: false,
  };
}

test.each<[string, TableWrite, number]>([
  ['a row that comes', write('insert'), 1],
  ['a row that goes', write('delete'), 1],
  ['an update of its key, which every index of the table gets an entry for', write('update', ['a']), 3],
  ['an update of a column that it includes', write('update', ['Odd "b"']), 3],
  ['an update of its condition', write('update', ['c']), 3],
  ['an update of other columns', write('update', ['other']), 0],
  ['a write to another table', write('insert', [], 'u'), 0],
])('%s', (_, one, entries) => {
  expect(writeCostOf(spec, [one], catalog)).toBeCloseTo(entries * 100 * 0.375, 9);
});
