import { describe, expect, it } from 'vitest';
import {
  aCatalog,
  aColumn,
  aForeignKey,
  aKey,
  anActivity,
  anIndex,
  aSequence,
  aTable,
} from '../../test/support/snapshot.js';
import { structureDifferences, structureOf, structureText } from './catalog-equality.js';
import type { Catalog } from './catalog.js';

const author = aTable('author');
const book = aTable('book', { columns: [aColumn('id', { sequence: aSequence('book_id_seq') }), aColumn('author_id')] });
const index = anIndex('book_author_idx', 'book', ['author_id']);
const foreignKey = aForeignKey('book', ['author_id'], 'author');
const before = aCatalog({ tables: [author, book], indexes: [index], constraints: [foreignKey] });

describe('structureDifferences', () => {
  it.each<[string, Catalog]>([
    ['the order of reading', { ...before, tables: [book, author] }],
    ['oids', { ...before, indexes: [{ ...index, oid: 77 }] }],
    [
      'sizes and counters',
      { ...before, tables: [author, { ...book, pages: 9, rowsEstimated: null, activity: anActivity({ inserts: 5 }) }] },
    ],
    [
      'an index scan',
      { ...before, indexes: [{ ...index, scans: 12, lastScan: '2026-01-01', sizeBytes: 0, rowsEstimated: 3 }] },
    ],
    [
      'a sequence that moved',
      {
        ...before,
        tables: [
          author,
          {
            ...book,
            columns: [aColumn('id', { sequence: aSequence('book_id_seq', { lastValue: 9n }) }), aColumn('author_id')],
          },
        ],
      },
    ],
  ])('does not see %s', (_, after) => {
    expect(structureDifferences(before, after)).toEqual([]);
    expect(structureText(after)).toBe(structureText(before));
  });

  it.each<[string, Catalog, RegExp]>([
    ['a dropped index', { ...before, indexes: [] }, /^index public\.book_author_idx is gone$/],
    [
      'an invalid index',
      { ...before, indexes: [{ ...index, valid: false }] },
      /^index public\.book_author_idx: valid yes -> no$/,
    ],
    [
      'another operator class',
      { ...before, indexes: [{ ...index, keys: [aKey('author_id', { opclass: 'pg_catalog.other_ops' })] }] },
      /^index public\.book_author_idx: keys .* -> author_id, pg_catalog\.other_ops/,
    ],
    ['a new table', { ...before, tables: [author, book, aTable('shelf')] }, /^table public\.shelf is new$/],
    [
      'a type',
      {
        ...before,
        tables: [
          author,
          { ...book, columns: [...book.columns.slice(0, 1), aColumn('author_id', { type: 'integer' })] },
        ],
      },
      /^column public\.book\.author_id: type bigint -> integer$/,
    ],
    [
      'an unvalidated constraint',
      { ...before, constraints: [{ ...foreignKey, validated: false }] },
      /^constraint book_author_id_fkey on public\.book: validated yes -> no$/,
    ],
    [
      'a shorter sequence',
      {
        ...before,
        tables: [
          author,
          {
            ...book,
            columns: [aColumn('id', { sequence: aSequence('book_id_seq', { maxValue: 9n }) }), aColumn('author_id')],
          },
        ],
      },
      /^column public\.book\.id: sequence .*maxValue 2147483647 .* -> .*maxValue 9 /,
    ],
    ['a counted object', { ...before, otherCounts: { view: 1 } }, /^number of view objects is new$/],
  ])('sees %s', (_, after, difference) => {
    const differences = structureDifferences(before, after);
    expect(differences).toHaveLength(1);
    expect(differences[0]).toMatch(difference);
  });

  it('tells names with dots apart', () => {
    const dotted = { ...aTable('c'), schema: 'a.b' };
    const other = { ...aTable('b.c'), schema: 'a' };
    expect(structureOf(aCatalog({ tables: [dotted, other] })).size).toBe(structureOf(aCatalog()).size + 2);
  });
});
