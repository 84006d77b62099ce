import { describe, expect, test } from 'vitest';
import { aTrialCase } from '../../../test/support/trial-case.js';
import { chooseMeasured, measuredValue } from '../../indexes/measured/measured-choice.js';
import { emptyRecord, figuresOf } from './case-record.js';
import type { CaseRecord } from './case-record.js';
import { bareTotalMs, priceOfBlock, problemOf } from './settle.js';
import type { ChoiceRules } from './settle.js';
import { culpritOf } from './verified.js';

/** What one run did: milliseconds and blocks, or a timeout and the blocks by then. */
interface Ran {
  readonly ms: number;
  readonly blocks: number;
  readonly cutOff?: boolean;
}

const RULES: ChoiceRules = {
  objective: 'both',
  blockMs: 0,
  smallMs: 0,
  indexes: [{ name: 'i', sizeBytes: 1 }],
  budgetBytes: 10,
  readTolerance: 1.15,
  writeTolerance: 2,
  onceTolerance: 1.5,
  leastGain: 0.01,
  upkeepOf: () => new Map(),
};

describe('the price of a block', () => {
  test('makes all blocks weigh as many times all milliseconds, by calls, as it is told', () => {
    const records = [record('a', 3, { ms: 10, blocks: 100 }, null), record('b', 1, { ms: 20, blocks: 200 }, null)];
    expect(priceOfBlock(records, 2)).toBe((2 * 50) / 500);
  });

  test('leaves out what did not come to its end, and is nothing where nothing did', () => {
    const cut = record('a', 1, { ms: 9000, blocks: 5000, cutOff: true }, { ms: 1, blocks: 5 });
    expect(priceOfBlock([cut], 2)).toBe(0);
    expect(priceOfBlock([cut, record('b', 1, { ms: 20, blocks: 200 }, null)], 2)).toBe(0.2);
  });
});

describe('a choice by time and blocks', () => {
  const choose = (records: readonly CaseRecord[], blockMs: number): readonly string[] =>
    chooseMeasured(problemOf(records, { ...RULES, blockMs }, 'both')).kept;

  test('takes time for blocks at their price, either way', () => {
    const dearer = [record('a', 1, { ms: 100, blocks: 100 }, { ms: 60, blocks: 300 })];
    expect(choose(dearer, 0.1)).toEqual(['i']);
    expect(choose(dearer, 0.3)).toEqual([]);
    const cheaper = [record('a', 1, { ms: 100, blocks: 300 }, { ms: 110, blocks: 100 })];
    expect(choose(cheaper, 0)).toEqual([]);
    expect(choose(cheaper, 0.1)).toEqual(['i']);
  });

  test('lets no statement take more time than it may, however many blocks it saves', () => {
    expect(choose([record('a', 1, { ms: 100, blocks: 9000 }, { ms: 116, blocks: 1 })], 1)).toEqual([]);
  });

  test('lets a statement lose what is too little of the workload to matter, by its calls', () => {
    const hopeless = record('c', 1, { ms: 60_000, blocks: 9, cutOff: true }, null);
    expect(bareTotalMs([hopeless])).toBe(0);
    const heavy = record('a', 1, { ms: 3000, blocks: 9000 }, { ms: 30, blocks: 90 });
    const chosen = (light: CaseRecord): readonly string[] => {
      const all = [heavy, light];
      return chooseMeasured(problemOf(all, { ...RULES, smallMs: 0.01 * bareTotalMs(all) }, 'both')).kept;
    };
    expect(chosen(record('b', 1, { ms: 20, blocks: 90 }, { ms: 45, blocks: 90 }))).toEqual(['i']);
    expect(chosen(record('b', 1, { ms: 20, blocks: 90 }, { ms: 65, blocks: 90 }))).toEqual([]);
    expect(chosen(record('b', 10, { ms: 20, blocks: 90 }, { ms: 45, blocks: 90 }))).toEqual([]);
    expect(chosen(record('b', 1, { ms: 80, blocks: 90 }, { ms: 104, blocks: 90 }))).toEqual([]);
  });

  test('a single run may be chance: then it has to be longer by more', () => {
    const once = (ms: number): CaseRecord => record('a', 1, { ms: 100, blocks: 9000 }, { ms, blocks: 1 }, 1);
    expect(choose([once(140)], 1)).toEqual(['i']);
    expect(choose([once(160)], 1)).toEqual([]);
    const noisy = { ...RULES, blockMs: 1, onceTolerance: 2.4 };
    const chosen = (one: CaseRecord): readonly string[] => chooseMeasured(problemOf([one], noisy, 'both')).kept;
    expect(chosen(once(230))).toEqual(['i']);
    expect(chosen(once(250))).toEqual([]);
    // More blocks speak for themselves; other calls make it worth having.
    const more = record('a', 1, { ms: 100, blocks: 10 }, { ms: 160, blocks: 20 }, 1);
    const other = record('b', 1, { ms: 1000, blocks: 9000 }, { ms: 1, blocks: 1 });
    expect(chosen(other)).toEqual(['i']);
    expect(chooseMeasured(problemOf([more, other], noisy, 'both')).kept).toEqual([]);
  });

  test('counts what a statement had touched when it was cut off', () => {
    const ends = record('a', 1, { ms: 9000, blocks: 80_000, cutOff: true }, { ms: 50, blocks: 30_000 });
    const pays = record('b', 1, { ms: 100, blocks: 1000 }, { ms: 100, blocks: 50_000 });
    expect(choose([ends, pays], 10)).toEqual(['i']);
    const problem = problemOf([ends], { ...RULES, blockMs: 10 }, 'both');
    const bare = problem.statements[0]?.cases[0]?.plans.find((plan) => plan.uses.length === 0);
    expect(bare).toMatchObject({ value: 9000 + 800_000, guard: 9000 });
  });
});

