import { beforeAll, describe, expect, test } from 'vitest';
import type { Index } from '../../../model/catalog.js';
import type { Finding } from '../../../model/finding.js';
import type { ParameterSet } from '../../../model/workload.js';
import { loadParser } from '../../../sql/parse.js';
import { aCatalog, aColumn, aKey, anIndex, aSnapshot, aStatement, aTable } from '../../../../test/support/snapshot.js';
import { isImmutable } from '../../../indexes/candidates/immutability.js';
import expressionIndex from '../expression-index.js';

beforeAll(() => loadParser());

const text = { type: 'text', baseType: 'text', typeCategory: 'S' };
const account = aTable('account', {
  columns: [
    aColumn('id'),
    aColumn('email', text),
    aColumn('about', { type: 'jsonb', baseType: 'jsonb', typeCategory: 'U' }),
    aColumn('seen_at', { type: 'timestamp with time zone', baseType: 'timestamptz', typeCategory: 'D' }),
    aColumn('local_at', { type: 'timestamp without time zone', baseType: 'timestamp', typeCategory: 'D' }),
    aColumn('born', { type: 'date', baseType: 'date', typeCategory: 'D' }),
  ],
});

async function findings(
  sql: string,
  indexes: readonly Index[] = [],
  parameterSets: readonly ParameterSet[] = [],
): Promise<readonly Finding[]> {
  const statements = [aStatement(sql, { name: 'the statement', fingerprint: 'f1', parameterSets })];
  return expressionIndex.examine(aSnapshot({ tables: [account], indexes, statements }), null);
}

test('the whole finding', async () => {
  const [finding] = await findings('SELECT * FROM account WHERE lower(email) = $1');
  expect(finding).toMatchInlineSnapshot(`
    {
      "actions": [
        {
          "down": [
            "DROP INDEX CONCURRENTLY IF EXISTS "public"."account_lower_email_idx"",
          ],
          "index": {
            "include": [],
            "keys": [
              "(lower(email))",
            ],
            "method": "btree",
            "name": "account_lower_email_idx",
            "table": {
              "name": "account",
              "schema": "public",
            },
            "unique": false,
            "where": null,
            "with": null,
          },
          "kind": "create-index",
          "lock": "takes SHARE UPDATE EXCLUSIVE on public.account, which blocks DDL and VACUUM but neither reads nor writes",
          "rewrite": null,
          "tables": [
            {
              "name": "account",
              "schema": "public",
            },
          ],
          "title": "Create btree index on public.account ((lower(email)))",
          "transactional": false,
          "up": [
            "CREATE INDEX CONCURRENTLY "account_lower_email_idx" ON "public"."account" USING btree ((lower(email)))",
            "ANALYZE "public"."account"",
          ],
        },
      ],
      "advisor": "index/expression-index",
      "evidence": [
        {
          "provenance": "estimated",
          "source": "pg_class.reltuples",
          "unit": "rows",
          "value": 100000,
          "what": "rows of public.account",
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
          "provenance": "unknown",
          "source": "statement f1",
          "unit": "ms",
          "value": null,
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
          "value": 2010,
          "what": "cost with the index",
        },
        {
          "provenance": "estimated",
          "source": "rows read, guessed from the statistics",
          "unit": "fraction",
          "value": 0.32495265305555543,
          "what": "share of the objective that the best set would lose without it",
        },
        {
          "provenance": "estimated",
          "source": "rows read, guessed from the statistics",
          "unit": "fraction",
          "value": 0,
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
      "place": "public.account(lower(email))",
      "severity": "warning",
      "statements": [
        "f1",
      ],
      "title": "No index public.account(lower(email)) holds the expression that is asked for by "the statement".",
    }
  `);
});

describe('speaks', () => {
  test.each([
    ["SELECT * FROM account WHERE about ->> 'city' = 'Rome'", "public.account(about ->> 'city')"],
    ["SELECT * FROM account a WHERE lower(a.email) LIKE 'x%'", 'public.account((lower(email)) text_pattern_ops)'],
    ['UPDATE account SET born = NULL WHERE lower(email) = lower($1)', 'public.account(lower(email))'],
  ])('%s', async (sql, place) => {
    expect((await findings(sql)).map((finding) => finding.place)).toEqual([place]);
  });
  test('where all parameter sets agree on the argument', async () => {
    const sql = 'SELECT * FROM account WHERE about ->> $1 = $2';
    const rome: ParameterSet = { class: 'given', values: ["'city'", "'Rome'"] };
    const oslo: ParameterSet = { class: 'given', values: ["'city'", "'Oslo'"] };
    const name: ParameterSet = { class: 'given', values: ["'name'", "'Eva'"] };
    expect((await findings(sql, [], [rome, oslo])).map((finding) => finding.place)).toEqual([
      "public.account(about ->> 'city')",
    ]);
    expect(await findings(sql, [], [rome, name])).toEqual([]);
    expect(await findings(sql)).toEqual([]);
  });
});

describe('is silent', () => {
  test.each([
    ['SELECT * FROM account WHERE email = $1'],
    ["SELECT * FROM account WHERE date_trunc('day', seen_at) = $1"],
    ['SELECT * FROM account WHERE seen_at::date = $1'],
    ['SELECT * FROM account WHERE mystery(email) = $1'],
  ])('%s', async (sql) => {
    expect(await findings(sql)).toEqual([]);
  });
  test('where the index is there, as PostgreSQL writes it', async () => {
    const there = (expression: string): Index => anIndex('i', 'account', [aKey('', { column: null, expression })]);
    expect(await findings('SELECT * FROM account WHERE lower(email) = $1', [there('lower(email)')])).toEqual([]);
    expect(await findings('SELECT * FROM account WHERE lower(email) = $1', [there('lower((email)::text)')])).toEqual(
      [],
    );
    expect(
      await findings("SELECT * FROM account WHERE about ->> 'city' = 'x'", [there("(about ->> 'city'::text)")]),
    ).toEqual([]);
    expect(
      await findings("SELECT * FROM account WHERE about ->> 'city' = 'x'", [there("(about ->> 'name'::text)")]),
    ).toHaveLength(1);
  });
});

test.each([
  ['lower(email)', true],
  ["(about ->> 'n')::int", true],
  ["(about ->> 'at')::date", false],
  ["date_trunc('day', local_at)", true],
  ["date_trunc('day', seen_at AT TIME ZONE 'UTC')", true],
  ["date_trunc('day', seen_at)", false],
  ['local_at::date', true],
  ['seen_at::date', false],
  ['born::text', false],
  ['extract(year from born)', true],
  ['extract(year from seen_at)', false],
  ["to_tsvector('english', email)", true],
  ['to_tsvector(email)', false],
  ["email || ' x'", true],
  ['email || id', false],
  ['coalesce(email, lower(email))', true],
  ['id % 10', true],
  ['now()', false],
  ['random() * id', false],
  ['calm(email)', true],
  ['wild(email)', false],
  ['unknown_column', false],
])('immutable: %s is %s', (expression, expected) => {
  const functions = [
    {
      schema: 'public',
      name: 'calm',
      argumentTypes: 'text',
      returnsTrigger: false,
      volatility: 'i' as const,
      rowsQuery: null,
      language: 'plpgsql',
      definition: null,
      firedBy: [],
    },
    {
      schema: 'public',
      name: 'wild',
      argumentTypes: 'text',
      returnsTrigger: false,
      volatility: 's' as const,
      rowsQuery: null,
      language: 'plpgsql',
      definition: null,
      firedBy: [],
    },
  ];
  expect(isImmutable(expression, account, { ...aCatalog(), functions })).toBe(expected);
});
