import { describe, expect, it } from 'vitest';
import {
  aColumn,
  aKey,
  anIndex,
  aSnapshot,
  aStatement,
  aTable,
  type SnapshotFacts,
} from '../../../../test/support/snapshot.js';
import type { Index } from '../../../model/catalog.js';
import gin from '../gin-on-scalar.js';
import gist from '../gist-on-scalar.js';

const columns = [aColumn('id'), aColumn('customer_id'), aColumn('tags', { typeCategory: 'A' })];
const table = aTable('parcel', { columns });
const key = aKey('customer_id', { opclass: 'public.int8_ops' });
const index = anIndex('parcel_customer_idx', 'parcel', [key], { method: 'gin' });
const COMPARING = 'SELECT id FROM parcel WHERE customer_id = 42';
const on = (
  sql: readonly string[],
  more: Partial<Index> = {},
  others: readonly Index[] = [],
  facts: SnapshotFacts = {},
) =>
  gin.examine(
    aSnapshot({
      tables: [table],
      indexes: [{ ...index, ...more }, ...others],
      statements: sql.map((text) => aStatement(text)),
      ...facts,
    }),
    null,
  );

describe('index/gin-on-scalar', () => {
  it('finds one that is asked for comparisons only', async () => {
    const found = await on([COMPARING, 'SELECT count(*) FROM parcel WHERE id = 1']);
    expect(found).toMatchInlineSnapshot(`
      [
        {
          "actions": [
            {
              "down": [
                "DROP INDEX CONCURRENTLY IF EXISTS "public"."parcel_customer_id_idx"",
              ],
              "index": {
                "include": [],
                "keys": [
                  ""customer_id"",
                ],
                "method": "btree",
                "name": "parcel_customer_id_idx",
                "table": {
                  "name": "parcel",
                  "schema": "public",
                },
                "unique": false,
                "where": null,
                "with": null,
              },
              "kind": "create-index",
              "lock": "takes SHARE UPDATE EXCLUSIVE on public.parcel, which blocks DDL and VACUUM but neither reads nor writes",
              "rewrite": null,
              "tables": [
                {
                  "name": "parcel",
                  "schema": "public",
                },
              ],
              "title": "Create btree index on public.parcel (customer_id)",
              "transactional": false,
              "up": [
                "CREATE INDEX CONCURRENTLY "parcel_customer_id_idx" ON "public"."parcel" USING btree ("customer_id")",
              ],
            },
            {
              "down": [
                "CREATE INDEX CONCURRENTLY parcel_customer_idx ON public.parcel USING btree (customer_id)",
              ],
              "index": null,
              "kind": "drop-index",
              "lock": "takes SHARE UPDATE EXCLUSIVE on public.parcel, which blocks DDL and VACUUM but neither reads nor writes",
              "rewrite": null,
              "tables": [
                {
                  "name": "parcel",
                  "schema": "public",
                },
              ],
              "title": "Drop index public.parcel_customer_idx",
              "transactional": false,
              "up": [
                "DROP INDEX CONCURRENTLY "public"."parcel_customer_idx"",
              ],
            },
          ],
          "advisor": "index/gin-on-scalar",
          "evidence": [
            {
              "provenance": "measured",
              "source": "pg_get_indexdef",
              "unit": "",
              "value": "CREATE INDEX parcel_customer_idx ON public.parcel USING btree (customer_id)",
              "what": "definition",
            },
            {
              "provenance": "measured",
              "source": "workload",
              "unit": "statements",
              "value": 1,
              "what": "statements that compare the column",
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
          ],
          "place": "public.parcel_customer_idx",
          "severity": "info",
          "statements": [
            "SELECT id FROM parcel WHERE customer_id = 42",
          ],
          "title": "GIN index public.parcel_customer_idx is asked only for comparisons of customer_id, which a btree serves.",
        },
      ]
    `);
  });

  it.each<[string, readonly string[], Partial<Index>?, (readonly Index[])?]>([
    ['there is no workload', []],
    ['a statement can not be read', [COMPARING, 'SELEC']],
    ['nobody compares the column', ['SELECT id FROM parcel WHERE id = 1']],
    [
      'the index has another column, too',
      [COMPARING],
      { keys: [key, aKey('tags', { opclass: 'pg_catalog.array_ops' })] },
    ],
    [
      'the column is an array',
      ["SELECT id FROM parcel WHERE tags = '{1}'"],
      { keys: [aKey('tags', { opclass: 'pg_catalog.array_ops' })] },
    ],
    ['it is for trigrams', [COMPARING], { keys: [aKey('customer_id', { opclass: 'public.gin_trgm_ops' })] }],
    ['a statement asks for a pattern', [COMPARING, "SELECT id FROM parcel WHERE customer_id ~~ '%7%'"]],
    ['it is invalid', [COMPARING], { valid: false }],
    ['a btree is there already', [COMPARING], {}, [anIndex('b', 'parcel', ['customer_id'])]],
  ])('is silent where %s', async (_, sql, more, others) => {
    expect(await on(sql, more, others)).toEqual([]);
  });

  it('is silent where a statement was left out, or reads a view', async () => {
    const view = aTable('sent', { kind: 'v' });
    expect(await on([COMPARING, 'SELECT * FROM sent'], {}, [], { tables: [table, view] })).toEqual([]);
    expect(await on([COMPARING, 'SELECT * FROM sent'])).toHaveLength(1);
  });
});

describe('index/gist-on-scalar', () => {
  const tree = { method: 'gist', keys: [aKey('customer_id', { opclass: 'public.gist_int8_ops' })] };
  const places = async (sql: string, more: Partial<Index> = {}) => {
    const facts = {
      tables: [table],
      indexes: [{ ...index, ...tree, ...more }],
      statements: [COMPARING, sql].map((one) => aStatement(one)),
    };
    return (await gist.examine(aSnapshot(facts), null)).map((one) => one.place);
  };

  it('finds one that is asked for comparisons only', async () => {
    expect(await places('SELECT id FROM parcel WHERE customer_id BETWEEN 1 AND 3')).toEqual([
      'public.parcel_customer_idx',
    ]);
  });

  it.each<[string, string, Partial<Index>?]>([
    ['somebody asks for the nearest', 'SELECT id FROM parcel ORDER BY customer_id <-> 7 LIMIT 3'],
    ['it enforces an exclusion', COMPARING, { exclusion: true, constraint: 'x' }],
    ['its class is no scalar one', COMPARING, { keys: [aKey('customer_id', { opclass: 'pg_catalog.range_ops' })] }],
  ])('is silent where %s', async (_, sql, more) => {
    expect(await places(sql, more)).toEqual([]);
  });
});
