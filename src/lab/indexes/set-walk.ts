import { betterSet } from './better-set.js';
import { isOver } from './case-record.js';
import type { CaseRecord } from './case-record.js';
import { mendSet } from './mend-set.js';
import { WALKING_SHARE, benchOf } from './outer-loop.js';
import type { OuterLoop } from './outer-loop.js';
import { Outlook, withoutOne } from './outlook.js';
import type { Change, Known } from './outlook.js';
import type { ChoiceRules } from './settle.js';

/**
 * Goes from all indexes down to a set that fits and makes no statement too slow, one index at a time, and from there to sets that are better; what has another plan under a set
 * on the way runs, once. Where statements use several indexes each, what they do with all of them and with one left out says nothing of a set that lacks several; and since what
 * is not known is feared, next to nothing would be chosen. Writes are left out: each set is another to them. Fills the records. Gives the best set that fits and makes
 * no statement too slow; null where the time ended it before. From a set that is known to be such it only goes on to better ones.
 */
export async function walkSets(
  loop: OuterLoop,
  {
    records,
    rules,
    from,
  }: {
    readonly records: readonly CaseRecord[];
    readonly rules: ChoiceRules;
    readonly from: readonly string[] | null;
  },
): Promise<readonly string[] | null> {
  const until = (share: number): Outlook => new Outlook(benchOf(loop, share), records, rules);
  if (from !== null) return betterSet(until(WALKING_SHARE), from, { price: null });
  const fitting = await new SetWalk(until(WALKING_SHARE)).down();
  if (fitting === null) return null;
  let better = fitting;
  for (const { price, share } of PASSES) better = await betterSet(until(share), better, { price });
  const found = await mendSet(until(MENDING_SHARE), better, loop.earlier.verified);
  return found && betterSet(until(WALKING_SHARE), found, { price: null });
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

  #bytes(set: readonly string[]): number {
    return set.reduce((sum, name) => sum + this.#size(name), 0);
  }

  #size(name: string): number {
    return Math.max(1, this.#sizes.get(name) ?? 0);
  }
}

/** Of the time, for a set that makes no statement too slow: whatever else is not known by then, there is one to be run as a whole. */
const MENDING_SHARE = 0.8;
/** What a millisecond beyond what a statement may take counts as, and until which share of the time: first over sets that are good for the rest, at last to one that makes next to no statement too slow. */
const PASSES = [
  { price: 3, share: 0.4 },
  { price: 30, share: 0.47 },
  { price: 300, share: 0.54 },
];
/** To be worked out first. */
const UNKNOWN: Change = { loss: 0, slower: -1, excess: 0 };
