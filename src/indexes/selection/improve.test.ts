import { describe, expect, it } from 'vitest';
import type { IndexSpec } from '../../model/action.js';
import type { IndexWhatIf } from '../../model/what-if.js';
import { Allowance } from './allowance.js';
import { CostCache } from './cost-cache.js';
import { improve } from './improve.js';
import type { Item } from './problem.js';
import { boundProgramme, planProgramme } from './programmes.js';
import { loadSolver } from './solver.js';

const SPEC: IndexSpec = {
  table: { schema: 'public', name: 't' },
  method: 'btree',
  unique: false,
  keys: ['"a"'],
  include: [],
  where: null,
  with: null,
  name: 't_a_idx',
};
const ITEM: Item = {
  id: 0,
  table: SPEC.table,
  spec: SPEC,
  existing: null,
  family: 'a',
  bytes: 1e6,
  writeCost: 0,
  inert: true,
  gives: [0],
};

const SIZE = { pages: 1, sizeBytes: 1e6, rows: 1 };
const SIZES: Pick<IndexWhatIf, 'size' | 'sizes'> = {
  size: async () => SIZE,
  sizes: async (specs) => specs.map(() => SIZE),
};

/** 100 without the index, 5 with it: all that is known is the 100. */
function halfKnown(allowance: Allowance): CostCache {
  const whatIf: IndexWhatIf = {
    cost: async (fingerprints, { add }) =>
      fingerprints.map((fingerprint) => ({
        fingerprint,
        cost: add.length > 0 ? 5 : 100,
        uses: add.map((spec) => spec.name),
        usesExisting: [],
        planShape: null,
        planned: 1,
      })),
    ...SIZES,
  };
  const statement = { fingerprint: 's', relevant: [0], value: (cost: number) => cost };
  const cache = new CostCache({ items: [ITEM], statements: [statement] }, whatIf, allowance);
  for (const costs of cache.statements) costs.learn({ shown: 0n, used: 0n, cost: 100 });
  return cache;
}

describe('a statement that was never asked with everything in sight', () => {
  const allowance = new Allowance({ timeMs: null, plannerCalls: null }, () => 0, null);

  it('has no bound', async () => {
    const cache = halfKnown(allowance);
    const limits = { timeMs: null, nodes: 60, gap: 0 };
    const bound = async (): Promise<number | undefined> =>
      boundProgramme(await loadSolver(), { cache, storageBytes: null, limits })?.bound;
    expect(await bound()).toBe(0);
    for (const costs of cache.statements) await cache.at(costs, costs.full);
    expect(await bound()).toBeCloseTo(5, 3);
  });

  it('is asked before the search calls itself done', async () => {
    const cache = halfKnown(allowance);
    const best = await improve({
      cache,
      highs: await loadSolver(),
      allowance,
      storageBytes: null,
      onProgress: () => undefined,
    });
    expect(best).toMatchObject({ choice: new Set([0]), objective: 5, bound: expect.closeTo(5, 3), complete: true });
  });
});

describe('a plan that the planner passed over for one that it takes for equal', () => {
  const LIMITS = { timeMs: null, nodes: 60, gap: 0 };
  const BUDGET = 1.5e6;

  /** 100 each without an index; a takes 50 off the first statement, c 49 off the second. With a and b it was planned with b, for 2 more. */
  function passedOver(): CostCache {
    const items = ['a', 'b', 'c'].map((name, id) => ({
      ...ITEM,
      id,
      family: name,
      spec: { ...SPEC, keys: [`"${name}"`], name: `t_${name}_idx` },
      gives: [id],
    }));
    const statements = [
      { fingerprint: 'first', relevant: [0, 1], value: (cost: number) => cost },
      { fingerprint: 'second', relevant: [2], value: (cost: number) => cost },
    ];
    const whatIf: IndexWhatIf = { cost: async () => [], ...SIZES };
    const allowance = new Allowance({ timeMs: null, plannerCalls: null }, () => 0, null);
    const cache = new CostCache({ items, statements }, whatIf, allowance);
    const [first, second] = cache.statements;
    first?.learn({ shown: 0n, used: 0n, cost: 100 });
    first?.learn({ shown: 1n, used: 1n, cost: 50 });
    first?.learn({ shown: 3n, used: 2n, cost: 52 });
    second?.learn({ shown: 0n, used: 0n, cost: 100 });
    second?.learn({ shown: 1n, used: 1n, cost: 51 });
    return cache;
  }

  it('is chosen for what it costs', async () => {
    const proposal = planProgramme(await loadSolver(), { cache: passedOver(), storageBytes: BUDGET, limits: LIMITS });
    expect(proposal).toMatchObject({ choice: new Set([0]), objective: expect.closeTo(150, 3) });
  });

  it('lowers what is proved', async () => {
    const proved = boundProgramme(await loadSolver(), { cache: passedOver(), storageBytes: BUDGET, limits: LIMITS });
    expect(proved?.bound).toBeLessThanOrEqual(150);
  });
});
