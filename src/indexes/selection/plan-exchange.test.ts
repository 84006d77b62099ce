import { describe, expect, it } from 'vitest';
import type { IndexWhatIf } from '../../model/what-if.js';
import { seededRandom } from '../../stats/random.js';
import { Allowance } from './allowance.js';
import { CostCache } from './cost-cache.js';
import { guessedCost } from './greedy.js';
import { exchangePlans } from './plan-exchange.js';
import { choiceBytes, choiceWriteCost } from './problem.js';
import type { Choice, Item } from './problem.js';

/** Nothing is asked. */
const WHAT_IF: IndexWhatIf = {
  cost: async () => [],
  size: async () => ({ pages: 1, sizeBytes: 1, rows: 1 }),
  sizes: async () => [],
};

function item(id: number, bytes: number, more: Partial<Item> = {}): Item {
  const table = { schema: 'public', name: 'order' };
  return {
    id,
    table,
    spec: null,
    existing: null,
    family: `${id}`,
    bytes,
    writeCost: 0,
    inert: true,
    gives: [id],
    ...more,
  };
}

/** For each statement the costs of its plans by the items that they use; each was the best with those shown. */
function cacheOf(items: readonly Item[], statements: readonly (readonly (readonly [number[], number])[])[]): CostCache {
  const relevant = items.map((one) => one.id);
  const problem = {
    items,
    statements: statements.map((_, at) => ({ fingerprint: `${at}`, relevant, value: (cost: number) => cost })),
  };
  const cache = new CostCache(problem, WHAT_IF, new Allowance({ timeMs: null, plannerCalls: null }, () => 0, null));
  for (const [at, plans] of statements.entries()) {
    const costs = cache.statements[at];
    for (const [uses, cost] of plans) costs?.learn({ shown: costs.bits(uses), used: costs.bits(uses), cost });
  }
  return cache;
}

const guessed = (cache: CostCache, choice: Choice): number =>
  cache.statements.reduce((sum, costs) => sum + guessedCost(costs, choice), choiceWriteCost(cache.problem, choice));

describe('exchanges of known plans', () => {
  it('lead over a choice that is worse to one that is better', () => {
    const items = [item(0, 10), item(1, 6), item(2, 5)];
    const cache = cacheOf(items, [
      [
        [[], 60],
        [[0], 1],
      ],
      [
        [[], 50],
        [[1], 10],
      ],
      [
        [[], 50],
        [[2], 15],
      ],
    ]);
    // Alone, neither of the two small ones is worth the large one.
    expect(exchangePlans(cache, new Set([0]), 11)).toEqual({ choice: new Set([1, 2]), objective: 85 });
  });

  it('put in together what only together serves', () => {
    const items = [item(0, 4), item(1, 4), item(2, 7)];
    const cache = cacheOf(items, [
      [
        [[], 100],
        [[0, 1], 10],
      ],
      [
        [[], 40],
        [[2], 20],
      ],
    ]);
    expect(exchangePlans(cache, new Set([2]), 8)?.choice).toEqual(new Set([0, 1]));
  });

  it('take one index for another whose keys it begins with', () => {
    const items = [item(0, 3), item(1, 4, { gives: [0, 1] })];
    const cache = cacheOf(items, [
      [
        [[], 100],
        [[0], 10],
      ],
      [
        [[], 100],
        [[1], 10],
      ],
    ]);
    expect(exchangePlans(cache, new Set(), 5)?.choice).toEqual(new Set([1]));
  });

  it('take away an existing index that costs more than it brings', () => {
    const items = [
      item(0, 3, { existing: 'public.a', writeCost: 7 }),
      item(1, 3, { existing: 'public.b', writeCost: 1 }),
    ];
    const cache = cacheOf(items, [
      [
        [[], 100],
        [[0], 95],
      ],
      [
        [[], 100],
        [[1], 50],
      ],
    ]);
    expect(exchangePlans(cache, new Set([0, 1]), null)).toEqual({ choice: new Set([1]), objective: 151 });
  });

  it('do not guess what was asked in vain', () => {
    const items = [item(0, 3), item(1, 3, { gives: [0, 1] })];
    const cache = cacheOf(items, [
      [
        [[], 100],
        [[0], 10],
      ],
    ]);
    const [costs] = cache.statements;
    // The wider one was shown, and did not serve.
    costs?.learn({ shown: costs.bits([1]), used: 0n, cost: 100 });
    expect(exchangePlans(cache, new Set(), 3)?.choice).toEqual(new Set([0]));
  });

  it('give nothing up where there is nothing to exchange', () => {
    expect(exchangePlans(cacheOf([], []), new Set(), 0)).toEqual({ choice: new Set(), objective: 0 });
    const unused = cacheOf([item(0, 3)], [[[[], 100]]]);
    expect(exchangePlans(unused, new Set(), null)).toEqual({ choice: new Set(), objective: 100 });
  });

  it('leave it to a programme where there are very many plans', () => {
    const items = Array.from({ length: 501 }, (_, id) => item(id, 1));
    const cache = cacheOf(
      items,
      items.map(({ id }) => [
        [[], 2],
        [[id], 1],
      ]),
    );
    expect(exchangePlans(cache, new Set(), 10)).toBeNull();
  });

  it('find the best of all choices nearly always, and say what they are believed to be worth', () => {
    let best = 0;
    for (let seed = 1; seed <= RUNS; seed += 1) {
      const cache = randomCache(seed);
      const budget = 40;
      const found = exchangePlans(cache, new Set(), budget);
      expect(choiceBytes(cache.problem, found?.choice ?? new Set())).toBeLessThanOrEqual(budget);
      expect(found?.objective).toBeCloseTo(guessed(cache, found?.choice ?? new Set()), 6);
      const least = Math.min(...choicesWithin(cache, budget).map((choice) => guessed(cache, choice)));
      if ((found?.objective ?? Number.POSITIVE_INFINITY) <= least + 1e-6) best += 1;
    }
    expect(best).toBeGreaterThanOrEqual(0.95 * RUNS);
  });
});

const RUNS = 60;
const ITEMS = 9;

/** Ten statements with plans of one to three of nine items, of which five fit; all on one table, so that nothing is guessed to add up. */
function randomCache(seed: number): CostCache {
  const random = seededRandom(seed);
  const below = (most: number): number => Math.floor(random() * most);
  const items = Array.from({ length: ITEMS }, (_, id) => item(id, 4 + below(8), { writeCost: below(4) }));
  const statements = Array.from({ length: 10 }, () => {
    const plans = Array.from({ length: 5 }, () => {
      const uses = Array.from({ length: 1 + below(3) }, () => below(ITEMS));
      return [[...new Set(uses)].toSorted((a, b) => a - b), 5 + below(90)] as [number[], number];
    });
    return [[[], 100] as [number[], number], ...plans];
  });
  return cacheOf(items, statements);
}

function choicesWithin(cache: CostCache, budget: number): Choice[] {
  const all = Array.from(
    { length: 2 ** ITEMS },
    (_, bits) => new Set(cache.problem.items.flatMap(({ id }) => ((bits >> id) & 1 ? [id] : []))),
  );
  return all.filter((choice) => choiceBytes(cache.problem, choice) <= budget);
}
