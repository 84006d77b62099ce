import type { Highs } from 'highs';
import type { Allowance } from './allowance.js';
import type { CostCache, StatementCosts } from './cost-cache.js';
import { DISCOVERY_TOLERANCE, discover, discoverAround } from './discover.js';
import { greedyChoice, packedChoice } from './greedy.js';
import { exchangePlans } from './plan-exchange.js';
import { choiceBytes, choiceWriteCost, presentChoice } from './problem.js';
import type { Choice } from './problem.js';
import { boundProgramme, planProgramme } from './programmes.js';
import type { Proposal } from './programmes.js';
import type { SolverLimits } from './solver.js';
import { PLAINLY, STRONGLY, slack } from './verification.js';
import type { Verification } from './verification.js';

/** The best choice found for one budget. */
export interface Incumbent {
  readonly choice: Choice;
  /** The objective, from costs that were asked. */
  readonly objective: number;
  /** No choice from these candidates is better, by what was asked; 0 when nothing is proved. */
  readonly bound: number;
  /** False when the allowance ended the search. */
  readonly complete: boolean;
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
  /** The best so far, where there is one. */
  readonly start?: Choice;
}

/** What is to be had by the plans known so far, without a question: no statement costs more than it says. Gives the best, nothing where not even what exists fits. */
export function offerGreedy(input: ImproveInput): Choice {
  const { cache, storageBytes } = input;
  const search = new Search(input);
  const present = presentChoice(cache.problem);
  if (!fits(cache, present, storageBytes)) return search.best.choice;
  search.offer(present);
  search.offer(greedyChoice(cache, present, { storageBytes, power: 1 }));
  return search.best.choice;
}

/**
 * A first set, when every statement was asked with everything in sight: what the plans use is packed, verified, and exchanged for
 * what lies near. Other plans are looked for afterwards, which takes most of the questions.
 */
export async function firstChoice(input: ImproveInput): Promise<Choice> {
  const search = new Search(input);
  const roomy = search.begin();
  await search.verify(packedChoice(input.cache, roomy, input.storageBytes));
  await search.exchange(DISCOVERY_TOLERANCE, FIRST_SHARE);
  return search.best.choice;
}

/** A search whose proved gap is below this (share of the objective) is done, unless the allowance says otherwise. */
export const GAP_ENOUGH = 0.003;

/** Searches the best choice for a budget, from what is in the cache and by asking more, until it is settled or the allowance is spent. */
export async function improve(input: ImproveInput): Promise<Incumbent> {
  const { cache, allowance, storageBytes } = input;
  const search = new Search(input);
  const roomy = search.begin();
  await search.verify(packedChoice(cache, roomy, storageBytes));
  let idle = 0;
  let proved = false;
  for (let turn = 0; turn < allowance.turns && idle < MOST_IDLE_TURNS; turn += 1) {
    const before = { objective: search.best.objective, bound: search.bound };
    // What was not worth a question at first may be what is missing.
    const tolerance = DISCOVERY_TOLERANCE * DEEPER ** turn;
    if (turn > 0) await discover(cache, allowance, { share: DEEPER_SHARE, tolerance, storageBytes });
    // Of many statements each greedy choice takes seconds, which are not there any more when the time is up.
    for (const power of allowance.isOutOfTime(1) ? [1] : [0.6, 1])
      await search.verify(greedyChoice(cache, roomy, { storageBytes, power }));
    if (allowance.isOutOfTime(1)) break;
    await search.exchange(tolerance, DEEPER_SHARE);
    // What exchanges do not lead to.
    const planned = await search.follow(planProgramme, MOST_PLAN_ROUNDS);
    // Proving takes longer than all else, so only what is nearly proved is proved before the end.
    if (turn === 0) await search.follow(boundProgramme, 1);
    proved = search.isNearlyProved && (await search.follow(boundProgramme, MOST_BOUND_ROUNDS));
    // What a programme leaves out for want of weight may still fit beside what it chose.
    await search.verify(greedyChoice(cache, search.best.choice, { storageBytes, power: 1 }));
    if ((planned && proved) || allowance.isSpent()) break;
    const moved = search.best.objective < before.objective || search.bound > before.bound;
    idle = moved ? 0 : idle + 1;
  }
  if (!proved && allowance.turns > 0) await search.follow(boundProgramme, LAST_BOUND_ROUNDS);
  return { ...search.best, bound: search.bound, complete: !allowance.isSpent() };
}

