import { describe, expect, it } from 'vitest';
import { aColumn, anIndex, aSnapshot, aStatement, aTable } from '../../../../test/support/snapshot.js';
import type { Column, Index } from '../../../model/catalog.js';
import advisor from '../btree-on-document.js';

const body = aColumn('body', { type: 'jsonb', baseType: 'jsonb', typeCategory: 'U' });
const index = anIndex('note_body_idx', 'note', ['body']);
const INSIDE = `SELECT id FROM note WHERE body @> '{"tag": 7}'`;
const on = (sql: readonly string[], more: Partial<Index> = {}, column: Column = body) =>
  advisor.examine(
    aSnapshot({
      tables: [aTable('note', { columns: [aColumn('id'), column] })],
      indexes: [{ ...index, ...more }],
      statements: sql.map((text) => aStatement(text)),
    }),
    null,
  );

describe('index/btree-on-document', () => {
  it('finds one that no statement can use', async () => {
    expect(await on([INSIDE, 'SELECT id FROM note WHERE id = 1'])).toMatchInlineSnapshot(`
      [
        {
          "actions": [
            {
              "down": [
                "CREATE INDEX CONCURRENTLY note_body_idx ON public.note USING btree (body)",
              ],
              "index": null,
              "kind": "drop-index",
              "lock": "takes SHARE UPDATE EXCLUSIVE on public.note, which blocks DDL and VACUUM but neither reads nor writes",
              "rewrite": null,
              "tables": [
                {
                  "name": "note",
                  "schema": "public",
                },
              ],
              "title": "Drop index public.note_body_idx",
              "transactional": false,
              "up": [
                "DROP INDEX CONCURRENTLY "public"."note_body_idx"",
              ],
            },
          ],
          "advisor": "index/btree-on-document",
          "evidence": [
            {
              "provenance": "measured",
              "source": "pg_get_indexdef",
              "unit": "",
              "value": "CREATE INDEX note_body_idx ON public.note USING btree (body)",
              "what": "definition",
            },
            {
              "provenance": "measured",
              "source": "workload",
              "unit": "statements",
              "value": 2,
              "what": "statements that use the table",
            },
            {
              "provenance": "measured",
              "source": "workload",
              "unit": "statements",
              "value": 1,
              "what": "statements with a condition inside the value",
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
              "source": "pg_relation_size",
              "unit": "bytes",
              "value": 4194304,
              "what": "size",
            },
          ],
          "place": "public.note_body_idx",
          "severity": "warning",
          "statements": [
            "SELECT id FROM note WHERE body @> '{"tag": 7}'",
          ],
          "title": "Btree public.note_body_idx compares whole values of body (jsonb), which no statement does.",
        },
      ]
    `);
  });

  it.each<[string, Partial<Column>, number]>([
    ['an array', { typeCategory: 'A', baseType: '_int4' }, 1],
    ['a range', { typeCategory: 'R', baseType: 'int4range' }, 1],
    ['a text search vector', { baseType: 'tsvector' }, 1],
    ['text', { typeCategory: 'S', baseType: 'text' }, 0],
    ['uuid', { baseType: 'uuid' }, 0],
  ])('on %s', async (_, column, times) => {
    expect(await on([INSIDE], {}, { ...body, ...column })).toHaveLength(times);
  });

  it.each<[string, readonly string[], Partial<Index>?]>([
    ['there is no workload', []],
    ['nothing uses the table', ['SELECT 1']],
    ['a statement compares the whole value', [INSIDE, "SELECT id FROM note WHERE body = '{}'"]],
    ['a statement orders by it', [INSIDE, 'SELECT id FROM note ORDER BY body']],
    ['a statement groups by it', [INSIDE, 'SELECT body, count(*) FROM note GROUP BY body']],
    ['it was scanned', [INSIDE], { scans: 1 }],
    ['its counter is not visible', [INSIDE], { scans: null }],
    ['it is unique', [INSIDE], { unique: true }],
    ['it is no btree', [INSIDE], { method: 'gin' }],
    ['it is the replica identity', [INSIDE], { replicaIdentity: true }],
  ])('is silent where %s', async (_, sql, more) => {
    expect(await on(sql, more)).toEqual([]);
  });
});
