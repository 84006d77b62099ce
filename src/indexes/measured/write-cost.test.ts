import { beforeAll, describe, expect, test } from 'vitest';
import { aCatalog, aColumn, aStatement, aTable } from '../../../test/support/snapshot.js';
import { loadParser } from '../../sql/parse.js';
import { costOf, periodCost, updatedColumnSets, writesOf } from './write-cost.js';
import type { IndexWriteCost, TableWrite } from './write-cost.js';

const catalog = aCatalog({
  tables: [
    aTable('orders', { columns: ['id', 'status', 'note'].map((name) => aColumn(name)) }),
    aTable('log', { columns: [aColumn('text')] }),
  ],
});

beforeAll(loadParser);

describe('writesOf', () => {
  test.each([
    ['INSERT INTO orders VALUES (1, 2, 3)', ['insert orders']],
    ['INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET note = 2', ['insert orders']],
    ['UPDATE orders SET status = 1, note = 2 WHERE id = 3', ['update orders note,status']],
    ['DELETE FROM orders USING log WHERE id = 1', ['delete orders']],
    [
      'MERGE INTO orders USING log ON id = 1 WHEN MATCHED THEN UPDATE SET note = 1 WHEN NOT MATCHED THEN DO NOTHING',
      ['update orders note'],
    ],
    [
      'WITH gone AS (DELETE FROM log RETURNING text) INSERT INTO orders (id) SELECT 1 FROM gone',
      ['delete log', 'insert orders'],
    ],
    ['SELECT * FROM orders', []],
    ['INSERT INTO unknown_table VALUES (1)', []],
    ['not SQL', []],
  ])('%s', (sql, wanted) => {
    const found = writesOf(workload(sql), catalog);
    expect(found.map((write) => `${write.kind} ${write.table.name} ${write.columns.join()}`.trim()).toSorted()).toEqual(
      wanted,
    );
  });

  test('tells what an upsert and a merge may do to rows that are there', () => {
    const upsert = 'INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET note = 2';
    expect(writesOf(workload(upsert), catalog)).toMatchObject([{ kind: 'insert', set: ['note'], deletes: false }]);
    const merge = 'MERGE INTO orders USING log ON id = 1 WHEN MATCHED THEN DELETE';
    expect(writesOf(workload(merge), catalog)).toMatchObject([{ kind: 'update', set: [], deletes: true }]);
  });

  test('takes the rows that the source counted, else one a call, and says so', () => {
    const sql = 'DELETE FROM orders WHERE id = 1';
    const rows = (counted: number | null): readonly unknown[] =>
      writesOf(workload(sql, { calls: 7, rows: counted }), catalog).map((write) => [write.rows, write.rowsAssumed]);
    expect(rows(30)).toEqual([[30, false]]);
    expect(rows(null)).toEqual([[7, true]]);
  });
});

describe('periodCost', () => {
  const figures = (ms: number, walBytes: number, buffers: number) => ({ ms, walBytes, buffers });
  const cost: IndexWriteCost = {
    index: 'i',
    basis: 'test',
    inserted: { rows: 100, without: figures(1, 100, 2), with: figures(1.5, 160, 3) },
    deleted: null,
    updated: [
      {
        columns: ['note', 'status'],
        rows: 50,
        hotWithout: 40,
        hotWith: 10,
        without: figures(1, 100, 2),
        with: figures(2, 300, 5),
      },
      // Faster with the index: something else was.
      { columns: ['id'], rows: 10, hotWithout: 0, hotWith: 5, without: figures(2, 90, 4), with: figures(1, 80, 3) },
    ],
    unmeasured: [],
    fullPageImages: 0,
  };

  test('weighs each kind by its rows', () => {
    const writes = [write('insert', 1000), write('update', 20, ['status', 'note'])];
    expect(periodCost(cost, writes)).toEqual({
      ms: 1000 * 0.5 + 20,
      walBytes: 1000 * 60 + 20 * 200,
      buffers: 1000 + 20 * 3,
      hotUpdatesLost: 20 * (30 / 50),
      rowsAssumed: false,
      unknown: [],
    });
  });

  test('never makes a write cheaper, and names what was not measured', () => {
    const writes = [write('update', 1000, ['id']), write('delete', 5), write('update', 5, ['status'])];
    expect(periodCost(cost, writes)).toEqual({
      ...figures(0, 0, 0),
      hotUpdatesLost: 0,
      rowsAssumed: false,
      unknown: ['delete', 'update'],
    });
  });

  test('time alone is no cost: blocks or WAL must confirm it', () => {
    const same = { rows: 9, without: figures(1, 100, 2), with: figures(5, 100.5, 2.01) };
    expect(periodCost({ ...cost, inserted: same }, [write('insert', 10)]).ms).toBe(0);
    const unlogged = { rows: 9, without: figures(1, 0, 2), with: figures(5, 0, 3) };
    expect(periodCost({ ...cost, inserted: unlogged }, [write('insert', 10)]).ms).toBe(40);
  });

  test('says where the number of rows was assumed', () => {
    expect(periodCost(cost, [{ ...write('insert', 1), rowsAssumed: true }]).rowsAssumed).toBe(true);
  });

  test('finds an update by its columns in any order', () => {
    expect(costOf(cost, write('update', 1, ['status', 'note']))).toBe(cost.updated[0]);
    expect(costOf(cost, write('update', 1, ['status']))).toBeNull();
  });
});

test('updatedColumnSets gives each set once, the most rows first', () => {
  const writes = [
    write('update', 10, ['a']),
    write('update', 4, ['b', 'a']),
    write('insert', 100),
    write('update', 7, ['a', 'b']),
    write('update', 50, []),
  ];
  expect(updatedColumnSets(writes)).toEqual([['b', 'a'], ['a']]);
});

function workload(sql: string, more: Parameters<typeof aStatement>[1] = {}): Parameters<typeof writesOf>[0] {
  return { source: 'file', origin: 'test', statements: [aStatement(sql, more)], unusable: [], since: null };
}

function write(kind: TableWrite['kind'], rows: number, columns: readonly string[] = []): TableWrite {
  return {
    table: { schema: 'public', name: 'orders' },
    fingerprint: kind,
    name: kind,
    kind,
    columns,
    set: columns,
    deletes: kind === 'delete',
    rows,
    rowsAssumed: false,
  };
}
