import { beforeAll, describe, expect, it } from 'vitest';
import { profileOf } from '../../test/support/pattern-log.js';
import { loadParser } from '../sql/parse.js';
import { catalogue } from './catalogue.js';

beforeAll(() => loadParser());

/** The change that is proposed for eight lookups with the values 1 to 8 in the place of `?`. */
function proposed(
  sql: string,
  before: readonly string[] = [],
): { readonly sql: string | null; readonly change: string } {
  const lookups = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => sql.replace('?', String(n)));
  const lines = ['SELECT now()', ...before, ...lookups].map(
    (text, i) => `a ${i * 2} duration: 1.0 ms  statement: ${text}`,
  );
  const [found, ...more] = profileOf(lines, catalogue).findings.filter((one) => one.pattern === 'reads/n-plus-one');
  if (!found || more.length > 0) throw new Error(`${more.length + (found ? 1 : 0)} findings`);
  return { sql: found.sql, change: found.change };
}

describe('the statement for all keys', () => {
  it.each([
    ['SELECT name FROM c WHERE id = ?', 'SELECT id, name FROM c WHERE id = ANY ($1)'],
    ['SELECT * FROM c WHERE shop = 3 AND id = ?', 'SELECT * FROM c WHERE shop = $1 AND id = ANY ($2)'],
    ['SELECT "c"."Name" FROM "c" WHERE "c"."Id" = ? LIMIT 1', 'SELECT c."Id", c."Name" FROM c WHERE c."Id" = ANY ($1)'],
    ['SELECT * FROM c WHERE id = ? ORDER BY id LIMIT 1', 'SELECT * FROM c WHERE id = ANY ($1)'],
    ['SELECT 1 FROM c WHERE parent = ? LIMIT 1', 'SELECT DISTINCT parent FROM c WHERE parent = ANY ($1)'],
    ['SELECT count(*) FROM m WHERE t_id = ?', 'SELECT t_id, count(*) FROM m WHERE t_id = ANY ($1) GROUP BY t_id'],
    [
      'SELECT kind, max(at) FROM m WHERE t_id = ? GROUP BY kind',
      'SELECT t_id, kind, max(at) FROM m WHERE t_id = ANY ($1) GROUP BY kind, t_id',
    ],
    [
      'SELECT tag.* FROM tag JOIN tt ON tt.tag_id = tag.id WHERE tt.t_id = ?',
      'SELECT tt.t_id, tag.* FROM tag JOIN tt ON tt.tag_id = tag.id WHERE tt.t_id = ANY ($1)',
    ],
    [
      'SELECT kind FROM m WHERE t_id = ? ORDER BY at DESC LIMIT 20',
      'SELECT keys.t_id AS key, found.* FROM unnest(CAST($1 AS bigint[])) AS keys(t_id) CROSS JOIN LATERAL ( SELECT kind FROM m WHERE t_id = keys.t_id ORDER BY at DESC LIMIT $2 ) AS found',
    ],
    [
      'SELECT rank() OVER (ORDER BY n) FROM m WHERE t_id = ?',
      'SELECT keys.t_id AS key, found.* FROM unnest(CAST($1 AS bigint[])) AS keys(t_id) CROSS JOIN LATERAL ( SELECT rank() OVER (ORDER BY n) FROM m WHERE t_id = keys.t_id ) AS found',
    ],
    ["SELECT kind FROM m WHERE name = 'n?' ORDER BY at LIMIT 5", null],
  ])('of %s', (sql, expected) => {
    expect(proposed(sql).sql).toBe(expected);
  });

  it('says what it takes for granted', () => {
    expect(proposed('SELECT count(*) FROM m WHERE t_id = ?').change).toContain('A key without rows gives none.');
    expect(proposed('SELECT * FROM c WHERE id = ? LIMIT 1').change).toContain('one row a key is taken for granted');
  });
});

describe('a join is proposed', () => {
  it('with the read that has the key, not only with the last one', () => {
    const before = ['SELECT id, m_id, c_id FROM o WHERE day = 3', 'SELECT x FROM m WHERE o_id = 4'];
    expect(proposed('SELECT name FROM c WHERE id = ?', before).change).toContain('o JOIN c ON c.id = o.c_id');
  });

  it('with no column that was not read', () => {
    expect(proposed('SELECT name FROM c WHERE id = ?', ['SELECT id FROM o WHERE day = 3']).change).not.toContain(
      'JOIN',
    );
  });
});
