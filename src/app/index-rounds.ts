import { formatBytes } from '../base/units.js';
import type { MeasuredIndexSet } from '../indexes/measured/measured-index-set.js';
import type { UnvaluedIndex } from '../indexes/selection/unvalued.js';
import type { IndexSpec } from '../model/action.js';
import { searchBeside } from './index-alternatives.js';
import type { IndexSearch } from './index-search.js';
import type { IndexSearchOptions } from './index-search-once.js';

/** How what was searched is measured. */
export interface RoundsOptions {
  readonly search: Omit<IndexSearchOptions, 'timeMs' | 'lab'>;
  /** Null for no limit. */
  readonly budgetBytes: number | null;
  /** For measuring in all. */
  readonly timeMs: number;
  /** For the second search. */
  readonly searchMs: number;
  /** Null where it was called off. The first round may take all of the time, the second what is left if that is enough for as much again. */
  readonly measure: (specs: readonly IndexSpec[], timeMs: number) => Promise<MeasuredIndexSet | null>;
}

/** What a search found that is to be measured. */
export type Found = Omit<IndexSearch, 'snapshot' | 'workloadMs' | 'skipped'>;

/** What measurement left, and what was measured beside what the search had chosen. */
export interface MeasuredRounds {
  readonly measured: MeasuredIndexSet | null;
  readonly alternatives: readonly UnvaluedIndex[];
}

/**
 * Measures what was searched. Where much of the budget is left, since what the planner promised was not true, searches what could stand beside the kept indexes
 * without those that were refused, and measures both together; the second set is taken where its measuring came to its end.
 */
export async function measureInRounds(found: Found, options: RoundsOptions): Promise<MeasuredRounds> {
  const { search, budgetBytes, measure, timeMs } = options;
  const startedMs = performance.now();
  const alternatives = found.alternatives;
  const specs = [...found.selection.chosen, ...alternatives, ...found.unvalued].map((one) => one.spec);
  if (specs.length === 0 || search.signal.aborted) return { measured: null, alternatives };
  const first = await measure(specs, timeMs);
  const leftBytes = budgetBytes === null || first === null ? 0 : budgetBytes - first.sizeBytes;
  if (first === null || !first.complete || leftBytes < MUCH_LEFT * (budgetBytes ?? 0) || search.signal.aborted)
    return { measured: first, alternatives };
  search.note(`${formatBytes(leftBytes)} of the budget are left: searching what could stand beside the kept indexes`);
  const kept = first.kept.map((one) => one.spec);
  const refused = first.dropped.map((one) => one.spec);
  const more = await searchBeside({ ...search, timeMs: options.searchMs }, { ...found, kept, refused, leftBytes });
  const leftMs = timeMs - (performance.now() - startedMs) + options.searchMs;
  if (more.length === 0 || leftMs < first.durationMs || search.signal.aborted) return { measured: first, alternatives };
  const second = await measure([...kept, ...more.map((one) => one.spec)], leftMs);
  if (!second?.complete) return { measured: first, alternatives };
  return { measured: together(first, second), alternatives: [...alternatives, ...more] };
}

/** Share of the budget for which a second search is worth it: the curve of cost against storage begins there too. */
const MUCH_LEFT = 0.1;

/** The second set, with why those of the first round are not in it. */
function together(first: MeasuredIndexSet, second: MeasuredIndexSet): MeasuredIndexSet {
  return {
    ...second,
    dropped: [...first.dropped, ...second.dropped],
    plannerCalls: first.plannerCalls + second.plannerCalls,
    executions: first.executions + second.executions,
    durationMs: first.durationMs + second.durationMs,
    notes: [...first.notes, ...second.notes],
  };
}
