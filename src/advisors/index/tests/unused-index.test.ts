import { describe, expect, it } from 'vitest';
import {
  aForeignKey,
  aPlan,
  aSnapshot,
  aStatement,
  aTable,
  anActivity,
  aKey,
  anIndex,
  type SnapshotFacts,
} from '../../../../test/support/snapshot.js';
import type { Index } from '../../../model/catalog.js';
import type { NodeCounters } from '../../../model/replication.js';
import advisor from '../unused-index.js';

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
              "source": "the target and --replica",
              "unit": "servers",
              "value": 1,
              "what": "servers looked at",
            },
            {
              "provenance": "measured",
              "source": "pg_stat_replication, pg_replication_slots",
              "unit": "servers",
              "value": 0,
              "what": "servers not looked at",
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
              "source": "pg_stat_database.stats_reset, pg_postmaster_start_time()",
              "unit": "",
              "value": "month ends: 2, quarter ends: 0, year ends: 0",
              "what": "seasons that the counters saw",
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
          "title": "Index public.parcel_weight_idx was not scanned on this server in 59 days.",
        },
      ]
    `);
  });

  it.each<[string, Partial<Index>]>([
    ['was scanned', { scans: 1 }],
    ['was scanned within a quarter', { scans: 3, lastScan: '2025-12-01T00:00:00Z' }],
    ['was scanned at a time that is not known', { scans: 3 }],
    ['is being built', { building: true }],
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

  const looked = (more: Partial<NodeCounters> = {}): NodeCounters => ({
    label: 'standby:5432/test',
    countersSince: '2026-01-05T00:00:00Z',
    serverStartedAt: '2025-12-01T00:00:00Z',
    readAt: '2026-03-01T00:00:00Z',
    indexes: [{ schema: 'public', name: 'parcel_weight_idx', scans: 0, lastScan: null }],
    ...more,
  });

  it('asks every standby that was given, and counts from the youngest', async () => {
    const [found] = await on({ replication: { standbys: 1, looked: [looked()] } });
    expect(found?.title).toBe('Index public.parcel_weight_idx was not scanned on 2 servers in 55 days.');
    expect(found?.actions).toHaveLength(1);
    expect(found?.evidence.find((fact) => fact.what.startsWith('seasons'))?.value).toBe(
      'month ends: 2, quarter ends: 0, year ends: 0',
    );
  });

  const used = { schema: 'public', name: 'parcel_weight_idx', scans: 4, lastScan: null };
  it.each<[string, SnapshotFacts['replication']]>([
    ['a standby uses it', { standbys: 1, looked: [looked({ indexes: [used] })] }],
    ['a standby does not hold it', { standbys: 1, looked: [looked({ indexes: [] })] }],
    ['a standby counts since yesterday', { standbys: 1, looked: [looked({ countersSince: '2026-02-28T00:00:00Z' })] }],
    [
      'the age of its counters is not known',
      { standbys: 1, looked: [looked({ countersSince: null, serverStartedAt: null })] },
    ],
    ['a standby could not be looked at', { standbys: 0, notLooked: [{ label: 'standby', reason: 'down' }] }],
  ])('is silent when %s', async (_, replication) => {
    expect(await on(replication ? { replication } : {})).toEqual([]);
  });

  it.each<[string, SnapshotFacts['replication'], RegExp]>([
    ['nobody named the standby', { standbys: 1 }, /; one other was not looked at/],
    ['one of three was named', { standbys: 3, looked: [looked()] }, /; 2 others were not looked at/],
    ['the target is a standby', { isStandby: true }, /; one other was not looked at/],
  ])('offers nothing where %s', async (_, replication, title) => {
    const [found] = await on(replication ? { replication } : {});
    expect(found?.title).toMatch(title);
    expect(found?.actions).toEqual([]);
  });

  it('finds one that was last scanned long ago, where that is known', async () => {
    const [found] = await on({ indexes: [{ ...index, scans: 9, lastScan: '2025-10-01T12:00:00Z' }] });
    expect(found?.title).toBe(
      'Index public.parcel_weight_idx was last scanned on 2025-10-01, and not once more on this server in 59 days.',
    );
  });

  it('says which statistics go with an expression', async () => {
    const [found] = await on({
      indexes: [{ ...index, keys: [aKey('e', { column: null, expression: 'lower(code)' })] }],
    });
    expect(found?.evidence.at(-1)).toMatchObject({ value: 'lower(code)' });
  });

  it('judges a partitioned index by all its parts, and drops the parent', async () => {
    const parts = (scans: number): SnapshotFacts => ({
      tables: [
        { ...parcel, kind: 'p' },
        aTable('parcel_1', { partitionOf: parcel }),
        aTable('parcel_2', { partitionOf: parcel }),
      ],
      indexes: [
        { ...index, sizeBytes: 0, scans: null },
        anIndex('one', 'parcel_1', ['weight_g'], { partitionOf: index }),
        anIndex('two', 'parcel_2', ['weight_g'], { partitionOf: index, scans }),
      ],
    });
    expect((await on(parts(0))).map((one) => one.actions[0]?.up)).toEqual([
      ['DROP INDEX "public"."parcel_weight_idx"'],
    ]);
    expect(await on(parts(1))).toEqual([]);
  });

  it('takes other limits', async () => {
    expect(await on({ statistics: { countersSince: '2026-02-28T00:00:00Z' } }, { minDays: 1 })).toHaveLength(1);
    await expect(on({}, { minDays: -1 })).rejects.toThrow(/minDays/);
  });
});
