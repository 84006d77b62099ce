import { beforeAll, describe, expect, test } from 'vitest';
import { aColumn, aKey, aSnapshot, aStatement, aTable, anIndex } from '../../../test/support/snapshot.js';
import type { Index, IndexColumn } from '../../model/catalog.js';
import { loadParser } from '../../sql/parse.js';
import { coveringIndex, indexSpec, mergeCandidates, tableUses } from './candidates.js';
import { reasonedCandidates } from './reasoned.js';

const table = aTable('t', { columns: [aColumn('a'), aColumn('b')] });
const DOWN = { descending: true, nullsFirst: true };

beforeAll(loadParser);

describe('the name of a candidate', () => {
  const { catalog } = aSnapshot({ tables: [table] });
  const named = (...keys: readonly string[]): string => indexSpec(catalog, table, { keys }).name;

  test('tells an operator class and where nulls come from their absence', () => {
    const names = ['"a"', '"a" text_pattern_ops', '"a" DESC', '"a" DESC NULLS LAST'].map((key) => named(key));
    expect(names).toEqual(['t_a_idx', 't_a_text_pattern_idx', 't_a_desc_idx', 't_a_desc_nulls_last_idx']);
  });

  test('is no other one’s where two would come to the same words', () => {
    const pair = [
      ['"a_b"', '"c"'],
      ['"a"', '"b_c"'],
      ['"a_b"', '"c"'],
    ].map((keys, at) => {
      return { spec: indexSpec(catalog, table, { keys }), table, for: [`f${at}`] };
    });
    expect(new Set(pair.map(({ spec }) => spec.name)).size).toBe(1);
    const merged = mergeCandidates(pair);
    expect(merged.map((one) => one.for)).toEqual([['f0', 'f2'], ['f1']]);
    expect(merged.map(({ spec }) => spec.name)).toEqual([
      't_a_b_c_idx',
      expect.stringMatching(/^t_a_b_c_[\da-f]{6}_idx$/),
    ]);
  });
});

describe('an index that is there', () => {
  test.each<[string, Partial<IndexColumn>, boolean]>([
    ['gives what one begins with', {}, true],
    ['read backwards, too', { descending: true, nullsFirst: true }, true],
    [
      'not where its operator class is another',
      { opclass: 'pg_catalog.text_pattern_ops', opclassIsDefault: false },
      false,
    ],
    ['nor where its collation is another', { collation: 'pg_catalog.C', collationIsDefault: false }, false],
  ])('%s', (_, key, gives) => {
    const index = anIndex('t_a_b', 't', [aKey('a', key), aKey('b', key.descending ? key : {})]);
    const { catalog } = aSnapshot({ tables: [table], indexes: [index] });
    expect(coveringIndex(catalog, indexSpec(catalog, table, { keys: ['"a"'] }))?.name ?? null).toBe(
      gives ? 't_a_b' : null,
    );
  });
});

describe('a candidate on whole rows', () => {
  const lookup = 'SELECT a FROM t WHERE a = 5';
  const pair = 'SELECT b FROM t WHERE a = 5 ORDER BY b DESC';
  test.each<[string, string, readonly (string | IndexColumn)[], Partial<Index>, readonly string[]]>([
    ['is none where the primary key is the same', lookup, ['a'], { unique: true, primary: true }, []],
    ['is none where the same is there', pair, ['a', 'b'], {}, ['"a"', '"b"']],
    ['is none where the same is there, read backwards', lookup, [aKey('a', DOWN)], {}, []],
    ['is one where the order is another', pair, ['a', aKey('b', DOWN)], {}, ['"a", "b"', '"a"', '"b"']],
    ['is one where keys are to spare', lookup, ['a', 'b'], {}, ['"a"']],
    ['is one beside one of some rows', lookup, ['a'], { predicate: 'b > 5' }, ['"a"']],
    ['is one beside one that includes', lookup, ['a'], { include: [aKey('b')] }, ['"a"']],
    ['is one beside one that is broken', lookup, ['a'], { valid: false }, ['"a"']],
    ['is one beside a hash', lookup, ['a'], { method: 'hash' }, ['"a"']],
  ])('%s', (_, sql, keys, more, wanted) => {
    const indexes = [anIndex('there', 't', keys, more)];
    expect(plainKeys(sql, indexes)).toEqual(wanted);
  });
});

function plainKeys(sql: string, indexes: readonly Index[]): readonly string[] {
  const snapshot = aSnapshot({ tables: [table], indexes, statements: [aStatement(sql)] });
  return reasonedCandidates(snapshot, tableUses(snapshot, { minRows: 0, minPages: 0 }), {})
    .filter(({ spec }) => spec.include.length === 0)
    .map(({ spec }) => spec.keys.join(', '));
}
