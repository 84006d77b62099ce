import type { Highs } from 'highs';
import type { CostAnswer, CostCache, StatementCosts } from './cost-cache.js';
import type { Choice } from './problem.js';
import { Programme } from './solver.js';
import type { SolverLimits } from './solver.js';

/** What a programme is asked with. */
export interface ProgrammeInput {
  readonly cache: CostCache;
  /** For all items, the existing ones included; null for no limit. */
  readonly storageBytes: number | null;
  readonly limits: SolverLimits;
}

/** A choice with what the programme believes of it. */
export interface Proposal {
  readonly choice: Choice;
  /** The objective as the programme sees it. */
  readonly objective: number;
  /** No choice is better than this, if what the programme believes is true. */
  readonly bound: number;
}

/**
 * The best choice by known plans: each statement takes one plan, and a plan needs its indexes or others that give them.
 * Plans on different tables are guessed to add up. What was asked since forbids guesses that proved too good.
 */
export function planProgramme(highs: Highs, { cache, storageBytes, limits }: ProgrammeInput): Proposal | null {
  const programme = new Programme();
  const variables = new Items(programme, cache);
  for (const costs of cache.statements) addPlans(programme, variables, costs);
  variables.limitStorage(storageBytes);
  return propose(programme.solve(highs, limits), variables);
}

/**
 * The best choice if everything unknown is as good as it can be, by what was shown in vain: its objective is a bound that
 * no choice gets below, as long as the planner never makes a plan dearer for an index more.
 */
export function boundProgramme(highs: Highs, { cache, storageBytes, limits }: ProgrammeInput): Proposal | null {
  const programme = new Programme();
  const variables = new Items(programme, cache);
  for (const costs of cache.statements) addSteps(programme, variables, costs);
  variables.limitStorage(storageBytes);
  return propose(programme.solve(highs, limits), variables);
}

/** A byte costs so much of the objective, over all bytes of all candidates: only to break ties. */
const STORAGE_PRICE = 1e-6;

/** The variables for items: 1 for one that is chosen. */
class Items {
  readonly #programme: Programme;
  readonly #cache: CostCache;
  readonly #variables = new Map<number, number>();
  readonly #givers = new Map<number, number[]>();
  readonly #pricePerByte: number;

  constructor(programme: Programme, cache: CostCache) {
    this.#programme = programme;
    this.#cache = cache;
    const { items } = cache.problem;
    const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
    this.#pricePerByte = (STORAGE_PRICE * OBJECTIVE_SCALE) / Math.max(1, bytes);
    for (const item of items)
      for (const id of item.gives) this.#givers.set(id, [...(this.#givers.get(id) ?? []), item.id]);
    for (const item of items) if (item.existing !== null) this.at(item.id);
  }

  at(id: number): number {
    const known = this.#variables.get(id);
    if (known !== undefined) return known;
    const item = this.#cache.problem.items[id];
    // One that exists stays unless something speaks against it.
    const price = item?.existing === null ? this.#pricePerByte : -this.#pricePerByte;
    const cost = (item?.writeCost ?? 0) + (item?.bytes ?? 0) * price;
    const variable = this.#programme.addVariable(cost, 'binary');
    this.#variables.set(id, variable);
    return variable;
  }

  /** Those that give what this one gives. */
  givers(id: number, among: StatementCosts): number[] {
    const known = among.usedEver;
    return (this.#givers.get(id) ?? []).filter(
      (giver) => giver === id || this.#variables.has(giver) || (among.bits([giver]) & known) !== 0n,
    );
  }

