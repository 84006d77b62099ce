import { guardOf } from '../../indexes/measured/measured-index-set.js';
import { mostOf } from '../../indexes/measured/statement-guard.js';
import { isToldByPlan } from '../trial/cases.js';
import { byStatement } from '../trial/summary.js';
import { barePlan, buffersOf, figuresOf, hasRun, isOver, msOf, planOfSet, runBeside } from './case-record.js';
import type { Bench, CaseRecord, PlanFigures } from './case-record.js';
import { bitsOf, isWithin } from './name-bits.js';
import { guardFor } from './settle.js';
import type { ChoiceRules } from './settle.js';
import type { SubsetPlan } from './subset.js';

/** What is expected of another set. */
export interface Change {
  /** What the statements are expected to take more, calls times the unit of the choice. */
  readonly loss: number;
  /** How many executions are expected to be too slow. */
  readonly slower: number;
  /** What executions are expected to take beyond what they may, calls times the unit of the guard. */
  readonly excess: number;
}

/** What is expected of one statement. */
export interface StatementChange extends Omit<Change, 'slower'> {
  /** Its plan then. */
  readonly plan: SubsetPlan;
}

/** A statement under a set, and without any index. */
export interface Known {
  readonly record: CaseRecord;
  readonly set: readonly string[];
  readonly plan: SubsetPlan;
  readonly now: Figures;
  readonly barest: SubsetPlan;
  readonly bare: Figures;
  /** What it may take at most. */
  readonly most: number;
}

interface Figures {
  readonly ms: number;
  readonly blocks: number;
}

/**
 * What statements do under sets of indexes: by what ran, or as the planner's costs let expect. Writes are not run, since each set is another to them: what they pay for an index counts as it was measured
 * by itself.
 */
export class Outlook {
  readonly records: readonly CaseRecord[];
  /** Executions that a record stands for: a statement's calls are shared by its parameter sets. */
  readonly #weights = new Map<CaseRecord, number>();
  /** What the writes pay for each index, calls times the unit of the choice. */
  readonly #upkeep = new Map<string, number>();
  readonly #sizes: ReadonlyMap<string, number>;

  constructor(
    readonly bench: Bench,
    all: readonly CaseRecord[],
    readonly rules: ChoiceRules,
  ) {
    this.#sizes = new Map(rules.indexes.map((index) => [index.name, index.sizeBytes]));
    this.records = all.filter((record) => isToldByPlan(record.oneCase));
    for (const group of byStatement(all, (record) => record.oneCase))
      for (const record of group) this.#weights.set(record, record.oneCase.calls / group.length);
    for (const record of all)
      for (const [name, figures] of upkeepOf(record, rules))
        this.#upkeep.set(name, (this.#upkeep.get(name) ?? 0) + this.#weight(record) * valueOf(figures, rules));
  }

  /** Runs, once, what never ran under a set; until the deadline. */
  async run(present: readonly string[], records = this.records): Promise<void> {
    for (const record of records) {
      this.bench.runner.check();
      const figures = figuresOf(record, await planOfSet(this.bench, record, present));
      if (hasRun(figures) || isOver(this.bench)) continue;
      const bare = figuresOf(record, await barePlan(this.bench, record));
      // What fails was told of when all of them were there.
      await runBeside(this.bench, record, bare, figures);
    }
  }

  /** What the statements did under a set, or are expected to by what is known of another; those that never ran without any index are left out. */
  async under(present: readonly string[], before: readonly Known[] = []): Promise<readonly Known[]> {
    const earlier = new Map(before.map((one) => [one.record, one]));
    const known: Known[] = [];
    for (const record of this.records) {
      const plan = await planOfSet(this.bench, record, present);
      const barest = await barePlan(this.bench, record);
      const bare = ran(record, barest);
      if (bare === null) continue;
      const most = mostFor(record, bare, this.rules);
      const by = earlier.get(record) ?? { plan: barest, now: bare, barest, bare };
      known.push({ record, set: present, plan, now: ran(record, plan) ?? expected(by, plan), barest, bare, most });
    }
    return known;
  }

