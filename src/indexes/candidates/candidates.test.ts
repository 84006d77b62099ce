import { beforeAll, describe, expect, test } from 'vitest';
import { aColumn, aKey, aSnapshot, aTable, anIndex } from '../../../test/support/snapshot.js';
import type { IndexColumn } from '../../model/catalog.js';
import { loadParser } from '../../sql/parse.js';
import { coveringIndex, indexSpec } from './candidates.js';

const table = aTable('t', { columns: [aColumn('a'), aColumn('b')] });

beforeAll(loadParser);

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
