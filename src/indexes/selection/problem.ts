import type { IndexSpec } from '../../model/action.js';
import type { RelationName } from '../../model/catalog.js';

/** An index that can be chosen or left out: one to create, or one that exists and may go. */
export interface Item {
  /** Position in the problem's list. */
  readonly id: number;
  readonly table: RelationName;
  /** For one to create. */
  readonly spec: IndexSpec | null;
  /** `schema.name` of one that exists. */
  readonly existing: string | null;
  /** Indexes that serve for each other at a first guess: the same table, method, condition and leading key. */
  readonly family: string;
  readonly bytes: number;
  /** Cost of keeping it up to date, in the objective's unit. */
  readonly writeCost: number;
  /** Whether the planner learns nothing from it unless it uses it: not so for one on an expression. */
  readonly inert: boolean;
  /** Ids of this one and of those that it gives as well: their keys are a beginning of its own. */
  readonly gives: readonly number[];
}

/** One statement shape with the items that could change its plan. */
export interface ProblemStatement {
  readonly fingerprint: string;
  /** Ids, ascending. */
  readonly relevant: readonly number[];
  /** What a cost is worth in the objective: not negative, and never falls as the cost rises. */
  readonly value: (cost: number) => number;
}

/** What is to be chosen from, and for whom. */
export interface Problem {
  readonly items: readonly Item[];
  readonly statements: readonly ProblemStatement[];
}

/** Ids of the chosen items. */
export type Choice = ReadonlySet<number>;

/** The choice that stands for the database as it is. */
export function presentChoice(problem: Problem): Choice {
  return new Set(problem.items.filter((item) => item.existing !== null).map((item) => item.id));
}

/** Bytes of all chosen items. */
export function choiceBytes(problem: Problem, choice: Choice): number {
  return problem.items.reduce((sum, item) => sum + (choice.has(item.id) ? item.bytes : 0), 0);
}

/** Write cost of all chosen items. */
export function choiceWriteCost(problem: Problem, choice: Choice): number {
  return problem.items.reduce((sum, item) => sum + (choice.has(item.id) ? item.writeCost : 0), 0);
}
