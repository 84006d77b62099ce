import { describe, expect, it } from 'vitest';
import {
  aColumnStatistic,
  aKey,
  anActivity,
  anIndex,
  aSnapshot,
  aTable,
  type SnapshotFacts,
} from '../../../../test/support/snapshot.js';
import type { Index } from '../../../model/catalog.js';
import type { ColumnStatistics } from '../../../model/statistics.js';
import advisor from '../bloated-index.js';

const MB = 1024 * 1024;
const table = aTable('event', { rowsEstimated: 1_000_000, activity: anActivity({ liveTuples: 1_000_000 }) });
// A million entries of 16 bytes take 2,745 pages, 21.4 MiB.
const index = anIndex('event_at_idx', 'event', ['at'], { rowsEstimated: 1_000_000, sizeBytes: 100 * MB });
const on = (more: SnapshotFacts = {}, statistics: Partial<ColumnStatistics> = {}) =>
  advisor.examine(
    aSnapshot({
      tables: [table],
      indexes: [index],
      statistics: { columns: [aColumnStatistic('event', 'at', statistics)] },
      ...more,
    }),
    null,
  );
const withIndex = (more: Partial<Index>): SnapshotFacts => ({ indexes: [{ ...index, ...more }] });

describe('index/bloated-index', () => {
  it('finds one that takes twice what statistics foresee', async () => {
    expect(await on()).toMatchInlineSnapshot(`
      [
        {
          "actions": [
            {
              "down": [],
              "index": null,
              "kind": "reindex",
              "lock": "takes SHARE UPDATE EXCLUSIVE on public.event, which blocks DDL and VACUUM but neither reads nor writes",
              "rewrite": null,
              "tables": [
                {
                  "name": "event",
                  "schema": "public",
                },
              ],
              "title": "Rebuild index public.event_at_idx",
              "transactional": false,
              "up": [
                "REINDEX INDEX CONCURRENTLY "public"."event_at_idx"",
              ],
            },
          ],
          "advisor": "index/bloated-index",
          "evidence": [
            {
              "provenance": "measured",
              "source": "pg_relation_size",
              "unit": "bytes",
              "value": 104857600,
              "what": "size",
            },
            {
              "provenance": "estimated",
              "source": "pg_class.reltuples, pg_stat_all_tables",
              "unit": "entries",
              "value": 1000000,
              "what": "entries",
            },
            {
              "provenance": "estimated",
              "source": "btree size model, pg_stats",
              "unit": "bytes",
              "value": 22487040,
              "what": "size if built anew, at least",
            },
            {
              "provenance": "estimated",
              "source": "btree size model, pg_stats, and 10.0 % for its error",
              "unit": "bytes",
              "value": 24735744,
              "what": "size if built anew, at most",
            },
          ],
          "place": "public.event_at_idx",
          "severity": "warning",
          "statements": [],
          "title": "Index public.event_at_idx would take at most 23.6 % of its size if it were built anew.",
        },
      ]
    `);
  });

  it.each<[string, SnapshotFacts, Partial<ColumnStatistics>?]>([
    ['it takes a bit more', withIndex({ sizeBytes: 30 * MB })],
    [
      'it wastes little',
      {
        ...withIndex({ sizeBytes: 9 * MB, rowsEstimated: 1000 }),
        tables: [{ ...table, rowsEstimated: 1000, activity: null }],
      },
    ],
    ['pages are half full on purpose', withIndex({ sizeBytes: 45 * MB, parameters: { fillfactor: '50' } })],
    [
      'equal keys are not merged on purpose',
      withIndex({ sizeBytes: 22 * MB, parameters: { deduplicate_items: 'off' } }),
      { distinct: 10 },
    ],
    [
      'its type does not merge equal keys',
      withIndex({ sizeBytes: 22 * MB, keys: [aKey('at', { mergesEqual: false })] }),
      { distinct: 10 },
    ],
    ['it is unique', withIndex({ sizeBytes: 22 * MB, unique: true }), { distinct: 10 }],
    ['it is mostly NULL', withIndex({ sizeBytes: 11 * MB }), { nullFraction: 0.95, distinct: -0.05 }],
    ['keys are too wide to foresee', withIndex({ keys: [aKey('at', { lengthBytes: -1 })] }), { widthBytes: 300 }],
    [
      'an expression has no statistics',
      withIndex({ keys: [aKey('x', { column: null, expression: 'lower(x)', lengthBytes: -1 })] }),
    ],
    ['it is being built', withIndex({ building: true })],
    ['it is invalid', withIndex({ valid: false })],
    ['it is no btree', withIndex({ method: 'gin' })],
    ['nobody counted its rows', withIndex({ rowsEstimated: null })],
    ['the table was never analysed', { tables: [{ ...table, rowsEstimated: null }] }],
    [
      'its rows changed since',
      { tables: [{ ...table, activity: anActivity({ modifiedSinceAnalyze: 600_000, liveTuples: 1_000_000 }) }] },
    ],
    [
      'its rows are dying',
      { tables: [{ ...table, activity: anActivity({ deadTuples: 400_000, liveTuples: 1_000_000 }) }] },
    ],
    ['more rows live than ANALYZE saw', { tables: [{ ...table, activity: anActivity({ liveTuples: 3_000_000 }) }] }],
  ])('is silent where %s', async (_, facts, statistics) => {
    expect(await on(facts, statistics ?? {})).toEqual([]);
  });

  it('doubts the distinct values of a sampled table', async () => {
    // 250,000 values, four rows each, take 12 MiB; a million of one row each 21.
    const one = withIndex({ sizeBytes: 36 * MB });
    expect(await on(one, { distinct: 250_000 })).toEqual([]);
    expect(await on(withIndex({ sizeBytes: 50 * MB }), { distinct: 250_000 })).toHaveLength(1);
  });

  it.each([
    ['built', 'measured'],
    ['pages', 'estimated'],
  ] as const)('prefers what was %s to statistics', async (how, provenance) => {
    const known = (rebuiltBytes: number) => ({ rebuilds: [{ index, sizeBytes: 80 * MB, rebuiltBytes, how }] });
    const [found] = await on(known(30 * MB));
    expect(found?.title).toBe('Index public.event_at_idx would take at most 37.5 % of its size if it were built anew.');
    expect(found?.evidence.map((fact) => [fact.value, fact.provenance])).toEqual([
      [80 * MB, 'measured'],
      [30 * MB, provenance],
    ]);
    expect(await on(known(50 * MB))).toEqual([]);
  });
});
