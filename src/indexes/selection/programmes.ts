import type { Highs } from 'highs';
import type { CostAnswer, CostCache, StatementCosts } from './cost-cache.js';
import { everUsed, fallenShort, steepest, usefulPlans } from './plans.js';
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
  const merged = mergeUnused(cache);
  for (const costs of cache.statements) addSteps(programme, { items: variables, merged }, costs);
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
  readonly #used: ReadonlySet<number>;
  readonly #pricePerByte: number;

  constructor(programme: Programme, cache: CostCache) {
    this.#programme = programme;
    this.#cache = cache;
    const { items } = cache.problem;
    this.#used = everUsed(cache);
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

  /** Those that give what this one gives, among the ones that some statement's plan used. */
  givers(id: number): number[] {
    return (this.#givers.get(id) ?? []).filter((giver) => giver === id || this.#used.has(giver));
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
  // What bytes cost is no part of what is proved.
  const bound = Math.max(0, solution.bound - STORAGE_PRICE * OBJECTIVE_SCALE);
  return { choice: variables.chosen(solution.values), objective: solution.objective, bound };
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
  const users = new Map<number, number[]>();
  for (const { used, cost } of plans) {
    const gain = dearest - value(cost);
    if (used === 0n || (gain <= 0 && without !== undefined)) continue;
    const variable = programme.addVariable(-gain, 'continuous');
    taken.push([variable, 1]);
    worth.push([variable, gain]);
    for (const { id } of costs.itemsIn(used)) users.set(id, [...(users.get(id) ?? []), variable]);
  }
  if (taken.length === 0) return;
  // At most one plan is taken, so one row for all that need an item says more than a row for each of them.
  for (const [id, plansWith] of users) {
    const needed = plansWith.map((variable) => [variable, 1] as const);
    const givers = items.givers(id).map((giver) => [items.at(giver), -1] as const);
    programme.addRow([...needed, ...givers], Number.NEGATIVE_INFINITY, 0);
  }
  // Without any index there is no known plan when all use one that exists.
  programme.addRow(taken, without === undefined ? 1 : Number.NEGATIVE_INFINITY, 1);
  // Where a set was asked and fell short of the guess, more is needed than it held.
  for (const { shown, floor } of fallenShort(costs, plans)) {
    const most = dearest - value(floor);
    const full = dearest - value(costs.lower(costs.full));
    const others = costs.itemsIn(costs.usedEver & ~shown).map((item) => [items.at(item.id), most - full] as const);
    programme.addRow([...worth, ...others], Number.NEGATIVE_INFINITY, most);
  }
}

/** A step of less than this (of the objective's 100) is left out. */
const LEAST_STEP = 0.01;

/** Without answers that the one before nearly says: the bound gets lower by as much, and the programme smaller. */
function thinned(answers: readonly CostAnswer[], value: (cost: number) => number): CostAnswer[] {
  const kept: CostAnswer[] = [];
  for (const answer of answers.toReversed()) {
    const above = value(answer.floor) - value(kept.at(-1)?.floor ?? 0);
    if (kept.length === 0 || above >= LEAST_STEP) kept.push(answer);
    else if (kept.length > 0) kept.push({ ...answer, floor: kept.at(-1)?.floor ?? answer.floor });
  }
  return kept.toReversed();
}

/** One statement's cost as steps down from the dearest answer: a step is taken when an item is chosen that the answer did not see. */
function addSteps(
  programme: Programme,
  { items, merged }: { readonly items: Items; readonly merged: ReadonlyMap<number, number> },
  costs: StatementCosts,
): void {
  const { value } = costs.statement;
  const answers = thinned(steepest(costs), value);
  // Where it was never asked with everything in sight, nothing is known of how good it may get.
  const seenAll = costs.answers.some((answer) => answer.shown === costs.full);
  const least = seenAll ? Math.min(...costs.answers.map((answer) => value(answer.cost))) : value(0);
  programme.addConstant(least);
  let above: number | null = null;
  for (const [at, { shown, floor }] of answers.entries()) {
    const next = at + 1 < answers.length ? value(answers[at + 1]?.floor ?? 0) : least;
    const fall = value(floor) - Math.max(least, next);
    const step = programme.addVariable(Math.max(0, fall), 'continuous');
    const ids = new Set(costs.itemsIn(costs.full & ~shown).map((item) => merged.get(item.id) ?? item.id));
    const unseen = [...ids].map((id) => [items.at(id), 1] as const);
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

/**
 * For items that no plan used, the smallest of those that the same answers saw: in the programme it stands for all of
 * them, which makes the bound no higher than it is.
 */
function mergeUnused(cache: CostCache): ReadonlyMap<number, number> {
  const signatures = new Map<number, string[]>();
  const used = new Set<number>();
  for (const [place, costs] of cache.statements.entries()) {
    for (const item of costs.itemsIn(costs.usedEver | costs.present)) used.add(item.id);
    for (const [at, { shown }] of steepest(costs).entries()) {
      for (const { id } of costs.itemsIn(costs.full & ~shown))
        signatures.set(id, [...(signatures.get(id) ?? []), `${place}.${at}`]);
    }
  }
  const smallest = new Map<string, number>();
  const ids = [...signatures.keys()].filter((id) => !used.has(id)).toSorted((a, b) => a - b);
  const bytes = (id: number): number => cache.problem.items[id]?.bytes ?? 0;
  for (const id of ids) {
    const signature = signatures.get(id)?.join(' ') ?? '';
    const other = smallest.get(signature);
    if (other === undefined || bytes(id) < bytes(other)) smallest.set(signature, id);
  }
  return new Map(ids.map((id) => [id, smallest.get(signatures.get(id)?.join(' ') ?? '') ?? id]));
}
