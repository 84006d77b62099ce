import { isSubset } from './measured-problem.js';
import type { CompiledCase, CompiledPlan } from './measured-problem.js';

/** One statement under a set. */
export interface StatementValue {
  readonly value: number;
  /** What its tolerance is held against. */
  readonly guard: number;
  /** Cases whose plan under the set is not known. */
  readonly assumed: number;
  /** Whether one is not known, or the timeout ended it. */
  readonly unsure: boolean;
}

export function statementValue(cases: readonly CompiledCase[], set: bigint): StatementValue {
  let value = 0;
  let guard = 0;
  let assumed = 0;
  let unsure = false;
  for (const each of cases) {
    const plan = planUnder(each, set);
    value += plan.value + upkeepOf(each.upkeep, set);
    guard += plan.guard + upkeepOf(each.guardUpkeep, set);
    if (!plan.certain) assumed += 1;
    unsure ||= !plan.certain || plan.cutOff;
  }
  return { value: value / cases.length, guard: guard / cases.length, assumed, unsure };
}

/**
 * A plan seen under S that used U is the plan of every T between U and S: what was cheapest of more is cheapest of less.
 * Else the cheapest, for the planner, of the plans it could take, without those that it was seen not to take where another of them was there; and no less than
 * what an index does that is new to this plan, and that no plan which could be taken was seen to pass over.
 */
function planUnder(
  each: CompiledCase,
  set: bigint,
): Pick<CompiledPlan, 'value' | 'guard' | 'cutOff'> & { readonly certain: boolean } {
  const possible = each.plans.filter((plan) => isSubset(plan.uses, set));
  const certain = possible.find((plan) => isSubset(set, plan.present));
  if (certain) return { ...certain, certain: true };
  const open = possible.find(({ beatenBy }) => !beatenBy.some((uses) => isSubset(uses, set)));
  const plan = (open ?? possible[0]) as CompiledPlan;
  let { value, guard } = plan;
  for (const least of each.leastWith) {
    if ((least.bit & set & ~plan.present) === 0n || !isSubset(least.beside, set)) continue;
    if (least.value <= value && least.guard <= guard) continue;
    if (possible.some(({ present, uses }) => (present & ~uses & least.bit) !== 0n)) continue;
    value = Math.max(value, least.value);
    guard = Math.max(guard, least.guard);
  }
  return { value, guard, cutOff: plan.cutOff, certain: false };
}

/** The least that a case takes under this set or a part of it. */
export function leastOf(each: CompiledCase, most: bigint): number {
  let least = Number.POSITIVE_INFINITY;
  for (const plan of each.plans) if (plan.value < least && isSubset(plan.uses, most)) least = plan.value;
  return least;
}

/** What a write pays for the indexes of a set. */
export function upkeepOf(upkeep: CompiledCase['upkeep'], set: bigint): number {
  let sum = 0;
  for (const { bit, value } of upkeep) if ((set & bit) !== 0n) sum += value;
  return sum;
}
