import { describe, expect, it } from 'vitest';
import {
  aColumn,
  aForeignKey,
  aSnapshot,
  aStatement,
  aTable,
  anActivity,
  anIndex,
  type SnapshotFacts,
} from '../../../../test/support/snapshot.js';
import type { Index } from '../../../model/catalog.js';
import advisor from '../unindexed-foreign-key.js';

const author = aTable('author', { activity: anActivity({ deletes: 12, updates: 3 }) });
const book = aTable('book', { columns: [aColumn('id'), aColumn('author_id'), aColumn('shop_id')] });
const facts: SnapshotFacts = { tables: [author, book], constraints: [aForeignKey('book', ['author_id'], 'author')] };
const on = async (more: SnapshotFacts) => advisor.examine(aSnapshot({ ...facts, ...more }), null);

describe('index/unindexed-foreign-key', () => {
  it('finds the key, the statements that need it, and the index', async () => {
    const statements = [
      aStatement('DELETE FROM author WHERE id = $1', { fingerprint: 'f1' }),
      aStatement('SELECT * FROM book b JOIN author a ON a.id = b.author_id', { fingerprint: 'f2' }),
      aStatement('UPDATE author SET id = $1', { fingerprint: 'f3' }),
      aStatement('UPDATE author SET name = $1', { fingerprint: 'other1' }),
      aStatement('SELECT author_id FROM book', { fingerprint: 'other2' }),
      aStatement('INSERT INTO book (author_id) VALUES ($1)', { fingerprint: 'other3' }),
    ];
    expect(await on({ statements })).toMatchInlineSnapshot(`
      [
        {
          "actions": [
            {
              "down": [
                "DROP INDEX CONCURRENTLY IF EXISTS "public"."book_author_id_idx"",
              ],
              "index": {
                "include": [],
                "keys": [
                  ""author_id"",
                ],
                "method": "btree",
                "name": "book_author_id_idx",
                "table": {
                  "name": "book",
                  "schema": "public",
                },
                "unique": false,
                "where": null,
                "with": null,
              },
              "kind": "create-index",
              "lock": "takes SHARE UPDATE EXCLUSIVE on public.book, which blocks DDL and VACUUM but neither reads nor writes",
              "rewrite": null,
              "tables": [
                {
                  "name": "book",
                  "schema": "public",
                },
              ],
              "title": "Create btree index on public.book (author_id)",
              "transactional": false,
              "up": [
                "CREATE INDEX CONCURRENTLY "book_author_id_idx" ON "public"."book" USING btree ("author_id")",
              ],
            },
          ],
          "advisor": "index/unindexed-foreign-key",
          "evidence": [
            {
              "provenance": "estimated",
              "source": "pg_class.reltuples",
              "unit": "rows",
              "value": 100000,
              "what": "rows that a check scans",
            },
            {
              "provenance": "measured",
              "source": "pg_stat_all_tables.n_tup_del",
              "unit": "rows",
              "value": 12,
              "what": "deletes on public.author",
            },
            {
              "provenance": "measured",
              "source": "pg_stat_all_tables.n_tup_upd",
              "unit": "rows",
              "value": 3,
              "what": "updates on public.author",
            },
            {
              "provenance": "measured",
              "source": "workload",
              "unit": "statements",
              "value": 3,
              "what": "workload statements that need it",
            },
          ],
          "place": "public.book(author_id)",
          "severity": "warning",
          "statements": [
            "f1",
            "f2",
            "f3",
          ],
          "title": "No index serves the foreign key book_author_id_fkey of public.book.",
        },
      ]
    `);
  });

  it.each([
    ['MERGE that deletes', 'MERGE INTO author a USING gone g ON a.id = g.id WHEN MATCHED THEN DELETE', 1],
    [
      'MERGE that adds',
      'MERGE INTO author a USING new n ON a.id = n.id WHEN NOT MATCHED THEN INSERT (id) VALUES (n.id)',
      0,
    ],
    [
      'ON CONFLICT that changes the key',
      'INSERT INTO author (id) VALUES ($1) ON CONFLICT (name) DO UPDATE SET id = $1',
      1,
    ],
    ['ON CONFLICT that does not', 'INSERT INTO author (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET name = $2', 0],
  ] as const)('knows whether a %s looks rows up', async (_, sql, needing) => {
    const [finding] = await on({ statements: [aStatement(sql, { fingerprint: 'f' })] });
    expect(finding?.statements).toHaveLength(needing);
  });

  it('counts the deletes that cascade into the referenced table', async () => {
    const publisher = aTable('publisher');
    const cascading = aForeignKey('author', ['publisher_id'], 'publisher', { onDelete: 'c' });
    const [found] = await on({
      tables: [...(facts.tables ?? []), publisher],
      constraints: [...(facts.constraints ?? []), cascading],
      indexes: [anIndex('author_publisher', 'author', ['publisher_id'])],
      statements: [aStatement('DELETE FROM publisher WHERE id = $1', { fingerprint: 'f1' })],
    });
    expect(found?.statements).toEqual(['f1']);
  });

  it.each<[string, SnapshotFacts]>([
    ['an index leads with the column', { indexes: [anIndex('i', 'book', ['author_id', 'id'])] }],
    [
      'a partial index leaves out NULLs only',
      { indexes: [anIndex('i', 'book', ['author_id'], { predicate: '(author_id IS NOT NULL)' })] },
    ],
    ['the table is small', { tables: [author, { ...book, rowsEstimated: 9999 }] }],
    [
      'a never analysed table has few pages',
      { tables: [author, { ...book, rowsEstimated: null, pages: 10, activity: null }] },
    ],
    [
      'two columns lead in another order',
      {
        constraints: [aForeignKey('book', ['author_id', 'shop_id'], 'author')],
        indexes: [anIndex('i', 'book', ['shop_id', 'author_id', 'id'])],
      },
    ],
  ])('is silent when %s', async (_, more) => {
    expect(await on(more)).toEqual([]);
  });

  it.each<[string, Index]>([
    ['the column comes second', anIndex('i', 'book', ['id', 'author_id'])],
    ['the index is partial', anIndex('i', 'book', ['author_id'], { predicate: '(shop_id IS NOT NULL)' })],
    ['the index is invalid', anIndex('i', 'book', ['author_id'], { valid: false })],
    ['the index is no btree', anIndex('i', 'book', ['author_id'], { method: 'brin' })],
    ['the index is on another table', anIndex('i', 'author', ['author_id'])],
  ])('speaks when %s', async (_, index) => {
    expect(await on({ indexes: [index] })).toHaveLength(1);
  });

  it('only informs where a workload is known and nothing needs the index', async () => {
    const still = aTable('author');
    const severity = async (statements: SnapshotFacts['statements'], referenced = still) =>
      (await on({ tables: [referenced, book], statements: statements ?? [] })).map((one) => one.severity);
    expect(await severity([])).toEqual(['warning']);
    expect(await severity([aStatement('SELECT 1')])).toEqual(['info']);
    expect(await severity([aStatement('SELECT 1')], author)).toEqual(['warning']);
    expect(await severity([aStatement('DELETE FROM author')])).toEqual(['warning']);
  });

  it('is silent on a short list that nothing deletes from ', async () => {
    const list = aTable('author', { rowsEstimated: 30 });
    expect(await on({ tables: [list, book] })).toEqual([]);
    expect(await on({ tables: [list, book], statements: [aStatement('DELETE FROM author')] })).toHaveLength(1);
    expect(await on({ tables: [{ ...list, activity: anActivity({ deletes: 1 }) }, book] })).toHaveLength(1);
  });

  it('speaks once for a partitioned table, and for two keys over the same column', async () => {
    const parent = { ...book, kind: 'p' as const, rowsEstimated: null, pages: 0 };
    const part = aTable('book_1', { columns: book.columns, partitionOf: { schema: 'public', name: 'book' } });
    const found = await on({
      tables: [author, parent, part],
      constraints: [
        aForeignKey('book', ['author_id'], 'author'),
        aForeignKey('book_1', ['author_id'], 'author'),
        aForeignKey('book', ['author_id'], 'author', { name: 'again' }),
      ],
    });
    expect(found.map((one) => one.place)).toEqual(['public.book(author_id)']);
    expect(found[0]?.actions[0]).toMatchObject({
      transactional: true,
      up: ['CREATE INDEX "book_author_id_idx" ON "public"."book" USING btree ("author_id")'],
    });
  });

  it('keeps clear of names that are taken', async () => {
    const found = await on({ indexes: [anIndex('book_author_id_idx', 'book', ['id'])] });
    expect(found[0]?.actions[0]?.index?.name).toBe('book_author_id_idx1');
  });
});
