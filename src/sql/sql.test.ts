import { beforeAll, describe, expect, test } from 'vitest';
import { deparseExpression, deparseGuarded } from './deparse.js';
import { fingerprint } from './fingerprint.js';
import { calledFunctions } from './functions.js';
import { isTransactionControl, isUtility, statementKind, writes } from './kind.js';
import { bindParameters, parameterCount } from './parameters.js';
import { loadParser, parseStatement } from './parse.js';
import { splitStatements, splitValues } from './split.js';
import { bodyOf, field, list } from './tree.js';

beforeAll(() => loadParser());

describe('parseStatement', () => {
  test('says where, and never repeats a literal', () => {
    expect(() => parseStatement("SELECT *\nFROM t WHERE a = = 'x'")).toThrow(
      'syntax error at or near "=" (line 2, column 18)',
    );
    expect(() => parseStatement("SELECT 'top' 'secret'")).toThrow(/^syntax error at or near a literal/);
    expect(() => parseStatement("SELECT 'top' 'secret'")).not.toThrow(/secret/);
  });
  test('takes exactly one statement', () => {
    expect(() => parseStatement('  -- nothing\n')).toThrow('There is no statement');
    expect(() => parseStatement('SELECT 1; SELECT 2')).toThrow('2 statements');
    expect(parseStatement('SELECT 1;').type).toBe('SelectStmt');
  });
});

describe('splitStatements', () => {
  test('keeps semicolons inside strings, dollar quotes, comments, parentheses and bodies', () => {
    const text = `
      SELECT ';', "a;b" /* ; /* ; */ */ FROM t; -- ; end
      CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $x$ SELECT 1; $x$;
      CREATE OR REPLACE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;
      CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);
      SELECT 3`;
    expect(splitStatements(text).map((statement) => [statement.line, statement.sql.slice(0, 20)])).toEqual([
      [2, `SELECT ';', "a;b" /*`],
      [3, 'CREATE FUNCTION f() '],
      [4, 'CREATE OR REPLACE FU'],
      [5, 'CREATE RULE r AS ON '],
      [6, 'SELECT 3'],
    ]);
  });
  test('reads the comments before a statement', () => {
    const text = `-- name: orders of one customer :many
-- calls: 500
-- params[frequent]: 'a, b', 3
-- params: ARRAY[1, 2], f(3, 4)
SELECT 1;
\\set x 1;
-- é
SELECT 2 -- name: not this
;`;
    expect(splitStatements(text)).toEqual([
      {
        sql: 'SELECT 1',
        name: 'orders of one customer',
        calls: 500,
        parameterSets: [
          { class: 'frequent', values: ["'a, b'", '3'] },
          { class: 'given', values: ['ARRAY[1, 2]', 'f(3, 4)'] },
        ],
        line: 5,
      },
      { sql: '\\set x 1;', name: null, calls: null, parameterSets: [], line: 6 },
      { sql: 'SELECT 2', name: null, calls: null, parameterSets: [], line: 8 },
    ]);
  });
  test('is empty for nothing, and refuses an open quote', () => {
    expect(splitStatements(' \n-- only a comment\n;;')).toEqual([]);
    expect(() => splitStatements("SELECT 'open")).toThrow('does not end');
    expect(splitValues('')).toEqual([]);
  });
});

describe('fingerprint', () => {
  test('is the same for other constants and parameters only', () => {
    const one = fingerprint('SELECT * FROM t WHERE a = 1 AND b IN (1, 2)');
    expect(fingerprint('select *  from t where a = $1 and b in ($2)')).toBe(one);
    expect(fingerprint('SELECT * FROM t WHERE a > 1 AND b IN (1, 2)')).not.toBe(one);
  });
});

describe('statementKind', () => {
  test.each([
    ['SELECT 1', 'select', false],
    ['SELECT * FROM t FOR UPDATE', 'select', true],
    ['WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d', 'delete', true],
    ['SELECT * INTO u FROM t', 'other', true],
    ['VALUES (1)', 'select', false],
    ['INSERT INTO t VALUES (1)', 'insert', true],
    ['UPDATE t SET a = 1', 'update', true],
    ['MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE', 'merge', true],
    ['VACUUM t', 'other', true],
  ])('%s', (sql, kind, changes) => {
    expect([statementKind(parseStatement(sql)), writes(parseStatement(sql))]).toEqual([kind, changes]);
  });
  test('tells transaction control and utilities', () => {
    expect(isTransactionControl(parseStatement('COMMIT'))).toBe(true);
    expect(isTransactionControl(parseStatement('SELECT 1'))).toBe(false);
    expect(isUtility(parseStatement('SET x = 1'))).toBe(true);
    expect(isUtility(parseStatement('DELETE FROM t'))).toBe(false);
  });
});

