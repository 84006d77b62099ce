import { describe, expect, test } from 'vitest';
import type { Index, Table } from '../../model/catalog.js';
import type { Finding } from '../../model/finding.js';
import type { WhatIf } from '../../model/what-if.js';
import {
  aCatalog,
  aColumn,
  aColumnStatistic,
  anIndex,
  aSnapshot,
  aStatement,
  aTable,
} from '../../../test/support/snapshot.js';
import missingIndex from './missing-index.js';

const columns = [
  aColumn('id'),
  aColumn('buyer_id'),
  aColumn('made_at'),
  aColumn('state'),
  aColumn('note', { type: 'text', baseType: 'text', typeCategory: 'S' }),
];
const purchase = aTable('purchase', { columns });
const buyer = aTable('buyer', { columns: [aColumn('id'), aColumn('name')] });
const statistics = {
  columns: [
    aColumnStatistic('purchase', 'buyer_id', { distinct: 4000 }),
    aColumnStatistic('purchase', 'state', { distinct: 2, commonValues: ['1', '2'], commonFrequencies: [0.999, 0.001] }),
    aColumnStatistic('purchase', 'note', { widthBytes: 300 }),
    aColumnStatistic('purchase', 'made_at', { distinct: -1 }),
  ],
};

async function findings(
  sql: string,
  more: { indexes?: readonly Index[]; tables?: readonly Table[]; whatIf?: WhatIf; options?: unknown } = {},
): Promise<readonly Finding[]> {
  const snapshot = aSnapshot({
    tables: more.tables ?? [purchase, buyer],
    indexes: more.indexes ?? [],
    statements: [aStatement(sql, { name: 'the statement', fingerprint: 'f1', meanMs: 12 })],
    statistics,
  });
  return missingIndex.examine(snapshot, more.whatIf ?? null, more.options);
}

async function proposed(sql: string, more: Parameters<typeof findings>[1] = {}): Promise<readonly string[]> {
  return (await findings(sql, more)).map((finding) => finding.place);
}

test('the whole finding', async () => {
  const [finding] = await findings('SELECT * FROM purchase WHERE buyer_id = $1 ORDER BY made_at DESC LIMIT 5');
  expect(finding).toMatchInlineSnapshot(`
    {
      "actions": [
        {
          "down": [
            "DROP INDEX CONCURRENTLY IF EXISTS "public"."purchase_buyer_id_made_at_idx"",
          ],
          "index": {
            "include": [],
            "keys": [
              ""buyer_id"",
              ""made_at"",
            ],
            "method": "btree",
            "name": "purchase_buyer_id_made_at_idx",
            "table": {
              "name": "purchase",
              "schema": "public",
            },
            "unique": false,
            "where": null,
            "with": null,
          },
          "kind": "create-index",
          "lock": "takes SHARE UPDATE EXCLUSIVE on public.purchase, which blocks DDL and VACUUM but neither reads nor writes",
          "rewrite": null,
          "tables": [
            {
              "name": "purchase",
              "schema": "public",
            },
          ],
          "title": "Create btree index on public.purchase (buyer_id, made_at)",
          "transactional": false,
          "up": [
            "CREATE INDEX CONCURRENTLY "purchase_buyer_id_made_at_idx" ON "public"."purchase" USING btree ("buyer_id", "made_at")",
          ],
        },
        {
          "down": [
            "DROP INDEX CONCURRENTLY IF EXISTS "public"."purchase_buyer_id_idx"",
          ],
          "index": {
            "include": [],
            "keys": [
              ""buyer_id"",
            ],
            "method": "btree",
            "name": "purchase_buyer_id_idx",
            "table": {
              "name": "purchase",
              "schema": "public",
            },
            "unique": false,
            "where": null,
            "with": null,
          },
          "kind": "create-index",
          "lock": "takes SHARE UPDATE EXCLUSIVE on public.purchase, which blocks DDL and VACUUM but neither reads nor writes",
          "rewrite": null,
          "tables": [
            {
              "name": "purchase",
              "schema": "public",
            },
          ],
          "title": "Create btree index on public.purchase (buyer_id)",
          "transactional": false,
          "up": [
            "CREATE INDEX CONCURRENTLY "purchase_buyer_id_idx" ON "public"."purchase" USING btree ("buyer_id")",
          ],
        },
      ],
      "advisor": "index/missing-index",
      "evidence": [
        {
          "provenance": "estimated",
          "source": "pg_class.reltuples",
          "unit": "rows",
          "value": 100000,
          "what": "rows of public.purchase",
        },
        {
          "provenance": "measured",
          "source": "statement f1",
          "unit": "calls",
          "value": 100,
          "what": "calls of the statement",
        },
        {
          "provenance": "measured",
          "source": "statement f1",
          "unit": "ms",
          "value": 12,
          "what": "mean time of the statement",
        },
        {
          "provenance": "estimated",
          "source": "rows read, guessed from the statistics",
          "unit": "planner cost",
          "value": 100000,
          "what": "cost of the statement now",
        },
        {
          "provenance": "estimated",
          "source": "rows read, guessed from the statistics",
          "unit": "planner cost",
          "value": 50,
          "what": "cost of the statement with the index",
        },
        {
          "provenance": "estimated",
          "source": "rows read, guessed from the statistics",
          "unit": "fraction",
          "value": 0.9995,
          "what": "share of the workload that falls away",
        },
        {
          "provenance": "unknown",
          "source": "index size model",
          "unit": "bytes",
          "value": null,
          "what": "size of the index",
        },
        {
          "provenance": "measured",
          "source": "test",
          "unit": "calls",
          "value": 0,
          "what": "executions of statements that write to the table",
        },
      ],
      "place": "public.purchase(buyer_id, made_at)",
      "severity": "warning",
      "statements": [
        "f1",
      ],
      "title": "No index public.purchase(buyer_id, made_at) serves "the statement".",
    }
  `);
});

