import { beforeAll, describe, expect, test } from 'vitest';
import { loadParser, parseStatement } from '../../sql/parse.js';
import { compareResults, digestBuilder } from './results.js';
import type { Equality, ResultColumn } from './results.js';
import { shapeOf } from './statement-shape.js';

type Rows = readonly (readonly (string | null)[])[];

const TEXT = 25;
const FLOAT8 = 701;
const FLOAT4 = 700;

function columns(names: string, typeOid = TEXT): readonly ResultColumn[] {
  return names.split(' ').map((name) => ({ name, typeOid }));
}

function compare(sql: string, before: Rows, after: Rows, more: { cols?: readonly ResultColumn[] } = {}): Equality {
  const shape = shapeOf(parseStatement(sql));
  const digest = (rows: Rows): ReturnType<ReturnType<typeof digestBuilder>['finish']> => {
    const builder = digestBuilder(more.cols ?? columns('a b'), shape);
    for (const row of rows) builder.add(row);
    return builder.finish(null);
  };
  return compareResults(digest(before), digest(after), { shape, typesMayDiffer: false, sameText: true });
}

beforeAll(() => loadParser());

describe('equal results', () => {
  test.each<[string, string, Rows, Rows]>([
    ['no rows', 'SELECT a, b FROM t', [], []],
    ['the same rows', 'SELECT a, b FROM t', [['1', 'x']], [['1', 'x']]],
    [
      'any order without ORDER BY',
      'SELECT a, b FROM t',
      [
        ['1', 'x'],
        ['2', 'y'],
      ],
      [
        ['2', 'y'],
        ['1', 'x'],
      ],
    ],
    ['NULLs', 'SELECT a, b FROM t', [[null, '']], [[null, '']]],
    [
      'ties permuted',
      'SELECT a, b FROM t ORDER BY a',
      [
        ['1', 'x'],
        ['1', 'y'],
      ],
      [
        ['1', 'y'],
        ['1', 'x'],
      ],
    ],
    [
      'ties by position',
      'SELECT a, b FROM t ORDER BY 1 DESC',
      [
        ['1', 'x'],
        ['1', 'y'],
      ],
      [
        ['1', 'y'],
        ['1', 'x'],
      ],
    ],
    [
      'ties by a qualified name',
      'SELECT t.a, b FROM t ORDER BY t.a',
      [
        ['1', 'x'],
        ['1', 'y'],
      ],
      [
        ['1', 'y'],
        ['1', 'x'],
      ],
    ],
    [
      'ties by an expression',
      'SELECT a + 1, b FROM t ORDER BY a + 1',
      [
        ['1', 'x'],
        ['1', 'y'],
      ],
      [
        ['1', 'y'],
        ['1', 'x'],
      ],
    ],
    [
      'ties under a star',
      'SELECT * FROM t ORDER BY t.a',
      [
        ['1', 'x'],
        ['1', 'y'],
      ],
      [
        ['1', 'y'],
        ['1', 'x'],
      ],
    ],
    [
      'other ties at the limit',
      'SELECT a, b FROM t ORDER BY a LIMIT 2',
      [
        ['1', 'x'],
        ['2', 'y'],
      ],
      [
        ['1', 'x'],
        ['2', 'z'],
      ],
    ],
    [
      'other ties at the offset',
      'SELECT a, b FROM t ORDER BY a OFFSET 2',
      [
        ['1', 'x'],
        ['2', 'y'],
      ],
      [
        ['1', 'w'],
        ['2', 'y'],
      ],
    ],
  ])('%s', (_, sql, before, after) => {
    expect(compare(sql, before, after).result).toBe('equal');
  });

  test('floats that differ in their last digits only', () => {
    const cols = columns('a b', FLOAT8);
    expect(
      compare('SELECT a, b FROM t', [['0.1', '3e-300']], [['0.10000000000000002', '3.0000000000000001e-300']], {
        cols,
      }),
    ).toEqual({ result: 'equal', note: null });
    expect(compare('SELECT a, b FROM t', [['NaN', '-0']], [['NaN', '0']], { cols }).result).toBe('equal');
    expect(
      compare('SELECT a, b FROM t', [['1.234567', '1']], [['1.2345671', '1']], { cols: columns('a b', FLOAT4) }).result,
    ).toBe('equal');
  });

  test('floats on two sides of a rounding boundary', () => {
    const cols = columns('a b', FLOAT8);
    const equality = compare('SELECT a, b FROM t', [['1.23456789012499', '1']], [['1.23456789012501', '1']], { cols });
    expect(equality).toEqual({ result: 'equal', note: 'floats compared at 9 significant digits' });
  });
});