describe('what a verified set is accused of', () => {
  const culprit = (bare: Ran, withIndex: Ran, runs: number): string | null => {
    const made = record('a', 1, bare, withIndex, runs);
    const [before, after] = [...made.figures.values()];
    if (!before || !after) return null;
    return culpritOf([{ record: made, before, after }], ['i'], { ...RULES, objective: 'time' })?.index ?? null;
  };

  test('a single run that is longer, with no more blocks, may be chance', () => {
    expect(culprit({ ms: 100, blocks: 100 }, { ms: 125, blocks: 100 }, 2)).toBe('i');
    expect(culprit({ ms: 100, blocks: 100 }, { ms: 104, blocks: 90 }, 1)).toBeNull();
    expect(culprit({ ms: 100, blocks: 100 }, { ms: 125, blocks: 300 }, 1)).toBe('i');
    expect(culprit({ ms: 100, blocks: 100 }, { ms: 160, blocks: 100 }, 1)).toBe('i');
  });
});

describe('what a write pays for an index', () => {
  const upkeepOf: ChoiceRules['upkeepOf'] = (_, unit) => new Map([['i', unit === 'time' ? 0.6 : 0]]);

  test('leaves what it costs by itself as it was seen without the index, however much was measured elsewhere', () => {
    const problem = problemOf([updateRecord(0.09, 0.1)], { ...RULES, upkeepOf }, 'time');
    expect(problem.statements[0]?.cases[0]?.plans.map((one) => one.value)).toEqual([0.09, 0.09]);
  });

  test('breaks its tolerance only where it was seen to, however much was measured elsewhere', () => {
    const slower = (withIndexMs: number): readonly number[] =>
      measuredValue(problemOf([updateRecord(0.05, withIndexMs)], { ...RULES, upkeepOf }, 'both'), ['i']).slower;
    expect(slower(0.07)).toEqual([]);
    expect(slower(0.5)).toEqual([0]);
  });
});

/** An update that plans the same with the index and without. */
function updateRecord(bareMs: number, withIndexMs: number): CaseRecord {
  const update = emptyRecord({
    ...record('close an order', 50, { ms: 0, blocks: 0 }, null).oneCase,
    kind: 'update',
    soils: true,
  });
  const plan = { uses: [], unrelated: [], estimatedCost: 8, shape: 'Update', text: 'Update t' };
  for (const [present, ms] of [
    [['i'], withIndexMs],
    [[], bareMs],
  ] as const) {
    const seen = { ...plan, present };
    update.plans.push(seen);
    const run = { ms, buffers: 8, walBytes: 100, rows: 1 };
    figuresOf(update, seen).runs.push(run, run);
  }
  return update;
}

function record(name: string, calls: number, bare: Ran, withIndex: Ran | null, runs = 2): CaseRecord {
  const made = emptyRecord(aTrialCase(name, { calls }));
  for (const [uses, ran] of [[[], bare] as const, [['i'], withIndex] as const]) {
    if (ran === null) continue;
    const plan = {
      present: uses,
      uses,
      unrelated: [],
      estimatedCost: uses.length === 0 ? 2 : 1,
      shape: '',
      text: uses.join(),
    };
    made.plans.push(plan);
    const figures = figuresOf(made, plan);
    if (ran.cutOff) {
      figures.cutOffMs = ran.ms;
      figures.cutOffBuffers = ran.blocks;
    } else
      for (let run = 0; run < runs; run += 1)
        figures.runs.push({ ms: ran.ms, buffers: ran.blocks, walBytes: 0, rows: 1 });
  }
  return made;
}
