import { expect, test } from 'vitest';
import type { Finding } from '../../../model/finding.js';
import type { Plan } from '../../../model/plan.js';
import { aColumn, aPlan, aSnapshot, aStatement, aTable } from '../../../../test/support/snapshot.js';
import advisor from '../rewritable-statement.js';

const tables = [
  aTable('visitor', {
    columns: [aColumn('id', { notNull: true }), aColumn('email', { notNull: true }), aColumn('nick')],
  }),
  aTable('unwanted', { columns: [aColumn('email', { notNull: true }), aColumn('why')] }),
];
const SQL = 'SELECT id FROM visitor WHERE id < $1 AND email NOT IN (SELECT email FROM unwanted)';

async function findings(sql: string, more: { plan?: Plan; options?: object } = {}): Promise<readonly Finding[]> {
  const plans = new Map(more.plan ? [['f1', more.plan]] : []);
  const statements = [aStatement(sql, { name: 'the statement', fingerprint: 'f1' })];
  return advisor.examine(aSnapshot({ tables, statements, plans }), null, more.options);
}

test('the whole finding', async () => {
  const [finding, ...others] = await findings(SQL, { plan: planWith('(NOT (SubPlan 1))') });
  expect(others).toEqual([]);
  expect(finding).toMatchInlineSnapshot(`
    {
      "actions": [
        {
          "down": [],
          "index": null,
          "kind": "rewrite",
          "lock": "takes no lock: the application sends another text",
          "rewrite": {
            "fingerprint": "f1",
            "from": "SELECT id FROM visitor WHERE id < $1 AND email NOT IN (SELECT email FROM unwanted)",
            "proof": [
              "public.visitor.email is NOT NULL (pg_attribute.attnotnull)",
              "public.unwanted.email is NOT NULL (pg_attribute.attnotnull)",
              "the subquery neither groups, limits nor combines rows",
              "the statement calls no volatile function, so it does not matter how often and in which order its parts run",
              "the statement locks no rows",
            ],
            "rule": "subquery/not-in-to-not-exists",
            "to": "SELECT id FROM visitor WHERE id < $1 AND NOT (EXISTS (SELECT 1 FROM unwanted WHERE unwanted.email = visitor.email))",
          },
          "tables": [
            {
              "name": "visitor",
              "schema": "public",
            },
            {
              "name": "unwanted",
              "schema": "public",
            },
          ],
          "title": "Rewrite "the statement" (subquery/not-in-to-not-exists)",
          "transactional": true,
          "up": [],
        },
      ],
      "advisor": "query/rewritable-statement",
      "evidence": [
        {
          "provenance": "measured",
          "source": "statement f1",
          "unit": "places",
          "value": 1,
          "what": "places of the pattern",
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
          "provenance": "measured",
          "source": "plan of statement f1",
          "unit": "",
          "value": "subquery/unhashed-not-in",
          "what": "signs of it in the plan",
        },
      ],
      "place": "statement f1 subquery/not-in-to-not-exists",
      "severity": "warning",
      "statements": [
        "f1",
      ],
      "title": ""the statement" can be written in another form (subquery/not-in-to-not-exists).",
    }
  `);
});

test.each([
  ['without a plan it is worth knowing', undefined, 'info'],
  ['the subquery is not hashed', '(NOT (SubPlan 1))', 'warning'],
  ['the subquery of 18 is not hashed', '(NOT (ANY (email = (SubPlan 1).col1)))', 'warning'],
  ['the subquery is hashed', '(NOT (hashed SubPlan 1))', null],
  ['the plan shows none', '(id < 5)', null],
] as const)('%s', async (_, filter, severity) => {
  const found = await findings(SQL, filter === undefined ? {} : { plan: planWith(filter) });
  expect(found[0]?.severity ?? null).toBe(severity);
});

test.each([
  ['a nullable column outside, and NULL is shown', 'SELECT id, nick NOT IN (SELECT email FROM unwanted) FROM visitor'],
  ['a nullable column inside', 'SELECT id FROM visitor WHERE email NOT IN (SELECT why FROM unwanted)'],
  ['a volatile function', `${SQL} AND random() < 0.5`],
  ['a function of which nothing is known', `${SQL} AND mystery(id)`],
  ['row locks', `${SQL} FOR UPDATE`],
  ['no statement', 'SELECT FROM WHERE'],
])('silent: %s', async (_, sql) => {
  expect(await findings(sql)).toEqual([]);
});

test('rules can be left out', async () => {
  expect(await findings(SQL, { options: { without: ['subquery/not-in-to-not-exists'] } })).toEqual([]);
});

function planWith(filter: string): Plan {
  return aPlan({ 'Node Type': 'Seq Scan', 'Total Cost': 1, 'Plan Rows': 1, Filter: filter });
}
