import type { CostCache } from './cost-cache.js';
import type { Choice } from './problem.js';
import { TriedChoice } from './tried-choice.js';
import type { Exchange, PlannedChoice } from './tried-choice.js';

/**
 * The best choice that exchanges lead to from `start`, by known plans: each statement takes one plan, and a plan needs its indexes or others that give
 * them; plans on different tables are guessed to add up, and what was asked since forbids guesses that proved too good. Puts in what a plan needs and takes
 * away what brings least for its size; where nothing makes it better, the best exchanges are made all the same, one at a time, and it goes on from there (iterated
 * local search). An integer programme over the same plans finds a little more and takes longer by far where there are few of them; where there are many it is
 * the other way round, and null is given. Costs no question. Deterministic.
 */
export function exchangePlans(cache: CostCache, start: Choice, storageBytes: number | null): PlannedChoice | null {
  const exchanges = new PlanExchange(cache, start, storageBytes ?? Number.POSITIVE_INFINITY);
  return exchanges.plans > MOST_PLANS ? null : exchanges.run();
}

/** With 21 statements there are 150 to 400, and a programme takes 50 to 250 ms for them; with 94, after some hundred questions, 1000, and exchanges missed 3 % of the objective (`npm run bench:index -- --part narrow`, `--part large`). */
const MOST_PLANS = 500;
/** Statements looked at under some set, after which it ends: 20 to 60 ms. */
const LOOKS = 200_000;
const LOOKS_PER_PLAN = 1000;
/** Exchanges that are tried though they make it worse. */
const MOST_KICKS = 15;
/** What is cheapest to take away is looked for among so many in each order, and those that an exchange touches. */
const CHEAPEST_LOOKED = 8;
/** Sums of many figures round. */
const ROUNDING = 1e-9;

class PlanExchange {
  readonly #here: TriedChoice;
  readonly #storageBytes: number;
  /** The indexes of each plan. */
  readonly #plans: readonly (readonly number[])[];
  /** Items that stay where they are. */
  readonly #fixed = new Set<number>();
  readonly #mostLooks: number;

  constructor(cache: CostCache, start: Choice, storageBytes: number) {
    this.#here = new TriedChoice(cache, start);
    this.#storageBytes = storageBytes;
    const plans = new Map(this.#here.plans.map((ids) => [ids.join(' '), ids]));
    this.#plans = [...plans.keys()].toSorted().map((key) => plans.get(key) ?? []);
    this.#mostLooks = LOOKS + LOOKS_PER_PLAN * this.#plans.length;
  }

  /** How many there are, of all statements. */
  get plans(): number {
    return this.#plans.length;
  }

  run(): PlannedChoice {
    this.#settle();
    for (let better = true; better;) {
      better = false;
      const before = this.#here.now;
      for (const kick of this.#kicks()) {
        if (this.#isOver) break;
        this.#here.make(kick);
        for (const id of [...kick.add, ...kick.remove]) this.#fixed.add(id);
        this.#settle();
        this.#fixed.clear();
        this.#settle();
        better = this.#here.now.objective < before.objective - ROUNDING;
        if (better) break;
        this.#here.goTo(before);
      }
    }
    return this.#here.now;
  }

  get #isOver(): boolean {
    return this.#here.looks >= this.#mostLooks;
  }

  /** Exchanges as long as that makes it better. */
  #settle(): void {
    for (let better = true; better && !this.#isOver;) better = this.#improve();
  }

  /** What may lead elsewhere: the best exchanges, and each index taken away, the least useful first. */
  #kicks(): readonly Exchange[] {
    const swaps = this.#exchanges()
      .slice(0, MOST_KICKS)
      .map((one) => one.exchange);
    return [...swaps, ...this.#removals()];
  }

  #removals(): readonly Exchange[] {
    this.#here.forgetTried();
    return this.#here.chosen
      .map((id) => ({ add: [], remove: [id], change: this.#here.loss(id) }))
      .toSorted((a, b) => a.change - b.change);
  }

  /** Makes all exchanges that make it better, the best first. False when there is none. */
  #improve(): boolean {
    let moved = false;
    for (const { remove } of this.#removals()) {
      const [id = 0] = remove;
      const change = this.#here.loss(id);
      if (change >= -ROUNDING || this.#fixed.has(id)) continue;
      this.#here.make({ add: [], remove, change });
      moved = true;
    }
    for (const { plan, exchange } of this.#exchanges()) {
      if (exchange.change >= -ROUNDING) break;
      // After the first the others are no longer what they were.
      const now = moved ? this.#exchangeFor(plan) : exchange;
      if (now === null || now.change >= -ROUNDING) continue;
      this.#here.make(now);
      moved = true;
    }
    return moved;
  }

  /** For each plan whose indexes are not all there; the best first. */
  #exchanges(): readonly { readonly plan: readonly number[]; readonly exchange: Exchange }[] {
    const made = this.#plans.flatMap((plan) => {
      const exchange = this.#isOver ? null : this.#exchangeFor(plan);
      return exchange === null ? [] : [{ plan, exchange }];
    });
    return made.toSorted((a, b) => a.exchange.change - b.exchange.change);
  }

  /** Puts in what a plan needs, and takes away what brings least for its size until it fits; null where there is nothing to put in, or it stays out, or does not fit. */
  #exchangeFor(plan: readonly number[]): Exchange | null {
    const add = plan.filter((id) => !this.#here.has(id));
    if (add.length === 0 || add.some((id) => this.#fixed.has(id))) return null;
    this.#here.forgetTried();
    let change = 0;
    let { bytes } = this.#here;
    for (const id of add) {
      change += this.#here.try(id) + this.#here.writeCost(id);
      bytes += this.#here.size(id);
    }
    const remove: number[] = [];
    while (bytes > this.#storageBytes) {
      const isOpen = (id: number): boolean => !plan.includes(id) && !remove.includes(id) && !this.#fixed.has(id);
      const least = this.#leastOf(isOpen, bytes - this.#storageBytes);
      if (least === null) return null;
      remove.push(least);
      change += this.#here.try(least) - this.#here.writeCost(least);
      bytes -= this.#here.size(least);
    }
    // What had to go before a larger one did may stay after all.
    for (const id of remove.slice(0, -1)) {
      if (bytes + this.#here.size(id) > this.#storageBytes) continue;
      const gain = this.#here.try(id) + this.#here.writeCost(id);
      if (gain < 0) {
        change += gain;
        bytes += this.#here.size(id);
        remove.splice(remove.indexOf(id), 1);
      } else this.#here.try(id);
    }
    return { add, remove, change };
  }

  /** The one whose loss is least for its size, what is larger than needed being worth no more for it; null when there is none. */
  #leastOf(isOpen: (id: number) => boolean, over: number): number | null {
    let least: number | null = null;
    let lowest = Number.POSITIVE_INFINITY;
    const look = (id: number): void => {
      const price = this.#here.loss(id) / Math.min(over, Math.max(1, this.#here.size(id)));
      if (price >= lowest) return;
      least = id;
      lowest = price;
    };
    for (const id of this.#here.touched()) if (isOpen(id)) look(id);
    for (const order of this.#here.cheapest()) {
      let looked = 0;
      for (const id of order) {
        if (looked >= CHEAPEST_LOOKED) break;
        if (!isOpen(id)) continue;
        look(id);
        looked += 1;
      }
    }
    return least;
  }
}
