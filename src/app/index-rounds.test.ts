import { beforeAll, describe, expect, it } from 'vitest';
import { engine, nameOf } from '../../test/support/fake-planner.js';
import { aColumn, aSnapshot, aStatement, aTable } from '../../test/support/snapshot.js';
import type { DroppedIndex, KeptIndex, MeasuredIndexSet } from '../indexes/measured/measured-index-set.js';
import type { IndexSpec } from '../model/action.js';
import { loadParser } from '../sql/parse.js';
import { measureInRounds } from './index-rounds.js';
import type { Found, RoundsOptions } from './index-rounds.js';
import { searchOnce } from './index-search-once.js';
import { tableUses } from '../indexes/candidates/candidates.js';
import { reasonedCandidates } from '../indexes/candidates/reasoned.js';

const table = aTable('t', { columns: ['a', 'b', 'c'].map((name) => aColumn(name)) });
const [byA, byB, byC] = [
  'SELECT 1 FROM t WHERE a = 1',
  'SELECT 1 FROM t WHERE b = 1',
  'SELECT 1 FROM t WHERE c = 1',
] as const;
const BUDGET = 100e6;

beforeAll(() => loadParser());

/** The planner holds much of an index on a, which takes nearly all of the budget, less of one on b, and little of one on c: no two fit beside each other. */
async function searched(
  signal = new AbortController().signal,
): Promise<{ found: Found; search: RoundsOptions['search'] }> {
  const snapshot = aSnapshot({
    tables: [table],
    indexes: [],
    statements: [byA, byB, byC].map((sql) => aStatement(sql, { calls: 1 })),
  });
  const whatIf = engine({
    plans: {
      [byA]: [
        [[], 1000],
        [['a'], 1],
      ],
      [byB]: [
        [[], 1000],
        [['b'], 500],
      ],
      [byC]: [
        [[], 1000],
        [['c'], 900],
      ],
    },
    sizes: { a: 90, b: 45, c: 88 },
  });
  const search = {
    snapshot,
    whatIf,
    workloadMs: 1000,
    storageBytes: BUDGET * 1.3,
    shownBytes: BUDGET,
    writeWeight: 1,
    signal,
    note: () => undefined,
  };
  const candidates = reasonedCandidates(snapshot, tableUses(snapshot, { minRows: 0, minPages: 0 }), {});
  const whole = { candidates, writes: [], costs: new Map<string, number>(), isFinal: () => false };
  const selection = await searchOnce({ ...search, timeMs: 5000 }, whole, 5000);
  return {
    found: {
      candidates,
      selection,
      alternatives: [],
      mostPlannerCalls: null,
      unvalued: [],
      writes: [],
      writeCosts: new Map(),
    },
    search,
  };
}

/** A lab in which some indexes are worth nothing. */
function labOf(
  worthless: readonly string[],
  complete: (round: number) => boolean = () => true,
): { readonly asked: string[][]; readonly measure: (specs: readonly IndexSpec[]) => Promise<MeasuredIndexSet> } {
  const asked: string[][] = [];
  const measure = async (specs: readonly IndexSpec[]): Promise<MeasuredIndexSet> => {
    asked.push(specs.map(nameOf).toSorted());
    const [kept, dropped] = [false, true].map((is) => specs.filter((spec) => worthless.includes(nameOf(spec)) === is));
    const sizes: Readonly<Record<string, number>> = { a: 90e6, b: 45e6, c: 88e6 };
    const nothing = { ms: 0, buffers: 0 };
    return {
      objective: 'both',
      kept: (kept ?? []).map((spec): KeptIndex => ({
        spec,
        sizeBytes: sizes[nameOf(spec)] ?? 0,
        buildMs: 1,
        buildWalBytes: null,
        writeCost: null,
        writes: null,
        worth: nothing,
        assumed: 0,
        effects: [],
      })),
      dropped: (dropped ?? []).map((spec) => ({
        spec,
        why: 'no-gain',
        reason: 'it brings nothing',
        assumed: 0,
        built: null,
        change: null,
        effects: [],
      })),
      perStatement: [],
      unaffected: [],
      failed: [],
      before: nothing,
      after: nothing,
      sizeBytes: (kept ?? []).reduce((sum, spec) => sum + (sizes[nameOf(spec)] ?? 0), 0),
      budgetBytes: BUDGET,
      proved: true,
      complete: complete(asked.length),
      blockMs: 0,
      assumedPlans: 0,
      plannerCalls: 1,
      executions: 10,
      durationMs: 1,
      notes: [],
    };
  };
  return { asked, measure };
}

const times = { budgetBytes: BUDGET, timeMs: 60_000, searchMs: 5000 };
const names = (of: readonly { readonly spec: IndexSpec }[] | undefined): string[] =>
  (of ?? []).map(({ spec }) => nameOf(spec));

