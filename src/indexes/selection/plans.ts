import type { CostAnswer, CostCache, StatementCosts } from './cost-cache.js';

/** Guesses of two plans together are made from this many of the best ones. */
const BEST_PLANS = 8;

export interface KnownPlan {
  readonly used: bigint;
  readonly cost: number;
}

/** Plans that no other one beats with no more indexes, and pairs of them that are guessed to add up. */
export function usefulPlans(costs: StatementCosts): readonly KnownPlan[] {
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

/** Ids of the items that some statement's plan used. */
export function everUsed({ statements }: CostCache): ReadonlySet<number> {
  return new Set(statements.flatMap((costs) => costs.itemsIn(costs.usedEver).map((item) => item.id)));
}

/** Sets that were asked and fell short of what is guessed of them by these plans: in `steepest` order. */
export function fallenShort(costs: StatementCosts, plans: readonly KnownPlan[]): readonly CostAnswer[] {
  const { value } = costs.statement;
  return steepest(costs).filter(({ shown, floor }) => {
    const given = costs.given(shown);
    return plans.some((plan) => (plan.used & ~given) === 0n && value(plan.cost) < value(floor));
  });
}

/** Answers that bound sets from below, those that another one bounds as well left out; the dearest first. */
export function steepest(costs: StatementCosts): readonly CostAnswer[] {
  return costs.answers
    .filter(
      (answer, at, all) =>
        !all.some(
          (other, place) =>
            place !== at &&
            (answer.shown & ~other.shown) === 0n &&
            other.floor >= answer.floor &&
            (other.shown !== answer.shown || place < at),
        ),
    )
    .toSorted((a, b) => b.floor - a.floor);
}
