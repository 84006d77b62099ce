import { oncePer } from '../../base/once-per.js';
import { Search } from './choice-search.js';
import { compile, masksOf, namesIn } from './measured-problem.js';
import type { Compiled } from './measured-problem.js';

/** An index that was really built. */
export interface ChoiceIndex {
  readonly name: string;
  /** Its real size. */
  readonly sizeBytes: number;
}

/** What a case did under one set of indexes. Only plans that were really seen are held. */
export interface MeasuredPlan {
  /** Indexes of the choice that were there. */
  readonly present: readonly string[];
  /** Those that the plan used. */
  readonly uses: readonly string[];
  /** The planner's cost: it decides which plan would be taken, and nothing else. */
  readonly estimatedCost: number;
  /** Measured, without the upkeep of indexes, in the unit of the choice. Of a run that was cut off a lower bound. */
  readonly value: number;
  /** The timeout ended it: `value` is a lower bound of time, and of blocks no measurement. */
  readonly cutOff?: boolean;
  /** What the statement's tolerance is held against; `value` where it is not given. */
  readonly guard?: number;
}

export interface ChoiceCase {
  /** Must hold one of the empty set. */
  readonly plans: readonly MeasuredPlan[];
  /** What one execution pays for an index being there, by its name: writes only; never negative. */
  readonly upkeep: ReadonlyMap<string, number>;
  /** The same in the unit of the plans' `guard`; `upkeep` where it is not given. */
  readonly guardUpkeep?: ReadonlyMap<string, number>;
}

export interface ChoiceStatement {
  readonly name: string;
  readonly calls: number;
  /** How much its guard may be of that without any index: 1.15 is 15 % more. */
  readonly tolerance: number;
  /** How much more its guard may be in any case, too little to matter (`StatementGuard`); 0 where it is not given. */
  readonly small?: number;
  /** Parameter sets; the statement's value is their mean. */
  readonly cases: readonly ChoiceCase[];
}

export interface ChoiceProblem {
  readonly indexes: readonly ChoiceIndex[];
  readonly statements: readonly ChoiceStatement[];
  readonly budgetBytes: number;
  /** Beyond the tolerance, in the unit of the guards: what can not be told from nothing. */
  readonly slack: number;
  /** An index is kept only for a gain of at least this fraction, or for one that counts among its own statements (`isWorthwhile`); 0 keeps every gain. */
  readonly leastGain: number;
  /** Sets to begin from as well: names of indexes. */
  readonly starts?: readonly (readonly string[])[];
  /** Nodes of the search; beyond it the best so far is given, not proved. 20 million by the number of plans by default: about a second. */
  readonly nodeLimit?: number;
}

/** The workload under a set of indexes, by what was measured. */
export interface SetValue {
  /** Calls times value, over all statements. */
  readonly total: number;
  readonly perStatement: readonly number[];
  /** Statements beyond their tolerance, as positions. */
  readonly slower: readonly number[];
  /** Cases whose plan under exactly this set is not known, only the one that is cheapest for the planner of those seen. */
  readonly assumed: number;
  /** Statements with such a case, or with one that the timeout ended, as positions. */
  readonly unsure: readonly number[];
}

export interface MeasuredChoice {
  readonly kept: readonly string[];
  readonly value: SetValue;
  /** Whether no set within the limits has a lower total (before `leastGain` took anything away). */
  readonly proved: boolean;
  /** Taken away because they gained too little to count, in that order. */
  readonly trimmed: readonly string[];
}

/**
 * The set of indexes with the least measured total within the budget under which no statement is slower than allowed.
 * The planner follows its estimates, not the truth: under a set a statement takes the plan that is cheapest for the planner of
 * those it could take, however slow it is; so adding an index may make the total worse. Exact where the search ends within
 * its limit. Deterministic. A brief one only climbs, for a moment, from the best of the sets to begin from: what it assumes can be run before a thorough one.
 */
export function chooseMeasured(problem: ChoiceProblem, how: 'thorough' | 'brief' = 'thorough'): MeasuredChoice {
  const search = new Search(compile(problem), problem);
  search.descend();
  search.begin(startsOf(search, problem));
  let proved = false;
  if (how === 'brief') search.climb(BRIEF_EFFORT);
  else {
    search.climb(2 * MOST_EFFORT);
    search.exchange(MOST_EFFORT);
    proved = search.prove(problem.nodeLimit ?? PROOF_PLANS / Math.max(1, plansOf(problem)), MOST_EFFORT);
  }
  const trimmed = search.trim();
  const kept = namesIn(search.problem, search.best);
  return { kept, value: search.value(search.best), proved, trimmed: namesInOrder(search.problem, trimmed) };
}

/** The best of the sets to begin from of which every plan is known; null where there is none. For when nothing more can be run. */
export function chooseKnown(problem: ChoiceProblem): MeasuredChoice | null {
  const search = valuesOf(problem);
  const best = search.bestKnown(startsOf(search, problem));
  if (best === null) return null;
  return { kept: namesIn(search.problem, best), value: search.value(best), proved: false, trimmed: [] };
}

/** A set as it is, but for what gains too little to count where it is known what is without it. */
export function chooseAmong(problem: ChoiceProblem, names: readonly string[]): MeasuredChoice {
  const search = new Search(compile(problem), problem);
  search.best = masksOf(search.problem, names);
  const trimmed = namesInOrder(search.problem, search.trim('known'));
  return { kept: namesIn(search.problem, search.best), value: search.value(search.best), proved: false, trimmed };
}

/** Each once. */
function startsOf({ problem }: Search, { starts = [] }: ChoiceProblem): readonly bigint[] {
  return [...new Set(starts.map((names) => masksOf(problem, names)))];
}

/** What the workload would cost under a set, by what was measured. */
export function measuredValue(problem: ChoiceProblem, names: readonly string[]): SetValue {
  const search = valuesOf(problem);
  return search.value(masksOf(search.problem, names));
}

/** Of one problem the values of many sets are asked for, of some again and again. */
const valuesOf = oncePer((problem: ChoiceProblem) => new Search(compile(problem), problem));

/** Nodes times plans: about a second. */
const PROOF_PLANS = 20_000_000;
/** Looks at statements, for each way to search: a second or two, whatever the problem. */
const MOST_EFFORT = 5_000_000;
const BRIEF_EFFORT = 1_000_000;

function plansOf({ statements }: ChoiceProblem): number {
  return statements.reduce((sum, { cases }) => cases.reduce((count, { plans }) => count + plans.length, sum), 0);
}

function namesInOrder(problem: Compiled, bits: readonly bigint[]): readonly string[] {
  return bits.flatMap((bit) => namesIn(problem, bit));
}
