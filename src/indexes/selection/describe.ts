import type { IndexSpec } from '../../model/action.js';
import { sameRelation } from '../../model/catalog.js';
import type { Catalog } from '../../model/catalog.js';
import type { Allowance } from './allowance.js';
import type { CostCache, StatementCosts } from './cost-cache.js';
import type { Incumbent } from './improve.js';
import { givenBy, itemName } from './items.js';
import { choiceBytes, presentChoice } from './problem.js';
import type { Choice, Item } from './problem.js';
import { OBJECTIVE_SCALE } from './programmes.js';
import type { DroppedIndex, IndexSelection, SelectedIndex, StatementGain } from './selection-types.js';

type Description = Pick<IndexSelection, 'chosen' | 'drop' | 'statements' | 'objective' | 'bound' | 'gap' | 'usedBytes'>;

/** Says what each index of a choice is for. Asks for what each is worth alone and in the set, while there is something left to ask with. */
export async function describeChoice(
  cache: CostCache,
  best: Incumbent,
  { allowance, catalog }: { readonly allowance: Allowance; readonly catalog: Catalog },
): Promise<Description> {
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
    const serves = served(cache, choice, item);
    const spec = item.spec ?? neverThere(item);
    chosen.push({
      spec,
      sizeBytes: item.bytes,
      writeShare: item.writeCost / OBJECTIVE_SCALE,
      serves,
      gainAlone: alone,
      gainInSet: inSet,
      alone: alone === null ? [] : gainsAlone(cache, present, item),
      variants: variantsOf(cache, { choice, item, main: serves[0] }),
      redundant: givenBy(catalog, spec),
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
  for (const costs of cache.concernedBy(item.id)) {
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
  const users = cache.concernedBy(item.id).filter((costs) => {
    const plan = costs.best(costs.bits(choice));
    return plan !== null && (plan.used & costs.bits([item.id])) !== 0n;
  });
  return inOrderOfGain(users, choice);
}

/** The statements that the item makes cheaper when nothing else is added; its costs were asked. */
function gainsAlone(cache: CostCache, present: Choice, item: Item): StatementGain[] {
  const choice = new Set([...present, item.id]);
  const helped = cache.concernedBy(item.id).filter((costs) => {
    const { before, after } = gainOf(costs, choice);
    return after < before;
  });
  return inOrderOfGain(helped, choice);
}

function inOrderOfGain(statements: readonly StatementCosts[], choice: Choice): StatementGain[] {
  const worth = new Map(
    statements.map((costs) => {
      const { value, fingerprint } = costs.statement;
      return [fingerprint, value(costs.upper(costs.present)) - value(costs.upper(costs.bits(choice)))];
    }),
  );
  return statements
    .map((costs) => gainOf(costs, choice))
    .toSorted((a, b) => (worth.get(b.fingerprint) ?? 0) - (worth.get(a.fingerprint) ?? 0));
}

/** A variant must win at least this much of what the chosen one does for its main statement. */
const VARIANT_SHARE = 0.5;
const MOST_VARIANTS = 2;

interface Replaced {
  readonly choice: Choice;
  readonly item: Item;
  readonly main: StatementGain | undefined;
}

/** New indexes of the same table with which a known plan of the main statement does without the item, and needs nothing else that is not chosen. */
function variantsOf(cache: CostCache, { choice, item, main }: Replaced): IndexSpec[] {
  const costs = cache.concernedBy(item.id).find((one) => one.statement.fingerprint === main?.fingerprint);
  if (costs === undefined || main === undefined) return [];
  const others = costs.bits([...choice].filter((id) => id !== item.id));
  const [before, after] = [costs.upper(others), main.after];
  const found = costs
    .itemsIn(costs.full)
    .filter((one) => one.spec !== null && !choice.has(one.id) && sameRelation(one.table, item.table))
    .map((one) => ({ one, cost: costs.upper(others | costs.bits([one.id])) }))
    .filter(({ cost }) => cost < before && before - cost >= VARIANT_SHARE * (before - after))
    .toSorted((a, b) => a.cost - b.cost || a.one.bytes - b.one.bytes || a.one.id - b.one.id);
  return found.slice(0, MOST_VARIANTS).flatMap(({ one }) => one.spec ?? []);
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