/** Turns that neither improve nor prove anything, after which it is given up. */
const MOST_IDLE_TURNS = 10;
/** Each turn looks for plans that are worth less, */
const DEEPER = 0.4;
/** and leaves some questions for what comes of them. */
const DEEPER_SHARE = 0.85;
/** How often the best choice is looked around before its bound is. */
const MOST_EXCHANGES = 4;
/** Of the allowance, for a first set. */
const FIRST_SHARE = 0.4;
/** Rounds of a programme, each of them one solution and the questions that verify it. */
const MOST_PLAN_ROUNDS = 3;
const MOST_BOUND_ROUNDS = 2;
/** At the end of the search nothing else is left to do with what may be asked. */
const LAST_BOUND_ROUNDS = 4;
/** What a programme may take; the nodes end it at the same place on every machine. */
const FIRST_NODES = 60;
const MORE_NODES = 4;
/** A solution whose gap is this many times what was wanted was cut short by the nodes. */
const CUT_SHORT = 1.5;
const SOLVER_GAP = 5e-4;
/** Of what is not proved yet: a bound need not be exact to a hundredth of it, as questions move it further. With 68 statements that is a third of the time. */
const PROOF_SHARE = 0.05;
/** A gap that a few more questions may close. */
const NEARLY_PROVED = 0.01;
/** Of the time that is left: a solution is worth nothing without the questions that verify it. Nothing else is done meanwhile, no signal heard. */
const SOLVER_SHARE = 0.25;
/** Where no time is given the nodes end a programme, unless one of them alone takes so long: nothing hears a signal meanwhile. */
const MOST_SOLVING_MS = 30_000;
/** A plan programme that hopes for less than this is not followed: its guesses are no better. */
const PLAN_ENOUGH = 0.001;

