import { beforeAll, expect, test } from 'vitest';
import { loadParser } from '../sql/parse.js';
import { nameOf } from '../sql/name.js';
import { countedWorkload } from './counted.js';

beforeAll(() => loadParser());

const row = (query: string | null, over: Partial<Parameters<typeof countedWorkload>[0][number]> = {}) => ({
  query,
  entries: 1,
  calls: 1,
  rows: 1,
  total_ms: 1,
  shared_hit: 2,
  shared_read: 3,
  temp_blocks: 4,
  wal_bytes: 5,
  top_level: true,
  ...over,
});

test('statements of one shape are one', () => {
  const { workload, skipped } = countedWorkload(
    [
      row('SELECT a FROM t WHERE b IN ($1, $2)', { calls: 2, total_ms: 4 }),
      row('SELECT a FROM t WHERE b IN ($1, $2, $3)', { calls: 3, total_ms: 6 }),
      row('DELETE FROM t', { total_ms: 11 }),
    ],
    '2024-01-01T00:00:00.000Z',
  );
  expect(skipped).toEqual([]);
  expect(
    workload.statements.map(({ sql, calls, totalMs, meanMs, kind, sharedHit, walBytes }) => [
      sql,
      calls,
      totalMs,
      meanMs,
      kind,
      sharedHit,
      walBytes,
    ]),
  ).toEqual([
    ['DELETE FROM t', 1, 11, 11, 'delete', 2, 5],
    ['SELECT a FROM t WHERE b IN ($1, $2)', 5, 10, 2, 'select', 4, 10],
  ]);
});

test('what can not be used is listed with its reason, without passwords', () => {
  const { workload } = countedWorkload(
    [
      row('BEGIN'),
      row('SAVEPOINT x'),
      row(`ALTER ROLE a PASSWORD 'S3CRET'`),
      row('VACUUM t'),
      row('SELECT FROM WHERE'),
      row('SET x = $1'),
      row('SET x = $1'),
    ],
    null,
  );
  expect(workload.statements).toEqual([]);
  expect(workload.unusable.map(({ sql, reason }) => [sql, reason.split(' ')[0]])).toEqual([
    ['ALTER ROLE a PASSWORD $1', 'Not'],
    ['VACUUM t', 'Not'],
    ['SELECT FROM WHERE', 'The'],
    ['SET x = $1', 'Not'],
  ]);
});

test('what was left out is counted', () => {
  const { workload, skipped } = countedWorkload(
    [
      row('<insufficient privilege>', { entries: 12 }),
      row(null),
      row('SELECT a FROM t', { top_level: false }),
      row('SELECT * FROM pg_stat_activity'),
      row('WITH x AS (SELECT * FROM pg_catalog.pg_class) SELECT * FROM x'),
      row('SELECT * FROM pg_class JOIN orders USING (oid)'),
      row('SELECT now()'),
    ],
    null,
  );
  expect(workload.statements.map(({ sql }) => sql)).toEqual([
    'SELECT * FROM pg_class JOIN orders USING (oid)',
    'SELECT now()',
  ]);
  expect(skipped.map(({ what }) => what)).toEqual([
    '12 statements of other roles',
    '1 statement without a text',
    '1 statement run inside functions',
    '2 statements on system catalogs only',
  ]);
});

test.each([
  ['SELECT 1', 'SELECT 1'],
  ['/* app */ SELECT\n  1 -- one\n', 'SELECT 1'],
  [`SELECT ${'column, '.repeat(20)}x`, 'SELECT column, column, column, column, column, column,…'],
  [`SELECT ${'x'.repeat(100)}`, `SELECT ${'x'.repeat(52)}…`],
])('the name of %j', (sql, name) => {
  expect(nameOf(sql)).toBe(name);
  expect(nameOf(sql).length).toBeLessThanOrEqual(60);
});
