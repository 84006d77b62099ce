import { describe, expect, it } from 'vitest';
import { aColumn, aKey, anIndex, aSnapshot, aStatement, aTable } from '../../../../test/support/snapshot.js';
import type { Index } from '../../../model/catalog.js';
import advisor from '../mergeable-indexes.js';

const columns = ['id', 'album_id', 'title', 'seconds'].map((name) => aColumn(name));
const including = (name: string, include: readonly string[], more: Partial<Index> = {}): Index =>
  anIndex(name, 'track', ['album_id'], { include: include.map((column) => aKey(column, { opclass: null })), ...more });
const one = including('one', ['title']);
const other = including('other', ['seconds']);
const on = (indexes: readonly Index[]) =>
  advisor.examine(
    aSnapshot({
      tables: [aTable('track', { columns })],
      indexes,
      statements: [aStatement('SELECT title FROM track WHERE album_id = 3')],
    }),
    null,
  );

describe('index/mergeable-indexes', () => {
  it('finds two that differ in what they include', async () => {
    expect(await on([one, other])).toMatchInlineSnapshot(`
      [
        {
          "actions": [
            {
              "down": [
                "DROP INDEX CONCURRENTLY IF EXISTS "public"."track_album_id_with_title_seconds_idx"",
              ],
              "index": {
                "include": [
                  ""title"",
                  ""seconds"",
                ],
                "keys": [
                  ""album_id"",
                ],
                "method": "btree",
                "name": "track_album_id_with_title_seconds_idx",
                "table": {
                  "name": "track",
                  "schema": "public",
                },
                "unique": false,
                "where": null,
                "with": null,
              },
              "kind": "create-index",
              "lock": "takes SHARE UPDATE EXCLUSIVE on public.track, which blocks DDL and VACUUM but neither reads nor writes",
              "rewrite": null,
              "tables": [
                {
                  "name": "track",
                  "schema": "public",
                },
              ],
              "title": "Create btree index on public.track (album_id) include (title, seconds)",
              "transactional": false,
              "up": [
                "CREATE INDEX CONCURRENTLY "track_album_id_with_title_seconds_idx" ON "public"."track" USING btree ("album_id") INCLUDE ("title", "seconds")",
              ],
            },
          ],
          "advisor": "index/mergeable-indexes",
          "evidence": [
            {
              "provenance": "measured",
              "source": "pg_get_indexdef",
              "unit": "",
              "value": "CREATE INDEX one ON public.track USING btree (album_id)",
              "what": "definition of public.one",
            },
            {
              "provenance": "measured",
              "source": "pg_get_indexdef",
              "unit": "",
              "value": "CREATE INDEX other ON public.track USING btree (album_id)",
              "what": "definition of public.other",
            },
            {
              "provenance": "measured",
              "source": "pg_relation_size",
              "unit": "bytes",
              "value": 4194304,
              "what": "size",
            },
            {
              "provenance": "measured",
              "source": "pg_relation_size",
              "unit": "bytes",
              "value": 4194304,
              "what": "size",
            },
            {
              "provenance": "measured",
              "source": "pg_stat_all_indexes.idx_scan",
              "unit": "scans",
              "value": 0,
              "what": "scans",
            },
            {
              "provenance": "measured",
              "source": "pg_stat_all_indexes.idx_scan",
              "unit": "scans",
              "value": 0,
              "what": "scans",
            },
          ],
          "place": "public.one, public.other",
          "severity": "info",
          "statements": [
            "SELECT title FROM track WHERE album_id = 3",
          ],
          "title": "Indexes public.one and public.other differ in their INCLUDE columns only: one index could take the place of both.",
        },
      ]
    `);
  });

  it('writes the common key as it is', async () => {
    const key = aKey('album_id', {
      descending: true,
      collation: 'pg_catalog.C',
      opclass: 'pg_catalog.text_pattern_ops',
      opclassIsDefault: false,
    });
    const [found] = await on(
      [one, other].map((index) => ({
        ...index,
        keys: [key, aKey('e', { column: null, expression: 'lower(x)', nullsFirst: true })],
      })),
    );
    expect(found?.actions[0]?.index?.keys).toEqual([
      '"album_id" COLLATE "pg_catalog"."C" "pg_catalog"."text_pattern_ops" DESC NULLS LAST',
      '(lower(x)) NULLS FIRST',
    ]);
  });

  it.each<[string, readonly Index[]]>([
    ['one holds all of the other', [one, including('both', ['title', 'seconds'])]],
    ['a third holds all of both', [one, other, including('both', ['title', 'seconds'])]],
    ['a third has all of both as keys', [one, other, anIndex('wide', 'track', ['album_id', 'title', 'seconds'])]],
    [
      'they only begin alike',
      [anIndex('a', 'track', ['album_id', 'title']), anIndex('b', 'track', ['album_id', 'seconds'])],
    ],
    ['one includes nothing', [anIndex('a', 'track', ['album_id']), other]],
    ['the keys differ', [one, { ...other, keys: [aKey('id')] }]],
    ['the predicates differ', [one, { ...other, predicate: '(id > 5)' }]],
    ['one is unique', [one, { ...other, unique: true }]],
    ['one is clustered', [one, { ...other, clustered: true }]],
    ['one is invalid', [one, { ...other, valid: false }]],
  ])('is silent where %s', async (_, indexes) => {
    expect(await on(indexes)).toEqual([]);
  });
});
