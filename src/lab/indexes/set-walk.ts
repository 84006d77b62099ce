import { guardOf } from '../../indexes/measured/measured-index-set.js';
import { isToldByPlan } from '../trial/cases.js';
import { barePlan, buffersOf, figuresOf, hasRun, isOver, msOf, planOfSet, runOnce, timeoutFor } from './case-record.js';
import type { Bench, CaseRecord, PlanFigures } from './case-record.js';
import { WALKING_SHARE, benchOf } from './outer-loop.js';
import type { OuterLoop } from './outer-loop.js';
import { SLACK, allowedOf } from './settle.js';
import type { ChoiceRules } from './settle.js';
import type { SubsetPlan } from './subset.js';
import { slowerWith } from './verified.js';
import { seenPairs } from './verify.js';

/**
 * Goes from all indexes down to a set that fits and makes no statement too slow, one index at a time, and from there to sets that are better; what has another plan under a set
 * on the way runs, once. Where statements use several indexes each, what they do with all of them and with one left out says nothing of a set that lacks several; and since what
 * is not known is feared, next to nothing would be chosen. Writes are left out: each set is another to them. Fills the records.
 */
export async function walkSets(loop: OuterLoop, all: readonly CaseRecord[], rules: ChoiceRules): Promise<void> {
  const bench = benchOf(loop, WALKING_SHARE);
  const records = all.filter((record) => isToldByPlan(record.oneCase));
  const walk = new SetWalk(bench, records, rules);
  const found = await walk.down();
  if (found !== null) await walk.up(found);
}

class SetWalk {
  readonly #bench: Bench;
  readonly #records: readonly CaseRecord[];
  readonly #rules: ChoiceRules;
  readonly #sizes: ReadonlyMap<string, number>;

  constructor(bench: Bench, records: readonly CaseRecord[], rules: ChoiceRules) {
    this.#bench = bench;
    this.#records = records;
    this.#rules = rules;
    this.#sizes = new Map(rules.indexes.map((index) => [index.name, index.sizeBytes]));
  }

