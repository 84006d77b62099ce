import { formatCount, formatCounted, formatPercent } from '../base/units.js';
import { specKey, tableUses } from '../indexes/candidates/candidates.js';
import type { Candidate } from '../indexes/candidates/candidates.js';
import { foreignKeyCandidates } from '../indexes/candidates/foreign-key-candidates.js';
import { missingTrigrams } from '../indexes/candidates/missing-extensions.js';
import { unindexableExpressions } from '../indexes/candidates/unindexable.js';
import { reasonedCandidates } from '../indexes/candidates/reasoned.js';
import { periodCost, writesOf, writesTo } from '../indexes/measured/write-cost.js';
import type { IndexWriteCost, TableWrite } from '../indexes/measured/write-cost.js';
import type { Compression, IndexSelection } from '../indexes/selection/selection-types.js';
import { pickUnvalued } from '../indexes/selection/unvalued.js';
import type { UnvaluedIndex } from '../indexes/selection/unvalued.js';
import { measureWriteCosts } from '../lab/indexes/write-cost.js';
import type { IndexSpec } from '../model/action.js';
import type { Skipped } from '../model/coverage.js';
import type { Snapshot } from '../model/snapshot.js';
import { loadParser } from '../sql/parse.js';
import { chosenForBudget } from './index-alternatives.js';
import { searchOnce } from './index-search-once.js';
import type { IndexSearchOptions } from './index-search-once.js';

export interface IndexSearch {
  readonly snapshot: Snapshot;
  readonly workloadMs: number;
  readonly candidates: readonly Candidate[];
  readonly selection: IndexSelection;
  /** EXPLAINs that its searches might make together; null for no limit. */
  readonly mostPlannerCalls: number | null;
  /** To be measured beside the chosen ones: the choices for the shown budget itself and others near it, where a larger one was searched. */
  readonly alternatives: readonly UnvaluedIndex[];
  /** To be measured beside the chosen ones: no plan shows what they do. */
  readonly unvalued: readonly UnvaluedIndex[];
  /** The workload's own. */
  readonly writes: readonly TableWrite[];
  /** Milliseconds that an index adds to them, as measured, by `specKey`. */
  readonly writeCosts: ReadonlyMap<string, number>;
  /** The same in full. */
  readonly measuredCosts: ReadonlyMap<string, IndexWriteCost>;
  readonly skipped: readonly Skipped[];
}

/**
 * Searches a set with what writes were measured to cost: those of the indexes that a first search chooses are measured on
 * a scratch copy and the search is made again, until it chooses nothing that was not measured. After an abort the best so far is given.
 */
export async function searchIndexSet(options: IndexSearchOptions): Promise<IndexSearch> {
  await loadParser();
  const { snapshot } = options;
  const uses = tableUses(snapshot, { minRows: 0, minPages: 0 });
  const candidates = reasonedCandidates(snapshot, uses, {});
  const writes = writesOf(snapshot.workload, snapshot.catalog);
  const costs = new Map<string, number>();
  const measuredCosts = new Map<string, IndexWriteCost>();
  const startedMs = performance.now();
  const skipped: Skipped[] = [
    ...missingTrigrams(uses, snapshot.catalog),
    ...unindexableExpressions(uses, snapshot.catalog),
  ];
  let plannerCalls = 0;
  const isLate = (): boolean => performance.now() - startedMs > options.timeMs * MEASURED_UNTIL;
  let earlier: IndexSelection | null = null;
  for (let round = 1; ; round += 1) {
    const leftMs = Math.max(1000, options.timeMs - (performance.now() - startedMs));
    const isLast = round === MOST_ROUNDS || leftMs <= 1000;
    const unknown = ({ chosen }: Pick<IndexSelection, 'chosen'>): readonly IndexSpec[] =>
      chosen
        .map((one) => one.spec)
        .filter((spec) => writesTo(writes, spec.table).length > 0 && !costs.has(specKey(spec)));
    const isFinal = (best: Pick<IndexSelection, 'chosen'>): boolean =>
      options.writeWeight === 0 || isLast || isLate() || options.signal.aborted || unknown(best).length === 0;
    const most = options.plannerCalls ?? Number.POSITIVE_INFINITY;
    const allowed = Math.max(most - plannerCalls, Math.ceil(most * AGAIN_SHARE));
    const calls = Number.isFinite(most) && { plannerCalls: allowed };
    const mostPlannerCalls = Number.isFinite(most) ? plannerCalls + allowed : null;
    const last = await searchOnce({ ...options, ...calls }, { candidates, writes, costs, isFinal }, leftMs);
    // The what-if engine remembers, and is asked next to nothing when a search is made again.
    plannerCalls += last.plannerCalls;
    const isLost: boolean =
      earlier !== null && !last.complete && worth(options, earlier, costs) < worth(options, last, costs);
    const selection: IndexSelection = {
      ...(earlier !== null && isLost ? { ...earlier, curve: last.curve } : last),
      plannerCalls,
    };
    earlier = selection;
    const fresh = unknown(selection);
    if (isFinal(selection)) {
      const unmeasured = options.writeWeight === 0 ? [] : notMeasured(fresh);
      if (selection.unsized > 0) skipped.push(notSized(selection.unsized));
      if (selection.compression !== null) skipped.push(...notSearched(selection.compression));
      const alternatives = await chosenForBudget(options, candidates, selection);
      return {
        snapshot,
        workloadMs: options.workloadMs,
        candidates,
        selection,
        mostPlannerCalls,
        alternatives,
        writes,
        writeCosts: costs,
        measuredCosts,
        unvalued: await unvaluedIndexes(options, writes, [...selection.chosen, ...alternatives]),
        skipped: [...skipped, ...unmeasured],
      };
    }
    options.note(`measuring what ${fresh.length} indexes cost the writes`);
    const measured = await options.lab
      .withScratch((session) =>
        measureWriteCosts(session, fresh, (spec) => writesTo(writes, spec.table), {
          check: () => options.signal.throwIfAborted(),
          isOver: isLate,
        }),
      )
      .catch((thrown: unknown) => {
        if (options.signal.aborted) return [];
        throw thrown;
      });
    for (const spec of fresh) {
      const cost = measured.find((one) => one.index === spec.name);
      if (!cost) continue;
      costs.set(specKey(spec), periodCost(cost, writesTo(writes, spec.table)).ms);
      measuredCosts.set(specKey(spec), cost);
      skipped.push(...cost.unmeasured.map((reason) => ({ what: `write cost of ${cost.index}`, reason, remedy: null })));
    }
  }
}