describe('speaks', () => {
  test.each([
    ['SELECT * FROM purchase WHERE buyer_id = 5', 'public.purchase(buyer_id)'],
    ['SELECT * FROM purchase WHERE buyer_id = $1 AND made_at BETWEEN $2 AND $3', 'public.purchase(buyer_id, made_at)'],
    ['SELECT * FROM purchase ORDER BY made_at LIMIT 3', 'public.purchase(made_at)'],
    ['SELECT min(made_at) FROM purchase', 'public.purchase(made_at)'],
    ['DELETE FROM purchase WHERE buyer_id = $1', 'public.purchase(buyer_id)'],
    ['UPDATE purchase SET state = 2 WHERE buyer_id = $1', 'public.purchase(buyer_id)'],
    [
      'SELECT * FROM buyer b WHERE EXISTS (SELECT 1 FROM purchase WHERE buyer_id = b.id AND made_at = 5)',
      'public.purchase(made_at)',
    ],
  ])('%s', async (sql, place) => {
    expect(await proposed(sql)).toContain(place);
  });
  test('for a covering index where the key is there already', async () => {
    const indexes = [anIndex('purchase_buyer_id_idx', 'purchase', ['buyer_id'])];
    expect(await proposed('SELECT sum(made_at) FROM purchase WHERE buyer_id = 5', { indexes })).toEqual([
      'public.purchase(buyer_id) include (made_at)',
    ]);
  });
});

