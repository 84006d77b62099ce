import type { StatementCosts } from './cost-cache.js';
import { fallenShort, usefulPlans } from './plans.js';
import type { Choice } from './problem.js';

/** What a statement without a plan is worth, of an objective of 100. */
const NO_PLAN = 1e6;

/**
 * A statement's known and guessed plans. Sets of the items that matter to them are numbered as they are met, and so is which one follows from
 * which by putting in or taking away an item: a search meets the same ones again and again, and then only looks them up.
 */
export class PlanStates {
  /** The place of each item that a plan needs or that gives what it needs, by id. */
  readonly places: ReadonlyMap<number, number>;
  /** The items of each plan that needs any. */
  readonly plans: readonly (readonly number[])[];
  readonly #value: (cost: number) => number;
  /** The cheapest first. */
  readonly #costs: readonly { readonly used: bigint; readonly cost: number }[];
  /** The cost is at least the floor where nothing of this is there; the dearest first. */
  readonly #floors: readonly { readonly unseen: bigint; readonly floor: number }[];
  readonly #gives: readonly (readonly [bit: bigint, gives: bigint])[];
  readonly #numbers = new Map<bigint, number>();
  readonly #sets: bigint[] = [];
  readonly #worths: number[] = [];
  /** By state and place; -1 where it was not met. */
  readonly #next: Int32Array[] = [];

  /** `used` are the ids of items that some statement's plan used. */
  constructor(costs: StatementCosts, used: ReadonlySet<number>) {
    const own = new Set(costs.itemsIn(costs.usedEver).map((item) => item.id));
    const matters = costs
      .itemsIn(costs.full)
      .filter(({ id, gives }) => own.has(id) || (used.has(id) && gives.some((one) => own.has(one))));
    this.places = new Map(matters.map(({ id }, place) => [id, place]));
    this.#gives = matters.flatMap(({ gives }, place) => {
      const [bit, given] = [1n << BigInt(place), this.#setOf(gives)];
      return given === bit ? [] : [[bit, given] as const];
    });
    const idsIn = (set: bigint): number[] => costs.itemsIn(set).map((item) => item.id);
    const plans = usefulPlans(costs);
    this.plans = plans.filter((plan) => plan.used !== 0n).map((plan) => idsIn(plan.used));
    this.#costs = plans
      .map((plan) => ({ used: this.#setOf(idsIn(plan.used)), cost: plan.cost }))
      .toSorted((a, b) => a.cost - b.cost);
    this.#floors = fallenShort(costs, plans).map(({ shown, floor }) => ({
      unseen: this.#setOf(idsIn(costs.usedEver & ~shown)),
      floor,
    }));
    this.#value = costs.statement.value;
  }

  /** Items that do not matter here are left out. */
  stateOf(choice: Choice): number {
    return this.#state(this.#setOf(choice));
  }

  /** The state with the item at a place put in where it is not there, and taken away where it is. */
  toggled(state: number, place: number): number {
    const next = this.#next[state];
    const known = next?.[place] ?? -1;
    if (known >= 0) return known;
    const made = this.#state((this.#sets[state] ?? 0n) ^ (1n << BigInt(place)));
    if (next !== undefined) next[place] = made;
    return made;
  }

  /** What the statement's cost is worth in a state, as far as it is known or guessed. */
  worth(state: number): number {
    return this.#worths[state] ?? 0;
  }

  #state(set: bigint): number {
    const known = this.#numbers.get(set);
    if (known !== undefined) return known;
    const state = this.#sets.length;
    this.#numbers.set(set, state);
    this.#sets.push(set);
    this.#next.push(new Int32Array(this.places.size).fill(-1));
    const given = this.#gives.reduce((sum, [bit, gives]) => ((set & bit) === 0n ? sum : sum | gives), set);
    const plan = this.#costs.find(({ used }) => (used & ~given) === 0n);
    const floor = this.#floors.find(({ unseen }) => (set & unseen) === 0n);
    this.#worths.push(plan === undefined ? NO_PLAN : this.#value(Math.max(plan.cost, floor?.floor ?? 0)));
    return state;
  }

  #setOf(ids: Iterable<number>): bigint {
    let set = 0n;
    for (const id of ids) {
      const place = this.places.get(id);
      if (place !== undefined) set |= 1n << BigInt(place);
    }
    return set;
  }
}
