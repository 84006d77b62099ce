import { beforeAll, describe, expect, it, test } from 'vitest';
import { aColumn, aColumnStatistic, aSnapshot, aStatement, aTable } from '../../../test/support/snapshot.js';
import type { Column, Table } from '../../model/catalog.js';
import type { ColumnStatistics } from '../../model/statistics.js';
import { loadParser } from '../../sql/parse.js';
import { tableUses } from './candidates.js';
import { reasonedCandidates } from './reasoned.js';

const TEXT = { baseType: 'text', typeCategory: 'S' };
const COLUMNS: readonly Column[] = [
  aColumn('id'),
  aColumn('kind', { baseType: 'int4' }),
  aColumn('owner', { baseType: 'int4' }),
  aColumn('at', { baseType: 'timestamptz', typeCategory: 'D' }),
  aColumn('url', TEXT),
  aColumn('code', TEXT),
  aColumn('parts', { baseType: '_uuid', typeCategory: 'A' }),
  aColumn('doc', { baseType: 'jsonb', typeCategory: 'U' }),
  aColumn('span', { baseType: 'tstzrange', typeCategory: 'R' }),
];
const EVENT = aTable('event', { columns: COLUMNS, pages: 5000 });
const STATISTICS = [
  statistic('kind', { distinct: 50 }),
  statistic('owner', { distinct: 1000 }),
  statistic('at', { correlation: 0.99 }),
  statistic('url', { widthBytes: 80 }),
  statistic('code', { widthBytes: 40 }),
  statistic('parts', { widthBytes: 90 }),
];

beforeAll(loadParser);

describe('hash', () => {
  test.each([
    ['a long text compared for equality', `SELECT id FROM event WHERE url = 'x'`, ['"url"']],
    ['in a list', `SELECT id FROM event WHERE url IN ('x', 'y')`, ['"url"']],
    ['a long array', `SELECT id FROM event WHERE parts = $1`, ['"parts"']],
    ['a text of 40 bytes', `SELECT id FROM event WHERE code = 'x'`, []],
    ['a number', 'SELECT id FROM event WHERE owner = 5', []],
    ['a range besides', `SELECT id FROM event WHERE url = 'x' OR url > 'y'`, []],
    ['an expression over it besides', `SELECT id FROM event WHERE url = 'x' AND lower(url) = 'y'`, []],
    ['an order besides', `SELECT id FROM event WHERE url = ANY ($1) ORDER BY url`, []],
    ['a join', `SELECT a.id FROM event a JOIN event b ON a.url = b.url WHERE b.id = 1`, ['"url"']],
  ])('%s', (_, sql, wanted) => {
    expect(keysOf([sql], 'hash')).toEqual(wanted);
  });
});

describe('expressions in one index', () => {
  test.each([
    [
      'an order behind a column',
      'SELECT * FROM event WHERE owner = 5 ORDER BY lower(url) LIMIT 9',
      ['((lower(url)))', '("owner", (lower(url)))'],
    ],
    [
      'an order that puts NULLs elsewhere, read backwards',
      'SELECT * FROM event ORDER BY lower(url) DESC NULLS LAST LIMIT 9',
      ['((lower(url)) NULLS FIRST)'],
    ],
    [
      'two that are compared',
      `SELECT * FROM event WHERE lower(url) = 'x' AND upper(code) = 'y' AND owner = 5`,
      [
        '((lower(url)))',
        '("owner", (lower(url)))',
        '((upper(code)))',
        '("owner", (upper(code)))',
        '("owner", (lower(url)), (upper(code)))',
      ],
    ],
    [
      'one that is the same, and a range of another',
      `SELECT * FROM event WHERE lower(url) = 'x' AND upper(code) > 'y'`,
      ['((lower(url)))', '((upper(code)))', '((lower(url)), (upper(code)))'],
    ],
    [
      'one that is the same, and an order',
      `SELECT * FROM event WHERE lower(url) = 'x' ORDER BY lower(url), upper(code) LIMIT 9`,
      ['((lower(url)))', '((lower(url)), (upper(code)))'],
    ],
    [
      'none of two arms of an OR',
      `SELECT * FROM event WHERE lower(url) = 'x' OR upper(code) = 'y'`,
      ['((lower(url)))', '((upper(code)))'],
    ],
  ])('%s', (_, sql, wanted) => {
    const found = keysOf([sql], 'btree').filter((keys) => keys.includes('('));
    expect(found.map((keys) => `(${keys})`)).toEqual(wanted);
  });
});