describe('is silent', () => {
  test.each([
    ['SELECT count(*) FROM purchase'],
    ['SELECT * FROM purchase WHERE state = 1'],
    ['SELECT * FROM purchase WHERE state = 2'],
    ["SELECT * FROM purchase WHERE note LIKE '%x%'"],
    ['SELECT * FROM purchase WHERE buyer_id <> 5'],
    ['SELECT * FROM purchase WHERE buyer_id + 1 = 5'],
    ['INSERT INTO purchase VALUES (1, 2, 3, 4, 5)'],
    ['SELECT * FROM elsewhere WHERE buyer_id = 5'],
    ['this is no SQL'],
  ])('%s', async (sql) => {
    expect(await proposed(sql)).toEqual([]);
  });
  test('where an index starts with the key, and for small tables', async () => {
    const sql = 'SELECT * FROM purchase WHERE buyer_id = 5';
    expect(await proposed(sql, { indexes: [anIndex('i', 'purchase', ['buyer_id', 'made_at'])] })).toEqual([]);
    expect(await proposed(sql, { indexes: [anIndex('i', 'purchase', ['buyer_id'], { valid: false })] })).toHaveLength(
      1,
    );
    expect(
      await proposed(sql, { indexes: [anIndex('i', 'purchase', ['buyer_id'], { predicate: 'state = 2' })] }),
    ).toHaveLength(1);
    expect(await proposed(sql, { tables: [aTable('purchase', { columns, rowsEstimated: 900 })] })).toEqual([]);
    expect(await proposed(sql, { tables: [aTable('purchase', { columns, pages: 9 })] })).toEqual([]);
  });
});

describe('asks the what-if engine', () => {
  /** Costs by the keys of the one index that is added. */
  function engine(costs: Readonly<Record<string, number>>): WhatIf & { readonly asked: string[] } {
    const asked: string[] = [];
    return {
      asked,
      cost: async (fingerprints, { add }) => {
        const [spec] = add;
        const text = spec
          ? `${spec.keys.join()}${spec.include.length > 0 ? `+${spec.include.join()}` : ''}`.replaceAll('"', '')
          : '';
        if (fingerprints.length > 0) asked.push(text);
        return fingerprints.map((fingerprint) => ({
          fingerprint,
          cost: costs[text] ?? 1000,
          uses: [],
          planShape: null,
        }));
      },
      size: async () => ({ pages: 10, sizeBytes: 81_920, rows: 1 }),
    };
  }
  const sql = 'SELECT made_at FROM purchase WHERE buyer_id = $1 AND made_at > $2';
  test('and takes the cheapest, the narrower one where they are nearly equal', async () => {
    const [finding] = await findings(sql, { whatIf: engine({ buyer_id: 12, 'buyer_id,made_at': 10, made_at: 700 }) });
    expect(finding?.actions.map((action) => action.title)).toEqual([
      'Create btree index on public.purchase (buyer_id)',
      'Create btree index on public.purchase (buyer_id, made_at)',
    ]);
    expect(await proposed(sql, { whatIf: engine({ buyer_id: 400, 'buyer_id,made_at': 10 }) })).toEqual([
      'public.purchase(buyer_id, made_at)',
    ]);
  });
  test('puts the covering index first only where it wins much more', async () => {
    const covered = 'SELECT state FROM purchase WHERE buyer_id = $1';
    expect(await proposed(covered, { whatIf: engine({ buyer_id: 100, 'buyer_id+state': 10 }) })).toEqual([
      'public.purchase(buyer_id)',
    ]);
    expect(await proposed(covered, { whatIf: engine({ buyer_id: 800, 'buyer_id+state': 10 }) })).toEqual([
      'public.purchase(buyer_id) include (state)',
    ]);
  });
  test('and keeps silent where the cost hardly falls', async () => {
    expect(await proposed(sql, { whatIf: engine({ buyer_id: 995 }) })).toEqual([]);
    expect(await proposed(sql, { whatIf: engine({ buyer_id: 900 }), options: { minShare: 0.2 } })).toEqual([]);
    expect(await proposed(sql, { whatIf: engine({ buyer_id: 700 }), options: { minShare: 0.9 } })).toHaveLength(1);
  });
  test('with names that differ for different indexes and fit 63 bytes', async () => {
    const long = 'a_table_with_a_name_that_nearly_fills_the_limit_by_itself_alone';
    const tables = [aTable(long, { columns })];
    const asked = engine({ buyer_id: 10, 'buyer_id,made_at': 10 });
    const [finding] = await findings(sql.replace('purchase', long), { tables, whatIf: asked });
    const names = finding?.actions.map((action) => action.index?.name ?? '') ?? [];
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(1);
    for (const name of names) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
    expect(new Set(asked.asked).size).toBe(asked.asked.length);
    expect(aCatalog().indexes).toEqual([]);
  });
});
