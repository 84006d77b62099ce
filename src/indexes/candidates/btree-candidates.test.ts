import { beforeAll, expect, test } from 'vitest';
import { aColumn, aSnapshot, aStatement, aTable } from '../../../test/support/snapshot.js';
import { loadParser } from '../../sql/parse.js';
import { tableUses } from './candidates.js';
import { reasonedCandidates } from './reasoned.js';

const columns = ['id', 'author', 'kind', 'at'].map((name) => aColumn(name));
const tables = [aTable('author', { columns, pages: 100 }), aTable('message', { columns, pages: 5000 })];

beforeAll(() => loadParser());

test.each([
  ['SELECT (SELECT max(at) FROM message m WHERE m.author = a.id) FROM author a', '"author", "at"'],
  [
    'SELECT l.at FROM author a, LATERAL (SELECT at FROM message m WHERE m.author = a.id AND m.kind = 3 ORDER BY at DESC LIMIT 3) AS l',
    '"kind", "author", "at"',
  ],
  ['SELECT at FROM message WHERE author = 5 ORDER BY at LIMIT 3', '"author", "at"'],
])('the first rows for each row of another relation have their order behind the key: %s', (sql, wanted) => {
  const snapshot = aSnapshot({ tables, statements: [aStatement(sql)], statistics: { columns: [] } });
  const found = reasonedCandidates(snapshot, tableUses(snapshot, { minRows: 0, minPages: 0 }), { otherMethods: false });
  expect(found.map(({ spec }) => spec.keys.join(', '))).toContain(wanted);
});