  limitStorage(storageBytes: number | null): void {
    if (storageBytes === null) return;
    const terms = [...this.#variables].map(
      ([id, variable]) => [variable, (this.#cache.problem.items[id]?.bytes ?? 0) / 1e6] as const,
    );
    this.#programme.addRow(terms, Number.NEGATIVE_INFINITY, storageBytes / 1e6);
  }

  chosen(values: readonly number[]): Set<number> {
    const ids = [...this.#variables].filter(([, variable]) => (values[variable] ?? 0) > 0.5).map(([id]) => id);
    return new Set(ids.toSorted((a, b) => a - b));
  }
}

/** Objectives are scaled so that the present state costs this. */
export const OBJECTIVE_SCALE = 100;

function propose(solution: ReturnType<Programme['solve']>, variables: Items): Proposal | null {
  if (solution === null) return null;
  return { choice: variables.chosen(solution.values), objective: solution.objective, bound: solution.bound };
}

/** One statement's known and guessed plans: a variable each, at most one of them taken. */
function addPlans(programme: Programme, items: Items, costs: StatementCosts): void {
  const { value } = costs.statement;
  const plans = usefulPlans(costs);
  const without = plans.find((plan) => plan.used === 0n);
  const dearest = value(without?.cost ?? Math.max(...plans.map((plan) => plan.cost)));
  programme.addConstant(dearest);
  const taken: (readonly [number, number])[] = [];
  const worth: (readonly [number, number])[] = [];
  for (const { used, cost } of plans) {
    const gain = dearest - value(cost);
    if (used === 0n || (gain <= 0 && without !== undefined)) continue;
    const variable = programme.addVariable(-gain, 'continuous');
    taken.push([variable, 1]);
    worth.push([variable, gain]);
    for (const item of costs.itemsIn(used)) {
      const givers = items.givers(item.id, costs).map((id) => [items.at(id), -1] as const);
      programme.addRow([[variable, 1], ...givers], Number.NEGATIVE_INFINITY, 0);
    }
  }
  if (taken.length === 0) return;
  // Without any index there is no known plan when all use one that exists.
  programme.addRow(taken, without === undefined ? 1 : Number.NEGATIVE_INFINITY, 1);
  // Where a set was asked and fell short of the guess, more is needed than it held.
  for (const { shown, cost } of steepest(costs)) {
    const given = costs.given(shown);
    if (!plans.some((plan) => (plan.used & ~given) === 0n && value(plan.cost) < value(cost))) continue;
    const most = dearest - value(cost);
    const full = dearest - value(costs.lower(costs.full));
    const others = costs.itemsIn(costs.full & ~shown).map((item) => [items.at(item.id), most - full] as const);
    if (others.length <= MOST_IN_ROW) programme.addRow([...worth, ...others], Number.NEGATIVE_INFINITY, most);
  }
}

/** A row over more items than this forbids next to nothing in the relaxation. */
const MOST_IN_ROW = 400;
/** Guesses of two plans together are made from this many of the best ones. */
const BEST_PLANS = 8;

interface KnownPlan {
  readonly used: bigint;
  readonly cost: number;
}

/** Plans that no other one beats with no more indexes, and pairs of them that are guessed to add up. */
function usefulPlans(costs: StatementCosts): readonly KnownPlan[] {
  const plans = costs.answers
    .map(({ used, cost }) => ({ used, cost }))
    .filter((plan, at, all) => !all.some((other, place) => beats(other, plan) && (!beats(plan, other) || place < at)));
  const base = costs.upper(0n);
  if (!Number.isFinite(base)) return plans;
  const best = plans.filter((plan) => plan.used !== 0n && plan.cost < base).toSorted((a, b) => a.cost - b.cost);
  const guesses: KnownPlan[] = [];
  for (const [at, one] of best.slice(0, BEST_PLANS).entries()) {
    for (const two of best.slice(at + 1, BEST_PLANS)) {
      const used = one.used | two.used;
      if (used === one.used || used === two.used || sharesTable(costs, one.used, two.used)) continue;
      const cost = Math.max(costs.lower(used), one.cost + two.cost - base);
      if (cost < one.cost && cost < costs.upper(used)) guesses.push({ used, cost });
    }
  }
  return [...plans, ...guesses];
}

function sharesTable(costs: StatementCosts, one: bigint, two: bigint): boolean {
  const tables = new Set(costs.itemsIn(one).map((item) => JSON.stringify(item.table)));
  return costs.itemsIn(two).some((item) => tables.has(JSON.stringify(item.table)));
}

function beats(one: KnownPlan, two: KnownPlan): boolean {
  return (one.used & ~two.used) === 0n && one.cost <= two.cost;
}

/** Answers that bound sets from below, those that another one bounds as well left out; the dearest first. */
function steepest(costs: StatementCosts): readonly CostAnswer[] {
  return costs.answers
    .filter(
      (answer, at, all) =>
        !all.some(
          (other, place) =>
            place !== at &&
            (answer.shown & ~other.shown) === 0n &&
            other.cost >= answer.cost &&
            (other.shown !== answer.shown || place < at),
        ),
    )
    .toSorted((a, b) => b.cost - a.cost);
}

/** One statement's cost as steps down from the dearest answer: a step is taken when an item is chosen that the answer did not see. */
function addSteps(programme: Programme, items: Items, costs: StatementCosts): void {
  const { value } = costs.statement;
  const answers = steepest(costs);
  const least = Math.min(...costs.answers.map((answer) => value(answer.cost)));
  programme.addConstant(least);
  let above: number | null = null;
  for (const [at, { shown, cost }] of answers.entries()) {
    const next = at + 1 < answers.length ? value(answers[at + 1]?.cost ?? 0) : least;
    const fall = value(cost) - Math.max(least, next);
    const step = programme.addVariable(Math.max(0, fall), 'continuous');
    const unseen = costs.itemsIn(costs.full & ~shown).map((item) => [items.at(item.id), 1] as const);
    programme.addRow([[step, 1], ...unseen], 1, Number.POSITIVE_INFINITY);
    if (above !== null)
      programme.addRow(
        [
          [step, 1],
          [above, -1],
        ],
        0,
        Number.POSITIVE_INFINITY,
      );
    above = step;
  }
}
