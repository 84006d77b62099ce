import { beforeAll, expect, test } from 'vitest';
import { aColumn, aSnapshot, aStatement, aTable } from '../../../test/support/snapshot.js';
import { loadParser } from '../../sql/parse.js';
import { tableUses } from './candidates.js';
import { unindexableExpressions } from './unindexable.js';

beforeAll(loadParser);

const columns = [
  aColumn('id'),
  aColumn('code', { baseType: 'text', typeCategory: 'S' }),
  aColumn('at', { baseType: 'timestamptz', typeCategory: 'D' }),
  aColumn('day', { baseType: 'timestamp', typeCategory: 'D' }),
];

test.each([
  [
    'a STABLE function',
    `plain(code) = 'x'`,
    's',
    [/^an index on \(plain\(code\)\) of public.visit for by code$/, /plain is STABLE/],
  ],
  ['a VOLATILE one within another', `lower(plain(code)) = $1`, 'v', [/plain is VOLATILE/]],
  ['an IMMUTABLE one', `plain(code) = 'x'`, 'i', []],
  ['a built-in one', `lower(code) = 'x'`, 's', []],
  ['the day in the time zone', `date(at) = '2024-01-01'`, 's', [/time zone/]],
  ['the month in the time zone', `date_trunc('month', at) = '2024-01-01'`, 's', [/time zone/]],
  ['a cast to a day', `at::date = '2024-01-01'`, 's', [/time zone/]],
  ['whether there is a time', `CASE WHEN at IS NULL THEN 1 ELSE id END = 1`, 's', []],
  ['the day of a named zone', `date_trunc('day', at AT TIME ZONE 'UTC') = '2024-01-01'`, 's', []],
  ['a day without time zone', `date_trunc('day', day) = '2024-01-01'`, 's', []],
  ['a column', `at > '2024-01-01'`, 's', []],
  ['a constant', `code = plain('x')`, 's', []],
  ['what is not known', `CASE WHEN id > 5 THEN code END = 'x'`, 's', []],
] as const)('%s', (_, condition, volatility, wanted) => {
  const statements = [aStatement(`SELECT id FROM visit WHERE ${condition}`, { name: 'by code' })];
  const base = aSnapshot({ tables: [aTable('visit', { columns, pages: 5000 })], statements });
  const plain = {
    schema: 'public',
    name: 'plain',
    argumentTypes: 'text',
    returnsTrigger: false,
    volatility,
    rowsQuery: null,
    language: 'sql',
    definition: null,
    firedBy: [],
  };
  const catalog = { ...base.catalog, functions: [plain] };
  const found = unindexableExpressions(tableUses({ ...base, catalog }, { minRows: 0, minPages: 0 }), catalog);
  expect(found.length).toBe(Math.min(1, wanted.length));
  for (const pattern of wanted)
    expect(`${found[0]?.what}`.concat('\n', found[0]?.reason ?? '')).toMatch(new RegExp(pattern, 'm'));
});
