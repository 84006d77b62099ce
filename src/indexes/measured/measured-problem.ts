import { WizardError } from '../../base/errors.js';
import type { ChoiceProblem } from './measured-choice.js';
import type { StatementGuard } from './statement-guard.js';

/** A choice with sets of indexes as bits. */
export interface Compiled {
  readonly names: readonly string[];
  readonly sizes: readonly number[];
  /** One for each index, in the order given. */
  readonly bits: readonly bigint[];
  readonly all: bigint;
  readonly statements: readonly {
    readonly calls: number;
    readonly guard: StatementGuard;
    readonly cases: readonly CompiledCase[];
    /** The indexes that may change what it does. */
    readonly concerning: bigint;
  }[];
}

export interface CompiledCase {
  /** The cheapest for the planner first; of equals the slowest, since nobody knows which it would take. */
  readonly plans: readonly CompiledPlan[];
  readonly upkeep: readonly { readonly bit: bigint; readonly value: number }[];
  readonly guardUpkeep: CompiledCase['upkeep'];
  /** For each index that some plan uses the least that plans with it take, and what all of these use beside it: where some of that is not there, it may be that to which they owe what they take. */
  readonly leastWith: readonly {
    readonly bit: bigint;
    readonly beside: bigint;
    readonly value: number;
    readonly guard: number;
  }[];
}

export interface CompiledPlan {
  readonly present: bigint;
  readonly uses: bigint;
  readonly cost: number;
  readonly value: number;
  readonly guard: number;
  readonly cutOff: boolean;
  /** What the plans use that the planner was seen to take where it could have taken this one: where one of them can be taken, this one is not. */
  readonly beatenBy: readonly bigint[];
}

/** Throws `internal` for a case without a plan of the empty set, and for an index that nobody named. */
export function compile(problem: ChoiceProblem): Compiled {
  const names = problem.indexes.map((index) => index.name);
  const bits = names.map((_, position) => 1n << BigInt(position));
  const bitOf = new Map(names.map((name, position) => [name, bits[position] as bigint]));
  const mask = (set: readonly string[]): bigint => set.reduce((sum, name) => sum | known(bitOf, name), 0n);
  const all = bits.reduce((sum, bit) => sum | bit, 0n);
  const statements = problem.statements.map(({ name, calls, tolerance, small = 0, cases }) => {
    const compiledCases = cases.map((each) => {
      if (!each.plans.some((plan) => plan.uses.length === 0))
        throw new WizardError('internal', `${name} was not measured without the indexes`);
      const plans = each.plans
        .map((plan) => ({
          present: mask(plan.present),
          uses: mask(plan.uses),
          cost: plan.estimatedCost,
          value: plan.value,
          guard: plan.guard ?? plan.value,
          cutOff: plan.cutOff ?? false,
        }))
        .toSorted((a, b) => a.cost - b.cost || b.value - a.value)
        .map((plan, _, all) => ({ ...plan, beatenBy: all.filter((one) => beats(one, plan)).map((one) => one.uses) }));
      const compiled = (upkeep: ReadonlyMap<string, number>): CompiledCase['upkeep'] =>
        [...upkeep].map(([index, value]) => ({ bit: known(bitOf, index), value: Math.max(0, value) }));
      return {
        plans,
        leastWith: leastWith(plans, bits),
        upkeep: compiled(each.upkeep),
        guardUpkeep: compiled(each.guardUpkeep ?? each.upkeep),
      };
    });
    return {
      calls,
      guard: { tolerance, slack: problem.slack, small },
      cases: compiledCases,
      concerning: concerning(compiledCases, all),
    };
  });
  return { names, sizes: problem.indexes.map((index) => index.sizeBytes), bits, all, statements };
}

function leastWith(plans: readonly CompiledPlan[], bits: readonly bigint[]): CompiledCase['leastWith'] {
  return bits.flatMap((bit) => {
    const using = plans.filter(({ uses }) => (uses & bit) !== 0n);
    if (using.length === 0) return [];
    const beside = using.reduce((common, { uses }) => common & uses, using[0]?.uses ?? 0n);
    const least = (figures: readonly number[]): number => Math.min(...figures);
    return [
      {
        bit,
        beside: withoutBit(beside, bit),
        value: least(using.map((one) => one.value)),
        guard: least(using.map((one) => one.guard)),
      },
    ];
  });
}

/** Those that a plan uses or a write keeps up, and those that were not there under some plan: whether that plan is still taken beside them is not known. */
function concerning(cases: readonly CompiledCase[], all: bigint): bigint {
  let bits = 0n;
  for (const { plans, upkeep, guardUpkeep } of cases) {
    for (const { uses, present } of plans) bits |= uses | (all & ~present);
    for (const { bit } of [...upkeep, ...guardUpkeep]) bits |= bit;
  }
  return bits;
}

/**
 * Costs of plans that were seen under different sets are not to the last digit of one scale: an index also tells the planner the ends of a column's range
 * (`get_actual_variable_range` of selfuncs.c). What it took where it had the choice is certain. Where each was taken over the other nothing is.
 */
function beats(one: Seen, other: Seen): boolean {
  return one !== other && isSubset(other.uses, one.present) && !isSubset(one.uses, other.present);
}

type Seen = Pick<CompiledPlan, 'present' | 'uses'>;

/** The set of these names. */
export function masksOf(problem: Compiled, names: readonly string[]): bigint {
  return names.reduce((sum, name) => sum | (problem.bits[problem.names.indexOf(name)] ?? 0n), 0n);
}

/** The names in a set, in the order given. */
export function namesIn(problem: Compiled, set: bigint): readonly string[] {
  return problem.names.filter((_, position) => (set & (problem.bits[position] ?? 0n)) !== 0n);
}

export function isSubset(part: bigint, whole: bigint): boolean {
  return (part & whole) === part;
}

export function withoutBit(set: bigint, bit: bigint): bigint {
  return (set | bit) ^ bit;
}

function known(bitOf: ReadonlyMap<string, bigint>, name: string): bigint {
  const bit = bitOf.get(name);
  if (bit === undefined)
    throw new WizardError('internal', `A plan uses ${name}, which is none of the indexes to choose from`);
  return bit;
}
