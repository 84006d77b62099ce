import { beforeAll, describe, expect, test } from 'vitest';
import type { Catalog, Column, Index, Table } from '../model/catalog.js';
import type { ColumnStatistics, Statistics } from '../model/statistics.js';
import { bindParameters } from '../sql/parameters.js';
import { loadParser, parseStatement } from '../sql/parse.js';
import { drawParameterSets } from './parameters.js';

beforeAll(() => loadParser());

const ORDERS = { schema: 'public', name: 'orders' };

function column(name: string, type: string, baseType: string, typeCategory: string): Column {
  return {
    name,
    position: 1,
    type,
    baseType,
    typeCategory,
    sortsBytes: false,
    notNull: false,
    hasDefault: false,
    identity: false,
    generated: false,
    statisticsTarget: null,
    distinctSetting: null,
    storedAs: null,
    defaultAs: null,
    sequence: null,
  };
}

const table: Table = {
  ...ORDERS,
  oid: 1,
  kind: 'r',
  persistence: 'p',
  columns: [
    column('id', 'bigint', 'int8', 'N'),
    column('status', 'app.order_status', 'order_status', 'E'),
    column('email', 'character varying(20)', 'varchar', 'S'),
    column('created_at', 'timestamp with time zone', 'timestamptz', 'D'),
    column('note', 'text', 'text', 'S'),
    column('payload', 'jsonb', 'jsonb', 'U'),
    column('shape', 'polygon', 'polygon', 'G'),
  ],
  rowsEstimated: 1000,
  sizeBytes: 80_000,
  pages: 10,
  pagesAllVisible: 10,
  partitionOf: null,
  viewQuery: null,
  isBarrier: false,
  hasChildren: false,
  inherits: [],
  isDefaultPartition: false,
  partitionKey: [],
  activity: null,
};

const primary = {
  ...ORDERS,
  name: 'orders_pkey',
  table: ORDERS,
  unique: true,
  keys: [{ column: 'id' }],
} as unknown as Index;
const catalog = { tables: [table], indexes: [primary] } as unknown as Catalog;

function known(name: string, facts: Partial<ColumnStatistics>): ColumnStatistics {
  return {
    table: ORDERS,
    column: name,
    inherited: false,
    nullFraction: 0,
    widthBytes: 8,
    distinct: -1,
    commonValues: [],
    commonFrequencies: [],
    histogram: [],
    correlation: null,
    ...facts,
  };
}

const statistics: Statistics = {
  columns: [
    known('id', { histogram: Array.from({ length: 101 }, (_, i) => String(1 + i * 10)) }),
    known('status', { commonValues: ['paid', 'open', "o'dd"], commonFrequencies: [0.8, 0.15, 0.05] }),
    known('email', {
      commonValues: ['Top@x.org'],
      commonFrequencies: [0.1],
      histogram: ['a@x.org', 'm@x.org', 'z@x.org'],
    }),
    known('created_at', {
      histogram: Array.from(
        { length: 101 },
        (_, i) => `2024-01-01 00:${String(Math.min(i, 59)).padStart(2, '0')}:00+00`,
      ),
    }),
    known('payload', {
      commonValues: ['{"kind": "web", "size": 3}', '{"kind": "web", "size": 1}'],
      histogram: ['{"kind": "app", "size": 2, "from": {"city": "Rom"}}', '{"kind": "app, old", "size": 9}', '[1, 2]'],
    }),
  ],
  countersSince: null,
  readAt: '2024-01-11T00:00:00Z',
  serverStartedAt: null,
};

function drawn(sql: string): Record<string, string> {
  const { sets } = drawParameterSets({ sql }, catalog, statistics);
  for (const set of sets) expect(() => parseStatement(bindParameters(sql, set.values))).not.toThrow();
  return Object.fromEntries(sets.map((set) => [set.class, set.values.join(' | ')]));
}

