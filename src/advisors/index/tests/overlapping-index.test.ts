import { describe, expect, it } from 'vitest';
import { aKey, aSnapshot, aTable, anIndex } from '../../../../test/support/snapshot.js';
import type { Index } from '../../../model/catalog.js';
import advisor from '../overlapping-index.js';

const narrow = anIndex('narrow', 'visit', ['page']);
const wide = anIndex('wide', 'visit', ['page', 'seen']);
const places = async (indexes: readonly Index[]) => {
  const found = await advisor.examine(aSnapshot({ tables: [aTable('visit')], indexes }), null);
  return found.map((one) => one.place);
};

describe('index/overlapping-index', () => {
  it('finds the narrower one', async () => {
    expect(await advisor.examine(aSnapshot({ tables: [aTable('visit')], indexes: [narrow, wide] }), null))
      .toMatchInlineSnapshot(`
        [
          {
            "actions": [
              {
                "down": [
                  "CREATE INDEX CONCURRENTLY narrow ON public.visit USING btree (page)",
                ],
                "index": null,
                "kind": "drop-index",
                "lock": "takes SHARE UPDATE EXCLUSIVE on public.visit, which blocks DDL and VACUUM but neither reads nor writes",
                "rewrite": null,
                "tables": [
                  {
                    "name": "visit",
                    "schema": "public",
                  },
                ],
                "title": "Drop index public.narrow",
                "transactional": false,
                "up": [
                  "DROP INDEX CONCURRENTLY "public"."narrow"",
                ],
              },
            ],
            "advisor": "index/overlapping-index",
            "evidence": [
              {
                "provenance": "measured",
                "source": "pg_get_indexdef",
                "unit": "",
                "value": "CREATE INDEX narrow ON public.visit USING btree (page)",
                "what": "definition",
              },
              {
                "provenance": "measured",
                "source": "pg_get_indexdef",
                "unit": "",
                "value": "CREATE INDEX wide ON public.visit USING btree (page, seen)",
                "what": "definition of the wider one",
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
                "what": "size of the wider one",
              },
              {
                "provenance": "measured",
                "source": "pg_stat_all_indexes.idx_scan",
                "unit": "scans",
                "value": 0,
                "what": "scans since the counters began",
              },
              {
                "provenance": "measured",
                "source": "pg_stat_all_indexes.idx_scan",
                "unit": "scans",
                "value": 0,
                "what": "scans of the wider one",
              },
              {
                "provenance": "estimated",
                "source": "the size of the dropped index",
                "unit": "bytes",
                "value": 4194304,
                "what": "space freed",
              },
            ],
            "place": "public.narrow",
            "severity": "info",
            "statements": [],
            "title": "Index public.narrow is the beginning of public.wide.",
          },
        ]
      `);
  });

  it('finds the one without INCLUDE, and names for both the one that stays', async () => {
    const including = anIndex('including', 'visit', ['page'], { include: [aKey('seen')], sizeBytes: 1 });
    const found = await advisor.examine(
      aSnapshot({ tables: [aTable('visit')], indexes: [narrow, wide, including] }),
      null,
    );
    expect(found.map((one) => one.title)).toEqual([
      'Index public.narrow is the beginning of public.wide.',
      'Index public.including is the beginning of public.wide.',
    ]);
  });

  it('names the smallest of those that stay', async () => {
    const [small, large] = [
      { ...wide, name: 'small', keys: [aKey('page'), aKey('other')], sizeBytes: 5_000_000, oid: 8 },
      { ...wide, name: 'large', sizeBytes: 9_000_000, oid: 7 },
    ];
    const found = await advisor.examine(
      aSnapshot({ tables: [aTable('visit')], indexes: [narrow, large, small] }),
      null,
    );
    expect(found.map((one) => one.title)).toEqual(['Index public.narrow is the beginning of public.small.']);
  });

  it.each<[string, Index, Index]>([
    ['the narrower is unique', { ...narrow, unique: true }, wide],
    ['the narrower is unique, and the wider by more keys', { ...narrow, unique: true }, { ...wide, unique: true }],
    [
      'the narrower is partial and unique, and the wider is not unique',
      { ...narrow, unique: true, predicate: '(page > 5)' },
      { ...narrow, name: 'whole', oid: 9 },
    ],
    [
      'the narrower is partial and lets one NULL in',
      { ...narrow, unique: true, nullsNotDistinct: true, predicate: '(page > 5)' },
      { ...narrow, name: 'whole', oid: 9, unique: true },
    ],
    ['the narrower backs a constraint', { ...narrow, constraint: 'c' }, wide],
    ['the narrower is clustered', { ...narrow, clustered: true }, wide],
    ['the narrower is part of a partitioned index', { ...narrow, partitionOf: { schema: 'public', name: 'p' } }, wide],
    ['the narrower holds more INCLUDE columns', { ...narrow, include: [aKey('other')] }, wide],
    [
      'the narrower is partial and leaves many rows out',
      { ...narrow, predicate: '(page > 5)', rowsEstimated: 79_000 },
      wide,
    ],
    ['nobody knows how many rows it leaves out', { ...narrow, predicate: '(page > 5)', rowsEstimated: null }, wide],
    ['only the narrower is used', { ...narrow, scans: 5 }, wide],
    ['the order of NULLs differs', narrow, { ...wide, keys: [aKey('page', { nullsFirst: true }), aKey('seen')] }],
    ['the hash index is smaller', { ...narrow, method: 'hash', sizeBytes: 10 }, wide],
    [
      'the hash index has an operator class of its own',
      { ...narrow, method: 'hash', keys: [aKey('page', { opclassIsDefault: false })] },
      wide,
    ],
    ['the wider is partial', narrow, { ...wide, predicate: '(page > 5)' }],
    ['the wider is invalid', narrow, { ...wide, valid: false }],
    ['the orders differ', narrow, { ...wide, keys: [aKey('page', { descending: true }), aKey('seen')] }],
    ['the operator classes differ', narrow, { ...wide, keys: [aKey('page', { opclass: 'x.y' }), aKey('seen')] }],
    ['the collations differ', narrow, { ...wide, keys: [aKey('page', { collation: 'pg_catalog.C' }), aKey('seen')] }],
    ['the column comes second', narrow, { ...wide, keys: [aKey('seen'), aKey('page')] }],
    ['one is no btree', { ...narrow, method: 'gist' }, { ...wide, method: 'gist' }],
    ['they are the same', narrow, { ...narrow, name: 'same', oid: 9 }],
  ])('is silent when %s', async (_, one, other) => {
    expect(await places([one, other])).toEqual([]);
  });

  it('takes a column that the wider one includes for held', async () => {
    expect(await places([{ ...narrow, include: [aKey('seen')] }, wide])).toEqual(['public.narrow']);
  });

  it.each<[string, Index, Index, string]>([
    [
      'read backwards',
      narrow,
      { ...wide, keys: [aKey('page', { descending: true, nullsFirst: true }), aKey('seen')] },
      'Index public.narrow is the beginning of public.wide.',
    ],
    [
      'partial, of nearly all rows',
      { ...narrow, predicate: '(page > 5)', rowsEstimated: 81_000 },
      wide,
      'Index public.narrow holds nearly all rows of public.wide, under the same keys.',
    ],
    [
      'partial, beside a whole one on the same keys',
      { ...narrow, predicate: '(page > 5)' },
      { ...narrow, name: 'whole', oid: 9 },
      'Index public.narrow holds nearly all rows of public.whole, under the same keys.',
    ],
    [
      'partial and unique, beside a whole one that is unique by the same keys',
      { ...narrow, unique: true, predicate: '(page > 5)' },
      { ...narrow, name: 'whole', oid: 9, unique: true },
      'Index public.narrow holds nearly all rows of public.whole, under the same keys.',
    ],
    [
      'unique, beside one that is unique by the same keys and includes more',
      { ...narrow, unique: true },
      { ...narrow, name: 'more', oid: 9, unique: true, include: [aKey('seen')] },
      'Index public.narrow is the beginning of public.more.',
    ],
    [
      'a hash index',
      { ...narrow, method: 'hash' },
      wide,
      'Index public.narrow finds by comparing only, what public.wide finds as well, and in order.',
    ],
    [
      'used, and the wider one is needed anyway',
      { ...narrow, scans: 5 },
      { ...wide, unique: true },
      'Index public.narrow is the beginning of public.wide.',
    ],
  ])('finds one that is %s', async (_, one, other, title) => {
    const found = await advisor.examine(aSnapshot({ tables: [aTable('visit')], indexes: [one, other] }), null);
    expect(found.map((finding) => finding.title)).toEqual([title]);
  });

  it('leaves a repeated one to the advisor for that', async () => {
    expect(await places([narrow, { ...narrow, name: 'again', oid: 5000 }, wide])).toEqual(['public.narrow']);
  });
});
