import { beforeAll, describe, expect, it } from 'vitest';
import { loadParser } from '../sql/parse.js';
import { planScript } from './plan.js';
import type { MigrationPlan } from './plan.js';
import { readScript } from './script.js';

describe('a migration file', () => {
  beforeAll(loadParser);

  it.each([
    ['dbmate', '-- migrate:up\nUP\n-- migrate:down\nDOWN'],
    ['goose', '-- +goose Up\nUP\n-- +goose Down\nDOWN'],
    ['Play', '# --- !Ups\nUP\n# --- !Downs\nDOWN'],
    ['MyBatis', '-- // a name\nUP\n-- //@UNDO\nDOWN'],
    ['tern', '\nUP\n---- create above / drop below ----\nDOWN'],
    ['with CRLF and a BOM', '\uFEFF# --- !Ups\r\nUP\r\n# --- !Downs\r\nDOWN'],
  ])('of %s is read up to its way back', (_, form) => {
    const text = form.replace('UP', 'SELECT 1;').replace('DOWN', 'SELECT 2;');
    const { statements, skipped } = readScript(text, 'a.sql');
    expect(statements.map(({ sql, line }) => [sql, line])).toEqual([['SELECT 1', 2]]);
    expect(skipped).toEqual([expect.objectContaining({ line: 3, what: 'the down part' })]);
  });

  it.each(['\n', '\r\n'])('leaves out rows of COPY, and lines stay what they are', (end) => {
    const text = ['SELECT 0;', 'COPY t (a) FROM stdin;', "it's", '1;2', '\\.', '', 'SELECT 1;'].join(end);
    const script = readScript(text, 'dump.sql');
    expect(script.statements.map(({ sql, line }) => [sql.slice(0, 8), line])).toEqual([
      ['SELECT 0', 1],
      ['COPY t (', 2],
      ['SELECT 1', 7],
    ]);
    expect(script.skipped).toEqual([{ line: 3, what: 'rows of COPY', reason: expect.any(String) }]);
    expect(() => planScript(script, { major: 18, catalog: null, oneTransaction: false })).toThrow(/line 2.*COPY/);
  });

  it('plans nothing that lives no longer than a session, and sets in each step what the file sets by a call', () => {
    const planned = (sql: string): MigrationPlan =>
      planScript(readScript(sql, 'a.sql'), { major: 18, catalog: null, oneTransaction: false });
    for (const sql of [
      'CREATE TEMP TABLE t AS SELECT 1',
      'CREATE TEMPORARY TABLE t (a int)',
      'CREATE TEMP VIEW v AS SELECT 1',
      'CREATE TEMP SEQUENCE s',
    ])
      expect(() => planned(`SELECT 1;\n${sql}; DROP TABLE t`)).toThrow(/line 2: .*temporary/);
    expect(() => planned('PREPARE p AS SELECT 1')).toThrow(/a prepared statement/);
    const { steps } = planned(
      "SELECT pg_catalog.set_config('search_path', '', false); SELECT set_config('lock_timeout', '0', false); CREATE TABLE app.t (a int); SELECT set_config(a, '', true) FROM b",
    );
    expect(steps.map(({ prologue, up }) => [...prologue, ...up].map((one) => one.slice(0, 30)))).toEqual([
      ["SELECT pg_catalog.set_config('", 'CREATE TABLE app.t (a int)'],
      ["SELECT pg_catalog.set_config('", "SELECT set_config(a, '', true)"],
    ]);
  });

  it('keeps what others may not see the middle of in one step', () => {
    const planned = (sql: string, oneTransaction = false): readonly (readonly string[])[] =>
      planScript(readScript(sql, 'a.sql'), { major: 18, catalog: null, oneTransaction }).steps.map(({ up }) => up);
    const copy = [
      'LOCK TABLE a IN SHARE MODE',
      'CREATE TABLE b (LIKE a)',
      'INSERT INTO b SELECT * FROM a',
      'DROP TABLE a',
      'ALTER TABLE b RENAME TO a',
    ];
    expect(planned(`BEGIN; ${copy.join(';')}; COMMIT; SELECT 1`)).toEqual([copy, ['SELECT 1']]);
    const swap = ['ALTER TABLE a RENAME TO a_old', 'ALTER TABLE b RENAME TO a'];
    expect(planned(`BEGIN; DROP TABLE c; ${swap.join(';')}; ALTER TABLE a ADD COLUMN x int; COMMIT`)).toEqual([
      ['DROP TABLE c'],
      swap,
      ['ALTER TABLE a ADD COLUMN x int'],
    ]);
    const parted = [
      'ALTER TABLE a RENAME TO a_1',
      'CREATE TABLE a (id int, UNIQUE (id)) PARTITION BY RANGE (id)',
      'ALTER TABLE a ATTACH PARTITION a_1 FOR VALUES FROM (0) TO (9)',
      'CREATE TABLE a_2 PARTITION OF a DEFAULT',
      'GRANT SELECT ON a TO PUBLIC',
    ];
    expect(planned(`BEGIN; ${parted.join(';')}; CREATE INDEX ON a_2 (id); COMMIT`).map(({ length }) => length)).toEqual(
      [parted.length, 1],
    );
    expect(planned(`SET search_path = s; ${swap.join(';')}`, true)).toEqual([swap]);
    expect(planned('BEGIN; TRUNCATE a; INSERT INTO a SELECT 1; COMMIT')).toEqual([
      ['TRUNCATE a', 'INSERT INTO a SELECT 1'],
    ]);
  });

  it('ends a statement where psql sends it, and says what psql runs by itself', () => {
    const text = "SELECT 'DROP TABLE a' \\gexec\nSELECT 1 \\; SELECT 2 \\g out.txt\nSELECT 3;";
    const { statements, skipped } = readScript(text, 'a.sql');
    expect(statements.map(({ sql, line }) => [sql, line])).toEqual([
      ["SELECT 'DROP TABLE a'", 1],
      ['SELECT 1', 2],
      ['SELECT 2', 2],
      ['SELECT 3', 3],
    ]);
    expect(skipped.map(({ line, what }) => [line, what])).toEqual([
      [1, '\\gexec'],
      [2, '\\g'],
    ]);
  });

  it.each([
    ['CREATE TABLE `t` (id int)', 'MySQL'],
    ['CREATE TABLE t (id int AUTO_INCREMENT)', 'MySQL'],
    ['DELIMITER //', 'MySQL'],
    ['ALTER TABLE [dbo].[t] ADD [n] int', 'SQL Server'],
    ['CREATE TABLE t (id int IDENTITY(1,1))', 'SQL Server'],
    ['ALTER TABLE t ADD (n VARCHAR2(9))', 'Oracle'],
    ['ALTER TABLE t MODIFY n int', 'MySQL or Oracle'],
    ['PRAGMA foreign_keys = ON', 'SQLite'],
  ])('%s: the hint names the database that it is for', (sql, database) => {
    expect(() => readScript(`SELECT 1;\n${sql};`, 'a.sql')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining(`looks like ${database}.`) }),
    );
  });

  it.each([
    ["SELECT 1;\n\\set x 'it''s\nSELECT 'open", 3],
    ['SELECT 1;\nCREATE FUNCTION f() RETURNS int AS $x$ SELECT 1;', 2],
    ['SELECT 1; /* a */\n\n/* open\n', 3],
    ['SELECT 1;\nSELECT 2;\0 DROP TABLE t;', 2],
    ['SELECT 1;\n\uFEFFSELECT 2;', 2],
  ])('%j: the line of what can not be read', (text, line) => {
    expect(() => readScript(text, 'a.sql')).toThrow(`a.sql, line ${line}: `);
  });
});