  /** What the statements take together under a set, what writes pay for it included, calls times the unit of the choice. */
  worth(known: readonly Known[]): number {
    const reads = known.reduce((sum, { record, now }) => sum + this.#weight(record) * valueOf(now, this.rules), 0);
    return reads + this.upkeep(known[0]?.set ?? []);
  }

  bytes(set: readonly string[]): number {
    return set.reduce((sum, name) => sum + this.size(name), 0);
  }

  /** Bytes of an index, 1 at least: it is divided by. */
  size(name: string): number {
    return Math.max(1, this.#sizes.get(name) ?? 0);
  }

  /** What the writes pay more for another set, calls times the unit of the choice. */
  dearer(known: readonly Known[], set: readonly string[]): number {
    return this.upkeep(set) - this.upkeep(known[0]?.set ?? set);
  }

  /** What the writes pay for a set, calls times the unit of the choice. */
  upkeep(set: readonly string[]): number {
    return set.reduce((sum, name) => sum + (this.#upkeep.get(name) ?? 0), 0);
  }

  /** Null where a set has all that the statement's best plan uses. */
  lackedBy({ record, now }: Known, present: readonly string[]): Lacked | null {
    const ended = [...record.figures.values()].filter((one) => one.runs.length > 0 && one.cutOffMs === null);
    const valued = ended.map((one) => ({ plan: one.plan, value: valueOf(figuresIn(one), this.rules) }));
    const [best] = valued.toSorted((a, b) => a.value - b.value);
    if (best === undefined) return null;
    const names = best.plan.uses.filter((name) => !present.includes(name));
    const gain = this.#weight(record) * (valueOf(now, this.rules) - best.value);
    return names.length > 0 && gain > 0 ? { names, gain } : null;
  }

  /** What is expected of another set: by what ran, and where nothing did by the planner's costs. */
  async change(known: readonly Known[], set: readonly string[]): Promise<Change> {
    const { loss, ...others } = together(await this.changes(known, set));
    return { ...others, loss: loss + this.dearer(known, set) };
  }

  /** The same by statement, in the order of what is known, without what writes pay. */
  async changes(known: readonly Known[], set: readonly string[]): Promise<readonly StatementChange[]> {
    const changes: StatementChange[] = [];
    for (const one of known) {
      const { record, plan, now, most } = one;
      this.bench.runner.check();
      const other = isUnrelated(one, set) ? plan : await planOfSet(this.bench, record, set);
      const then = other.text === plan.text ? now : (ran(record, other) ?? expected(one, other));
      const weight = this.#weight(record);
      changes.push({
        plan: other,
        loss: weight * (valueOf(then, this.rules) - valueOf(now, this.rules)),
        excess: weight * Math.max(0, guardIn(then, this.rules) - most),
      });
    }
    return changes;
  }

  #weight(record: CaseRecord): number {
    return this.#weights.get(record) ?? record.oneCase.calls;
  }
}

/** What a statement lacks for the best of its plans that ran. */
export interface Lacked {
  readonly names: readonly string[];
  /** What it would gain by them, calls times the unit of the choice. */
  readonly gain: number;
}

/** What one execution of a write pays for each index. */
function upkeepOf(record: CaseRecord, rules: ChoiceRules): ReadonlyMap<string, Figures> {
  const [time, buffers] = [rules.upkeepOf(record, 'time'), rules.upkeepOf(record, 'buffers')];
  const names = new Set([...time.keys(), ...buffers.keys()]);
  return new Map([...names].map((name) => [name, { ms: time.get(name) ?? 0, blocks: buffers.get(name) ?? 0 }]));
}

/** Whether the other set differs by indexes only that are nothing to the statement. */
function isUnrelated({ set: now, plan }: Known, set: readonly string[]): boolean {
  return isWithin(bitsOf(now) ^ bitsOf(set), bitsOf(plan.unrelated));
}

/** Of all statements. */
export function together(changes: readonly StatementChange[]): Change {
  let [loss, slower, excess] = [0, 0, 0];
  for (const one of changes) {
    loss += one.loss;
    excess += one.excess;
    if (one.excess > 0) slower += 1;
  }
  return { loss, slower, excess };
}

/** Of a plan that never ran, in proportion to the planner's costs of the two that did: the less of both, since it will run before anything is decided by it. */
function expected({ plan, now, barest, bare }: Omit<Known, 'record' | 'set' | 'most'>, other: SubsetPlan): Figures {
  const times = (figures: Figures, known: SubsetPlan): Figures => {
    const factor = other.estimatedCost / Math.max(known.estimatedCost, Number.MIN_VALUE);
    return { ms: figures.ms * factor, blocks: figures.blocks * factor };
  };
  const [up, down] = [times(now, plan), times(bare, barest)];
  return { ms: Math.min(up.ms, down.ms), blocks: Math.min(up.blocks, down.blocks) };
}

/** Null for what never ran. */
function ran(record: CaseRecord, plan: SubsetPlan): Figures | null {
  const figures = figuresOf(record, plan);
  return hasRun(figures) ? figuresIn(figures) : null;
}

function figuresIn(figures: PlanFigures): Figures {
  return { ms: msOf(figures), blocks: buffersOf(figures) ?? figures.cutOffBuffers };
}

/** What one execution counts as, in the unit of the choice. */
function valueOf({ ms, blocks }: Figures, { objective, blockMs }: ChoiceRules): number {
  if (objective === 'both') return ms + blocks * blockMs;
  return objective === 'time' ? ms : blocks;
}

/** What the tolerance is held against. */
function guardIn({ ms, blocks }: Figures, { objective }: ChoiceRules): number {
  return guardOf(objective) === 'time' ? ms : blocks;
}

function mostFor(record: CaseRecord, bare: Figures, rules: ChoiceRules): number {
  return mostOf(guardIn(bare, rules), guardFor(record.oneCase, rules, guardOf(rules.objective)));
}

export function withoutOne(set: readonly string[], name: string): readonly string[] {
  return set.filter((one) => one !== name);
}
