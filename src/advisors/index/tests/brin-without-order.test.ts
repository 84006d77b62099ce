import { describe, expect, it } from 'vitest';
import {
  aColumn,
  aColumnStatistic,
  aKey,
  anIndex,
  aSnapshot,
  aTable,
  type SnapshotFacts,
} from '../../../../test/support/snapshot.js';
import type { Index } from '../../../model/catalog.js';
import advisor from '../brin-without-order.js';

const table = aTable('reading', { columns: [aColumn('id'), aColumn('sensor')], pages: 4000 });
const key = aKey('sensor', { opclass: 'pg_catalog.int4_minmax_ops' });
const index = anIndex('reading_sensor_idx', 'reading', [key], { method: 'brin' });
const scattered = aColumnStatistic('reading', 'sensor', { correlation: 0.02 });
const on = (more: SnapshotFacts = {}, options?: unknown) =>
  advisor.examine(
    aSnapshot({ tables: [table], indexes: [index], statistics: { columns: [scattered] }, ...more }),
    null,
    options,
  );
const withIndex = (more: Partial<Index>): SnapshotFacts => ({ indexes: [{ ...index, ...more }] });

describe('index/brin-without-order', () => {
  it('finds one whose scans read most of the table', async () => {
    // 3,600 of 4,000 pages a scan, ten entries a page.
    expect(await on(withIndex({ scans: 10, entriesRead: 360_000 }))).toMatchInlineSnapshot(`
      [
        {
          "actions": [
            {
              "down": [
                "CREATE INDEX CONCURRENTLY reading_sensor_idx ON public.reading USING btree (sensor)",
              ],
              "index": null,
              "kind": "drop-index",
              "lock": "takes SHARE UPDATE EXCLUSIVE on public.reading, which blocks DDL and VACUUM but neither reads nor writes",
              "rewrite": null,
              "tables": [
                {
                  "name": "reading",
                  "schema": "public",
                },
              ],
              "title": "Drop index public.reading_sensor_idx",
              "transactional": false,
              "up": [
                "DROP INDEX CONCURRENTLY "public"."reading_sensor_idx"",
              ],
            },
          ],
          "advisor": "index/brin-without-order",
          "evidence": [
            {
              "provenance": "estimated",
              "source": "pg_stats.correlation",
              "unit": "",
              "value": 0.02,
              "what": "correlation of values and places",
            },
            {
              "provenance": "measured",
              "source": "pg_stat_all_indexes.idx_scan",
              "unit": "scans",
              "value": 10,
              "what": "scans",
            },
            {
              "provenance": "measured",
              "source": "pg_stat_all_indexes.idx_tup_read",
              "unit": "fraction",
              "value": 0.9,
              "what": "share of the table that a scan read",
            },
            {
              "provenance": "measured",
              "source": "pg_relation_size",
              "unit": "pages",
              "value": 4000,
              "what": "pages of the table",
            },
            {
              "provenance": "unknown",
              "source": "workload",
              "unit": "statements",
              "value": null,
              "what": "workload statements that compare the column",
            },
            {
              "provenance": "measured",
              "source": "pg_relation_size",
              "unit": "bytes",
              "value": 4194304,
              "what": "size",
            },
          ],
          "place": "public.reading_sensor_idx",
          "severity": "info",
          "statements": [],
          "title": "BRIN index public.reading_sensor_idx summarises sensor, whose values are scattered over the table.",
        },
      ]
    `);
  });

  it('finds one that was never chosen', async () => {
    expect(await on()).toHaveLength(1);
    expect(await on({ statistics: { columns: [{ ...scattered, correlation: -0.4 }] } })).toHaveLength(1);
  });

  it.each<[string, SnapshotFacts]>([
    ['values lie in order', { statistics: { columns: [{ ...scattered, correlation: 0.6 }] } }],
    ['values lie in order from the end', { statistics: { columns: [{ ...scattered, correlation: -0.9 }] } }],
    ['runs of values let its scans read little', withIndex({ scans: 10, entriesRead: 20_000 })],
    ['nobody can see what its scans read', withIndex({ scans: 10, entriesRead: null })],
    ['nobody can see its scans', withIndex({ scans: null })],
    ['there is no correlation', { statistics: { columns: [{ ...scattered, correlation: null }] } }],
    ['there are no statistics', { statistics: { columns: [] } }],
    ['the table is small', { tables: [{ ...table, pages: 1000 }] }],
    ['it is a bloom summary', withIndex({ keys: [aKey('sensor', { opclass: 'pg_catalog.int4_bloom_ops' })] })],
    ['it keeps several ranges', withIndex({ keys: [aKey('sensor', { opclass: 'pg_catalog.int4_minmax_multi_ops' })] })],
    ['it has two columns', withIndex({ keys: [key, aKey('id')] })],
    ['it is no BRIN', withIndex({ method: 'btree' })],
  ])('is silent where %s', async (_, facts) => {
    expect(await on(facts)).toEqual([]);
  });
});
