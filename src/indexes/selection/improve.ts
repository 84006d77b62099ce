import type { Highs } from 'highs';
import type { Allowance } from './allowance.js';
import type { CostCache, StatementCosts } from './cost-cache.js';
import { greedyChoice, guessedCost } from './greedy.js';
import { choiceBytes, choiceWriteCost, presentChoice } from './problem.js';
import type { Choice } from './problem.js';
import { OBJECTIVE_SCALE, boundProgramme, planProgramme } from './programmes.js';
import type { Proposal } from './programmes.js';

/** The best choice found for one budget. */
export interface Incumbent {
  readonly choice: Choice;
  /** The objective, from costs that were asked. */
  readonly objective: number;
  /** No choice from these candidates is better, by what was asked; 0 when nothing is proved. */
  readonly bound: number;
  /** Whether nothing was left to try: the gap is closed, or the programmes propose nothing new. */
  readonly settled: boolean;
}

/** A step of the search, for whoever watches its quality over time. */
export interface Progress {
  readonly plannerCalls: number;
  readonly elapsedMs: number;
  readonly objective: number;
}

export interface ImproveInput {
  readonly cache: CostCache;
  readonly highs: Highs;
  readonly allowance: Allowance;
  readonly storageBytes: number | null;
  readonly onProgress: (progress: Progress) => void;
}

/** A search whose proved gap is below this (share of the objective) is done. */
export const GAP_ENOUGH = 0.003;

/** Searches the best choice for a budget, from what is in the cache and by asking more, until it is settled or the allowance is spent. */
export async function improve(input: ImproveInput): Promise<Incumbent> {
  const { cache, allowance, storageBytes } = input;
  const search = new Search(input);
  const present = presentChoice(cache.problem);
  if (fits(cache, present, storageBytes)) search.offer(present);
  else search.offer(greedyChoice(cache, new Set(), { storageBytes, power: 1 }));
  for (const power of [0.6, 1])
    await search.verify(
      greedyChoice(cache, search.best.choice.size > 0 ? present : new Set(), { storageBytes, power }),
    );
  const settled =
    (await search.follow(planProgramme, MOST_PLAN_ROUNDS)) && (await search.follow(boundProgramme, MOST_BOUND_ROUNDS));
  return { ...search.best, bound: search.bound, settled: settled && !allowance.isSpent() };
}

/** Rounds of a programme, each of them one solution and the questions that verify it. */
const MOST_PLAN_ROUNDS = 12;
const MOST_BOUND_ROUNDS = 40;
/** What a programme may take; the nodes end it at the same place on every machine. */
const MOST_NODES = 20_000;
const SOLVER_GAP = 1e-4;

class Search {
  readonly #input: ImproveInput;
  #best: { readonly choice: Choice; readonly objective: number } = {
    choice: new Set(),
    objective: Number.POSITIVE_INFINITY,
  };
  #bound = 0;

  constructor(input: ImproveInput) {
    this.#input = input;
  }

  get best(): { readonly choice: Choice; readonly objective: number } {
    return this.#best;
  }

  get bound(): number {
    return Math.min(this.#bound, this.#best.objective);
  }

  /** Takes the choice, without what no plan of it uses, if it is better than the best by what is known. */
  offer(choice: Choice): void {
    const { cache, allowance, storageBytes, onProgress } = this.#input;
    const pruned = prune(cache, choice);
    if (!fits(cache, pruned, storageBytes)) return;
    const objective = cache.upper(pruned) + choiceWriteCost(cache.problem, pruned);
    const smaller = choiceBytes(cache.problem, pruned) < choiceBytes(cache.problem, this.#best.choice);
    if (objective > this.#best.objective || (objective === this.#best.objective && !smaller)) return;
    this.#best = { choice: pruned, objective };
    onProgress({ plannerCalls: allowance.plannerCalls, elapsedMs: allowance.elapsedMs, objective });
  }

  /** Asks what the choice costs each statement, where that is not known, and offers it; gives it up where it can not be the best any more. */
  async verify(choice: Choice, { ask, hope }: Verification = PLAINLY): Promise<void> {
    const { cache } = this.#input;
    const loose = cache.statements
      .map((costs) => ({ costs, slack: slack(costs, choice) }))
      .filter((one) => one.slack > 0)
      .toSorted((a, b) => b.slack - a.slack);
    const writes = choiceWriteCost(cache.problem, choice);
    for (const { costs } of loose) {
      const hoped = cache.statements.reduce((sum, one) => sum + one.statement.value(hope(one, choice)), writes);
      if (hoped >= this.#best.objective) return;
      await ask(cache, costs, costs.bits(choice));
    }
    this.offer(choice);
  }

  /** Verifies what a programme proposes until it proposes nothing better. False when the allowance or the rounds ended it. */
  async follow(programme: typeof planProgramme, rounds: number): Promise<boolean> {
    const { cache, highs, allowance, storageBytes } = this.#input;
    for (let round = 0; round < rounds; round += 1) {
      if (allowance.isSpent()) return false;
      const limits = { timeMs: allowance.leftMs, nodes: MOST_NODES, gap: SOLVER_GAP };
      const proposal = programme(highs, { cache, storageBytes, limits });
      if (proposal === null) return false;
      if (programme === boundProgramme) this.#bound = Math.max(this.#bound, proposal.bound);
      if (this.#isNothingNew(proposal, programme)) return true;
      await this.verify(proposal.choice, programme === boundProgramme ? STRONGLY : PLAINLY);
    }
    return false;
  }

  #isNothingNew(proposal: Proposal, programme: typeof planProgramme): boolean {
    const enough = programme === boundProgramme ? GAP_ENOUGH * this.#best.objective : SOLVER_GAP * OBJECTIVE_SCALE;
    const known = this.#input.cache.statements.every((costs) => slack(costs, proposal.choice) <= 0);
    return (programme === boundProgramme ? this.#bound : proposal.objective) >= this.#best.objective - enough || known;
  }
}

/** How a choice is verified: what is asked, and what is believed meanwhile. */
interface Verification {
  readonly ask: (cache: CostCache, costs: StatementCosts, set: bigint) => Promise<unknown>;
  readonly hope: (costs: StatementCosts, choice: Choice) => number;
}

const PLAINLY: Verification = { ask: (cache, costs, set) => cache.at(costs, set), hope: guessedCost };
const STRONGLY: Verification = { ask: settle, hope: (costs, choice) => costs.lower(costs.bits(choice)) };

/** How much of the objective is not known of a statement under a choice. */
function slack(costs: StatementCosts, choice: Choice): number {
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

/** Without the new indexes that no statement uses, by what is known. */
function prune(cache: CostCache, choice: Choice): Choice {
  const used = new Set<number>();
  for (const costs of cache.statements) {
    const set = costs.bits(choice);
    const plan = costs.answers
      .filter((answer) => (answer.used & ~set) === 0n)
      .reduce((best, answer) => (answer.cost < best.cost ? answer : best), {
        cost: Number.POSITIVE_INFINITY,
        used: 0n,
      });
    for (const item of costs.itemsIn(plan.used)) used.add(item.id);
  }
  return new Set(
    [...choice].filter((id) => used.has(id) || cache.problem.items[id]?.existing !== null).toSorted((a, b) => a - b),
  );
}

function fits(cache: CostCache, choice: Choice, storageBytes: number | null): boolean {
  return storageBytes === null || choiceBytes(cache.problem, choice) <= storageBytes;
}