describe('measureInRounds', () => {
  it('searches once more in the place that a refused index leaves, and tells of both rounds', async () => {
    const { found, search } = await searched();
    expect(names(found.selection.chosen)).toEqual(['a']);
    const lab = labOf(['a']);
    const { measured, alternatives } = await measureInRounds(found, { ...times, search, measure: lab.measure });
    expect(lab.asked).toEqual([['a'], ['b']]);
    expect(names(measured?.kept)).toEqual(['b']);
    expect(names(measured?.dropped)).toEqual(['a']);
    expect(names(alternatives)).toEqual(['b']);
    expect(measured?.executions).toBe(20);
  });

  it('goes on to what the planner holds less and less of, while there is room for it', async () => {
    const { found, search } = await searched();
    const lab = labOf(['a', 'b']);
    const { measured, alternatives } = await measureInRounds(found, { ...times, search, measure: lab.measure });
    expect(lab.asked).toEqual([['a'], ['b'], ['c']]);
    expect(names(measured?.kept)).toEqual(['c']);
    expect(names(measured?.dropped)).toEqual(['a', 'b']);
    expect(names(alternatives)).toEqual(['b', 'c']);
    expect(measured?.executions).toBe(30);
  });

  it('claims no proof over rounds, and calls untouched only what nothing of any round bears on', async () => {
    const { found, search } = await searched();
    const lab = labOf(['a']);
    const measure: RoundsOptions['measure'] = async (specs) => {
      const set = await lab.measure(specs);
      const built = { ...set.kept[0] } as DroppedIndex['built'];
      const unaffected = lab.asked.length === 1 ? ['x', 'y'] : ['y', 'z'];
      return { ...set, unaffected, dropped: set.dropped.map((one) => ({ ...one, built })) };
    };
    const { measured } = await measureInRounds(found, { ...times, search, measure });
    expect(lab.asked).toEqual([['a'], ['b']]);
    expect(measured).toMatchObject({ proved: false, unaffected: ['y'] });
  });

  it('gives what had no room another round, where room is left by then', async () => {
    const { found, search } = await searched();
    const lab = labOf(['a']);
    const measure: RoundsOptions['measure'] = async (specs) => {
      const set = await lab.measure(specs);
      return {
        ...set,
        dropped: set.dropped.map((one) => ({ ...one, why: 'budget', change: { ms: -1, buffers: -9 } })),
      };
    };
    await measureInRounds(found, { ...times, search, measure });
    expect(lab.asked).toEqual([['a'], ['a', 'b']]);
  });

  it('gives one that no plan used another round, without what was there in its place, and no third', async () => {
    const { found, search } = await searched();
    for (const used of [true, false]) {
      const asked: string[][] = [];
      const measure: RoundsOptions['measure'] = async (specs) => {
        asked.push(specs.map(nameOf));
        const set = await labOf(used && asked.length > 1 ? [] : ['a']).measure(specs);
        return set && { ...set, dropped: set.dropped.map((one) => ({ ...one, why: 'unused' })) };
      };
      const { measured, alternatives } = await measureInRounds(found, { ...times, search, measure });
      expect(asked).toEqual(used ? [['a'], ['a']] : [['a'], ['a'], ['b']]);
      expect([names(measured?.kept), names(measured?.dropped)]).toEqual(used ? [['a'], []] : [['b'], ['a']]);
      expect(names(alternatives)).toEqual(used ? [] : ['b']);
    }
  });

  it('measures what one statement suffers from once more, beside what may keep that one from it', async () => {
    const { found, search } = await searched();
    // The planner likes a for the second statement too, where a is bad in truth; with c it would take that one instead.
    const plans = {
      [byA]: [[[], 1000] as const, [['a'], 1] as const],
      [byB]: [[[], 1000] as const, [['a'], 400] as const, [['b'], 390] as const, [['c'], 100] as const],
      [byC]: [[[], 1000] as const],
    };
    const candidates = found.candidates.map((one) => ({ ...one, for: [byA, byB, byC] }));
    const companions = { ...search, whatIf: engine({ plans, sizes: { a: 40, b: 45, c: 20 } }) };
    const lab = labOf([]);
    const slowed = { statement: byB, without: { ms: 10, buffers: 100 }, with: { ms: 90, buffers: 300 } };
    const measure =
      (gains: boolean): RoundsOptions['measure'] =>
      async (specs) => {
        const set = await lab.measure(specs);
        if (set === null || specs.some((spec) => nameOf(spec) === 'c')) return set;
        const dropped = specs.map((spec) => ({
          spec,
          why: 'slower' as const,
          reason: 'with it the second takes 90.0 ms instead of 10.0 ms',
          assumed: 0,
          built: null,
          change: { ms: -400, buffers: gains ? -5000 : 50 },
          effects: [slowed],
        }));
        return { ...set, kept: [], dropped, sizeBytes: 0 };
      };
    const limits = { ...times, budgetBytes: null };
    const { measured, alternatives } = await measureInRounds(
      { ...found, candidates },
      { ...limits, search: companions, measure: measure(true) },
    );
    expect(lab.asked).toEqual([['a'], ['a', 'c']]);
    expect(names(measured?.kept).toSorted()).toEqual(['a', 'c']);
    expect(names(alternatives)).toEqual(['c']);
    lab.asked.length = 0;
    await measureInRounds({ ...found, candidates }, { ...limits, search: companions, measure: measure(false) });
    expect(lab.asked).toEqual([['a']]);
    lab.asked.length = 0;
    const tight = { ...limits, budgetBytes: 15, search: companions, measure: measure(true) };
    await measureInRounds({ ...found, candidates }, tight);
    expect(lab.asked).toEqual([['a']]);
  });

  it('gives the first round what its figures ask for, and does not try that again', async () => {
    const { found, search } = await searched();
    const plans = {
      [byA]: [[[], 1000] as const, [['a'], 1] as const],
      [byB]: [[[], 1000] as const, [['a'], 400] as const, [['c'], 100] as const],
      [byC]: [[[], 1000] as const],
    };
    const candidates = found.candidates.map((one) => ({ ...one, for: [byA, byB, byC] }));
    const lab = labOf([]);
    const refused = (spec: IndexSpec): DroppedIndex => ({
      spec,
      why: 'slower',
      reason: 'with it the second takes 90.0 ms instead of 10.0 ms',
      assumed: 0,
      built: null,
      change: { ms: -400, buffers: -5000 },
      effects: [{ statement: byB, without: { ms: 10, buffers: 100 }, with: { ms: 90, buffers: 300 } }],
    });
    for (const areBuilt of [true, false]) {
      lab.asked.length = 0;
      const measure: RoundsOptions['measure'] = async (specs, _timeMs, { companions } = {}) => {
        const more = (await companions?.({ kept: [], dropped: specs.map(refused) })) ?? [];
        const set = await lab.measure(specs);
        const dropped = [...specs, ...(areBuilt ? more.filter((spec) => !specs.includes(spec)) : [])].map(refused);
        return { ...set, kept: [], dropped, sizeBytes: 0 };
      };
      const { alternatives } = await measureInRounds(
        { ...found, candidates },
        {
          ...times,
          budgetBytes: null,
          search: { ...search, whatIf: engine({ plans, sizes: { a: 40, c: 20 } }) },
          measure,
        },
      );
      expect(names(alternatives)).toEqual(['c']);
      // What was not built for the first round is measured in the second.
      expect(lab.asked).toEqual(areBuilt ? [['a']] : [['a'], ['a', 'c']]);
    }
  });

  it('stops where the time does not hold another round', async () => {
    const { found, search } = await searched();
    const lab = labOf(['a']);
    const { measured } = await measureInRounds(found, {
      ...times,
      search,
      measure: async (specs) => {
        const set = await lab.measure(specs);
        return set && { ...set, durationMs: times.timeMs * 5 };
      },
    });
    expect(lab.asked).toEqual([['a']]);
    expect(names(measured?.dropped)).toEqual(['a']);
  });

  it('goes on with a first round that its time ended, where there is nothing to add', async () => {
    const { found, search } = await searched();
    const lab = labOf([], (round) => round > 1);
    const given: number[] = [];
    const measure: RoundsOptions['measure'] = (specs, timeMs) => {
      given.push(timeMs);
      return lab.measure(specs);
    };
    const { measured, alternatives } = await measureInRounds(found, { ...times, search, measure });
    expect(lab.asked).toEqual([['a'], ['a']]);
    expect(given[0]).toBe(times.timeMs * 0.75);
    expect(given[1]).toBeGreaterThan(times.timeMs * 0.9);
    expect([names(measured?.kept), alternatives, measured?.complete]).toEqual([['a'], [], true]);
  });

  it('is content where the kept ones fill the budget, and without a budget', async () => {
    const { found, search } = await searched();
    for (const budgetBytes of [BUDGET, null]) {
      const lab = labOf(budgetBytes === null ? ['a'] : []);
      const { measured } = await measureInRounds(found, { ...times, budgetBytes, search, measure: lab.measure });
      expect(lab.asked).toEqual([['a']]);
      expect(measured?.executions).toBe(10);
    }
  });

  it('gives the first set where the second did not come to its end, and nothing after a signal', async () => {
    const { found, search } = await searched();
    const lab = labOf(['a'], (round) => round === 1);
    const { measured, alternatives } = await measureInRounds(found, { ...times, search, measure: lab.measure });
    expect(lab.asked).toHaveLength(2);
    expect([names(measured?.kept), names(alternatives)]).toEqual([[], []]);
    const idle = labOf([]);
    const stopped = { ...search, signal: AbortSignal.abort() };
    expect(await measureInRounds(found, { ...times, search: stopped, measure: idle.measure })).toMatchObject({
      measured: null,
    });
    expect(idle.asked).toEqual([]);
  });
});
