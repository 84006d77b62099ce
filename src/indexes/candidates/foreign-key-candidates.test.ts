import { expect, it, test } from 'vitest';
import { aCatalog, aForeignKey, anIndex, aTable } from '../../../test/support/snapshot.js';
import type { Constraint, Index, Table } from '../../model/catalog.js';
import type { TableWrite } from '../measured/write-cost.js';
import { foreignKeyCandidates } from './foreign-key-candidates.js';

const TABLES = ['buyer', 'orders', 'line', 'note'].map((name) => aTable(name));
const LINE = 'line_order_id_part_idx';
const ON_UPDATE = 'FOREIGN KEY (order_id, part) REFERENCES orders(id, part) ON UPDATE CASCADE';

/** orders -> buyer as given; line -> orders; note -> line (order_id, part). */
function keys(
  toBuyer: Partial<Constraint>,
  toOrders: Partial<Constraint> = {},
  orderColumns: readonly string[] = ['id', 'part'],
): readonly Constraint[] {
  return [
    aForeignKey('orders', ['buyer_id'], 'buyer', toBuyer),
    aForeignKey('line', ['order_id', 'part'], 'orders', {
      references: { table: { schema: 'public', name: 'orders' }, columns: orderColumns },
      ...toOrders,
    }),
    aForeignKey('note', ['line_order', 'line_part'], 'line', {
      references: { table: { schema: 'public', name: 'line' }, columns: ['order_id', 'part'] },
    }),
  ];
}

test.each<[string, TableWrite, readonly Constraint[], readonly string[]]>([
  ['a delete is checked', write('delete', 'buyer'), keys({}), ['orders_buyer_id_idx']],
  ['a delete cascades once', write('delete', 'buyer'), keys({ onDelete: 'c' }), ['orders_buyer_id_idx', LINE]],
  [
    'a delete cascades on and on',
    write('delete', 'buyer'),
    keys({ onDelete: 'c' }, { onDelete: 'c' }),
    ['orders_buyer_id_idx', LINE, 'note_line_order_line_part_idx'],
  ],
  [
    'SET NULL sets no column that is referred to',
    write('delete', 'buyer'),
    keys({ onDelete: 'n' }),
    ['orders_buyer_id_idx'],
  ],
  [
    'SET NULL sets one that is referred to',
    write('delete', 'buyer'),
    keys({ onDelete: 'n' }, {}, ['buyer_id', 'part']),
    ['orders_buyer_id_idx', LINE],
  ],
  ['an update of the key', write('update', 'orders', ['part']), keys({}), [LINE]],
  [
    'an update of the key that passes on',
    write('update', 'orders', ['part']),
    keys({}, { definition: ON_UPDATE }),
    [LINE, 'note_line_order_line_part_idx'],
  ],
  ['an update of what nothing refers to', write('update', 'orders', ['state']), keys({}), []],
  ['an insert', write('insert', 'buyer'), keys({}), []],
  ['an upsert of the key', { ...write('insert', 'orders'), set: ['part'] }, keys({}), [LINE]],
  ['an upsert of what nothing refers to', { ...write('insert', 'orders'), set: ['state'] }, keys({}), []],
  [
    'a merge that deletes',
    { ...write('update', 'buyer', ['state']), deletes: true },
    keys({ onDelete: 'c' }),
    ['orders_buyer_id_idx', LINE],
  ],
  ['a delete of the last in the chain', write('delete', 'note'), keys({ onDelete: 'c' }), []],
])('%s', (_, one, constraints, wanted) => {
  expect(names(TABLES, constraints, [one])).toEqual(wanted);
});

it('ends where keys refer to each other', () => {
  const circle = [
    aForeignKey('orders', ['buyer_id'], 'buyer', { onDelete: 'c' }),
    aForeignKey('buyer', ['first_order'], 'orders', { onDelete: 'c' }),
  ];
  expect(names(TABLES, circle, [write('delete', 'buyer')])).toEqual(['orders_buyer_id_idx', 'buyer_first_order_idx']);
});

it('says for which statements, those of most first', () => {
  const writes = [write('delete', 'buyer', [], 'a'), write('delete', 'orders', [], 'b')];
  const catalog = aCatalog({ tables: TABLES, constraints: keys({ onDelete: 'c' }) });
  expect(foreignKeyCandidates(catalog, writes).map((one) => [one.spec.name, one.for])).toEqual([
    [LINE, ['a', 'b']],
    ['orders_buyer_id_idx', ['a']],
  ]);
});

it.each([
  ['an index serves it', [anIndex('there', 'orders', ['buyer_id', 'id'])], []],
  ['the index is invalid', [anIndex('there', 'orders', ['buyer_id'], { valid: false })], ['orders_buyer_id_idx']],
  ['another column comes first', [anIndex('there', 'orders', ['id', 'buyer_id'])], ['orders_buyer_id_idx']],
])('looks at what is there: %s', (_, indexes: readonly Index[], wanted: readonly string[]) => {
  expect(names(TABLES, keys({}), [write('delete', 'buyer')], indexes)).toEqual(wanted);
});

it('leaves out tables of a few pages', () => {
  const tables = [aTable('buyer'), aTable('orders', { pages: 3 })];
  expect(names(tables, keys({}), [write('delete', 'buyer')])).toEqual([]);
});

it('makes one on the parent for a partitioned table that refers, whatever partition is written', () => {
  const parent = { schema: 'public', name: 'orders' };
  const buyers = { schema: 'public', name: 'buyer' };
  const tables = [
    aTable('buyer', { kind: 'p', pages: 0 }),
    aTable('buyer_1', { partitionOf: buyers }),
    aTable('orders', { kind: 'p', pages: 0 }),
    aTable('orders_1', { partitionOf: parent }),
  ];
  const constraints = [aForeignKey('orders', ['buyer_id'], 'buyer'), aForeignKey('orders_1', ['buyer_id'], 'buyer')];
  expect(names(tables, constraints, [write('delete', 'buyer_1')])).toEqual(['orders_buyer_id_idx']);
});

function names(
  tables: readonly Table[],
  constraints: readonly Constraint[],
  writes: readonly TableWrite[],
  indexes: readonly Index[] = [],
): readonly string[] {
  return foreignKeyCandidates(aCatalog({ tables, constraints, indexes }), writes).map((one) => one.spec.name);
}

function write(
  kind: TableWrite['kind'],
  table: string,
  columns: readonly string[] = [],
  fingerprint = 's',
): TableWrite {
  return {
    table: { schema: 'public', name: table },
    fingerprint,
    name: 's',
    kind,
    columns,
    set: columns,
    deletes: kind === 'delete',
    rows: 1,
    rowsAssumed: false,
  };
}