  /** The first set that fits and makes no statement too slow; null where the time ended it, or nothing is a way out. */
  async down(): Promise<readonly string[] | null> {
    let present: readonly string[] = this.#rules.indexes.map((index) => index.name);
    let known: readonly Known[] = [];
    const losses = new Map<string, Change>();
    let nextRun = Number.POSITIVE_INFINITY;
    while (!isOver(this.#bench)) {
      const over = this.#bytes(present) - this.#rules.budgetBytes;
      // What does not fit yet is not where the walk ends: it is enough to run a few of such sets, so that the next steps go by what ran.
      if (over <= nextRun) {
        await this.#run(present);
        nextRun = Math.max(0, over / 2);
      }
      const slower = slowerWith(seenPairs(this.#records, present), this.#rules);
      if (slower.length === 0 && over <= 0) return present;
      const used = new Set(slower.flatMap((one) => one.after.plan.uses));
      known = await this.#under(present, known);
      // What no slow statement uses makes none faster, and is a way out only where the set is too large.
      const open = present.filter((one) => over > 0 || used.has(one));
      // What goes makes others missed more, seldom less: what they were missed before tells which are worth looking at again.
      if (over <= 0) losses.clear();
      const next = await this.#leastLoss(losses, open, {
        reliefOf: (name) => (over > 0 ? Math.min(over, this.#size(name)) : 1),
        changeOf: (name) => this.#change(known, withoutOne(present, name)),
      });
      if (next === null) return null;
      losses.delete(next);
      present = withoutOne(present, next);
    }
    return null;
  }

  /** The name whose loss is least for what it relieves, by losses known before, which are worked out anew for the first ones until one stays the first. Null where the time ended it, or there is none. */
  async #leastLoss(
    losses: Map<string, Change>,
    open: readonly string[],
    {
      reliefOf,
      changeOf,
    }: { readonly reliefOf: (name: string) => number; readonly changeOf: (name: string) => Promise<Change> },
  ): Promise<string | null> {
    const fresh = new Set<string>();
    for (;;) {
      const [first] = open
        .map((name) => ({ name, ...(losses.get(name) ?? UNKNOWN) }))
        .map((one) => ({ ...one, price: one.loss / reliefOf(one.name) }))
        .toSorted((a, b) => a.slower - b.slower || a.price - b.price);
      if (first === undefined || isOver(this.#bench)) return null;
      if (fresh.has(first.name)) return first.name;
      losses.set(first.name, await changeOf(first.name));
      fresh.add(first.name);
    }
  }

  /** Puts in what promises most, in place of what is missed least where it has to be, as long as one such step makes the set better by what then ran. */
  async up(from: readonly string[]): Promise<void> {
    let present = from;
    const tried = new Set<string>();
    while (!isOver(this.#bench)) {
      const known = await this.#under(present);
      const leastMissed = await this.#leastMissed(known, present);
      const steps: (Change & { readonly set: readonly string[] })[] = [];
      for (const { name } of this.#rules.indexes) {
        if (present.includes(name) || tried.has(name)) continue;
        if (isOver(this.#bench)) return;
        const set = this.#fitted(present, name, leastMissed);
        if (set !== null) steps.push({ set, ...(await this.#change(known, set)) });
      }
      const [best] = steps.filter((one) => one.loss < 0).toSorted((a, b) => a.slower - b.slower || a.loss - b.loss);
      if (best === undefined) return;
      for (const name of best.set) if (!present.includes(name)) tried.add(name);
      await this.#run(best.set);
      if (isOver(this.#bench)) return;
      const isBetter = this.#total(best.set) < this.#total(present);
      if (isBetter && slowerWith(seenPairs(this.#records, best.set), this.#rules).length === 0) present = best.set;
    }
  }

  /** The set with one more, without what is missed least, until it fits; null where it never does. */
  #fitted(present: readonly string[], name: string, leastMissed: readonly string[]): readonly string[] | null {
    let set: readonly string[] = [...present, name];
    const gone: string[] = [];
    for (const other of leastMissed) {
      if (this.#bytes(set) <= this.#rules.budgetBytes) break;
      set = withoutOne(set, other);
      gone.unshift(other);
    }
    if (this.#bytes(set) > this.#rules.budgetBytes) return null;
    // What had to go before a larger one did may stay after all.
    for (const other of gone)
      if (this.#bytes(set) + this.#size(other) <= this.#rules.budgetBytes) set = [...set, other];
    return set;
  }

  /** The indexes of a set, those first that are expected to be missed least for their size. */
  async #leastMissed(known: readonly Known[], present: readonly string[]): Promise<readonly string[]> {
    const removals: { readonly name: string; readonly price: number }[] = [];
    for (const name of present) {
      if (isOver(this.#bench)) break;
      const { loss } = await this.#change(known, withoutOne(present, name));
      removals.push({ name, price: loss / this.#size(name) });
    }
    return removals.toSorted((a, b) => a.price - b.price).map((one) => one.name);
  }

  /** Runs, once, what never ran under a set. */
  async #run(present: readonly string[]): Promise<void> {
    for (const record of this.#records) {
      this.#bench.runner.check();
      const figures = figuresOf(record, await planOfSet(this.#bench, record, present));
      if (hasRun(figures) || isOver(this.#bench)) continue;
      const bare = figuresOf(record, await barePlan(this.#bench, record));
      // What fails was told of when all of them were there.
      await runOnce(this.#bench, record, figures, timeoutFor(this.#bench, bare, figures));
    }
  }

  /** What the statements did under a set, or are expected to by what is known of another; those that never ran without any index are left out. */
  async #under(present: readonly string[], before: readonly Known[] = []): Promise<readonly Known[]> {
    const earlier = new Map(before.map((one) => [one.record, one]));
    const known: Known[] = [];
    for (const record of this.#records) {
      const plan = await planOfSet(this.#bench, record, present);
      const barest = await barePlan(this.#bench, record);
      const bare = ran(record, barest);
      if (bare === null) continue;
      const most = mostOf(record, bare, this.#rules);
      const by = earlier.get(record) ?? { plan: barest, now: bare, barest, bare };
      known.push({ record, plan, now: ran(record, plan) ?? expected(by, plan), barest, bare, most });
    }
    return known;
  }

  /** What is expected of another set: by what ran, and where nothing did by the planner's costs. */
  async #change(known: readonly Known[], set: readonly string[]): Promise<Change> {
    let loss = 0;
    let slower = 0;
    for (const one of known) {
      const { record, plan, now, most } = one;
      this.#bench.runner.check();
      const other = await planOfSet(this.#bench, record, set);
      const then = other.text === plan.text ? now : (ran(record, other) ?? expected(one, other));
      loss += record.oneCase.calls * (valueOf(then, this.#rules) - valueOf(now, this.#rules));
      if (guardIn(then, this.#rules) > most) slower += 1;
    }
    return { loss, slower };
  }

  #total(set: readonly string[]): number {
    return seenPairs(this.#records, set).reduce((sum, { record, after }) => {
      return sum + record.oneCase.calls * valueOf(figuresIn(after), this.#rules);
    }, 0);
  }

  #bytes(set: readonly string[]): number {
    return set.reduce((sum, name) => sum + this.#size(name), 0);
  }

  #size(name: string): number {
    return Math.max(1, this.#sizes.get(name) ?? 0);
  }
}

/** What is expected of another set. */
interface Change {
  /** What the statements are expected to take more, calls times the unit of the choice. */
  readonly loss: number;
  /** How many executions are expected to be too slow. */
  readonly slower: number;
}

/** To be worked out first. */
const UNKNOWN: Change = { loss: 0, slower: -1 };

/** A statement under a set, and without any index. */
interface Known {
  readonly record: CaseRecord;
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

/** Of a plan that never ran, in proportion to the planner's costs of the two that did: the less of both, since it will run before anything is decided by it. */
function expected({ plan, now, barest, bare }: Omit<Known, 'record' | 'most'>, other: SubsetPlan): Figures {
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

function valueOf({ ms, blocks }: Figures, { objective, blockMs }: ChoiceRules): number {
  if (objective === 'both') return ms + blocks * blockMs;
  return objective === 'time' ? ms : blocks;
}

/** What the tolerance is held against. */
function guardIn({ ms, blocks }: Figures, { objective }: ChoiceRules): number {
  return guardOf(objective) === 'time' ? ms : blocks;
}

function mostOf(record: CaseRecord, bare: Figures, rules: ChoiceRules): number {
  return guardIn(bare, rules) * allowedOf(record.oneCase, rules) + SLACK[guardOf(rules.objective)];
}

function withoutOne(set: readonly string[], name: string): readonly string[] {
  return set.filter((one) => one !== name);
}
