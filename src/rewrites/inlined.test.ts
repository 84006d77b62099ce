import { beforeAll, expect, test } from 'vitest';
import { loadParser, parseStatement } from '../sql/parse.js';
import { inlined } from './inlined.js';

beforeAll(loadParser);

const written = (sql: string): string | null => inlined(parseStatement(sql))?.sql.replaceAll(/\s+/g, ' ') ?? null;

test.each([
  ['WITH x AS (SELECT a FROM t) SELECT a FROM x', 'SELECT a FROM ( SELECT a FROM t ) AS x'],
  ['WITH x (b) AS (SELECT a FROM t) SELECT y.b FROM x AS y', 'SELECT y.b FROM ( SELECT a FROM t ) AS y(b)'],
  [
    'WITH x AS (SELECT a FROM t), y AS (SELECT a FROM x) SELECT a FROM y',
    'SELECT a FROM ( SELECT a FROM ( SELECT a FROM t ) AS x ) AS y',
  ],
  [
    'WITH x AS (SELECT a FROM t), y AS (SELECT a FROM u) SELECT y.a FROM y, x, x AS z',
    'WITH x AS (SELECT a FROM t) SELECT y.a FROM ( SELECT a FROM u ) AS y, x, x AS z',
  ],
  ['WITH x AS NOT MATERIALIZED (SELECT a FROM t) SELECT a FROM x', 'SELECT a FROM ( SELECT a FROM t ) AS x'],
])('%s', (sql, expected) => {
  expect(written(sql)).toBe(expected);
});

test.each([
  'SELECT a FROM t',
  'WITH x AS MATERIALIZED (SELECT a FROM t) SELECT a FROM x',
  'WITH RECURSIVE x AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM x) SELECT a FROM x',
  'WITH x AS (SELECT a FROM t) SELECT x.a FROM x, x AS y',
  'WITH x AS (DELETE FROM t RETURNING a) SELECT a FROM x',
  'WITH t AS (SELECT a FROM t) SELECT a FROM t',
  // The first reads the table of that name, not the second.
  'WITH x AS (SELECT a FROM y), y AS (SELECT 1 AS a) SELECT x.a FROM x, x AS z',
  'WITH x AS (SELECT a FROM t) SELECT a FROM public.x',
])('stays: %s', (sql) => {
  expect(written(sql)).toBeNull();
});
