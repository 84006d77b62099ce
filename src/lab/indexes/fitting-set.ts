import { isOver } from './case-record.js';
import { withoutOne } from './outlook.js';
import type { Change, Known, Outlook } from './outlook.js';

/**
 * Goes from all indexes down to the first set that fits, without the one that is missed least for its size at each step. The planner is asked of the steps, and a few of the sets run,
 * so that it goes by what ran. Null where the time ended it.
 */
export async function fittingSet(outlook: Outlook): Promise<readonly string[] | null> {
  return new Descent(outlook).toBudget();
}

class Descent {
  readonly #outlook: Outlook;

  constructor(outlook: Outlook) {
    this.#outlook = outlook;
  }

  async toBudget(): Promise<readonly string[] | null> {
    const { bench, rules } = this.#outlook;
    let present: readonly string[] = rules.indexes.map((index) => index.name);
    let known: readonly Known[] = [];
    const losses = new Map<string, Change>();
    let nextRun = Number.POSITIVE_INFINITY;
    for (;;) {
      const over = this.#outlook.bytes(present) - rules.budgetBytes;
      if (over <= 0 || isOver(bench)) return over <= 0 ? present : null;
      // What does not fit yet is not where the walk ends: it is enough to run a few of such sets, so that the next steps go by what ran.
      if (over <= nextRun) {
        await this.#outlook.run(present);
        nextRun = over / 2;
      }
      known = await this.#outlook.under(present, known);
      // What goes makes others missed more, seldom less: what they were missed before tells which are worth looking at again.
      const next = await this.#leastLoss(losses, present, {
        reliefOf: (name) => Math.min(over, this.#outlook.size(name)),
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
}

/** To be worked out first. */
const UNKNOWN: Change = { loss: 0, slower: -1, excess: 0 };
