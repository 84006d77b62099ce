import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../model/finding.js';
import type { Plan } from '../../../model/plan.js';
import type { Settings } from '../../../model/settings.js';
import { aColumn, aColumnStatistic, aPlan, aSnapshot, aStatement, aTable } from '../../../../test/support/snapshot.js';
import notIn from '../not-in-subquery.js';

const visitor = aTable('visitor', {
  columns: [aColumn('id', { notNull: true }), aColumn('email', { notNull: true }), aColumn('nick')],
});
const unwanted = aTable('unwanted', {
  columns: [aColumn('email', { notNull: true }), aColumn('why'), aColumn('since', { notNull: true })],
  rowsEstimated: 500_000,
});
const statistics = { columns: [aColumnStatistic('unwanted', 'email', { widthBytes: 30 })] };
const SQL = 'SELECT id FROM visitor WHERE id < $1 AND email NOT IN (SELECT email FROM unwanted)';

async function findings(sql: string, more: { plan?: Plan; settings?: Settings } = {}): Promise<readonly Finding[]> {
  const plans = new Map(more.plan ? [['f1', more.plan]] : []);
  const statements = [aStatement(sql, { name: 'the statement', fingerprint: 'f1' })];
  return notIn.examine(
    aSnapshot({ tables: [visitor, unwanted], statements, statistics, plans, settings: more.settings ?? [] }),
    null,
  );
}

async function rewritten(sql: string): Promise<string | undefined> {
  return (await findings(sql))[0]?.actions[0]?.rewrite?.to;
}

test('the whole finding', async () => {
  expect((await findings(SQL))[0]).toMatchInlineSnapshot(`
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
              "public.visitor.email is NOT NULL (pg_attribute.attnotnull), so no row is left out for a NULL on the left",
              "public.unwanted.email is NOT NULL (pg_attribute.attnotnull), so the subquery never gives a NULL, which would leave out every row",
              "both sides are plain columns of tables joined by inner joins, and the subquery neither groups nor limits rows",
              "the statement calls no volatile function, so it does not matter how often the subquery runs",
            ],
            "rule": "not-in-to-not-exists",
            "to": "SELECT id FROM visitor WHERE id < $1 AND NOT (EXISTS (SELECT 1 FROM unwanted WHERE visitor.email = unwanted.email))",
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
          "title": "Write "the statement" with NOT EXISTS",
          "transactional": true,
          "up": [],
        },
      ],
      "advisor": "query/not-in-subquery",
      "evidence": [
        {
          "provenance": "estimated",
          "source": "pg_class.reltuples",
          "unit": "rows",
          "value": 500000,
          "what": "rows of public.unwanted",
        },
        {
          "provenance": "estimated",
          "source": "rows and pg_stats.avg_width",
          "unit": "bytes",
          "value": 28000000,
          "what": "size of the hash it would need",
        },
        {
          "provenance": "measured",
          "source": "work_mem times hash_mem_multiplier",
          "unit": "bytes",
          "value": 8388608,
          "what": "size it may have",
        },
        {
          "provenance": "measured",
          "source": "statement f1",
          "unit": "calls",
          "value": 100,
          "what": "calls of the statement",
        },
        {
          "provenance": "unknown",
          "source": "statement f1",
          "unit": "ms",
          "value": null,
          "what": "mean time of the statement",
        },
      ],
      "place": "statement f1",
      "severity": "warning",
      "statements": [
        "f1",
      ],
      "title": ""the statement" searches public.unwanted with NOT IN once per row: the subquery is too large to be hashed.",
    }
  `);
});

describe('speaks', () => {
  test.each([
    [
      'DELETE FROM visitor v WHERE v.email NOT IN (SELECT u.email FROM unwanted u WHERE u.since > $1 OR u.why IS NULL)',
      'DELETE FROM visitor AS v WHERE NOT (EXISTS (SELECT 1 FROM unwanted AS u WHERE (u.since > $1 OR u.why IS NULL) AND v.email = u.email))',
    ],
    [
      'SELECT count(*) FROM (SELECT id FROM visitor WHERE email <> ALL (SELECT email FROM unwanted)) x',
      'SELECT count(*) FROM ( SELECT id FROM visitor WHERE NOT (EXISTS (SELECT 1 FROM unwanted WHERE visitor.email = unwanted.email)) ) AS x',
    ],
  ])('%s', async (sql, to) => {
    expect(await rewritten(sql)).toBe(to);
  });
  test('with a plan that shows the subquery read again for each row', async () => {
    expect(
      await findings(SQL, { plan: aPlan({ Filter: '(NOT (SubPlan 1))' }), settings: [workMem('1GB')] }),
    ).toHaveLength(1);
    expect(
      await findings(SQL, { plan: aPlan({ Filter: '(NOT (ANY ((email)::text = ((SubPlan 1).col1)::text)))' }) }),
    ).toHaveLength(1);
  });
});

describe('is silent', () => {
  test.each([
    ['SELECT id FROM visitor WHERE nick NOT IN (SELECT email FROM unwanted)', 'the left side may be NULL'],
    ['SELECT id FROM visitor WHERE email NOT IN (SELECT why FROM unwanted)', 'the right side may be NULL'],
    ['SELECT id FROM visitor WHERE lower(email) NOT IN (SELECT email FROM unwanted)', 'an expression'],
    ['SELECT id FROM visitor WHERE id = 1 OR email NOT IN (SELECT email FROM unwanted)', 'under OR'],
    [
      'SELECT v.id FROM unwanted u LEFT JOIN visitor v ON v.id = 1 WHERE v.email NOT IN (SELECT email FROM unwanted x)',
      'an outer join makes NULLs',
    ],
    ['SELECT id FROM visitor WHERE email NOT IN (SELECT email FROM unwanted LIMIT 5)', 'LIMIT'],
    ['SELECT id FROM visitor WHERE email NOT IN (SELECT email FROM unwanted GROUP BY email)', 'grouping'],
    [
      'SELECT id FROM visitor WHERE email NOT IN (SELECT x.email FROM (SELECT email FROM unwanted) x)',
      'a subquery in FROM',
    ],
    [
      'WITH unwanted AS (SELECT NULL AS email) SELECT id FROM visitor WHERE email NOT IN (SELECT email FROM unwanted)',
      'a CTE of that name',
    ],
    [
      'SELECT id FROM visitor WHERE email NOT IN (SELECT email FROM unwanted WHERE random() < 0.5)',
      'a volatile function',
    ],
    ['SELECT id FROM visitor WHERE email NOT IN (SELECT email FROM visitor)', 'one name for two tables'],
    ['SELECT id FROM visitor WHERE email NOT IN (SELECT id FROM unwanted)', 'the inner column is the outer one'],
    ['SELECT id FROM visitor WHERE email IN (SELECT email FROM unwanted)', 'no NOT'],
    ['SELECT id FROM visitor WHERE email NOT IN (SELECT email FROM nowhere)', 'an unknown table'],
  ])('%s (%s)', async (sql) => {
    expect(await findings(sql)).toEqual([]);
  });
  test('where the subquery is hashed, or would be', async () => {
    expect(await findings(SQL, { plan: aPlan({ Filter: '(NOT (hashed SubPlan 1))' }) })).toEqual([]);
    expect(await findings(SQL, { settings: [workMem('64MB')] })).toEqual([]);
  });
});

function workMem(value: string): Settings[number] {
  return { name: 'work_mem', value, unit: 'kB', source: 'default', context: 'user' };
}
