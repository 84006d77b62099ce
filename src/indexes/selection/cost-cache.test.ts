import { describe, expect, it } from 'vitest';
import type { IndexWhatIf } from '../../model/what-if.js';
import { Allowance } from './allowance.js';
import { CostCache } from './cost-cache.js';
import { improve } from './improve.js';
import type { Item } from './problem.js';
import { loadSolver } from './solver.js';

const allowance = (): Allowance => new Allowance({ timeMs: null, plannerCalls: null }, () => 0, null);

function itemOf(id: number, key: string): Item {
  const spec = {
    table: { schema: 'public', name: 'message' },
    method: key.startsWith('"') ? 'btree' : 'gin',
    unique: false,
    keys: [key],
    include: [],
    where: null,
    with: null,
    name: `i${id}`,
  };
  const inert = key.startsWith('"');
  return { id, table: spec.table, spec, existing: null, family: key, bytes: 1, writeCost: 0, inert, gives: [id] };
}

/** A search in texts: its index helps by itself, and the statistics of its expression make the planner take the index for the order of the rows. */
const COSTS: Readonly<Record<string, { readonly cost: number; readonly uses: readonly string[] }>> = {
  '': { cost: 13_436, uses: [] },
  i0: { cost: 5270, uses: ['i0'] },
  i1: { cost: 13_436, uses: [] },
  'i0 i1': { cost: 277, uses: ['i1'] },
};

function cacheOf(costs: typeof COSTS): { cache: CostCache; asked: string[] } {
  const asked: string[] = [];
  const size = { pages: 1, sizeBytes: 1, rows: 1 };
  const whatIf: IndexWhatIf = {
    cost: async (fingerprints, { add }) => {
      const set = add.map(({ name }) => name).join(' ');
      asked.push(set);
      const said = { usesExisting: [], planShape: null, planned: 1, ...(costs[set] ?? { cost: null, uses: [] }) };
      return fingerprints.map((fingerprint) => ({ fingerprint, ...said }));
    },
    size: async () => size,
    sizes: async (specs) => specs.map(() => size),
  };
  const items = [itemOf(0, "(to_tsvector('english', body))"), itemOf(1, '"sent_at"')];
  const statement = { fingerprint: 's', relevant: [0, 1], value: (cost: number) => cost };
  const cache = new CostCache({ items, statements: [statement] }, whatIf, allowance());
  for (const one of cache.statements) one.learn({ shown: 0n, used: 0n, cost: costs['']?.cost ?? 0 });
  return { cache, asked };
}

describe('an index on an expression that no plan uses', () => {
  it('is what a cost rests on that is another without it', async () => {
    const { cache, asked } = cacheOf(COSTS);
    const [costs] = cache.statements;
    if (costs === undefined) throw new Error('no statement');
    expect(await cache.at(costs, 0b11n)).toEqual({ shown: 0b11n, used: 0b11n, cost: 277 });
    expect(asked).toEqual(['i0 i1', 'i1']);
    expect([costs.upper(0b10n), costs.upper(0b11n), costs.best(0b10n)?.cost]).toEqual([13_436, 277, 13_436]);
  });

  it('is nothing to a cost that is the same without it', async () => {
    const { cache } = cacheOf({ ...COSTS, 'i0 i1': { cost: 80, uses: ['i1'] }, i1: { cost: 80, uses: ['i1'] } });
    const [costs] = cache.statements;
    if (costs === undefined) throw new Error('no statement');
    expect((await cache.at(costs, 0b11n))?.used).toBe(0b10n);
    expect(costs.upper(0b10n)).toBe(80);
  });

  it('may make a plan dearer: what was said with it counts then', async () => {
    const { cache } = cacheOf({ ...COSTS, i1: { cost: 300, uses: ['i1'] }, 'i0 i1': { cost: 2000, uses: ['i1'] } });
    const [costs] = cache.statements;
    if (costs === undefined) throw new Error('no statement');
    await cache.at(costs, 0b10n);
    await cache.at(costs, 0b11n);
    expect([costs.upper(0b10n), costs.upper(0b11n)]).toEqual([300, 2000]);
  });

  it('is chosen beside the one that it makes the planner take', async () => {
    const { cache } = cacheOf(COSTS);
    const best = await improve({
      cache,
      highs: await loadSolver(),
      allowance: allowance(),
      storageBytes: null,
      onProgress: () => undefined,
    });
    expect([...best.choice]).toEqual([0, 1]);
    expect(best.objective).toBe(277);
  });
});
