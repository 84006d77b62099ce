import { describe, expect, it } from 'vitest';
import type { IndexSpec } from '../../model/action.js';
import type { IndexWhatIf } from '../../model/what-if.js';
import { Allowance } from './allowance.js';
import { CostCache } from './cost-cache.js';
import type { StatementCosts } from './cost-cache.js';
import { discoverAround } from './discover.js';
import type { Item } from './problem.js';

const NAMES = ['t_large', 't_small', 't_other', 'u_one'];
const ITEMS = NAMES.map((name, id): Item => {
  const [table = ''] = name.split('_');
  const spec: IndexSpec = {
    table: { schema: 'public', name: table },
    method: 'btree',
    unique: false,
    keys: [name],
    include: [],
    where: null,
    with: null,
    name,
  };
  const { table: relation } = spec;
  return {
    id,
    table: relation,
    spec,
    existing: null,
    family: name,
    bytes: 1e6,
    writeCost: 0,
    inert: true,
    gives: [id],
  };
});
const MOST = { share: 1, tolerance: 0.05 };

/** A planner that prefers the large index, and that was asked with nothing and with everything: of its plan with the small one nothing is known. */
async function known(): Promise<Known> {
  const asked: string[][] = [];
  const plans: readonly (readonly [readonly string[], number])[] = [
    [['t_large', 'u_one'], 10],
    [['t_small', 'u_one'], 20],
    [['u_one'], 60],
    [[], 100],
  ];
  const whatIf: IndexWhatIf = {
    cost: async (fingerprints, { add }) => {
      const shown = add.map((spec) => spec.name);
      asked.push(shown.toSorted());
      const [uses, cost] = plans.find(([needed]) => needed.every((name) => shown.includes(name))) ?? [[], 100];
      return fingerprints.map((fingerprint) => ({
        fingerprint,
        cost,
        uses,
        usesExisting: [],
        planShape: null,
        planned: 1,
      }));
    },
    size: async () => ({ pages: 1, sizeBytes: 1e6, rows: 1 }),
    sizes: async (specs) => specs.map(() => ({ pages: 1, sizeBytes: 1e6, rows: 1 })),
  };
  const statement = { fingerprint: 's', relevant: ITEMS.map((item) => item.id), value: (cost: number) => cost };
  const allowance = new Allowance({ timeMs: null, plannerCalls: null }, () => 0, null);
  const cache = new CostCache({ items: ITEMS, statements: [statement] }, whatIf, allowance);
  const costs = cache.statements[0] ?? expect.fail('one statement');
  for (const set of [0n, costs.full]) await cache.at(costs, set);
  asked.length = 0;
  return { cache, costs, asked, allowance };
}

interface Known {
  readonly cache: CostCache;
  readonly costs: StatementCosts;
  /** Names shown, question by question. */
  readonly asked: string[][];
  readonly allowance: Allowance;
}

describe('plans near a choice', () => {
  it('are those with all that is to be had on one more table', async () => {
    const { cache, costs, asked, allowance } = await known();
    await discoverAround(cache, allowance, new Set([1]), MOST);
    expect(asked).toEqual([
      ['t_large', 't_other', 't_small'],
      ['t_small', 'u_one'],
    ]);
    expect(costs.upper(costs.bits([1, 3]))).toBe(20);
  });

  it('are not asked for where nothing can be gained', async () => {
    const { cache, asked, allowance } = await known();
    await discoverAround(cache, allowance, new Set([0, 3]), MOST);
    expect(asked).toEqual([]);
  });
});