class Search {
  readonly #input: ImproveInput;
  #best: { readonly choice: Choice; readonly objective: number } = {
    choice: new Set(),
    objective: Number.POSITIVE_INFINITY,
  };
  #bound = 0;
  #nodes = FIRST_NODES;
  readonly #last = new Map<typeof planProgramme, { readonly state: string; readonly proposal: Proposal | null }>();

  constructor(input: ImproveInput) {
    this.#input = input;
  }

  get best(): { readonly choice: Choice; readonly objective: number } {
    return this.#best;
  }

  get bound(): number {
    return Math.min(Math.max(this.#bound, this.#floor()), this.#best.objective);
  }

  get isNearlyProved(): boolean {
    return this.bound >= this.#best.objective * (1 - NEARLY_PROVED);
  }

  /** What everything in sight would cost if it took no storage and no write: of many statements no programme proves more in time. */
  #floor(): number {
    const { statements } = this.#input.cache;
    return statements.reduce((sum, costs) => sum + costs.statement.value(costs.lower(costs.full)), 0);
  }

  /** Offers what exists, if it fits, and what the search was given. Gives the choice to build upon. */
  begin(): Choice {
    const { cache, storageBytes, start } = this.#input;
    const present = presentChoice(cache.problem);
    const isRoomy = fits(cache, present, storageBytes);
    if (isRoomy) this.offer(present);
    if (start !== undefined) this.offer(start);
    return isRoomy ? present : new Set();
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
  async verify(choice: Choice, { ask, hope, atLeast }: Verification = PLAINLY): Promise<void> {
    const { cache } = this.#input;
    const loose = cache.statements
      .map((costs) => ({ costs, slack: slack(costs, choice) }))
      .filter((one) => one.slack > 0)
      .toSorted((a, b) => b.slack - a.slack);
    const worth = (costs: StatementCosts): number => costs.statement.value(hope(costs, choice));
    let hoped = cache.statements.reduce((sum, one) => sum + worth(one), choiceWriteCost(cache.problem, choice));
    for (const [asked, { costs }] of loose.entries()) {
      if (asked >= atLeast && hoped >= this.#best.objective) return;
      const before = worth(costs);
      await ask(cache, costs, costs.bits(choice));
      hoped += worth(costs) - before;
    }
    this.offer(choice);
  }

  /** Looks for what the best choice may be exchanged for, as long as that finds a better one. */
  async exchange(tolerance: number, share: number): Promise<void> {
    const { cache, allowance } = this.#input;
    await this.#plan();
    for (let step = 0; step < MOST_EXCHANGES && !allowance.isSpent(share); step += 1) {
      const { choice, objective } = this.#best;
      await discoverAround(cache, allowance, choice, { share, tolerance });
      await this.#plan();
      if (this.#best.objective >= objective) break;
    }
  }

  /** Verifies what exchanges of known plans lead to until that is nothing better; what a programme proposes where there are too many plans for them. */
  async #plan(): Promise<void> {
    const { cache, allowance, storageBytes } = this.#input;
    for (let round = 0; round < MOST_PLAN_ROUNDS && !allowance.isSpent(); round += 1) {
      const proposal = exchangePlans(cache, this.#best.choice, storageBytes);
      if (proposal === null) {
        await this.follow(planProgramme, MOST_PLAN_ROUNDS);
        return;
      }
      this.offer(proposal.choice);
      if (proposal.objective >= this.#best.objective * (1 - PLAN_ENOUGH)) return;
      await this.verify(proposal.choice);
    }
  }

  /** Verifies what a programme proposes until it proposes nothing better. False when the allowance or the rounds ended it. */
  async follow(programme: typeof planProgramme, rounds: number): Promise<boolean> {
    const { cache, allowance } = this.#input;
    for (let round = 0; round < rounds; round += 1) {
      const proving = programme === boundProgramme;
      // What is proved needs no question.
      if (proving ? allowance.isOutOfTime(1) : allowance.isSpent()) return false;
      const timeMs = allowance.leftMs === null ? MOST_SOLVING_MS : allowance.leftMs * SOLVER_SHARE;
      const unproved = this.#best.objective > 0 ? 1 - this.bound / this.#best.objective : 0;
      const gap = proving ? Math.max(SOLVER_GAP, PROOF_SHARE * unproved) : SOLVER_GAP;
      const proposal = this.#propose(programme, { timeMs, nodes: this.#nodes, gap });
      if (proposal === null) return false;
      if (proving) this.#bound = Math.max(this.#bound, proposal.bound);
      this.offer(proposal.choice);
      const { objective } = this.#best;
      if (proving && this.#bound >= objective * (1 - (allowance.gap ?? GAP_ENOUGH))) return true;
      if (!proving && proposal.objective >= objective * (1 - PLAN_ENOUGH)) return true;
      if (cache.statements.every((costs) => slack(costs, proposal.choice) <= 0)) {
        // Where the solver stopped early at a choice that is no news, it has to look further.
        if (proposal.objective - proposal.bound > CUT_SHORT * gap * proposal.objective) this.#nodes *= MORE_NODES;
        return !proving;
      }
      await this.verify(proposal.choice, proving ? STRONGLY : PLAINLY);
    }
    return false;
  }

  /** Solves a programme; where nothing was learnt since it was solved to the same limits, it would say the same again. */
  #propose(programme: typeof planProgramme, limits: SolverLimits): Proposal | null {
    const { cache, highs, storageBytes } = this.#input;
    const state = `${cache.learnt} ${limits.nodes} ${limits.gap}`;
    const last = this.#last.get(programme);
    if (last?.state === state) return last.proposal;
    const proposal = programme(highs, { cache, storageBytes, limits });
    this.#last.set(programme, { state, proposal });
    return proposal;
  }
}

/** Without the new indexes that no statement uses, by what is known. */
function prune(cache: CostCache, choice: Choice): Choice {
  const used = new Set<number>();
  for (const costs of cache.statements) {
    const plan = costs.best(costs.bits(choice));
    for (const item of costs.itemsIn(plan?.used ?? 0n)) used.add(item.id);
  }
  return new Set(
    [...choice].filter((id) => used.has(id) || cache.problem.items[id]?.existing !== null).toSorted((a, b) => a - b),
  );
}

function fits(cache: CostCache, choice: Choice, storageBytes: number | null): boolean {
  return storageBytes === null || choiceBytes(cache.problem, choice) <= storageBytes;
}
