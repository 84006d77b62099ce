import { sameRelation } from '../../model/catalog.js';
import type { CostCache, StatementCosts } from './cost-cache.js';
import type { Incumbent } from './improve.js';
import { choiceWriteCost } from './problem.js';
import type { Choice, Item } from './problem.js';

/** An index of this share of the bytes, such as one of a few rows alone, takes the place of another one that is hardly better. Those nearer in size would be found worth adding to it again. */
const SMALL_SHARE = 1 / 8;
/** Gains closer than this are one to the planner. */
const NEARLY = 0.97;
/** But not where the smaller one leaves this many times what the other one leaves: 97 % and 99.9 % saved are far apart. */
const MUCH_LEFT = 2;
/** Those of the cheapest known plans: each costs questions. */
const MOST_ASKED = 3;

/**
 * The choice with indexes of an eighth of the size or less in place of those that are hardly better to the planner, whose error is
 * larger than that: no statement loses more than a few percent of its gain. Asks as long as there is something left to ask with.
 */
export async function preferSmall(cache: CostCache, best: Incumbent): Promise<Incumbent> {
  let { choice } = best;
  const large = cache.problem.items.filter((item) => choice.has(item.id) && item.existing === null);
  for (const item of large.toSorted((a, b) => b.bytes - a.bytes || a.id - b.id)) {
    const others: Choice = new Set([...choice].filter((id) => id !== item.id));
    const touched = cache.statements.filter((costs) => costs.bits([item.id]) !== 0n);
    for (const small of smallOnes(cache, { item, others, choice, touched })) {
      const instead = new Set([...others, small.id]);
      if (!(await areNearlyAsGood(cache, touched, { without: others, first: choice, second: instead }))) continue;
      choice = instead;
      break;
    }
  }
  if (choice === best.choice) return best;
  return { ...best, choice, objective: cache.upper(choice) + choiceWriteCost(cache.problem, choice) };
}

interface Setting {
  readonly item: Item;
  readonly others: Choice;
  readonly choice: Choice;
  readonly touched: readonly StatementCosts[];
}

/** New indexes of the same table which a known plan uses where the item gains most: those of the cheapest plans, the smallest first. */
function smallOnes({ problem }: CostCache, { item, others, choice, touched }: Setting): readonly Item[] {
  const gain = (costs: StatementCosts): number => {
    const { value } = costs.statement;
    return value(costs.upper(costs.bits(others))) - value(costs.upper(costs.bits(choice)));
  };
  const [main] = touched.toSorted((a, b) => gain(b) - gain(a));
  if (main === undefined) return [];
  const left = main.upper(main.bits(others));
  return problem.items
    .filter((one) => one.spec !== null && !choice.has(one.id) && sameRelation(one.table, item.table))
    .filter((one) => one.bytes <= SMALL_SHARE * item.bytes && one.writeCost <= item.writeCost)
    .map((one) => ({ one, cost: main.upper(main.bits([...others, one.id])) }))
    .filter(({ cost }) => cost < left)
    .toSorted((a, b) => a.cost - b.cost || a.one.bytes - b.one.bytes || a.one.id - b.one.id)
    .slice(0, MOST_ASKED)
    .map(({ one }) => one)
    .toSorted((a, b) => a.bytes - b.bytes || a.id - b.id);
}

/** Whether no statement loses much by the second set; false where it can not be asked. */
async function areNearlyAsGood(
  cache: CostCache,
  statements: readonly StatementCosts[],
  sets: Readonly<Record<'without' | 'first' | 'second', Choice>>,
): Promise<boolean> {
  for (const costs of statements) {
    const first = await cache.at(costs, costs.bits(sets.first));
    const without = await cache.at(costs, costs.bits(sets.without));
    const second = await cache.at(costs, costs.bits(sets.second));
    if (first === null || without === null || second === null) return false;
    const isNear = without.cost - second.cost >= NEARLY * (without.cost - first.cost);
    if (!isNear || second.cost > MUCH_LEFT * first.cost) return false;
  }
  return true;
}
