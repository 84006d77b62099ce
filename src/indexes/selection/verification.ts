import type { CostCache, StatementCosts } from './cost-cache.js';
import { guessedCost } from './greedy.js';
import type { Choice } from './problem.js';

/** How a choice is verified: what is asked, and what is believed meanwhile. */
export interface Verification {
  readonly ask: (cache: CostCache, costs: StatementCosts, set: bigint) => Promise<unknown>;
  readonly hope: (costs: StatementCosts, choice: Choice) => number;
  /** So many statements are asked even when the choice is known to be no better: a solution costs more than a question. */
  readonly atLeast: number;
}

/** As it is. */
export const PLAINLY: Verification = {
  ask: (cache, costs, set) => cache.at(costs, set),
  hope: guessedCost,
  atLeast: 2,
};
/** So that it tells as much as can be of other sets. */
export const STRONGLY: Verification = {
  ask: settle,
  hope: (costs, choice) => costs.lower(costs.bits(choice)),
  atLeast: 5,
};

/** How much of the objective is not known of a statement under a choice. */
export function slack(costs: StatementCosts, choice: Choice): number {
  const set = costs.bits(choice);
  if (costs.known(set) !== undefined) return 0;
  const { value } = costs.statement;
  const [low, high] = [costs.lower(set), costs.upper(set)];
  return high <= low ? 0 : value(high) - value(low);
}

/**
 * Finds the cost under a set. Asks with all beside it that no plan ever used: if that changes nothing, the answer holds
 * for all sets between. What is used after all is a plan that was not known.
 */
async function settle(cache: CostCache, costs: StatementCosts, set: bigint): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const answer = await cache.at(costs, set | (costs.full & ~costs.usedEver));
    if (answer === null || (answer.used & ~set) === 0n) return;
  }
  await cache.at(costs, set);
}

const MOST_TRIES = 2;
