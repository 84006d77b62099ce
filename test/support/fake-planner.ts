import type { IndexSpec } from '../../src/model/action.js';
import type { Index } from '../../src/model/catalog.js';
import type { IndexWhatIf } from '../../src/model/what-if.js';

/** One way to run a statement: the indexes it needs, by their columns, and its cost. */
export type FakePlan = readonly [needs: readonly string[], cost: number];

/** A database in memory. */
export interface Fake {
  /** By SQL. */
  readonly plans: Readonly<Record<string, readonly FakePlan[]>>;
  /** MB by columns; 10 when not named. */
  readonly sizes?: Readonly<Record<string, number>>;
  readonly indexes?: readonly Index[];
  readonly refused?: readonly string[];
}

/** What all statements cost with these indexes. */
export function costOf(plans: Readonly<Record<string, readonly FakePlan[]>>, set: readonly string[]): number {
  return Object.values(plans).reduce(
    (sum, ways) =>
      sum + Math.min(...ways.filter(([needs]) => needs.every((one) => set.includes(one))).map(([, cost]) => cost)),
    0,
  );
}

/** A seeded generator, so that a failure can be run again. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** An index by its columns. */
export function nameOf({ keys }: Pick<IndexSpec, 'keys'>): string {
  return keys.join(',').replaceAll('"', '');
}

/** A planner in memory: the cheapest plan whose indexes are there. */
export function engine({ plans, sizes = {}, indexes = [], refused = [] }: Fake): IndexWhatIf & { asked: number } {
  const size = (spec: IndexSpec): { pages: number; sizeBytes: number; rows: number } => {
    const sizeBytes = (sizes[nameOf(spec)] ?? 10) * 1e6;
    return { pages: sizeBytes / 8192, sizeBytes, rows: 1 };
  };
  const existing = indexes.map((index) => ({
    name: `${index.schema}.${index.name}`,
    columns: index.keys.map((key) => key.expression).join(','),
  }));
  const fake = {
    asked: 0,
    cost: async (fingerprints: readonly string[], { add, drop }: Parameters<IndexWhatIf['cost']>[1]) => {
      const there = new Map<string, string>(add.map((spec) => [nameOf(spec), spec.name]));
      for (const { name, columns } of existing) if (!drop.includes(name)) there.set(columns, name);
      return fingerprints.map((fingerprint) => {
        fake.asked += 1;
        const possible = (plans[fingerprint] ?? []).filter(([needs]) => needs.every((one) => there.has(one)));
        const best = possible.toSorted((x, y) => x[1] - y[1])[0];
        const used = (best?.[0] ?? []).map((one) => there.get(one) ?? '');
        return {
          fingerprint,
          cost: best?.[1] ?? null,
          uses: used.filter((one) => !one.includes('.')),
          usesExisting: used.filter((one) => one.includes('.')),
          planShape: null,
          planned: 1,
        };
      });
    },
    size: async (spec: IndexSpec) => size(spec),
    sizes: async (specs: readonly IndexSpec[]) =>
      specs.map((spec) =>
        refused.includes(nameOf(spec))
          ? { pages: 0, sizeBytes: 0, rows: 0, refused: 'no default operator class' }
          : size(spec),
      ),
  };
  return fake;
}