describe('deparse', () => {
  test('writes back what it can and refuses what the deparser loses', () => {
    const sql = 'SELECT a.x FROM t a WHERE a.y = $1 AND a.d > interval $2';
    expect(deparseGuarded(parseStatement(sql).tree)).toBe(
      'SELECT a.x FROM t AS a WHERE a.y = $1 AND a.d > CAST($2 AS interval)',
    );
    expect(deparseGuarded(parseStatement('SELECT a FROM t ORDER BY a FETCH FIRST 3 ROWS WITH TIES').tree)).toBe(
      'SELECT a FROM t ORDER BY a FETCH FIRST 3 ROWS WITH TIES',
    );
    expect(() => deparseGuarded(parseStatement('SELECT a FROM t GROUP BY DISTINCT ROLLUP (a)').tree)).toThrow(
      'without changing',
    );
  });
  test('writes one expression', () => {
    const where = parseStatement("SELECT 1 FROM t WHERE (payload ->> 'x') = 'y'").body;
    const comparison = bodyOf(field(where, 'whereClause'), 'A_Expr');
    expect(comparison && deparseExpression(field(comparison, 'lexpr') ?? {})).toBe("payload ->> 'x'");
    expect(list(where, 'targetList')).toHaveLength(1);
  });
});

describe('calledFunctions', () => {
  test('sees them in FROM, in subqueries and behind a schema', () => {
    const sql =
      "SELECT lower(a), (SELECT max(b) FROM u) FROM t, app.list(nextval('s')) WHERE exists (SELECT pg_sleep(1))";
    const called = calledFunctions(parseStatement(sql)).map((one) => `${one.schema ?? '-'}.${one.name}`);
    expect(called.toSorted()).toEqual(['-.lower', '-.max', '-.nextval', '-.pg_sleep', 'app.list']);
  });
});

describe('bindParameters', () => {
  test.each([
    ['SELECT * FROM t WHERE a = $1', ['42'], 'SELECT * FROM t WHERE a = 42'],
    [
      "SELECT '$1', $$ $1 $$ /* $1 */ FROM t WHERE é = $1 -- $1",
      ["'x'"],
      "SELECT '$1', $$ $1 $$ /* $1 */ FROM t WHERE é = 'x' -- $1",
    ],
    ['SELECT now() - interval $1', ["'7 days'"], "SELECT now() - interval '7 days'"],
    ['SELECT interval $1 day', ["'7'"], "SELECT interval '7' day"],
    ["SELECT 'é', interval $1", ['NULL'], "SELECT 'é', CAST(NULL AS interval)"],
    ['SELECT date $1 + $2', ['now()', '3'], 'SELECT CAST(now() AS date) + 3'],
    ['SELECT 1 -$1', ['-5'], 'SELECT 1 -(-5)'],
    ['SELECT * FROM t LIMIT $1OFFSET 2', ['20'], 'SELECT * FROM t LIMIT 20 OFFSET 2'],
    ['SELECT $2, $1, $12', ["'a'::text", '1 + 1'], "SELECT (1 + 1), 'a'::text, $12"],
    ['SELECT $1', ["'x'::character varying(5)"], "SELECT 'x'::character varying(5)"],
    ['SELECT a = ANY ($1)', ["'{1,2}'::int[]"], "SELECT a = ANY ('{1,2}'::int[])"],
    ['SELECT $1::interval', ["'1 day'"], "SELECT '1 day'::interval"],
  ])('%s', (sql, literals, expected) => {
    expect(bindParameters(sql, literals)).toBe(expected);
    expect(() => parseStatement(bindParameters(sql, literals))).not.toThrow();
  });
  test('counts parameters', () => {
    expect(parameterCount("SELECT $3, '$9' -- $8")).toBe(3);
    expect(parameterCount('SELECT 1')).toBe(0);
  });
});
