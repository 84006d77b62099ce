import { groupBy } from '../../base/group.js';
import { relationKey, sameRelation } from '../../model/catalog.js';
import type { PlannerAnswer, CostCache, StatementCosts } from './cost-cache.js';
import type { Allowance } from './allowance.js';
import type { Choice } from './problem.js';

/** How long to look for plans. */
export interface DiscoveryLimits {
  /** Share of the allowance, 0 to 1. */
  readonly share: number;
  /** A gain below this (in the objective's unit) is not followed. */
  readonly tolerance: number;
  /** Bytes that plans have to share; null for no limit. */
  readonly storageBytes: number | null;
}

/** Finding plans may take this share of the questions. */
export const DISCOVERY_SHARE = 0.5;
/** Of the objective's 100: what is worth following up. */
export const DISCOVERY_TOLERANCE = 0.05;

/** A set of items with its answer, whose used items are to be taken away next. */
interface Node {
  readonly costs: StatementCosts;
  readonly answer: PlannerAnswer;
  /** What other plans than this one may be worth, in the objective's unit. */
  readonly worth: number;
  /** How often something was taken away. */
  readonly depth: number;
}

/** Asks each statement with everything in sight, the weightiest first, until this share of the allowance is used. */
export async function lookAtAll(cache: CostCache, allowance: Allowance, share: number): Promise<void> {
  const worth = (costs: StatementCosts): number => costs.statement.value(costs.upper(costs.present));
  for (const costs of cache.statements.toSorted((a, b) => worth(b) - worth(a))) {
    if (allowance.isSpent(share)) return;
    await cache.at(costs, costs.full);
  }
}

/**
 * Finds the good plans of each statement, the weightiest first: asks with everything in sight, then takes away what was
 * used, once the larger of its family and once the whole family, and so on. False when the allowance ended it.
 * `onPlans` is told when every statement has a plan with everything in sight, when it has those of single tables, and then from time to time.
 */
