import { describe, expect, it } from 'vitest';
import { aKey, aSnapshot, aTable, anIndex } from '../../../../test/support/snapshot.js';
import type { Constraint, Index } from '../../../model/catalog.js';
import advisor from '../duplicate-index.js';

const reader = aTable('reader');
const first = anIndex('reader_email_idx', 'reader', ['email']);
const again = anIndex('reader_email_again', 'reader', ['email']);
const places = async (indexes: readonly Index[], constraints: readonly Constraint[] = []) => {
  const found = await advisor.examine(aSnapshot({ tables: [reader], indexes, constraints }), null);
  return found.map((one) => one.place);
};

describe('index/duplicate-index', () => {
  it('finds the younger of two', async () => {
    expect(await advisor.examine(aSnapshot({ tables: [reader], indexes: [again, first] }), null))
      .toMatchInlineSnapshot(`
      [
        {
          "actions": [
            {
              "down": [
                "CREATE INDEX CONCURRENTLY reader_email_again ON public.reader USING btree (email)",
              ],
              "index": null,
              "kind": "drop-index",
              "lock": "takes SHARE UPDATE EXCLUSIVE on public.reader, which blocks DDL and VACUUM but neither reads nor writes",
              "rewrite": null,
              "tables": [
                {
                  "name": "reader",
                  "schema": "public",
                },
              ],
              "title": "Drop index public.reader_email_again",
              "transactional": false,
              "up": [
                "DROP INDEX CONCURRENTLY "public"."reader_email_again"",
              ],
            },
          ],
          "advisor": "index/duplicate-index",
          "evidence": [
            {
              "provenance": "measured",
              "source": "pg_get_indexdef",
              "unit": "",
              "value": "CREATE INDEX reader_email_again ON public.reader USING btree (email)",
              "what": "definition",
            },
            {
              "provenance": "measured",
              "source": "pg_get_indexdef",
              "unit": "",
              "value": "CREATE INDEX reader_email_idx ON public.reader USING btree (email)",
              "what": "definition of the one that stays",
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
              "what": "scans since the counters began",
            },
            {
              "provenance": "estimated",
              "source": "the size of the dropped index",
              "unit": "bytes",
              "value": 4194304,
              "what": "space freed",
            },
          ],
          "place": "public.reader_email_again",
          "severity": "warning",
          "statements": [],
          "title": "Index public.reader_email_again repeats public.reader_email_idx.",
        },
      ]
    `);
  });

  it('finds all but one of many', async () => {
    expect(await places([first, again, anIndex('third', 'reader', ['email'])])).toEqual([
      'public.reader_email_again',
      'public.third',
    ]);
  });

  it.each<[string, Partial<Index>]>([
    ['is the primary key', { primary: true, unique: true, constraint: 'pk' }],
    ['backs a constraint', { unique: true, constraint: 'reader_email_key' }],
    ['is unique', { unique: true }],
    ['is referred to', { unique: true, referencedByForeignKeys: ['fk'] }],
    ['is clustered', { clustered: true }],
  ])('keeps the one that %s, whatever its age', async (_, more) => {
    expect(await places([first, { ...again, ...more }])).toEqual(['public.reader_email_idx']);
  });

  it.each<[string, Partial<Index>]>([
    ['order of NULLs', { keys: [aKey('email', { nullsFirst: true })] }],
    ['order of NULLs, backwards', { keys: [aKey('email', { descending: true })] }],
    ['parameter of the operator class', { keys: [aKey('email', { opclassOptions: '{siglen=32}' })] }],
    ['operator class', { keys: [aKey('email', { opclass: 'pg_catalog.text_pattern_ops', opclassIsDefault: false })] }],
    ['collation', { keys: [aKey('email', { collation: 'pg_catalog.C' })] }],
    ['expression', { keys: [aKey('email', { column: null, expression: 'lower(email)' })] }],
    ['predicate', { predicate: '(deleted_at IS NULL)' }],
    ['method', { method: 'hash' }],
    ['INCLUDE', { include: [aKey('name', { opclass: null })] }],
    ['table', { table: { schema: 'public', name: 'writer' } }],
    ['validity', { valid: false }],
    ['state', { building: true }],
    ['parent', { partitionOf: { schema: 'public', name: 'parent_idx' }, oid: 5000 }],
  ])('is silent on another %s', async (what, more) => {
    expect(await places([first, { ...again, ...more }])).toEqual(what === 'parent' ? ['public.reader_email_idx'] : []);
  });

  it('reads a btree backwards', async () => {
    const down = { descending: true, nullsFirst: true };
    const two = anIndex('two', 'reader', ['email', 'name']);
    expect(await places([two, anIndex('back', 'reader', [aKey('email', down), aKey('name', down)])])).toEqual([
      'public.back',
    ]);
    expect(await places([two, anIndex('mixed', 'reader', ['email', aKey('name', down)])])).toEqual([]);
    expect(
      await places([
        { ...two, method: 'gist' },
        { ...anIndex('back', 'reader', [aKey('email', down), aKey('name', down)]), method: 'gist' },
      ]),
    ).toEqual([]);
  });

  it.each<[string, boolean]>([
    ['gin', true],
    ['brin', true],
    ['btree', false],
    ['gist', false],
  ])('of %s keys in another order: %s', async (method, same) => {
    const one = anIndex('one', 'reader', ['email', 'name'], { method });
    const turned = anIndex('turned', 'reader', ['name', 'email'], { method });
    expect(await places([one, turned])).toEqual(same ? ['public.turned'] : []);
  });

  it('tells summaries of another grain apart', async () => {
    const fine = { method: 'brin', parameters: { pages_per_range: '8' } };
    expect(
      await places([
        { ...first, method: 'brin' },
        { ...again, ...fine },
      ]),
    ).toEqual([]);
    expect(
      await places([
        { ...first, ...fine },
        { ...again, ...fine },
      ]),
    ).toEqual(['public.reader_email_again']);
  });

  it('drops the larger of two, whatever its age', async () => {
    expect(await places([{ ...first, sizeBytes: 9_000_000 }, again])).toEqual(['public.reader_email_idx']);
  });

  it('speaks of a partitioned index once, with the size and the scans of all its parts', async () => {
    const parent = aTable('log', { kind: 'p' });
    const part = aTable('log_1', { partitionOf: parent });
    const indexes = ['a', 'b'].flatMap((name) => [
      anIndex(name, 'log', ['at'], { sizeBytes: 0 }),
      anIndex(`${name}_1`, 'log_1', ['at'], { partitionOf: { schema: 'public', name }, sizeBytes: 500, scans: 3 }),
    ]);
    const found = await advisor.examine(aSnapshot({ tables: [parent, part], indexes }), null);
    expect(found.map((one) => one.place)).toEqual(['public.b']);
    expect(found[0]?.evidence.map((fact) => fact.value)).toEqual(expect.arrayContaining([500, 3]));
    expect(found[0]?.actions[0]?.up).toEqual(['DROP INDEX "public"."b"']);
  });

  it('leaves two alone that both enforce something', async () => {
    const unique = { unique: true, constraint: 'a' };
    expect(
      await places([
        { ...first, ...unique },
        { ...again, unique: true, constraint: 'b' },
      ]),
    ).toEqual([]);
    expect(
      await places([
        { ...first, unique: true },
        { ...again, clustered: true },
      ]),
    ).toEqual([]);
  });

  it('takes a unique index for a stand-in of another only if it enforces as much', async () => {
    const strict = { unique: true, nullsNotDistinct: true };
    expect(
      await places([
        { ...first, unique: true },
        { ...again, unique: true },
      ]),
    ).toEqual(['public.reader_email_again']);
    expect(
      await places([
        { ...first, unique: true },
        { ...again, ...strict },
      ]),
    ).toEqual(['public.reader_email_idx']);
    const deferrable: Constraint = {
      name: 'late',
      table: reader,
      kind: 'unique',
      columns: ['email'],
      validated: true,
      deferrable: true,
      references: null,
      onDelete: null,
      definition: 'UNIQUE (email) DEFERRABLE',
    };
    expect(
      await places(
        [
          { ...first, unique: true, constraint: 'late' },
          { ...again, unique: true },
        ],
        [deferrable],
      ),
    ).toEqual([]);
  });
});
