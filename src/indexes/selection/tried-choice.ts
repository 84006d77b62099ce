import type { CostCache } from './cost-cache.js';
import { PlanStates } from './plan-states.js';
import { everUsed } from './plans.js';
import { choiceBytes, choiceWriteCost } from './problem.js';
import type { Choice, Problem } from './problem.js';

/** A choice with what is believed of it. */
export interface PlannedChoice {
  readonly choice: Choice;
  /** The objective, if what is guessed of it is true. */
  readonly objective: number;
}

/** What is put in and taken away at once. */
export interface Exchange {
  readonly add: readonly number[];
  readonly remove: readonly number[];
  /** Of the objective; less is better. */
  readonly change: number;
}

/** A statement that an item serves: its position, and the item's place there. */
interface Service {
  readonly position: number;
  readonly place: number;
}

/** A choice that is changed step by step, and what known and guessed plans make of it; steps are tried before they are made. */
export class TriedChoice {
  /** The indexes of each plan of each statement. */
  readonly plans: readonly (readonly number[])[];
  readonly #problem: Problem;
  readonly #statements: readonly PlanStates[];
  /** By an item's id. */
  readonly #services = new Map<number, Service[]>();
  readonly #choice: Set<number>;
  /** The choice as each statement sees it. */
  readonly #states: number[];
  /** The same with what is tried, where it differs. */
  readonly #tried = new Map<number, number>();
  /** What the objective rises by without an item, by its id, beside nothing that is tried; forgotten with each exchange. */
  readonly #losses = new Map<number, number>();
  /** The chosen ones by their loss for their size, and by their loss alone; null where that is not known. */
  #orders: readonly (readonly number[])[] | null = null;
  #bytes: number;
  #objective: number;
  #looks = 0;

  constructor(cache: CostCache, start: Choice) {
    this.#problem = cache.problem;
    const used = everUsed(cache);
    this.#statements = cache.statements.map((costs) => new PlanStates(costs, used));
    for (const [position, one] of this.#statements.entries()) {
      for (const [id, place] of one.places) {
        const services = this.#services.get(id);
        if (services) services.push({ position, place });
        else this.#services.set(id, [{ position, place }]);
      }
    }
    this.plans = this.#statements.flatMap((one) => one.plans);
    this.#choice = new Set(start);
    this.#states = this.#statements.map((one) => one.stateOf(this.#choice));
    this.#bytes = choiceBytes(this.#problem, start);
    const writeCost = choiceWriteCost(this.#problem, start);
    this.#objective = this.#states.reduce((sum, state, position) => sum + this.#worth(position, state), writeCost);
  }

  get now(): PlannedChoice {
    return { choice: new Set(this.chosen), objective: this.#objective };
  }

  /** Ids, ascending. */
  get chosen(): readonly number[] {
    return [...this.#choice].toSorted((a, b) => a - b);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How often a statement was looked at under some set. */
  get looks(): number {
    return this.#looks;
  }

  has(id: number): boolean {
    return this.#choice.has(id);
  }

  /** Chosen items that serve a statement to which what is tried makes a difference: what they are worth is not what it was. */
  touched(): ReadonlySet<number> {
    const ids = new Set<number>();
    for (const position of this.#tried.keys())
      for (const id of this.#statements[position]?.places.keys() ?? []) if (this.#choice.has(id)) ids.add(id);
    return ids;
  }

  /** The chosen ones by their loss for their size, and by their loss alone, beside nothing that is tried. */
  cheapest(): readonly (readonly number[])[] {
    if (this.#orders !== null) return this.#orders;
    const losses = [...this.#choice].map((id) => ({ id, loss: this.#plainLoss(id), size: Math.max(1, this.size(id)) }));
    this.#orders = [
      losses.toSorted((a, b) => a.loss / a.size - b.loss / b.size).map((one) => one.id),
      losses.toSorted((a, b) => a.loss - b.loss).map((one) => one.id),
    ];
    return this.#orders;
  }

  /** What the objective rises by without the item, beside what is tried. */
  loss(id: number): number {
    const services = this.#services.get(id) ?? [];
    const isTouched = this.#tried.size > 0 && services.some(({ position }) => this.#tried.has(position));
    return isTouched ? this.#lossIn(id, (position) => this.#stateAt(position)) : this.#plainLoss(id);
  }

  /** The same beside nothing that is tried. */
  #plainLoss(id: number): number {
    const known = this.#losses.get(id);
    if (known !== undefined) return known;
    const loss = this.#lossIn(id, (position) => this.#states[position] ?? 0);
    this.#losses.set(id, loss);
    return loss;
  }

  #lossIn(id: number, stateAt: (position: number) => number): number {
    let loss = -this.writeCost(id);
    for (const { position, place } of this.#services.get(id) ?? []) {
      const state = stateAt(position);
      const without = this.#statements[position]?.toggled(state, place) ?? 0;
      loss += this.#worth(position, without) - this.#worth(position, state);
    }
    return loss;
  }

  /** Tries the choice with an item that it lacks, or without one that it has, beside what is tried. Gives what the statements' worth changes by. */
  try(id: number): number {
    let change = 0;
    for (const { position, place } of this.#services.get(id) ?? []) {
      const state = this.#stateAt(position);
      const next = this.#statements[position]?.toggled(state, place) ?? 0;
      this.#tried.set(position, next);
      change += this.#worth(position, next) - this.#worth(position, state);
    }
    return change;
  }

  forgetTried(): void {
    this.#tried.clear();
  }

  /** Makes an exchange; what was tried is forgotten. */
  make({ add, remove, change }: Exchange): void {
    this.#tried.clear();
    this.#losses.clear();
    this.#orders = null;
    for (const id of [...remove, ...add]) {
      for (const { position, place } of this.#services.get(id) ?? [])
        this.#states[position] = this.#statements[position]?.toggled(this.#states[position] ?? 0, place) ?? 0;
    }
    for (const id of remove) {
      this.#choice.delete(id);
      this.#bytes -= this.size(id);
    }
    for (const id of add) {
      this.#choice.add(id);
      this.#bytes += this.size(id);
    }
    this.#objective += change;
  }

  /** Goes back to a choice that was there. */
  goTo({ choice, objective }: PlannedChoice): void {
    const add = [...choice].filter((id) => !this.#choice.has(id));
    const remove = [...this.#choice].filter((id) => !choice.has(id));
    this.make({ add, remove, change: objective - this.#objective });
  }

  #stateAt(position: number): number {
    return this.#tried.get(position) ?? this.#states[position] ?? 0;
  }

  size(id: number): number {
    return this.#problem.items[id]?.bytes ?? 0;
  }

  writeCost(id: number): number {
    return this.#problem.items[id]?.writeCost ?? 0;
  }

  #worth(position: number, state: number): number {
    this.#looks += 1;
    return this.#statements[position]?.worth(state) ?? 0;
  }
}
