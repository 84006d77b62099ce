import { describe, expect, it } from 'vitest';
import { aPlan, aSnapshot, aStatement, aTable } from '../../../../test/support/snapshot.js';
import type { Plan, PlanNode } from '../../../model/plan.js';
import type { Setting } from '../../../model/settings.js';
import advisor from '../too-few-workers.js';

const MB = 1024 * 1024;
const settings = (perGather: string, more: Readonly<Record<string, string>> = {}, source = 'default'): Setting[] =>
  Object.entries({
    max_parallel_workers_per_gather: perGather,
    max_parallel_workers: '8',
    max_worker_processes: '8',
    min_parallel_table_scan_size: '8MB',
    ...more,
  }).map(([name, value]) => ({ name, value, unit: null, source, context: 'user' }));
const scan: Partial<PlanNode> = { 'Node Type': 'Seq Scan', 'Relation Name': 'orders', 'Actual Rows': 1 };
const gather = (planned: number): Partial<PlanNode> => ({
  'Node Type': 'Gather',
  'Workers Planned': planned,
  Plans: [aPlan(scan).root],
});
const run = (node: Partial<PlanNode>, executionMs: number | null = 900): Plan => ({ ...aPlan(node), executionMs });
const on = async (plan: Plan, sizeMb: number, given: readonly Setting[], options: unknown = {}) =>
  advisor.examine(
    aSnapshot({
      tables: [aTable('orders', { sizeBytes: sizeMb * MB })],
      statements: [aStatement('s')],
      plans: new Map([['s', plan]]),
      settings: given,
    }),
    null,
    options,
  );
const proposal = async (...given: Parameters<typeof on>) => (await on(...given))[0]?.actions[0]?.title;

describe('settings/too-few-workers', () => {
  it('finds the setting that keeps workers away', async () => {
    expect(await on(run(scan), 100, settings('0'), { cores: 2 })).toMatchInlineSnapshot(`
      [
        {
          "actions": [
            {
              "down": [
                "DO $wizard$ BEGIN EXECUTE format('ALTER DATABASE %I RESET max_parallel_workers_per_gather', current_database()); END $wizard$",
              ],
              "index": null,
              "kind": "setting",
              "lock": "takes no lock on any table; sessions that begin afterwards use it",
              "rewrite": null,
              "tables": [],
              "title": "Set max_parallel_workers_per_gather to 2 for this database",
              "transactional": true,
              "up": [
                "DO $wizard$ BEGIN EXECUTE format('ALTER DATABASE %I SET max_parallel_workers_per_gather = %L', current_database(), '2'); END $wizard$",
              ],
            },
          ],
          "advisor": "settings/too-few-workers",
          "evidence": [
            {
              "provenance": "measured",
              "source": "pg_settings",
              "unit": "workers",
              "value": 0,
              "what": "max_parallel_workers_per_gather",
            },
            {
              "provenance": "measured",
              "source": "pg_settings",
              "unit": "workers",
              "value": 8,
              "what": "workers that all sessions share",
            },
            {
              "provenance": "measured",
              "source": "operating system; 2 workers and their leader are more processes than that, so that the trial may show less than a larger machine would",
              "unit": "cores",
              "value": 2,
              "what": "cores of the machine of the trial",
            },
            {
              "provenance": "measured",
              "source": "plan, run in 900 ms",
              "unit": "ms",
              "value": 900,
              "what": "time of s",
            },
            {
              "provenance": "estimated",
              "source": "pg_class.relpages",
              "unit": "workers",
              "value": 3,
              "what": "workers that the size of its tables gives s",
            },
          ],
          "place": "max_parallel_workers_per_gather",
          "severity": "info",
          "statements": [
            "s",
          ],
          "title": "1 of 1 statements are slow and have no parallel worker, as max_parallel_workers_per_gather is 0.",
        },
      ]
    `);
  });

  it.each([
    ['none are allowed', run(scan), 100, settings('0'), '2'],
    ['all that are allowed are planned, and the table gives more', run(gather(2)), 300, settings('2'), '4'],
    ['the pool has fewer', run(scan), 100, settings('0', { max_parallel_workers: '1' }), '1'],
  ] as const)('speaks where %s', async (_, plan, sizeMb, given, workers) => {
    expect(await proposal(plan, sizeMb, given)).toBe(
      `Set max_parallel_workers_per_gather to ${workers} for this database`,
    );
  });

  it.each([
    ['the plan was not run', run(scan, null), 100, settings('0')],
    ['the statement is short', run(scan, 150), 100, settings('0')],
    ['the table is small', run(scan), 7, settings('0')],
    ['the size of the table limits them, not the setting', run(gather(2)), 70, settings('2')],
    ['fewer are planned than allowed', run(gather(1)), 300, settings('2')],
    ['something else keeps them away', run(scan), 300, settings('2')],
    ['there are four', run(gather(4)), 3000, settings('4')],
    ['there is no pool', run(scan), 100, settings('0', { max_parallel_workers: '0' })],
    ['a small table by an index', run({ ...scan, 'Node Type': 'Index Scan' }), 100, settings('0')],
  ] as const)('is silent where %s', async (_, plan, sizeMb, given) => {
    expect(await on(plan, sizeMb, given)).toEqual([]);
  });

  it('offers no change where a role sets it', async () => {
    expect((await on(run(scan), 100, settings('0', {}, 'user')))[0]?.actions).toEqual([]);
  });
});