describe('drawParameterSets', () => {
  test('equality: the most common, a middle, a rare and an absent value', () => {
    expect(drawn('SELECT * FROM orders WHERE email = $1 LIMIT $2 OFFSET $3')).toEqual({
      typical: "'m@x.org' | 20 | 0",
      frequent: "'Top@x.org' | 20 | 0",
      rare: "'z@x.org' | 20 | 0",
      absent: "'absent-1' | 20 | 0",
    });
  });
  test('an enum has no absent value, so no such set', () => {
    expect(drawn('SELECT * FROM orders WHERE status = $1')).toEqual({
      typical: "'open'",
      frequent: "'paid'",
      rare: "'o''dd'",
    });
  });
  test('ranges hold the wanted share of the rows, both ends in order', () => {
    expect(drawn('SELECT * FROM orders WHERE id > $1')).toEqual({
      typical: '901',
      frequent: '501',
      rare: '991',
      absent: '2001',
    });
    expect(drawn('SELECT * FROM orders WHERE id < $1')).toEqual({
      typical: '101',
      frequent: '501',
      rare: '11',
      absent: '-999',
    });
    expect(drawn('SELECT * FROM orders WHERE id BETWEEN $1 AND $2')).toMatchObject({
      typical: '451 | 551',
      frequent: '251 | 751',
      absent: '2001 | 2001',
    });
    expect(drawn('SELECT * FROM orders WHERE id >= $1 AND id < $2')).toMatchObject({
      typical: '451 | 551',
      frequent: '251 | 751',
    });
  });
  test('times carry a cast, an interval reaches back as far as the rows wanted', () => {
    expect(drawn('SELECT * FROM orders WHERE created_at = $1')['typical']).toBe(
      "'2024-01-01 00:50:00+00'::timestamp with time zone",
    );
    expect(drawn('SELECT * FROM orders WHERE created_at > now() - interval $1')).toMatchObject({
      typical: "'10 days'",
      absent: "'1 second'",
    });
  });
  test('lists and arrays take neighbours', () => {
    expect(drawn('SELECT * FROM orders WHERE id IN ($1, $2)')['typical']).toBe('501 | 511');
    expect(drawn('SELECT * FROM orders WHERE status = ANY($1)')['frequent']).toBe(
      "ARRAY['paid', 'open', 'o''dd']::app.order_status[]",
    );
  });
  test('an expression gives what the column would', () => {
    expect(drawn('SELECT * FROM orders WHERE lower(email) = $1')['frequent']).toBe(
      "(lower(CAST('Top@x.org' AS text)))",
    );
    expect(drawn('SELECT * FROM orders WHERE email LIKE $1')['frequent']).toBe("'Top@%'");
  });
  test('keys and values of documents are those that the statistics hold', () => {
    expect(drawn('SELECT * FROM orders WHERE payload ->> $1 = $2')).toEqual({
      typical: "'kind' | 'app'",
      frequent: "'kind' | 'web'",
      rare: "'kind' | 'app, old'",
      absent: "'kind' | 'absent-1'",
    });
    expect(drawn('SELECT * FROM orders WHERE payload ->> $1 = $2 AND (payload ->> $3)::int > $4')['frequent']).toBe(
      "'kind' | 'web' | 'size' | '3'",
    );
    expect(drawn("SELECT payload -> $1 ->> $2 FROM orders WHERE payload ->> 'size' IN ($3, $4)")['frequent']).toBe(
      "'from' | 'city' | '1' | '2'",
    );
    expect(drawn('SELECT * FROM orders WHERE payload @> $1 AND payload ? $2')).toMatchObject({
      typical: `'{"kind":"web"}' | 'kind'`,
      absent: `'{"absent": 1}' | 'absent-1'`,
    });
    expect(drawn('SELECT * FROM orders WHERE payload ?| $1')['typical']).toBe("ARRAY['kind']");
    const { guesses, missing } = drawParameterSets(
      { sql: 'SELECT payload -> $1 -> $2 ->> $3 FROM orders WHERE payload ->> $4 = $5' },
      catalog,
      statistics,
    );
    expect(missing).toEqual(['$2, $3: nothing is known about the values they take']);
    expect(guesses).toContain("$4: key of orders.payload taken as 'kind'");
  });
  test('what is inserted into a unique column is not there yet, each time another', () => {
    const sets = drawn('INSERT INTO orders (id, status, note) VALUES ($1, $2, $3)');
    expect(sets['typical']).toBe("2001 | 'open' | 'x'");
    expect(new Set(Object.values(sets).map((values) => values.split(' ')[0])).size).toBe(4);
  });
  test('says what it guessed and what it can not know', () => {
    expect(
      drawParameterSets({ sql: 'SELECT date_trunc($1, created_at) FROM orders LIMIT $2' }, catalog, statistics),
    ).toEqual({
      sets: [{ class: 'typical', values: ["'day'", '20'] }],
      missing: [],
      guesses: ["$1: argument of date_trunc taken as 'day'", '$2: LIMIT taken as 20'],
    });
    expect(
      drawParameterSets({ sql: 'SELECT * FROM orders WHERE shape ~= $1 AND mystery($2)' }, catalog, statistics),
    ).toEqual({
      sets: [],
      missing: ['$1, $2: nothing is known about the values they take'],
      guesses: [],
    });
    expect(drawParameterSets({ sql: 'SELECT 1' }, catalog, statistics).sets).toEqual([{ class: 'given', values: [] }]);
  });
});
