import { EarlierRuns } from '../lab/indexes/earlier-runs.js';
import type { CopyOptions } from '../lab/indexes/copy.js';
import { measureIndexSet } from '../lab/indexes/measured-set.js';
import type { MeasuredIndexSet } from '../indexes/measured/measured-index-set.js';
import type { NoiseFloor } from '../model/measurement.js';
import type { CommandContext } from './command.js';
import { mayRemove, removeIndexes } from './index-removals.js';
import type { TriedRemovals } from './index-removals.js';
import { measureInRounds } from './index-rounds.js';
import type { MeasuredRounds } from './index-rounds.js';
import type { IndexSearch } from './index-search.js';
import type { IndexSearchOptions } from './index-search-once.js';
import type { Staging } from './staging.js';

/** What was searched, and what it takes to search again. */
export interface SearchedIndexes {
  readonly search: IndexSearch;
  /** What it was made with, for another one. */
  readonly within: IndexSearchOptions;
  /** For all further searches. */
  readonly rest: { readonly timeMs: number; readonly plannerCalls: number };
  readonly noise: NoiseFloor;
}

interface MeasuringOptions {
  /** Null for no limit. */
  readonly storageBudgetBytes: number | null;
  /** For measuring in all. */
  readonly budgetMs: number;
}

/** Builds what was searched in the lab and measures it, in rounds, and then drops there what nothing needs beside it. After an abort what was measured by then is given. */
export async function measureIndexes(
  staging: Staging,
  found: SearchedIndexes,
  options: MeasuringOptions,
  context: CommandContext,
): Promise<MeasuredRounds & TriedRemovals & { readonly measuringInterrupted: boolean }> {
  const startedMs = performance.now();
  const rounds = await measureSet(staging, found, options, context);
  const measuringInterrupted = context.signal.aborted;
  const leftMs = options.budgetMs - (performance.now() - startedMs);
  const tried = await removeRedundant(staging, found, { measured: rounds.measured, leftMs }, options, context);
  return { ...rounds, ...tried, measuringInterrupted };
}

function measureSet(
  staging: Staging,
  { search, within, rest, noise }: SearchedIndexes,
  options: MeasuringOptions,
  { signal, watch }: CommandContext,
): Promise<MeasuredRounds> {
  const earlier = new EarlierRuns(staging.lab.planned(), search.measuredCosts);
  return measureInRounds(search, {
    search: within,
    budgetBytes: options.storageBudgetBytes,
    timeMs: options.budgetMs * (1 - (mayRemove(search.snapshot.catalog) ? REMOVAL_SHARE : 0)),
    searchMs: rest.timeMs,
    searchCalls: rest.plannerCalls,
    measure: async (specs, timeMs, more) => {
      watch({ type: 'phase', phase: 'evaluate', text: `building ${specs.length} indexes and measuring them` });
      const measuring = measureIndexSet({
        ...copyOf(staging, options, { signal, note: within.note }),
        specs,
        workload: search.snapshot.workload,
        budgetBytes: options.storageBudgetBytes ?? Number.MAX_SAFE_INTEGER,
        timeBudgetMs: timeMs,
        ...more,
        earlier,
        noise,
        progress: (what, done, total) => watch({ type: 'work', phase: 'evaluate', text: WORDS[what], done, total }),
      });
      // What was searched by then is worth having.
      return measuring.catch((thrown: unknown) => {
        if (signal.aborted) return null;
        throw thrown;
      });
    },
  });
}

const WORDS = {
  writes: 'measuring what they cost the writes',
  build: 'building',
  measure: 'running each statement with all, with none, and with one left out',
  verify: 'verifying what is kept',
} as const;

/** What there is without the indexes that nothing needs once those of the set are there; nothing where that is nothing. */
async function removeRedundant(
  staging: Staging,
  { search, within, noise }: SearchedIndexes,
  { measured, leftMs }: { readonly measured: MeasuredIndexSet | null; readonly leftMs: number },
  options: MeasuringOptions,
  { signal, watch }: CommandContext,
): Promise<TriedRemovals> {
  if (signal.aborted || !mayRemove(search.snapshot.catalog)) return { removals: null, skipped: [] };
  watch({ type: 'phase', phase: 'evaluate', text: 'dropping what is there and looks redundant' });
  return removeIndexes(search.snapshot, {
    ...copyOf(staging, options, { signal, note: within.note }),
    kept: (measured?.kept ?? []).map((one) => one.spec),
    timeBudgetMs: Math.max(leftMs, options.budgetMs * REMOVAL_SHARE),
    noise,
  });
}

/** Of the time for measuring, where there are indexes that might go. */
const REMOVAL_SHARE = 0.1;

/** Copies of the lab's database in which indexes are built and dropped. */
function copyOf(
  { place: { connection, server, database, target } }: Staging,
  { budgetMs }: MeasuringOptions,
  others: { readonly signal: AbortSignal; readonly note: (text: string) => void },
): CopyOptions & { readonly statementTimeoutMs: number } {
  const statementTimeoutMs = Math.min(STATEMENT_TIMEOUT_MS, budgetMs * LONGEST_SHARE);
  return { connection, server, template: database, target, statementTimeoutMs, ...others };
}

/** One statement may not use up the measuring: one that comes to no end is run with the indexes and without. */
export const STATEMENT_TIMEOUT_MS = 20_000;
const LONGEST_SHARE = 0.1;
