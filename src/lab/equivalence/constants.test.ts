import { beforeAll, describe, expect, it } from 'vitest';
import { loadParser, parseStatement } from '../../sql/parse.js';
import { constantsOf } from './constants.js';

beforeAll(loadParser);

function byColumn(sql: string, column: string): readonly string[] {
  const stored = new Set(['turn', 'weight', 'person']);
  const { byColumn: found } = constantsOf([parseStatement(sql).tree], (name) => stored.has(name));
  return (found.get(column) ?? []).map(({ text }) => text);
}

const TOTALS = 'SELECT person FROM (SELECT person, sum(weight) OVER (ORDER BY turn) AS total FROM queue) t WHERE ';

describe('constants of a column', () => {
  it.each([
    ['those that it is compared with', 'SELECT 1 FROM queue WHERE weight > 7', 'weight', ['7']],
    ['those of a sum of it', `${TOTALS} total <= 1000`, 'weight', ['1000']],
    ['none of what only orders the sum', `${TOTALS} total <= 1000`, 'turn', []],
    [
      'none of how often it is there',
      'SELECT n FROM (SELECT count(weight) AS n FROM queue) t WHERE n > 3',
      'weight',
      [],
    ],
    [
      'none of another column of that name',
      'SELECT 1 FROM (SELECT sum(weight) AS turn FROM queue) t WHERE turn > 9',
      'weight',
      [],
    ],
  ])('%s', (_, sql, column, expected) => {
    expect(byColumn(sql, column)).toEqual(expected);
  });
});
