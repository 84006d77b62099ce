import type { Allowance } from './allowance.js';
import type { CostCache, StatementCosts } from './cost-cache.js';
import type { Incumbent } from './improve.js';
import { itemName } from './items.js';
import { choiceBytes, presentChoice } from './problem.js';
import type { Choice, Item } from './problem.js';
import { OBJECTIVE_SCALE } from './programmes.js';
import type { DroppedIndex, IndexSelection, SelectedIndex, StatementGain } from './selection-types.js';

type Description = Pick<IndexSelection, 'chosen' | 'drop' | 'statements' | 'objective' | 'bound' | 'gap' | 'usedBytes'>;

/** Says what each index of a choice is for. Asks for what each is worth alone and in the set, while there is something left to ask with. */
export async function describeChoice(cache: CostCache, best: Incumbent, allowance: Allowance): Promise<Description> {
  const { problem } = cache;
  const { choice } = best;
  const present = presentChoice(problem);
  const created = problem.items.filter((item) => choice.has(item.id) && item.existing === null);
  const chosen: SelectedIndex[] = [];
  for (const item of created) {
    const alone = await change(cache, allowance, { item, from: present, to: new Set([...present, item.id]) });
    const inSet = await change(cache, allowance, {
      item,
      from: new Set([...choice].filter((id) => id !== item.id)),
      to: choice,
    });
    chosen.push({
      spec: item.spec ?? neverThere(item),
      sizeBytes: item.bytes,
      writeShare: item.writeCost / OBJECTIVE_SCALE,
      serves: served(cache, choice, item),
      gainAlone: alone,
      gainInSet: inSet,
      redundant: problem.items
        .filter((other) => other.existing !== null && other.id !== item.id && item.gives.includes(other.id))
        .map(itemName),
    });
  }
  return {
    chosen: chosen.toSorted((a, b) => (b.gainInSet ?? 0) - (a.gainInSet ?? 0) || compare(a.spec.name, b.spec.name)),
    drop: dropped(cache, choice),
    statements: gains(cache, choice),
    objective: best.objective / OBJECTIVE_SCALE,
    bound: best.bound / OBJECTIVE_SCALE,
    gap: best.objective > 0 ? (best.objective - best.bound) / best.objective : 0,
    usedBytes: choiceBytes(problem, choice) - choiceBytes(problem, present),
  };
}

/** How much of the objective goes from one choice to another that has an item more; null when it can not be asked any more. */
async function change(
  cache: CostCache,
  allowance: Allowance,
  { item, from, to }: { readonly item: Item; readonly from: Choice; readonly to: Choice },
): Promise<number | null> {
  let gain = -item.writeCost;
  for (const costs of cache.statements) {
    if (costs.bits([item.id]) === 0n) continue;
    const [before, after] = [costs.bits(from), costs.bits(to)];
    if (allowance.isSpent() && (costs.known(before) ?? costs.known(after)) === undefined) return null;
    const [dear, cheap] = [await cache.at(costs, before), await cache.at(costs, after)];
    if (dear === null || cheap === null) return null;
    gain += costs.statement.value(dear.cost) - costs.statement.value(cheap.cost);
  }
  return gain / OBJECTIVE_SCALE;
}

function gains(cache: CostCache, choice: Choice): StatementGain[] {
  return cache.statements.map((costs) => gainOf(costs, choice));
}

function gainOf(costs: StatementCosts, choice: Choice): StatementGain {
  return {
    fingerprint: costs.statement.fingerprint,
    before: costs.upper(costs.present),
    after: costs.upper(costs.bits(choice)),
  };
}

function served(cache: CostCache, choice: Choice, item: Item): StatementGain[] {
  const users = cache.statements.filter((costs) => {
    if (costs.bits([item.id]) === 0n) return false;
    const plan = costs.known(costs.bits(choice));
    return plan !== undefined && (plan.used & costs.bits([item.id])) !== 0n;
  });
  const worth = new Map(
    users.map((costs) => {
      const { value, fingerprint } = costs.statement;
      return [fingerprint, value(costs.upper(costs.present)) - value(costs.upper(costs.bits(choice)))];
    }),
  );
  return users
    .map((costs) => gainOf(costs, choice))
    .toSorted((a, b) => (worth.get(b.fingerprint) ?? 0) - (worth.get(a.fingerprint) ?? 0));
}

/** Existing ones that are not in the choice, and those in it that another one gives. */
function dropped(cache: CostCache, choice: Choice): DroppedIndex[] {
  const { items } = cache.problem;
  const kept = items.filter((item) => choice.has(item.id));
  return items
    .filter((item) => item.existing !== null)
    .flatMap((item): DroppedIndex[] => {
      // Of two that give each other the later one goes.
      const giver = kept.find(
        (other) =>
          other.id !== item.id &&
          other.gives.includes(item.id) &&
          (!item.gives.includes(other.id) || other.id < item.id || other.existing === null),
      );
      if (giver === undefined && choice.has(item.id)) return [];
      const reason = giver === undefined ? 'not-worth-it' : 'given';
      return [
        { index: itemName(item), sizeBytes: item.bytes, reason, by: giver === undefined ? null : itemName(giver) },
      ];
    });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function neverThere(item: Item): never {
  throw new RangeError(`Item ${item.id} is no candidate`);
}
