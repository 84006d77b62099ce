import { describe, expect, it } from 'vitest';
import { aPlan, aSnapshot, aStatement } from '../../../../test/support/snapshot.js';
import type { PlanNode } from '../../../model/plan.js';
import advisor from '../planner-method-disabled.js';

const on = async (node: Partial<PlanNode>, name = 'enable_seqscan', value = 'off', source = 'database') =>
  advisor.examine(
    aSnapshot({
      statements: [aStatement('s')],
      plans: new Map([['s', aPlan(node)]]),
      settings: [{ name, value, unit: null, source, context: 'user' }],
    }),
    null,
  );
const costly: Partial<PlanNode> = {
  'Node Type': 'Seq Scan',
  'Relation Name': 't',
  'Startup Cost': 1e10,
  'Total Cost': 1e10 + 5,
};

describe('settings/planner-method-disabled', () => {
  it('finds a setting that plans do not keep to', async () => {
    expect(await on(costly)).toMatchInlineSnapshot(`
      [
        {
          "actions": [
            {
              "down": [
                "DO $wizard$ BEGIN EXECUTE format('ALTER DATABASE %I SET enable_seqscan = %L', current_database(), 'off'); END $wizard$",
              ],
              "index": null,
              "kind": "setting",
              "lock": "takes no lock on any table; sessions that begin afterwards use it",
              "rewrite": null,
              "tables": [],
              "title": "Set enable_seqscan to on for this database",
              "transactional": true,
              "up": [
                "DO $wizard$ BEGIN EXECUTE format('ALTER DATABASE %I SET enable_seqscan = %L', current_database(), 'on'); END $wizard$",
              ],
            },
          ],
          "advisor": "settings/planner-method-disabled",
          "evidence": [
            {
              "provenance": "measured",
              "source": "pg_settings",
              "unit": "",
              "value": "off",
              "what": "enable_seqscan",
            },
            {
              "provenance": "measured",
              "source": "plan finding overhead/disabled-node",
              "unit": "plans",
              "value": 1,
              "what": "plans that do it all the same",
            },
          ],
          "place": "enable_seqscan",
          "severity": "warning",
          "statements": [
            "s",
          ],
          "title": "enable_seqscan is off, and 1 of 1 plans do what it forbids.",
        },
      ]
    `);
  });

  it.each([
    [
      'marked by PostgreSQL 18',
      { 'Node Type': 'Seq Scan', 'Total Cost': 5, Disabled: true } as Partial<PlanNode>,
      'enable_seqscan',
    ],
    ['a join', { ...costly, 'Node Type': 'Nested Loop' }, 'enable_nestloop'],
    [
      'a hashed aggregate',
      { ...costly, 'Node Type': 'Aggregate', Strategy: 'Hashed' } as Partial<PlanNode>,
      'enable_hashagg',
    ],
  ])('speaks of one %s', async (_, node, name) => {
    expect((await on(node, name)).map(({ place }) => place)).toEqual([name]);
  });

  it.each([
    ['the plan keeps to it', { ...costly, 'Startup Cost': 0, 'Total Cost': 100 }, 'enable_seqscan', 'off'],
    ['it is on, and the plan is dear for another reason', costly, 'enable_seqscan', 'on'],
    ['another setting is off', costly, 'enable_sort', 'off'],
  ] as const)('is silent where %s', async (_, node, name, value) => {
    expect(await on(node, name, value)).toEqual([]);
  });

  it('offers no change where a role sets it', async () => {
    expect((await on(costly, 'enable_seqscan', 'off', 'user'))[0]?.actions).toEqual([]);
  });
});