describe('arms of an OR', () => {
  test.each([
    ['of which each has its own', 'SELECT * FROM event WHERE kind = 1 OR owner = 2', ['"kind"', '"owner"']],
    [
      'with what all rows meet before and behind',
      `SELECT * FROM event WHERE kind = 1 AND (owner = 5 OR at > now())`,
      ['"kind"', '"owner", "kind"', '"owner"', '"kind", "at"', '"at"', '"at", "kind"'],
    ],
    [
      'in two places',
      'SELECT * FROM event WHERE (kind = 1 OR owner = 2) AND (at < now() OR id = 7) ORDER BY at LIMIT 5',
      ['"at"', '"kind"', '"owner"', '"id"'],
    ],
  ])('%s', (_, sql, wanted) => {
    expect(keysOf([sql], 'btree')).toEqual(wanted);
  });
});

describe('operators that are no comparisons', () => {
  const columns = [
    ...COLUMNS,
    aColumn('place', { baseType: 'point', typeCategory: 'G' }),
    aColumn('address', { baseType: 'inet', typeCategory: 'I' }),
    aColumn('path', { baseType: 'ltree', typeCategory: 'U' }),
    aColumn('starts', { baseType: 'timestamptz', typeCategory: 'D' }),
    aColumn('tag', { ...TEXT, sortsBytes: true }),
  ];
  const facts: Facts = { tables: [aTable('event', { columns, pages: 5000 })], extensions: ['pg_trgm'] };
  test.each([
    ['likeness', `code % 'word'`, ['gin "code" "public".gin_trgm_ops']],
    ['likeness of an expression', `lower(code) % 'word'`, ['gin (lower(code)) "public".gin_trgm_ops']],
    ['a place in a box', `place <@ box '((0,0),(1,1))'`, ['gist "place"']],
    ['a place of two numbers', `point(kind, owner) <@ box '((0,0),(1,1))'`, ['gist (point(kind, owner))']],
    ['an address in a network', `address << inet '10.0.0.0/8'`, ['gist "address" inet_ops', 'btree "address"']],
    ['networks that hold an address', `address >>= inet '10.0.0.1'`, ['gist "address" inet_ops']],
    ['paths below one', `path <@ 'a.b'`, ['gist "path"']],
    ['a part of a document', `doc -> 'a' @> '{"b": 1}'`, [`gin (doc -> 'a') jsonb_path_ops`]],
    ['a key of a part of a document', `(doc -> 'a') ? 'b'`, [`gin (doc -> 'a')`]],
    ['elements of a text', `string_to_array(code, ',') @> ARRAY['x']`, [`gin (string_to_array(code, ','))`]],
    ['a range of two columns', `tstzrange(at, starts) && tstzrange($1, $2)`, ['gist (tstzrange(at, starts))']],
    [
      'weighed text',
      `setweight(to_tsvector('english', code), 'A') || to_tsvector('english', url) @@ to_tsquery('x')`,
      [`gin (setweight(to_tsvector('english', code), 'A') || to_tsvector('english', url))`],
    ],
    ['a regular expression with a beginning', `code ~ '^abc.*d'`, ['btree "code" text_pattern_ops']],
    ['a regular expression without', `code ~ '^a?bc'`, ['gin "code" "public".gin_trgm_ops']],
    ['a regular expression of two', `code ~ '^abc|d'`, ['gin "code" "public".gin_trgm_ops']],
    ['a beginning', `code ^@ 'abc'`, ['btree "code" text_pattern_ops']],
    ['a beginning where texts sort as bytes', `tag LIKE 'abc%'`, ['btree "tag"']],
    [
      'a beginning and an order of such texts',
      `tag LIKE $1 ORDER BY tag`,
      ['btree "tag"', 'gin "tag" "public".gin_trgm_ops'],
    ],
    ['an operator that no index knows', `place <-> point '(1,2)' < 5`, []],
  ])('%s', (_, condition, wanted) => {
    const found = candidates([`SELECT * FROM event WHERE ${condition}`], facts);
    expect(found.map(({ spec }) => `${spec.method} ${spec.keys.join(', ')}`)).toEqual(wanted);
  });
  test.each([
    ['the nearest places', `ORDER BY place <-> point '(1,2)' LIMIT 5`, ['gist "place"']],
    ['the nearest places, turned round', `ORDER BY point '(1,2)' <-> place LIMIT 5`, ['gist "place"']],
    ['the likest words', `ORDER BY code <-> 'word' LIMIT 5`, ['gist "code" "public".gist_trgm_ops']],
    ['all places by distance', `ORDER BY place <-> point '(1,2)'`, []],
  ])('%s', (_, order, wanted) => {
    const found = candidates([`SELECT * FROM event ${order}`], facts);
    expect(found.map(({ spec }) => `${spec.method} ${spec.keys.join(', ')}`)).toEqual(wanted);
  });
});

