import { beforeAll, describe, expect, it } from 'vitest';
import { loadParser } from '../sql/parse.js';
import { planScript } from './plan.js';
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
});