export async function discover(
  cache: CostCache,
  allowance: Allowance,
  limits: DiscoveryLimits,
  onPlans: () => void = () => undefined,
): Promise<boolean> {
  const open: Node[] = [];
  const seen = new Set<string>();
  for (const costs of cache.statements) {
    if ((await cache.at(costs, costs.present)) === null) return false;
  }
  // With everything in sight, before anything else: without it there is no bound for a statement.
  const roots: (readonly [StatementCosts, PlannerAnswer])[] = [];
  for (const costs of cache.statements) {
    const answer = await cache.at(costs, costs.full);
    if (answer === null) return false;
    roots.push([costs, answer]);
  }
  onPlans();
  for (const [costs, answer] of roots) {
    const tables = tablesUsed(costs, answer);
    // Plans that need one table's indexes alone are what others are made of, so they come before what is left of the whole.
    for (const set of tables.length > 1 ? tables : []) {
      if (allowance.isSpent(limits.share)) return false;
      const alone = await cache.at(costs, set);
      if (alone === null) return false;
      open.push(node(costs, alone, { ...limits, depth: 0 }));
    }
    open.push(node(costs, answer, { ...limits, depth: tables.length > 1 ? 1 : 0 }));
  }
  onPlans();
  const every = Math.min(TOLD_EVERY, TOLD_TIMES * cache.statements.length);
  let toldAt = allowance.plannerCalls;
  for (;;) {
    if (allowance.plannerCalls - toldAt >= every) {
      onPlans();
      toldAt = allowance.plannerCalls;
    }
    const next = takeBest(open);
    if (next === undefined || next.worth < limits.tolerance) return true;
    for (const set of reduced(next, limits.storageBytes)) {
      if (allowance.isSpent(limits.share)) return false;
      const key = `${next.costs.statement.fingerprint} ${set.toString(36)}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const answer = await cache.at(next.costs, set);
      if (answer === null) return false;
      open.push(node(next.costs, answer, { ...limits, depth: next.depth + 1 }));
    }
  }
}

/**
 * Finds plans near a choice: asks each statement with the choice and, beside it, all that is to be had on one of its tables. What
 * is used then is what an index of the choice may be exchanged for. Costs no question where what is known rules out a gain.
 */
export async function discoverAround(
  cache: CostCache,
  allowance: Allowance,
  choice: Choice,
  { share, tolerance }: Pick<DiscoveryLimits, 'share' | 'tolerance'>,
): Promise<void> {
  const gain = (costs: StatementCosts, set: bigint, shown: bigint): number =>
    costs.statement.value(costs.upper(set)) - costs.statement.value(costs.lower(shown));
  const hopeful = cache.statements
    .map((costs) => ({ costs, set: costs.bits(choice) }))
    .map((one) => ({ ...one, most: gain(one.costs, one.set, one.costs.full) }))
    .filter(({ most }) => most >= tolerance)
    .toSorted((a, b) => b.most - a.most);
  for (const { costs, set } of hopeful) {
    for (const shown of neighbours(costs, set)) {
      if (allowance.isSpent(share)) return;
      if (gain(costs, set, shown) >= tolerance) await cache.at(costs, shown);
    }
  }
}

/** The set with all that is to be had on one table beside it, for each table. */
function neighbours(costs: StatementCosts, set: bigint): bigint[] {
  const byTable = groupBy(costs.itemsIn(costs.full & ~set), (item) => relationKey(item.table));
  return [...byTable.values()].map((items) => set | costs.bits(items.map((item) => item.id)));
}

/** EXPLAINs: some seconds of them, */
const TOLD_EVERY = 1000;
/** and no more than so many for each statement: with 21 statements a set as good as Extend's was there after 179 instead of 256 (`npm run bench:index -- --part narrow --budgets 250`). */
const TOLD_TIMES = 2;

/** Nearly the same size: choosing between them is not worth a question. */
const NEARLY = 0.9;

/** Each thing taken away makes it less likely that what is left is wanted. */
const DECAY = 0.3;

function node(
  costs: StatementCosts,
  answer: PlannerAnswer,
  { storageBytes, depth }: DiscoveryLimits & { readonly depth: number },
): Node {
  const { value } = costs.statement;
  const gain = value(costs.upper(costs.present)) - value(answer.cost);
  const bytes = costs.itemsIn(answer.used & ~costs.present).reduce((sum, item) => sum + item.bytes, 0);
  const share = storageBytes === null ? 1 : Math.min(1, bytes / (LARGE_SHARE * Math.max(1, storageBytes)));
  return { costs, answer, depth, worth: gain * share * DECAY ** depth };
}

/** A plan whose indexes take less than this share of the storage is there for the taking: no other is needed. */
const LARGE_SHARE = 0.1;
/** An index smaller than this share of the storage needs no smaller one in its place. */
const SMALL_SHARE = 0.01;

/** For each table of which new indexes are used: what exists, and all that is to be had on it. */
function tablesUsed(costs: StatementCosts, answer: PlannerAnswer): bigint[] {
  const used = costs.itemsIn(answer.used & ~costs.present);
  const sets = used.map(({ table }) => {
    const here = costs.itemsIn(costs.full).filter((item) => sameRelation(item.table, table));
    return costs.present | costs.bits(here.map((item) => item.id));
  });
  return [...new Set(sets)];
}

/** The first of those that are worth most. */
function takeBest(open: Node[]): Node | undefined {
  let best = 0;
  for (let index = 1; index < open.length; index += 1) {
    if ((open[index]?.worth ?? 0) > (open[best]?.worth ?? 0)) best = index;
  }
  return open.splice(best, 1)[0];
}

/** The sets to ask about next: without each used family, and with its smaller members alone. */
function reduced({ costs, answer }: Node, storageBytes: number | null): bigint[] {
  const used = costs
    .itemsIn(answer.used & ~costs.present)
    .filter((item) => item.bytes >= SMALL_SHARE * (storageBytes ?? 0));
  // What an existing index is worth beside all others: that tells whether it may go.
  const gone =
    answer.shown === costs.full
      ? costs.itemsIn(answer.used & costs.present).map((item) => costs.full & ~costs.bits([item.id]))
      : [];
  const sets = used.flatMap((item) => {
    const family = costs.relatives(item, answer.shown, (other) => other.existing === null);
    const smaller = costs.relatives(item, family, (other) => other.bytes < NEARLY * item.bytes);
    const without = answer.shown & ~family;
    return smaller === 0n ? [without] : [without, without | smaller];
  });
  return [...sets, ...gone];
}
