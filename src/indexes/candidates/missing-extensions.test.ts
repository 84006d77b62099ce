import { beforeAll, expect, test } from 'vitest';
import { aColumn, aSnapshot, aStatement, aTable } from '../../../test/support/snapshot.js';
import { loadParser } from '../../sql/parse.js';
import { tableUses } from './candidates.js';
import { missingTrigrams } from './missing-extensions.js';

beforeAll(loadParser);

const columns = [aColumn('id'), aColumn('title', { baseType: 'text', typeCategory: 'S' })];

test.each([
  ['a pattern', `title ILIKE '%x%'`, {}, true],
  ['a pattern on an expression', `lower(title) LIKE '%x%'`, {}, true],
  ['a regular expression', `title ~ 'x+y'`, {}, true],
  ['a beginning', `title LIKE 'x%'`, {}, false],
  ['with the extension', `title ILIKE '%x%'`, { extensions: ['pg_trgm'] }, false],
  ['on a small table', `title ILIKE '%x%'`, { pages: 50 }, false],
] as const)('%s', (_, condition, more: { extensions?: readonly string[]; pages?: number }, isTold) => {
  const { extensions = [], pages = 5000 } = more;
  const statements = [aStatement(`SELECT id FROM book WHERE ${condition}`, { name: 'by title' })];
  const base = aSnapshot({ tables: [aTable('book', { columns, pages })], statements });
  const installed = extensions.map((name) => ({ name, version: '1.0', schema: 'public' }));
  const snapshot = { ...base, catalog: { ...base.catalog, extensions: installed } };
  const found = missingTrigrams(tableUses(snapshot, { minRows: 0, minPages: 0 }), snapshot.catalog);
  expect(found.map(({ what }) => what)).toEqual(isTold ? ['indexes for the patterns of by title'] : []);
});
