import { describe, expect, it } from 'vitest';
import {
  aColumnStatistic,
  aSnapshot,
  aTable,
  anActivity,
  type SnapshotFacts,
} from '../../../../test/support/snapshot.js';
import type { Table } from '../../../model/catalog.js';
import advisor from '../stale-statistics.js';

const changed = (rows: number, modifiedSinceAnalyze: number, more: Partial<Table> = {}): Table =>
  aTable('reading', { rowsEstimated: rows, activity: anActivity({ modifiedSinceAnalyze, liveTuples: rows }), ...more });
const never = aTable('reading', {
  rowsEstimated: null,
  activity: anActivity({ liveTuples: 5000, modifiedSinceAnalyze: 5000, lastAnalyze: null }),
});
const on = async (tables: readonly Table[], more: SnapshotFacts = {}) =>
  advisor.examine(aSnapshot({ tables, ...more }), null);

describe('statistics/stale-statistics', () => {
  it('finds a table that changed by more than a fifth', async () => {
    expect(await on([changed(5000, 1500)])).toMatchInlineSnapshot(`
      [
        {
          "actions": [
            {
              "down": [],
              "index": null,
              "kind": "analyze",
              "lock": "takes SHARE UPDATE EXCLUSIVE on public.reading, which blocks DDL and VACUUM but neither reads nor writes",
              "rewrite": null,
              "tables": [
                {
                  "name": "reading",
                  "schema": "public",
                },
              ],
              "title": "Analyse public.reading",
              "transactional": true,
              "up": [
                "ANALYZE "public"."reading"",
              ],
            },
          ],
          "advisor": "statistics/stale-statistics",
          "evidence": [
            {
              "provenance": "measured",
              "source": "pg_stat_all_tables.n_mod_since_analyze",
              "unit": "rows",
              "value": 1500,
              "what": "rows changed since the last ANALYZE",
            },
            {
              "provenance": "estimated",
              "source": "pg_class.reltuples",
              "unit": "rows",
              "value": 5000,
              "what": "rows",
            },
            {
              "provenance": "measured",
              "source": "pg_stat_all_tables",
              "unit": "",
              "value": "2026-01-01T00:00:00Z",
              "what": "last ANALYZE",
            },
          ],
          "place": "public.reading",
          "severity": "warning",
          "statements": [],
          "title": "The statistics of public.reading are stale.",
        },
      ]
    `);
  });

  it.each<[string, Table]>([
    ['was never analysed', never],
    ['was never analysed, with no counter visible', { ...never, activity: null }],
    ['grew threefold unseen', aTable('reading', { rowsEstimated: 5000, activity: anActivity({ liveTuples: 15_000 }) })],
    ['is a materialised view', { ...never, kind: 'm' }],
  ])('speaks when the table %s', async (_, table) => {
    expect(await on([table])).toHaveLength(1);
  });

  it.each<[string, Table]>([
    ['changed little', changed(100_000, 20_000)],
    ['is small', changed(1000, 1000)],
    [
      'was never analysed and is empty',
      { ...never, pages: 0, activity: anActivity({ liveTuples: 0, lastAnalyze: null }) },
    ],
    [
      'was never analysed and is small',
      { ...never, pages: 5, activity: anActivity({ liveTuples: 900, lastAnalyze: null }) },
    ],
    [
      'lost its counters',
      aTable('reading', { rowsEstimated: 50_000, activity: anActivity({ liveTuples: 0, lastAnalyze: null }) }),
    ],
    ['shows no counters', aTable('reading', { activity: null })],
    ['is a view', { ...never, kind: 'v' }],
    ['is foreign', { ...never, kind: 'f' }],
  ])('is silent when the table %s', async (_, table) => {
    expect(await on([table])).toEqual([]);
  });

  it('tells a row count left by CREATE INDEX from statistics, where it can see statistics at all', async () => {
    const indexed = aTable('reading', { activity: anActivity({ lastAnalyze: null, modifiedSinceAnalyze: 10 }) });
    const others = [aColumnStatistic('other', 'id')];
    expect(await on([indexed], { statistics: { columns: others } })).toHaveLength(1);
    expect(await on([indexed], { statistics: { columns: [] } })).toEqual([]);
    expect(await on([indexed], { statistics: { columns: [...others, aColumnStatistic('reading', 'id')] } })).toEqual(
      [],
    );
  });

  it('asks for one ANALYZE of a partitioned table, and for a partition alone where the parent is fresh', async () => {
    const parent = aTable('log', { kind: 'p', rowsEstimated: null, pages: 0, activity: null });
    const part: Table = { ...never, partitionOf: { schema: 'public', name: 'log' } };
    expect((await on([parent, part])).map((one) => one.place)).toEqual(['public.log']);
    expect((await on([{ ...parent, rowsEstimated: 5000 }, part])).map((one) => one.place)).toEqual(['public.reading']);
  });
});
