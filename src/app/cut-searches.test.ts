import { expect, test } from 'vitest';
import { aColumn, aSnapshot, aStatement, aTable } from '../../test/support/snapshot.js';
import { NO_BOUNDS } from '../model/change-bounds.js';
import { advisorsOf } from './advisors.js';
import { watchSearches } from './cut-searches.js';

const snapshot = () =>
  aSnapshot({
    tables: [aTable('t', { columns: [aColumn('a')] })],
    statements: [aStatement('SELECT * FROM t WHERE a = 1')],
  });

test('a search that its time ended is told once and counted, one that came to its end is not', async () => {
  const notes: string[] = [];
  const searches = watchSearches(
    advisorsOf({}, (id) => id === 'index/missing-index'),
    (text) => notes.push(text),
  );
  const { advisors } = searches;
  expect(await advisors.examine(snapshot(), null, NO_BOUNDS)).toHaveLength(1);
  expect(searches.skipped).toEqual([]);
  for (const searchMs of [0, 0]) {
    expect(await advisors.examine(snapshot(), null, { ...NO_BOUNDS, searchMs })).toEqual([]);
  }
  expect(searches.skipped).toEqual([
    expect.objectContaining({
      reason: 'its share of the time was used up in 2 of 3 searches: what was found by then was taken',
    }),
  ]);
  expect(notes).toHaveLength(1);
});
