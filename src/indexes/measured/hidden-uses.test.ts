import { expect, test } from 'vitest';
import { aCatalog, aForeignKey, aStatement, aTable } from '../../../test/support/snapshot.js';
import type { IndexSpec } from '../../model/action.js';
import { loadParser } from '../../sql/parse.js';
import { hiddenUses } from './hidden-uses.js';
import type { TableWrite } from './write-cost.js';

const catalog = aCatalog({
  tables: ['buyer', 'orders', 'line', 'other'].map((name) => aTable(name)),
  constraints: [
    aForeignKey('orders', ['buyer_id'], 'buyer'),
    aForeignKey('line', ['order_id', 'part'], 'orders'),
    aForeignKey('buyer', ['referrer_id'], 'buyer'),
    aForeignKey('orders', ['other_id'], 'other'),
  ],
});
const SPECS = [
  index('orders_buyer', 'orders', ['"buyer_id" DESC']),
  index('orders_other', 'orders', ['"other_id"', '"buyer_id"']),
  index('line_part', 'line', ['"part"']),
  index('line_note', 'line', ['"note"', '"order_id"']),
  index('buyer_referrer', 'buyer', ['"referrer_id"']),
  index('buyer_prefix', 'orders', ['"buyer_id_old"']),
];

test.each([
  ['delete', 'buyer', ['orders_buyer', 'line_part', 'buyer_referrer']],
  ['update', 'orders', ['line_part']],
  ['delete', 'line', null],
  ['insert', 'buyer', null],
] as const)('%s on %s', (kind, table, wanted) => {
  expect(hiddenUses({ statements: [], writes: [write(kind, table)] }, SPECS, catalog).get('s') ?? null).toEqual(wanted);
});

test('an update fires no check where it sets no column that a key refers to', () => {
  const update = { ...write('update', 'orders'), set: ['note', 'buyer_id'] };
  expect(hiddenUses({ statements: [], writes: [update] }, SPECS, catalog).get('s')).toBeUndefined();
  const both = { ...update, set: ['note', 'id'] };
  expect(hiddenUses({ statements: [], writes: [both] }, SPECS, catalog).get('s')).toEqual(['line_part']);
});

test('a write to a partition has the foreign keys to its parent checked', () => {
  const parts = aCatalog({
    tables: [aTable('buyer', { kind: 'p' }), aTable('buyer_1', { partitionOf: { schema: 'public', name: 'buyer' } })],
    constraints: [aForeignKey('orders', ['buyer_id'], 'buyer')],
  });
  expect(hiddenUses({ statements: [], writes: [write('delete', 'buyer_1')] }, SPECS, parts).get('s')).toEqual([
    'orders_buyer',
  ]);
});

test('a call of a function may use what is on the tables inside it', async () => {
  await loadParser();
  const inside = [{ within: 'public.f', sql: 'SELECT 1 FROM line WHERE part = $1', parameterSets: [] }];
  const call = aStatement('SELECT f(1)', { inside });
  const hidden = hiddenUses({ statements: [call, aStatement('SELECT 1')], writes: [] }, SPECS, catalog);
  expect([...hidden]).toEqual([['SELECT f(1)', ['line_part', 'line_note']]]);
});

function write(kind: TableWrite['kind'], table: string): TableWrite {
  return {
    table: { schema: 'public', name: table },
    fingerprint: 's',
    name: 's',
    kind,
    columns: [],
    set: kind === 'update' ? ['id'] : [],
    deletes: kind === 'delete',
    rows: 1,
    rowsAssumed: false,
  };
}

function index(name: string, table: string, keys: readonly string[]): IndexSpec {
  const rest = { method: 'btree', unique: false, include: [], where: null, with: null };
  return { ...rest, table: { schema: 'public', name: table }, keys, name };
}