describe('several keys of GIN and GiST', () => {
  const both = ['btree_gin', 'btree_gist'];
  const DOC = `SELECT id FROM event WHERE owner = 5 AND doc @> '{"a": 1}'`;
  const SPAN = 'SELECT id FROM event WHERE kind = 3 AND owner = 5 AND span && $1';
  test.each<[string, string, string, readonly string[], readonly string[]]>([
    ['jsonb', DOC, 'gin', both, ['"doc" jsonb_path_ops', '"owner", "doc" jsonb_path_ops']],
    ['jsonb without the extension', DOC, 'gin', ['btree_gist'], ['"doc" jsonb_path_ops']],
    ['array', 'SELECT id FROM event WHERE owner = 5 AND parts && $1', 'gin', both, ['"parts"', '"owner", "parts"']],
    [
      'full text',
      `SELECT id FROM event WHERE owner = 5 AND to_tsvector('english', code) @@ 'x'::tsquery`,
      'gin',
      both,
      [`(to_tsvector('english', code))`, `"owner", (to_tsvector('english', code))`],
    ],
    ['range, the most distinct first', SPAN, 'gist', both, ['"span"', '"owner", "kind", "span"']],
    ['range without the extension', SPAN, 'gist', ['btree_gin'], ['"span"']],
    ['a list of scalars', `SELECT id FROM event WHERE owner IN (5, 6) AND span && $1`, 'gist', both, ['"span"']],
    ['a range of scalars', `SELECT id FROM event WHERE at > $1 AND span && $2`, 'gist', both, ['"span"']],
  ])('%s', (_, sql, method, extensions, wanted) => {
    expect(keysOf([sql], method, { extensions })).toEqual(wanted);
  });
});

