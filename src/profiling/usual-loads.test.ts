import { beforeAll, describe, expect, it } from 'vitest';
import { profileOf } from '../../test/support/pattern-log.js';
import { loadParser } from '../sql/parse.js';
import { catalogue } from './catalogue.js';

beforeAll(() => loadParser());

const found = (lines: readonly string[], id: string): readonly string[] =>
  profileOf(lines, catalogue)
    .findings.filter((one) => one.pattern === id)
    .map(({ count, title }) => `${count} ${title}`);

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);
const select = (at: number, sql: string): string => `a ${at} duration: 0.3 ms  statement: ${sql}`;

describe('a connection of a pool that serves one request after another', () => {
  const customer = (n: number): string => `SELECT * FROM customers WHERE id = ${n}`;
  const orders = (n: number): string => `SELECT * FROM orders WHERE customer_id = ${n} LIMIT 9`;

  it.each([
    ['with the same reads', (n: number) => [select(n * 50, customer(n)), select(n * 50 + 2, orders(n))]],
    [
      'with a transaction',
      (n: number) => [
        select(n * 50, 'SELECT now()'),
        select(n * 50 + 1, customer(n)),
        select(n * 50 + 2, 'BEGIN'),
        select(n * 50 + 4, `UPDATE customers SET n = 1 WHERE id = ${n}`),
        select(n * 50 + 6, 'COMMIT'),
      ],
    ],
    [
      'with other reads each time',
      (n: number) => [
        ...range(1 + (n % 3)).map((i) => select(n * 50 + i, `SELECT a${i} FROM b`)),
        select(n * 50 + 9, customer(n)),
      ],
    ],
  ])('%s', (_, request) => {
    expect(found(range(40).flatMap(request), 'reads/n-plus-one')).toEqual([]);
  });

  it('a loop over more rows than are kept of a run is counted to its end', () => {
    const lines = [
      select(0, 'SELECT id FROM orders WHERE day = 7'),
      ...range(500).map((n) => select(n + 1, orders(n))),
    ];
    expect(found(lines, 'reads/n-plus-one')).toEqual([expect.stringMatching(/^500 Run once for each row/)]);
  });

  it('a loop behind reads with long pauses between them', () => {
    const alone = range(5).map((n) => select(n * 500, orders(n)));
    const loop = [
      select(2500, 'SELECT id FROM orders WHERE day = 7'),
      ...range(6).map((n) => select(2502 + n, orders(n))),
    ];
    const again = loop.map((line) => line.replace(/^a /, 'b '));
    expect(found([...alone, ...loop, ...again], 'reads/n-plus-one')).toEqual([
      expect.stringMatching(/^12 Run once for each row, up to 6 times/),
    ]);
  });

  it('a loop of several statements for each row', () => {
    const lines = range(8).flatMap((n) => [select(n * 9 + 3, customer(n)), select(n * 9 + 5, orders(n))]);
    const all = [select(0, 'SELECT id FROM orders WHERE day = 7'), ...lines];
    expect(found(all, 'reads/n-plus-one')).toHaveLength(2);
  });
});

describe('a transaction that is busy', () => {
  const update = select(2, 'UPDATE customers SET n = 1 WHERE id = 4');

  it.each([
    ['with COPY', 'a 5000 duration: 4990.0 ms  statement: COPY t FROM STDIN', select(5002, 'COMMIT')],
    ['with its COMMIT', 'a 5000 duration: 4990.0 ms  statement: COMMIT', ''],
    [
      'with a statement that failed',
      'a 5000 ERROR:  canceling statement due to lock timeout',
      select(5001, 'ROLLBACK'),
    ],
  ])('%s is not idle', (_, ...end) => {
    const lines = [select(0, 'BEGIN'), update, ...end.filter((line) => line !== '')];
    expect(found(lines, 'transactions/idle-in-transaction')).toEqual([]);
  });

  it('and idle after COPY', () => {
    const lines = [
      select(0, 'BEGIN'),
      update,
      'a 5000 duration: 4990.0 ms  statement: COPY t FROM STDIN',
      select(9000, 'COMMIT'),
    ];
    expect(found(lines, 'transactions/idle-in-transaction')).toHaveLength(1);
  });
});

describe('a deadlock', () => {
  const lines = ['a', 'b'].flatMap((session, i) => [
    `${session} ${i} duration: 0.3 ms  statement: BEGIN`,
    `${session} ${2 + i} duration: 0.3 ms  statement: UPDATE account SET n = 0 WHERE id = ${1 + i}`,
  ]);

  it('is told although one of the two orders is no execution', () => {
    const ended = [
      'b 1010 ERROR:  deadlock detected',
      'b 1010 STATEMENT:  UPDATE account SET n = 0 WHERE id = 1',
      'b 1011 duration: 0.3 ms  statement: ROLLBACK',
      'a 1012 duration: 1005.0 ms  statement: UPDATE account SET n = 0 WHERE id = 2',
      'a 1013 duration: 0.3 ms  statement: COMMIT',
    ];
    expect(found([...lines, ...ended], 'transactions/lock-order')).toEqual([
      '1 Ended by deadlocks: UPDATE account SET n = ? WHERE id = ?',
    ]);
  });
});