/** The objective with what writes are known to cost by now. */
function worth(
  { writeWeight, workloadMs }: IndexSearchOptions,
  { objective, chosen }: IndexSelection,
  costs: ReadonlyMap<string, number>,
): number {
  return chosen.reduce((sum, { spec, writeShare }) => {
    const ms = costs.get(specKey(spec));
    return ms === undefined || workloadMs <= 0 ? sum : sum + (writeWeight * ms) / workloadMs - writeShare;
  }, objective);
}

/** Of its EXPLAINs, for a search that is made again: what was asked before is remembered. */
const AGAIN_SHARE = 0.1;

/** Of the search's time: what writes pay is measured until then, and what is left is for the search that goes by it. */
const MEASURED_UNTIL = 0.7;

/** Indexes for the checks and cascades that the workload's writes set off. */
async function unvaluedIndexes(
  { snapshot, whatIf, shownBytes }: IndexSearchOptions,
  writes: readonly TableWrite[],
  chosen: readonly { readonly spec: IndexSpec }[],
): Promise<readonly UnvaluedIndex[]> {
  const { catalog, workload } = snapshot;
  const candidates = foreignKeyCandidates(catalog, writes);
  if (candidates.length === 0) return [];
  return pickUnvalued(candidates, {
    workload,
    sizes: await whatIf.sizes(candidates.map((one) => one.spec)),
    chosen: chosen.map((one) => one.spec),
    storageBytes: shownBytes,
  });
}

/** Searches with more and more measured costs; a choice that still changes after this is between equals. */
const MOST_ROUNDS = 4;

function notMeasured(specs: readonly IndexSpec[]): readonly Skipped[] {
  const [first] = specs;
  if (first === undefined) return [];
  const of = specs.length === 1 ? first.name : formatCounted(specs.length, 'index', 'indexes');
  return [
    {
      what: `write cost of ${of} in the search`,
      reason: 'the time was used up; it is measured with the set',
      remedy: null,
    },
  ];
}

const MORE_TIME = 'Give the search more time with --budget.';

function notSized(count: number): Skipped {
  return {
    what: `${count} candidates, those of the lightest statements`,
    reason: 'the time was used up before their sizes were known',
    remedy: MORE_TIME,
  };
}

function notSearched({ merged, leftOut, boundShare }: Compression): readonly Skipped[] {
  const share = boundShare === null ? 'an unknown share' : `${formatPercent(boundShare)} at most`;
  const rows: Skipped[] = [
    {
      what: `${formatCount(merged)} statements in the search`,
      reason: 'each asks for the same indexes as a heavier one, which was searched with the weight of both',
      remedy: null,
    },
    {
      what: `${formatCount(leftOut)} statements in the search, the lightest`,
      reason: `the workload has too many for the time; they hold ${share} of the objective`,
      remedy: MORE_TIME,
    },
  ];
  return rows.filter((_, at) => (at === 0 ? merged : leftOut) > 0);
}