describe('different results', () => {
  test.each<[string, string, Rows, Rows]>([
    ['a row less', 'SELECT a, b FROM t', [['1', 'x']], []],
    [
      'a row twice',
      'SELECT a, b FROM t',
      [
        ['1', 'x'],
        ['2', 'y'],
      ],
      [
        ['1', 'x'],
        ['1', 'x'],
      ],
    ],
    ['NULL and the empty text', 'SELECT a, b FROM t', [[null, 'x']], [['', 'x']]],
    ['values that run into each other', 'SELECT a, b FROM t', [['1', '23']], [['12', '3']]],
    [
      'another order',
      'SELECT a, b FROM t ORDER BY a',
      [
        ['1', 'x'],
        ['2', 'y'],
      ],
      [
        ['2', 'y'],
        ['1', 'x'],
      ],
    ],
    [
      'a tie with another value',
      'SELECT a, b FROM t ORDER BY a',
      [
        ['1', 'x'],
        ['1', 'y'],
      ],
      [
        ['1', 'x'],
        ['1', 'z'],
      ],
    ],
    [
      'before the ties at the limit',
      'SELECT a, b FROM t ORDER BY a LIMIT 2',
      [
        ['1', 'x'],
        ['2', 'y'],
      ],
      [
        ['1', 'w'],
        ['2', 'y'],
      ],
    ],
    [
      'another key at the limit',
      'SELECT a, b FROM t ORDER BY a LIMIT 2',
      [
        ['1', 'x'],
        ['2', 'y'],
      ],
      [
        ['1', 'x'],
        ['3', 'y'],
      ],
    ],
    [
      'a limit that was not reached',
      'SELECT a, b FROM t ORDER BY a LIMIT 3',
      [
        ['1', 'x'],
        ['2', 'y'],
      ],
      [
        ['1', 'x'],
        ['2', 'z'],
      ],
    ],
  ])('%s', (_, sql, before, after) => {
    expect(compare(sql, before, after).result).toBe('different');
  });

  test('floats that differ in their sixth digit', () => {
    expect(
      compare('SELECT a, b FROM t', [['1.00001', '1']], [['1.00002', '1']], { cols: columns('a b', FLOAT8) }).result,
    ).toBe('different');
  });

  test('numbers in text columns are not rounded', () => {
    expect(compare('SELECT a, b FROM t', [['0.1', 'x']], [['0.10000000000000002', 'x']]).result).toBe('different');
  });
});

describe('undecided', () => {
  test.each<[string, string]>([
    ['LIMIT without ORDER BY', 'SELECT a, b FROM t LIMIT 1'],
    ['a LIMIT whose keys are not in the output', 'SELECT a, b FROM t ORDER BY c LIMIT 1'],
    ['DISTINCT ON', 'SELECT DISTINCT ON (a) a, b FROM t ORDER BY a'],
    ['a LIMIT in a subquery', 'SELECT a, b FROM (SELECT * FROM t LIMIT 5) AS s'],
    ['an aggregate of open order', "SELECT string_agg(a, ','), b FROM t GROUP BY b"],
    ['a window function', 'SELECT row_number() OVER (ORDER BY b), b FROM t'],
  ])('%s', (_, sql) => {
    expect(compare(sql, [['1', 'x']], [['2', 'x']])).toMatchObject({
      result: 'undecided',
      note: expect.stringMatching(/compared/),
    });
  });

  test('plain DISTINCT decides', () => {
    expect(compare('SELECT DISTINCT a, b FROM t', [['1', 'x']], [['2', 'x']]).result).toBe('different');
  });
});

test('columns by another name or type differ', () => {
  const shape = shapeOf(parseStatement('SELECT a FROM t'));
  const empty = (name: string, typeOid: number): ReturnType<ReturnType<typeof digestBuilder>['finish']> =>
    digestBuilder([{ name, typeOid }], shape).finish(null);
  const rules = { shape, typesMayDiffer: false, sameText: true };
  expect(compareResults(empty('a', 23), empty('b', 23), rules).result).toBe('different');
  expect(compareResults(empty('a', 23), empty('a', 20), rules).result).toBe('different');
  expect(compareResults(empty('a', 23), empty('a', 20), { ...rules, typesMayDiffer: true }).result).toBe('equal');
});
