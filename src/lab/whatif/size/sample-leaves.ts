import type { IndexLayout } from '../index-layout.js';
import type { RefusedByRows } from './sample-refusal.js';
import type { IndexSample, SampleWanted } from './sample.js';

/** Partitions of one tree that are sampled: a sample takes some tens of milliseconds, and trees have thousands. */
const LEAVES_SAMPLED = 24;

/** Those of a tree's leaves to sample: all of few, else evenly from the first to the last, which are often the oldest and the newest. */
export function spreadOut(leaves: readonly SampleWanted[]): SampleWanted[] {
  if (leaves.length <= LEAVES_SAMPLED) return [...leaves];
  const step = (leaves.length - 1) / (LEAVES_SAMPLED - 1);
  return Array.from({ length: LEAVES_SAMPLED }, (_, number) => leaves[Math.round(number * step)]).filter(
    (leaf) => leaf !== undefined,
  );
}

/** Gives each leaf that was not sampled what was found in the last one before it that was. */
export function lendSamples(leaves: readonly SampleWanted[], samples: Map<number, IndexSample | RefusedByRows>): void {
  if (leaves.length <= LEAVES_SAMPLED) return;
  let last: IndexSample | null = null;
  for (const { layout } of leaves) {
    const own = samples.get(layout.oid);
    if (own !== undefined) {
      if ('keys' in own && own.keys.rows > 0) last = own;
      continue;
    }
    if (last === null) continue;
    samples.set(layout.oid, sampleFor(layout, last));
  }
}

/** What was found in the rows, as that of another index of the same definition: statistics of expressions are kept by the index's name. */
export function sampleFor(layout: IndexLayout, sample: IndexSample): IndexSample {
  const expressions = sample.expressions.map((one) => ({
    ...one,
    statistics: { ...one.statistics, schemaname: layout.schema, relname: layout.name },
  }));
  return { ...sample, expressions };
}
