import { beforeAll, expect, test } from 'vitest';
import { loadParser, parseStatement } from '../sql/parse.js';
import { constantsFolded } from './constants-folded.js';

beforeAll(loadParser);

test.each([
  ['SELECT a FROM t WHERE 1 = 1 AND a = 2', 'SELECT a FROM t WHERE a = 2'],
  ['SELECT a FROM t WHERE (1 = 0 OR a = 2) AND b', 'SELECT a FROM t WHERE a = 2 AND b'],
  ['SELECT a FROM t WHERE true AND (false OR a = 2 OR b)', 'SELECT a FROM t WHERE a = 2 OR b'],
  ['SELECT a FROM t JOIN u ON true AND t.a = u.a', 'SELECT a FROM t JOIN u ON t.a = u.a'],
])('%s', (sql, expected) => {
  expect(constantsFolded(parseStatement(sql))?.sql.replaceAll(/\s+/g, ' ')).toBe(expected);
});

test.each([
  'SELECT a FROM t WHERE a = 1',
  'SELECT a FROM t WHERE 1 = 1',
  // What settles the whole stays: it is the planner's business.
  'SELECT a FROM t WHERE 1 = 0 AND a = 2',
  'SELECT a FROM t WHERE true OR a = 2',
  'SELECT a FROM t WHERE NULL OR a = 2',
])('stays: %s', (sql) => {
  expect(constantsFolded(parseStatement(sql))).toBeNull();
});
