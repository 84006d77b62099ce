import { describe, expect, it } from 'vitest';
import {
  aForeignKey,
  aPlan,
  aSnapshot,
  aStatement,
  aTable,
  anActivity,
  anIndex,
  type SnapshotFacts,
} from '../../../test/support/snapshot.js';
import type { Index } from '../../model/catalog.js';
import advisor from './unused-index.js';

const parcel = aTable('parcel', { activity: anActivity({ inserts: 500, updates: 100, hotUpdates: 60, deletes: 10 }) });
const index = anIndex('parcel_weight_idx', 'parcel', ['weight_g']);
const on = async (more: SnapshotFacts, options?: unknown) =>
  advisor.examine(aSnapshot({ tables: [parcel], indexes: [index], ...more }), null, options);

describe('index/unused-index', () => {
  it('finds an index that was never scanned while the counters are old', async () => {
    expect(await on({})).toMatchInlineSnapshot(`
      [
        {
          "actions": [
            {
              "down": [
                "CREATE INDEX CONCURRENTLY parcel_weight_idx ON public.parcel USING btree (weight_g)",
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
              "title": "Drop index public.parcel_weight_idx",
              "transactional": false,
              "up": [
                "DROP INDEX CONCURRENTLY "public"."parcel_weight_idx"",
              ],
            },
          ],
          "advisor": "index/unused-index",
          "evidence": [
            {
              "provenance": "measured",
              "source": "pg_stat_all_indexes.idx_scan",
              "unit": "scans",
              "value": 0,
              "what": "scans",
            },
            {
              "provenance": "measured",
              "source": "pg_stat_database.stats_reset, pg_postmaster_start_time()",
              "unit": "days",
              "value": 59,
              "what": "time counted",
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
              "source": "pg_stat_all_tables",
              "unit": "rows",
              "value": 550,
              "what": "writes to public.parcel that maintained it",
            },
          ],
          "place": "public.parcel_weight_idx",
          "severity": "info",
          "statements": [],
          "title": "Index public.parcel_weight_idx was not scanned on this server in 59 days; replicas keep their own count, look there, too.",
        },
      ]
    `);
  });

  it.each<[string, Partial<Index>]>([
    ['was scanned', { scans: 1 }],
    ['was scanned before the reset', { lastScan: '2025-01-01T00:00:00Z' }],
    ['has no visible counter', { scans: null }],
    ['is unique', { unique: true }],
    ['is the replica identity', { replicaIdentity: true }],
    ['is part of a partitioned index', { partitionOf: { schema: 'public', name: 'p' } }],
    ['is small', { sizeBytes: 1000 }],
    ['is invalid', { valid: false }],
  ])('is silent when it %s', async (_, more) => {
    expect(await on({ indexes: [{ ...index, ...more }] })).toEqual([]);
  });

  it.each<[string, SnapshotFacts]>([
    ['the counters are young', { statistics: { countersSince: '2026-02-01T00:00:00Z' } }],
    ['the server is young', { statistics: { serverStartedAt: '2026-02-20T00:00:00Z' } }],
    ['neither age is known', { statistics: { countersSince: null, serverStartedAt: null } }],
    ['it serves a foreign key', { constraints: [aForeignKey('parcel', ['weight_g'], 'parcel')] }],
    ['the table is partitioned', { tables: [{ ...parcel, kind: 'p' }] }],
  ])('is silent when %s', async (_, more) => {
    expect(await on(more)).toEqual([]);
  });

  it('mentions a large one while the counters are young, where the whole workload is planned without it', async () => {
    const young = {
      statistics: { countersSince: '2026-02-28T00:00:00Z' },
      indexes: [{ ...index, sizeBytes: 20 * 1024 * 1024 }],
    };
    const statements = [aStatement('a'), aStatement('b')];
    const [a, b, using] = [aPlan({}), aPlan({}), aPlan({ Plans: [aPlan({ 'Index Name': 'parcel_weight_idx' }).root] })];
    const [found] = await on({
      ...young,
      statements,
      plans: new Map([
        ['a', a],
        ['b', b],
      ]),
    });
    expect(found).toMatchObject({ place: 'public.parcel_weight_idx', severity: 'info', actions: [] });
    expect(found?.title).toContain('after 35 days');
    expect(
      await on({
        ...young,
        statements,
        plans: new Map([
          ['a', a],
          ['b', using],
        ]),
      }),
    ).toEqual([]);
    expect(await on({ ...young, statements, plans: new Map([['a', a]]) })).toEqual([]);
    expect(
      await on({
        ...young,
        indexes: [index],
        statements,
        plans: new Map([
          ['a', a],
          ['b', b],
        ]),
      }),
    ).toEqual([]);
  });

  it('takes other limits', async () => {
    expect(await on({ statistics: { countersSince: '2026-02-28T00:00:00Z' } }, { minDays: 1 })).toHaveLength(1);
    await expect(on({}, { minDays: -1 })).rejects.toThrow(/minDays/);
  });
});