describe('the few rows that a statement asks for each time', () => {
  const columns = [
    ...COLUMNS,
    aColumn('state', TEXT),
    aColumn('gone', { baseType: 'timestamptz', typeCategory: 'D' }),
    aColumn('live', { baseType: 'bool', typeCategory: 'B' }),
    aColumn('hot', { baseType: 'bool', typeCategory: 'B' }),
  ];
  const facts: Facts = {
    tables: [aTable('event', { columns, pages: 5000 })],
    statistics: [
      ...STATISTICS,
      statistic('state', {
        distinct: 4,
        commonValues: ['done', 'open', 'late, by far', 'lost'],
        commonFrequencies: [0.88, 0.07, 0.04, 0.01],
      }),
      statistic('gone', { nullFraction: 0.9 }),
      statistic('live', { distinct: 2, commonValues: ['t', 'f'], commonFrequencies: [0.7, 0.3] }),
      statistic('hot', { distinct: 2, commonValues: ['f', 't'], commonFrequencies: [0.6, 0.4] }),
    ],
  };
  test.each([
    [
      'a list',
      `SELECT id FROM event WHERE owner = $1 AND state IN ('open', 'late, by far')`,
      [`("owner") "state" IN ('open', 'late, by far')`],
    ],
    [
      'an array',
      `SELECT id FROM event WHERE owner = $1 AND state = ANY (ARRAY['open', 'lost'])`,
      [`("owner") "state" IN ('open', 'lost')`],
    ],
    ['all but one', `SELECT id FROM event WHERE owner = $1 AND state <> 'done'`, [`("owner") state <> 'done'`]],
    [
      'none of a list',
      `SELECT id FROM event WHERE owner = $1 AND state NOT IN ('done', 'lost')`,
      [`("owner") state NOT IN ('done', 'lost')`],
    ],
    [
      'a list in another order',
      `SELECT id FROM event WHERE state <> 'done' ORDER BY state LIMIT 5`,
      [`("state") state <> 'done'`],
    ],
    [
      'a list beside a soft delete',
      `SELECT count(*) FROM event WHERE owner = $1 AND state <> 'done' AND gone IS NULL`,
      [`("owner") state <> 'done'`, `("owner") state <> 'done' AND gone IS NULL`],
    ],
    ['a list of nearly all', `SELECT id FROM event WHERE owner = $1 AND state IN ('done', 'open')`, []],
    ['all but a rare one', `SELECT id FROM event WHERE owner = $1 AND state <> 'lost'`, []],
    [
      'a value that the statistics do not name',
      `SELECT id FROM event WHERE owner = $1 AND state IN ('open', 'new')`,
      [],
    ],
    ['a parameter in the list', `SELECT id FROM event WHERE owner = $1 AND state IN ('open', $2)`, []],
    ['one of many values', `SELECT id FROM event WHERE at > $1 AND owner <> 5`, []],
    [
      'two that are few together',
      `SELECT id FROM event WHERE owner = $1 AND hot AND NOT live`,
      [`("owner") hot AND NOT (live)`],
    ],
    ['two that are many together', `SELECT id FROM event WHERE owner = $1 AND hot AND live`, []],
    [
      'one that is few enough, beside another',
      `SELECT id FROM event WHERE owner = $1 AND hot AND state = 'open'`,
      [`("owner") state = 'open'`, `("owner") state = 'open' AND hot`],
    ],
    ['only in one arm', `SELECT id FROM event WHERE owner = 5 OR state IN ('open', 'lost')`, []],
  ])('%s', (_, sql, wanted) => {
    const partial = candidates([sql], facts).filter(({ spec }) => spec.where !== null && spec.include.length === 0);
    expect(partial.map(({ spec }) => `(${spec.keys.join(', ')}) ${spec.where}`)).toEqual(wanted);
  });
});

describe('few rows that need not be read from the table', () => {
  const facts: Facts = {
    tables: [aTable('event', { columns: [...COLUMNS, aColumn('state', TEXT)], pages: 5000 })],
    statistics: [
      ...STATISTICS.filter((one) => one.column !== 'owner'),
      statistic('owner', { distinct: 1000, nullFraction: 0.04 }),
      statistic('state', { distinct: 4, commonValues: ['done', 'open'], commonFrequencies: [0.88, 0.07] }),
    ],
  };
  test.each([
    ['where a column is NULL', 'owner IS NULL', ['("at") include ("kind") owner IS NULL']],
    ['of one value', `state = 'open'`, [`("at") include ("kind", "state") state = 'open'`]],
  ])('%s', (_, condition, wanted) => {
    const sql = `SELECT at, sum(kind) FROM event WHERE ${condition} GROUP BY at`;
    const covering = candidates([sql], facts).filter(({ spec }) => spec.where !== null && spec.include.length > 0);
    expect(
      covering.map(({ spec }) => `(${spec.keys.join(', ')}) include (${spec.include.join(', ')}) ${spec.where}`),
    ).toEqual(wanted);
  });
});

