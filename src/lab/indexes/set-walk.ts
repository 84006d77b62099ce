import { isOver } from './case-record.js';
import type { CaseRecord } from './case-record.js';
import { mendSet } from './mend-set.js';
import { WALKING_SHARE, benchOf } from './outer-loop.js';
import type { OuterLoop } from './outer-loop.js';
import { Outlook, withoutOne, worthOf } from './outlook.js';
import type { Change, Known } from './outlook.js';
import type { ChoiceRules } from './settle.js';
import { slowerWith } from './verified.js';
import { seenPairs } from './verify.js';

/**
 * Goes from all indexes down to a set that fits and makes no statement too slow, one index at a time, and from there to sets that are better; what has another plan under a set
 * on the way runs, once. Where statements use several indexes each, what they do with all of them and with one left out says nothing of a set that lacks several; and since what
 * is not known is feared, next to nothing would be chosen. Writes are left out: each set is another to them. Fills the records. Gives the best set that fits and makes
 * no statement too slow; null where the time ended it before.
 */
export async function walkSets(
  loop: OuterLoop,
  all: readonly CaseRecord[],
  rules: ChoiceRules,
): Promise<readonly string[] | null> {
  const walk = new SetWalk(new Outlook(benchOf(loop, WALKING_SHARE), all, rules));
  const fitting = await walk.down();
  if (fitting === null) return null;
  const found = await mendSet(new Outlook(benchOf(loop, MENDING_SHARE), all, rules), fitting, loop.earlier.verified);
  return found && walk.up(found);
}

class SetWalk {
  readonly #outlook: Outlook;
  readonly #sizes: ReadonlyMap<string, number>;

  constructor(outlook: Outlook) {
    this.#outlook = outlook;
    this.#sizes = new Map(outlook.rules.indexes.map((index) => [index.name, index.sizeBytes]));
  }

  /** The first set that fits; null where the time ended it. */
  async down(): Promise<readonly string[] | null> {
    const { bench, rules } = this.#outlook;
    let present: readonly string[] = rules.indexes.map((index) => index.name);
    let known: readonly Known[] = [];
    const losses = new Map<string, Change>();
    let nextRun = Number.POSITIVE_INFINITY;
    for (;;) {
      const over = this.#bytes(present) - rules.budgetBytes;
      if (over <= 0 || isOver(bench)) return over <= 0 ? present : null;
      // What does not fit yet is not where the walk ends: it is enough to run a few of such sets, so that the next steps go by what ran.
      if (over <= nextRun) {
        await this.#outlook.run(present);
        nextRun = over / 2;
      }
      known = await this.#outlook.under(present, known);
      // What goes makes others missed more, seldom less: what they were missed before tells which are worth looking at again.
      const next = await this.#leastLoss(losses, present, {
        reliefOf: (name) => Math.min(over, this.#size(name)),
        changeOf: (name) => this.#outlook.change(known, withoutOne(present, name)),
      });
      if (next === null) return null;
      losses.delete(next);
      present = withoutOne(present, next);
    }
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
      if (first === undefined || isOver(this.#outlook.bench)) return null;
      if (fresh.has(first.name)) return first.name;
      losses.set(first.name, await changeOf(first.name));
      fresh.add(first.name);
    }
  }

  /** Puts in what promises most, in place of what is missed least where it has to be, as long as one such step makes the set better by what then ran. */
  async up(from: readonly string[]): Promise<readonly string[]> {
    let present = from;
    const tried = new Set<string>();
    while (!isOver(this.#outlook.bench)) {
      const known = await this.#outlook.under(present);
      const leastMissed = await this.#leastMissed(known, present);
      const steps: (Change & { readonly set: readonly string[] })[] = [];
      for (const { name } of this.#outlook.rules.indexes) {
        if (present.includes(name) || tried.has(name)) continue;
        if (isOver(this.#outlook.bench)) return present;
        const set = this.#fitted(present, name, leastMissed);
        if (set !== null) steps.push({ set, ...(await this.#outlook.change(known, set)) });
      }
      const [best] = steps.filter((one) => one.loss < 0).toSorted((a, b) => a.slower - b.slower || a.loss - b.loss);
      if (best === undefined) break;
      for (const name of best.set) if (!present.includes(name)) tried.add(name);
      await this.#outlook.run(best.set);
      if (isOver(this.#outlook.bench)) break;
      const isBetter = this.#total(best.set) < this.#total(present);
      if (isBetter && slowerWith(seenPairs(this.#outlook.records, best.set), this.#outlook.rules).length === 0)
        present = best.set;
    }
    return present;
  }

  /** The set with one more, without what is missed least, until it fits; null where it never does. */
  #fitted(present: readonly string[], name: string, leastMissed: readonly string[]): readonly string[] | null {
    let set: readonly string[] = [...present, name];
    const gone: string[] = [];
    for (const other of leastMissed) {
      if (this.#bytes(set) <= this.#outlook.rules.budgetBytes) break;
      set = withoutOne(set, other);
      gone.unshift(other);
    }
    if (this.#bytes(set) > this.#outlook.rules.budgetBytes) return null;
    // What had to go before a larger one did may stay after all.
    for (const other of gone)
      if (this.#bytes(set) + this.#size(other) <= this.#outlook.rules.budgetBytes) set = [...set, other];
    return set;
  }

  /** The indexes of a set, those first that are expected to be missed least for their size. */
  async #leastMissed(known: readonly Known[], present: readonly string[]): Promise<readonly string[]> {
    const removals: { readonly name: string; readonly price: number }[] = [];
    for (const name of present) {
      if (isOver(this.#outlook.bench)) break;
      const { loss } = await this.#outlook.change(known, withoutOne(present, name));
      removals.push({ name, price: loss / this.#size(name) });
    }
    return removals.toSorted((a, b) => a.price - b.price).map((one) => one.name);
  }

  #total(set: readonly string[]): number {
    const { records, rules } = this.#outlook;
    return seenPairs(records, set).reduce((sum, { record, after }) => {
      return sum + record.oneCase.calls * worthOf(after, rules);
    }, 0);
  }

  #bytes(set: readonly string[]): number {
    return set.reduce((sum, name) => sum + this.#size(name), 0);
  }

  #size(name: string): number {
    return Math.max(1, this.#sizes.get(name) ?? 0);
  }
}

/** Of the time, for a set that makes no statement too slow: whatever else is not known by then, there is one to be run as a whole. */
const MENDING_SHARE = 0.8;
/** To be worked out first. */
const UNKNOWN: Change = { loss: 0, slower: -1 };
