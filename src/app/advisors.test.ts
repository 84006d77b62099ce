import { expect, test } from 'vitest';
import { aSnapshot, aStatement, aTable, anIndex } from '../../test/support/snapshot.js';
import { advisorsOf } from './advisors.js';

test('only the advisors that are asked for look at the database', async () => {
  const snapshot = aSnapshot({
    tables: [aTable('visit')],
    indexes: [anIndex('one', 'visit', ['page']), anIndex('again', 'visit', ['page'])],
    statements: [aStatement('SELECT page FROM visit WHERE page NOT IN (SELECT page FROM visit)')],
  });
  const duplicates = advisorsOf({}, (id) => id === 'index/duplicate-index');
  expect(duplicates.names).toEqual(['index/duplicate-index']);
  expect((await duplicates.examine(snapshot, null)).map((one) => one.advisor)).toEqual(['index/duplicate-index']);
  const all = await advisorsOf().examine(snapshot, null);
  expect(new Set(all.map((one) => one.advisor)).size).toBeGreaterThan(1);
});
