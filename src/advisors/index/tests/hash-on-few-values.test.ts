import { describe, expect, it } from 'vitest';
import {
  aColumn,
  aColumnStatistic,
  anIndex,
  aSnapshot,
  aStatement,
  aTable,
  type SnapshotFacts,
} from '../../../../test/support/snapshot.js';
import type { Index } from '../../../model/catalog.js';
import advisor from '../hash-on-few-values.js';

const table = aTable('payment', { columns: [aColumn('id'), aColumn('state')] });
const index = anIndex('payment_state_idx', 'payment', ['state'], { method: 'hash' });
const few = aColumnStatistic('payment', 'state', { distinct: 4, commonFrequencies: [0.7, 0.3] });
const on = (more: SnapshotFacts = {}) =>
  advisor.examine(
    aSnapshot({
      tables: [table],
      indexes: [index],
      statistics: { columns: [few] },
      statements: [aStatement("SELECT id FROM payment WHERE state = 'new'"), aStatement('SELECT id FROM payment')],
      ...more,
    }),
    null,
  );
const withIndex = (more: Partial<Index>): SnapshotFacts => ({ indexes: [{ ...index, ...more }] });

describe('index/hash-on-few-values', () => {
  it('finds a hash index with many rows a value', async () => {
    expect(await on()).toMatchInlineSnapshot(`
      [
        {
          "actions": [
            {
              "down": [
                "DROP INDEX CONCURRENTLY IF EXISTS "public"."payment_state_idx1"",
              ],
              "index": {
                "include": [],
                "keys": [
                  ""state"",
                ],
                "method": "btree",
                "name": "payment_state_idx1",
                "table": {
                  "name": "payment",
                  "schema": "public",
                },
                "unique": false,
                "where": null,
                "with": null,
              },
              "kind": "create-index",
              "lock": "takes SHARE UPDATE EXCLUSIVE on public.payment, which blocks DDL and VACUUM but neither reads nor writes",
              "rewrite": null,
              "tables": [
                {
                  "name": "payment",
                  "schema": "public",
                },
              ],
              "title": "Create btree index on public.payment (state)",
              "transactional": false,
              "up": [
                "CREATE INDEX CONCURRENTLY "payment_state_idx1" ON "public"."payment" USING btree ("state")",
              ],
            },
            {
              "down": [
                "CREATE INDEX CONCURRENTLY payment_state_idx ON public.payment USING btree (state)",
              ],
              "index": null,
              "kind": "drop-index",
              "lock": "takes SHARE UPDATE EXCLUSIVE on public.payment, which blocks DDL and VACUUM but neither reads nor writes",
              "rewrite": null,
              "tables": [
                {
                  "name": "payment",
                  "schema": "public",
                },
              ],
              "title": "Drop index public.payment_state_idx",
              "transactional": false,
              "up": [
                "DROP INDEX CONCURRENTLY "public"."payment_state_idx"",
              ],
            },
          ],
          "advisor": "index/hash-on-few-values",
          "evidence": [
            {
              "provenance": "estimated",
              "source": "pg_stats.n_distinct",
              "unit": "values",
              "value": 4,
              "what": "distinct values",
            },
            {
              "provenance": "estimated",
              "source": "pg_class.reltuples, pg_stats.null_frac",
              "unit": "rows",
              "value": 100000,
              "what": "rows that are not NULL",
            },
            {
              "provenance": "estimated",
              "source": "pg_stats.most_common_freqs",
              "unit": "fraction",
              "value": 0.7,
              "what": "share of the most common value",
            },
            {
              "provenance": "measured",
              "source": "pg_relation_size",
              "unit": "bytes",
              "value": 4194304,
              "what": "size",
            },
            {
              "provenance": "unknown",
              "source": "index size model",
              "unit": "bytes",
              "value": null,
              "what": "size of a btree on it",
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
              "source": "workload",
              "unit": "statements",
              "value": 1,
              "what": "workload statements that compare the column",
            },
          ],
          "place": "public.payment_state_idx",
          "severity": "info",
          "statements": [
            "SELECT id FROM payment WHERE state = 'new'",
          ],
          "title": "Hash index public.payment_state_idx holds about 25000 rows for each value of state.",
        },
      ]
    `);
  });

  it('asks the what-if engine for the size of a btree', async () => {
    const [found] = await advisor.examine(
      aSnapshot({ tables: [table], indexes: [index], statistics: { columns: [few] } }),
      { size: async () => ({ pages: 2, sizeBytes: 16_384, rows: 1 }), sizes: async () => [], cost: async () => [] },
    );
    expect(found?.evidence.find((fact) => fact.what.startsWith('size of a btree'))).toMatchObject({
      value: 16_384,
      provenance: 'estimated',
    });
  });

  it.each<[string, SnapshotFacts]>([
    ['values are many', { statistics: { columns: [{ ...few, distinct: 5000 }] } }],
    ['nearly every value is its own', { statistics: { columns: [{ ...few, distinct: -0.5 }] } }],
    ['nearly all rows are NULL', { statistics: { columns: [{ ...few, nullFraction: 0.97 }] } }],
    ['there are no statistics', { statistics: { columns: [] } }],
    ['the table is small', { tables: [{ ...table, rowsEstimated: 9000 }] }],
    ['the index is partial', withIndex({ predicate: '(id > 5)' })],
    ['it is a btree', withIndex({ method: 'btree' })],
    ['it is invalid', withIndex({ valid: false })],
    ['a btree is there already', { indexes: [index, anIndex('b', 'payment', ['state', 'id'])] }],
  ])('is silent where %s', async (_, facts) => {
    expect(await on(facts)).toEqual([]);
  });
});