describe('the order that groups want', () => {
  test.each([
    ['GROUP BY', 'SELECT owner, at, count(*) FROM event GROUP BY owner, at', ['"owner", "at"', '"owner"']],
    ['DISTINCT', 'SELECT DISTINCT owner FROM event', ['"owner"']],
    ['DISTINCT ON', 'SELECT DISTINCT ON (owner) id FROM event ORDER BY owner, at DESC', ['"owner", "at" DESC']],
    [
      'GROUP BY behind an equality',
      'SELECT owner, count(*) FROM event WHERE kind = 3 GROUP BY owner',
      ['"kind", "owner"', '"owner"'],
    ],
  ])('%s', (_, sql, wanted) => {
    expect(keysOf([sql], 'btree')).toEqual(expect.arrayContaining(wanted));
  });
});

describe('the order that each row of an outer query wants', () => {
  test.each([
    [
      'its latest rows',
      'SELECT 1 FROM owner o, LATERAL (SELECT id FROM event e WHERE e.owner = o.id ORDER BY at DESC LIMIT 3) l',
      '"owner", "at"',
    ],
    ['its last time', 'SELECT (SELECT max(at) FROM event e WHERE e.owner = o.id) FROM owner o', '"owner", "at"'],
    [
      'behind what is the same for all',
      'SELECT (SELECT max(at) FROM event e WHERE e.owner = o.id AND e.kind = 3) FROM owner o',
      '"kind", "owner", "at"',
    ],
  ])('%s', (_, sql, wanted) => {
    expect(keysOf([sql], 'btree')).toContain(wanted);
  });
});

describe('a partitioned table', () => {
  const tables = [
    aTable('event', { columns: COLUMNS, kind: 'p', pages: 0 }),
    aTable('event_1', { columns: COLUMNS, pages: 5000, partitionOf: { schema: 'public', name: 'event' } }),
  ];
  const statistics = STATISTICS.map((one) => ({ ...one, inherited: true }));

  it('gets its candidates on the parent, by names of the parent', () => {
    const sql = [`SELECT id FROM event WHERE owner = 5`, 'SELECT id FROM event WHERE at > $1'];
    const found = candidates(sql, { tables, statistics });
    expect(found.map(({ spec }) => spec.table.name)).toEqual(found.map(() => 'event'));
    expect(found.map(({ spec }) => spec.name)).toEqual(
      expect.arrayContaining(['event_owner_idx', 'event_at_idx', 'event_at_brin_idx']),
    );
  });

  it('whose partition is named gets them on that', () => {
    const [first] = candidates(['SELECT id FROM event_1 WHERE owner = 5'], { tables, statistics });
    expect(first?.spec).toMatchObject({ name: 'event_1_owner_idx', table: { name: 'event_1' } });
  });
});

it('makes none of other methods where those are not wanted', () => {
  const sql = `SELECT id FROM event WHERE owner = 5 AND url = 'x' AND doc @> '{"a": 1}'`;
  const found = candidates([sql], { extensions: ['btree_gin'] }, { otherMethods: false });
  expect([...new Set(found.map(({ spec }) => spec.method))]).toEqual(['btree']);
});

interface Facts {
  readonly tables?: readonly Table[];
  readonly statistics?: readonly ColumnStatistics[];
  readonly extensions?: readonly string[];
}

function candidates(
  sql: readonly string[],
  { tables = [EVENT], statistics = STATISTICS, extensions = [] }: Facts,
  limits: Parameters<typeof reasonedCandidates>[2] = {},
): ReturnType<typeof reasonedCandidates> {
  const statements = sql.map((one) => aStatement(one));
  const base = aSnapshot({ tables, statements, statistics: { columns: statistics } });
  const installed = extensions.map((name) => ({ name, version: '1.0', schema: 'public' }));
  const snapshot = { ...base, catalog: { ...base.catalog, extensions: installed } };
  return reasonedCandidates(snapshot, tableUses(snapshot, { minRows: 0, minPages: 0 }), limits);
}

function keysOf(sql: readonly string[], method: string, facts: Facts = {}): readonly string[] {
  return candidates(sql, facts)
    .filter(({ spec }) => spec.method === method)
    .map(({ spec }) => spec.keys.join(', '));
}

function statistic(column: string, more: Partial<ColumnStatistics>): ColumnStatistics {
  return aColumnStatistic('event', column, more);
}
