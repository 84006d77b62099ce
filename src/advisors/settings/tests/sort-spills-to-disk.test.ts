import { describe, expect, it } from 'vitest';
import { aPlan, aSnapshot, aStatement, type SnapshotFacts } from '../../../../test/support/snapshot.js';
import type { PlanNode } from '../../../model/plan.js';
import type { Setting } from '../../../model/settings.js';
import advisor from '../sort-spills-to-disk.js';

const workMem: Setting = { name: 'work_mem', value: '4MB', unit: 'kB', source: 'default', context: 'user' };
const multiplier: Setting = { name: 'hash_mem_multiplier', value: '2', unit: null, source: 'default', context: 'user' };
const sort = (diskKb: number): Partial<PlanNode> => ({
  'Actual Rows': 1,
  'Sort Method': 'external merge',
  'Sort Space Used': diskKb,
  'Sort Space Type': 'Disk',
});
const on = async (nodes: readonly Partial<PlanNode>[], more: SnapshotFacts = {}) => {
  const statements = nodes.map((_, position) => aStatement(`s${position}`));
  const plans = new Map(
    nodes.map((node, position) => [`s${position}`, aPlan({ 'Actual Rows': 1, Plans: [aPlan(node).root] })]),
  );
  return advisor.examine(aSnapshot({ statements, plans, settings: [workMem, multiplier], ...more }), null);
};
const proposal = async (node: Partial<PlanNode>) => (await on([node]))[0]?.actions[0]?.title;

describe('settings/sort-spills-to-disk', () => {
  it('finds one setting for all that spills', async () => {
    expect(
      await on([
        sort(9232),
        sort(3000),
        { 'Sort Method': 'quicksort', 'Sort Space Used': 50, 'Sort Space Type': 'Memory' },
      ]),
    ).toMatchInlineSnapshot(`
      [
        {
          "actions": [
            {
              "down": [
                "DO $wizard$ BEGIN EXECUTE format('ALTER DATABASE %I RESET work_mem', current_database()); END $wizard$",
              ],
              "index": null,
              "kind": "setting",
              "lock": "takes no lock on any table; sessions that begin afterwards use it",
              "rewrite": null,
              "tables": [],
              "title": "Set work_mem to 32MB for this database",
              "transactional": true,
              "up": [
                "DO $wizard$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = %L', current_database(), '32MB'); END $wizard$",
              ],
            },
          ],
          "advisor": "settings/sort-spills-to-disk",
          "evidence": [
            {
              "provenance": "estimated",
              "source": "size of the spills, see limits",
              "unit": "bytes",
              "value": 33554432,
              "what": "work_mem that would hold them",
            },
            {
              "provenance": "measured",
              "source": "pg_settings",
              "unit": "",
              "value": "4MB",
              "what": "work_mem",
            },
            {
              "provenance": "unknown",
              "source": "pg_settings",
              "unit": "sessions",
              "value": null,
              "what": "max_connections",
            },
            {
              "provenance": "measured",
              "source": "plan, external merge",
              "unit": "bytes",
              "value": 9453568,
              "what": "temporary space of s0",
            },
            {
              "provenance": "measured",
              "source": "plan, external merge",
              "unit": "bytes",
              "value": 3072000,
              "what": "temporary space of s1",
            },
          ],
          "place": "work_mem",
          "severity": "warning",
          "statements": [
            "s0",
            "s1",
          ],
          "title": "2 of 3 statements spill to disk with work_mem at 4.00 MB.",
        },
      ]
    `);
  });

  it.each<[string, Partial<PlanNode>, string | undefined]>([
    ['a sort on disk', sort(9232), 'Set work_mem to 32MB for this database'],
    ['a hash in batches', { 'Hash Batches': 8, 'Peak Memory Usage': 8192 }, 'Set work_mem to 32MB for this database'],
    [
      'a hashed aggregate',
      { 'HashAgg Batches': 5, 'Peak Memory Usage': 8241, 'Disk Usage': 7728 },
      'Set work_mem to 16MB for this database',
    ],
    ['a hash in one batch', { 'Hash Batches': 1, 'Peak Memory Usage': 8192 }, undefined],
    ['a spill past the limit', sort(100_000), undefined],
  ])('%s', async (_, node, title) => {
    expect(await proposal(node)).toBe(title);
  });

  it('takes what the whole plan wrote where no sort or hash accounts for it', async () => {
    const plan = aPlan({
      'Actual Rows': 1,
      'Temp Written Blocks': 500,
      Plans: [aPlan({ 'Node Type': 'Materialize' }).root],
    });
    const [found] = await on([], { statements: [aStatement('s0')], plans: new Map([['s0', plan]]) });
    expect(found?.actions[0]?.title).toBe('Set work_mem to 16MB for this database');
  });

  it('leaves out of the sum what no work_mem within the limit would hold', async () => {
    const [found] = await on([sort(9232), sort(1_000_000)]);
    expect(found?.statements).toEqual(['s0']);
    expect(found?.actions[0]?.title).toBe('Set work_mem to 32MB for this database');
  });

  it('takes counted temporary blocks where no plan was run, and plans where one was', async () => {
    const statements = [aStatement('s0', { tempBlocks: 1000 })];
    const [found] = await on([], { statements });
    expect(found?.actions[0]?.title).toBe('Set work_mem to 32MB for this database');
    expect(await on([], { statements, plans: new Map([['s0', aPlan({ 'Actual Rows': 1 })]]) })).toEqual([]);
    expect(await on([], { statements, plans: new Map([['s0', aPlan({})]]) })).toHaveLength(1);
    expect(await on([], { statements: [aStatement('s0')] })).toEqual([]);
  });

  it.each<[string, string, string | undefined]>([
    ['default', 'RESET work_mem', undefined],
    ['database', 'SET work_mem = %L', "'4MB'"],
  ])('goes back to what source %s was', async (source, change, value) => {
    const [found] = await on([sort(9232)], { settings: [{ ...workMem, source }] });
    expect(found?.actions[0]?.down[0]).toContain(change);
    expect(found?.actions[0]?.down[0]).toContain(value ?? 'current_database())');
  });

  it('offers nothing where a database default would not win', async () => {
    const [found] = await on([sort(9232)], { settings: [{ ...workMem, source: 'user' }] });
    expect(found?.actions).toEqual([]);
  });

  it('is silent where work_mem may not be seen', async () => {
    expect(await on([sort(9232)], { settings: [] })).toEqual([]);
  });

  it('takes a spill for proof that what there was is too little', async () => {
    const [found] = await on([sort(900)], { settings: [{ ...workMem, value: '64MB' }] });
    expect(found?.actions[0]?.title).toBe('Set work_mem to 128MB for this database');
    expect(await on([sort(900)], { settings: [{ ...workMem, value: '256MB' }] })).toEqual([]);
  });
});
