import { describe, expect, test } from 'vitest';
import type { Index, Table } from '../../../model/catalog.js';
import type { Finding } from '../../../model/finding.js';
import type { IndexSpec } from '../../../model/action.js';
import type { IndexWhatIf, WhatIfSize } from '../../../model/what-if.js';
import {
  aCatalog,
  aColumn,
  aColumnStatistic,
  anIndex,
  aSnapshot,
  aStatement,
  aTable,
} from '../../../../test/support/snapshot.js';
import missingIndex from '../missing-index.js';

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
  more: { indexes?: readonly Index[]; tables?: readonly Table[]; whatIf?: IndexWhatIf; options?: unknown } = {},
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
          "of": "the statement",
          "provenance": "measured",
          "source": "statement f1",
          "unit": "calls",
          "value": 100,
          "what": "calls",
        },
        {
          "of": "the statement",
          "provenance": "measured",
          "source": "statement f1",
          "unit": "ms",
          "value": 12,
          "what": "mean time",
        },
        {
          "of": "the statement",
          "provenance": "estimated",
          "source": "rows read, guessed from the statistics",
          "unit": "planner cost",
          "value": 100000,
          "what": "cost now",
        },
        {
          "of": "the statement",
          "provenance": "estimated",
          "source": "rows read, guessed from the statistics",
          "unit": "planner cost",
          "value": 50,
          "what": "cost with the index",
        },
        {
          "provenance": "estimated",
          "source": "rows read, guessed from the statistics",
          "unit": "fraction",
          "value": 0.5770799041979571,
          "what": "share of the objective that the best set would lose without it",
        },
        {
          "provenance": "estimated",
          "source": "rows read, guessed from the statistics",
          "unit": "fraction",
          "value": 0.0000016757024610559904,
          "what": "share by which another set of candidates can be better at most",
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
  /** Costs by the keys of the cheapest index that is added; 800 kB a key and 1.2 MB an included column. */
  function engine(costs: Readonly<Record<string, number>>): IndexWhatIf & { readonly named: Set<string> } {
    const named = new Set<string>();
    const text = (spec: IndexSpec): string =>
      `${spec.keys.join()}${spec.include.length > 0 ? `+${spec.include.join()}` : ''}`.replaceAll('"', '');
    const sizeOf = (spec: IndexSpec): WhatIfSize => {
      named.add(`${text(spec)} ${spec.name}`);
      return { pages: 10, sizeBytes: 819_200 * (spec.keys.length + 1.5 * spec.include.length), rows: 1 };
    };
    return {
      named,
      cost: async (fingerprints, { add }) => {
        const best = add
          .map((spec) => ({ spec, cost: costs[text(spec)] ?? 1000 }))
          .filter(({ cost }) => cost < 1000)
          .toSorted((a, b) => a.cost - b.cost)[0];
        return fingerprints.map((fingerprint) => ({
          fingerprint,
          cost: best?.cost ?? 1000,
          uses: best ? [best.spec.name] : [],
          usesExisting: [],
          planShape: null,
          planned: 1,
        }));
      },
      size: async (spec) => sizeOf(spec),
      sizes: async (specs) => specs.map(sizeOf),
    };
  }
  const sql = 'SELECT made_at FROM purchase WHERE buyer_id = $1 AND made_at > $2';
  test('and takes the cheapest, the narrower one where they are nearly equal', async () => {
    const [finding] = await findings(sql, { whatIf: engine({ buyer_id: 10.1, 'buyer_id,made_at': 10, made_at: 700 }) });
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
    expect(await proposed(covered, { whatIf: engine({ buyer_id: 10.2, 'buyer_id+state': 10 }) })).toEqual([
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
    const sized = [...asked.named].map((one) => one.split(' '));
    expect(new Set(sized.map(([, name]) => name)).size).toBe(new Set(sized.map(([text]) => text)).size);
    expect(aCatalog().indexes).toEqual([]);
  });
});
