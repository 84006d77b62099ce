import { describe, expect, it } from 'vitest';
import { aSnapshot, aStatement } from '../../../../test/support/snapshot.js';
import type { PlanModes, PlanModesOfSet } from '../../../model/plan-modes.js';
import advisor from '../slow-generic-plan.js';

const SLOW: PlanModesOfSet = {
  parameterClass: 'frequent',
  customShape: 'Hash Join(Seq Scan@t,Hash(Seq Scan@u))',
  genericShape: 'Nested Loop(Index Scan:t_a@t,Index Scan:u_pkey@u)',
  customMs: 20,
  genericMs: 100,
  customBuffers: 300,
  genericBuffers: 90_000,
  ratio: 5,
  ciLow: 4.5,
  ciHigh: 5.5,
  rounds: 9,
  genericTimedOutMs: null,
};

const on = (sets: readonly PlanModesOfSet[], chosen: PlanModes['chosen'] = 'generic', options: unknown = {}) =>
  advisor.examine(
    aSnapshot({ statements: [aStatement('s')], planModes: [{ fingerprint: 's', chosen, sets }] }),
    null,
    options,
  );

describe('query/slow-generic-plan', () => {
  it('tells of the worst set of values, with both plans measured', async () => {
    const slower = { ...SLOW, parameterClass: 'rare' as const, ratio: 7, genericTimedOutMs: 1000 };
    expect(await on([SLOW, slower])).toMatchInlineSnapshot(`
      [
        {
          "actions": [],
          "advisor": "query/slow-generic-plan",
          "evidence": [
            {
              "provenance": "measured",
              "source": "pg_prepared_statements.generic_plans",
              "unit": "plan",
              "value": "generic",
              "what": "plan of the sixth execution, the sets of values in turn",
            },
            {
              "provenance": "measured",
              "source": "lab, 9 pairs in turn, planning included",
              "unit": "ms",
              "value": 20,
              "what": "custom plan for frequent values: Hash Join(Seq Scan@t,Hash(Seq Scan@u))",
            },
            {
              "provenance": "measured",
              "source": "lab, 9 pairs in turn, planning included",
              "unit": "ms",
              "value": 100,
              "what": "generic plan for frequent values: Nested Loop(Index Scan:t_a@t,Index Scan:u_pkey@u)",
            },
            {
              "provenance": "measured",
              "source": "95 % interval 4.50 to 5.50",
              "unit": "ratio",
              "value": 5,
              "what": "generic against custom for frequent values",
            },
            {
              "provenance": "measured",
              "source": "lab, 9 pairs in turn, planning included",
              "unit": "blocks",
              "value": 300,
              "what": "blocks of the custom plan for frequent values",
            },
            {
              "provenance": "measured",
              "source": "lab, 9 pairs in turn, planning included",
              "unit": "blocks",
              "value": 90000,
              "what": "blocks of the generic plan for frequent values",
            },
            {
              "provenance": "measured",
              "source": "lab, 9 pairs in turn, planning included",
              "unit": "ms",
              "value": 20,
              "what": "custom plan for rare values: Hash Join(Seq Scan@t,Hash(Seq Scan@u))",
            },
            {
              "provenance": "measured",
              "source": "lab, 9 pairs in turn, planning included; cut off after 1.00 s, a lower bound",
              "unit": "ms",
              "value": 100,
              "what": "generic plan for rare values: Nested Loop(Index Scan:t_a@t,Index Scan:u_pkey@u)",
            },
            {
              "provenance": "measured",
              "source": "95 % interval 4.50 to 5.50",
              "unit": "ratio",
              "value": 7,
              "what": "generic against custom for rare values",
            },
            {
              "provenance": "measured",
              "source": "lab, 9 pairs in turn, planning included",
              "unit": "blocks",
              "value": 300,
              "what": "blocks of the custom plan for rare values",
            },
            {
              "provenance": "measured",
              "source": "lab, 9 pairs in turn, planning included",
              "unit": "blocks",
              "value": 90000,
              "what": "blocks of the generic plan for rare values",
            },
          ],
          "place": "s",
          "severity": "warning",
          "statements": [
            "s",
          ],
          "title": "Prepared, s goes over to a generic plan, which is 7.0 times slower for rare values; plan_cache_mode = force_custom_plan for its role or function keeps it from that.",
        },
      ]
    `);
  });

  it.each([
    ['the server stays with custom plans', SLOW, 'custom', {}],
    ['the interval holds what is tolerated', { ...SLOW, ciLow: 1.1 }, 'generic', {}],
    ['less than a millisecond is lost', { ...SLOW, customMs: 0.1, genericMs: 0.5 }, 'generic', {}],
    ['more is tolerated', SLOW, 'generic', { tolerance: 10 }],
  ] as const)('is silent where %s', async (_why, set, chosen, options) => {
    expect(await on([set], chosen, options)).toEqual([]);
  });

  it('is silent where nothing was measured, and of statements that the workload no longer holds', async () => {
    expect(await on([])).toEqual([]);
    const planModes = [{ fingerprint: 'gone', chosen: 'generic' as const, sets: [SLOW] }];
    expect(await advisor.examine(aSnapshot({ statements: [aStatement('s')], planModes }), null)).toEqual([]);
  });
});
