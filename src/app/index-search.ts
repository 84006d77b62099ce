import { formatCount, formatPercent } from '../base/units.js';
import { specKey, tableUses } from '../indexes/candidates/candidates.js';
import type { Candidate } from '../indexes/candidates/candidates.js';
import { foreignKeyCandidates } from '../indexes/candidates/foreign-key-candidates.js';
import { selectIndexes } from '../indexes/selection/selection.js';
import type { Compression, IndexSelection } from '../indexes/selection/selection-types.js';
import { pickUnvalued } from '../indexes/selection/unvalued.js';
import type { UnvaluedIndex } from '../indexes/selection/unvalued.js';
import { reasonedCandidates } from '../indexes/candidates/reasoned.js';
import { periodCost, writesOf, writesTo } from '../indexes/measured/write-cost.js';
import type { TableWrite } from '../indexes/measured/write-cost.js';
import { measureWriteCosts } from '../lab/indexes/write-cost.js';
import type { OpenLab } from '../lab/lab.js';
import type { IndexSpec } from '../model/action.js';
import type { Skipped } from '../model/coverage.js';
import type { Snapshot } from '../model/snapshot.js';
import type { IndexWhatIf } from '../model/what-if.js';
import { loadParser } from '../sql/parse.js';

/** What a search of a set of indexes stands on. */
export interface IndexSearchOptions {
  /** With the workload as measured in the lab. */
  readonly snapshot: Snapshot;
  readonly whatIf: IndexWhatIf;
  readonly lab: OpenLab;
  /** Of the workload, as measured, milliseconds: what the cost of writes is a share of. */
  readonly workloadMs: number;
  readonly storageBytes: number | null;
  /** The budget that the curve marks. */
  readonly shownBytes: number | null;
  readonly writeWeight: number;
  readonly timeMs: number;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
}

export interface IndexSearch {
  readonly snapshot: Snapshot;
  readonly workloadMs: number;
  readonly candidates: number;
  readonly selection: IndexSelection;
  /** To be measured beside the chosen ones: the choices for the shown budget itself and others near it, where a larger one was searched. */
  readonly alternatives: readonly UnvaluedIndex[];
  /** To be measured beside the chosen ones: no plan shows what they do. */
  readonly unvalued: readonly UnvaluedIndex[];
  readonly skipped: readonly Skipped[];
}

/**
 * Searches a set with what writes were measured to cost: those of the indexes that a first search chooses are measured on
 * a scratch copy and the search is made again, until it chooses nothing that was not measured. After an abort the best so far is given.
 */
export async function searchIndexSet(options: IndexSearchOptions): Promise<IndexSearch> {
  await loadParser();
  const { snapshot } = options;
  const candidates = reasonedCandidates(snapshot, tableUses(snapshot, { minRows: 0, minPages: 0 }), {});
  const writes = writesOf(snapshot.workload, snapshot.catalog);
  const costs = new Map<string, number>();
  const startedMs = performance.now();
  const skipped: Skipped[] = [];
  for (let round = 1; ; round += 1) {
    const leftMs = Math.max(1000, options.timeMs * MAIN_SHARE - (performance.now() - startedMs));
    const isLast = round === MOST_ROUNDS || leftMs <= 1000;
    const unknown = ({ chosen }: Pick<IndexSelection, 'chosen'>): readonly IndexSpec[] =>
      chosen
        .map((one) => one.spec)
        .filter((spec) => writesTo(writes, spec.table).length > 0 && !costs.has(specKey(spec)));
    const isFinal = (best: Pick<IndexSelection, 'chosen'>): boolean =>
      options.writeWeight === 0 || isLast || options.signal.aborted || unknown(best).length === 0;
    const searched = { candidates, writes, costs, isFinal };
    const selection = await search(options, searched, leftMs);
    const fresh = unknown(selection);
    if (isFinal(selection)) {
      const unmeasured = options.writeWeight === 0 ? [] : fresh.map(notMeasured);
      if (selection.unsized > 0) skipped.push(notSized(selection.unsized));
      if (selection.compression !== null) skipped.push(...notSearched(selection.compression));
      const alternatives = await alternativesTo(options, selection, searched);
      return {
        snapshot,
        workloadMs: options.workloadMs,
        candidates: candidates.length,
        selection,
        alternatives,
        unvalued: await unvaluedIndexes(options, writes, [...selection.chosen, ...alternatives]),
        skipped: [...skipped, ...unmeasured],
      };
    }
    options.note(`measuring what ${fresh.length} indexes cost the writes`);
    const measured = await options.lab
      .withScratch((session) =>
        measureWriteCosts(session, fresh, (spec) => writesTo(writes, spec.table), {
          check: () => options.signal.throwIfAborted(),
        }),
      )
      .catch((thrown: unknown) => {
        if (options.signal.aborted) return [];
        throw thrown;
      });
    for (const [at, spec] of fresh.entries()) {
      const cost = measured[at];
      if (!cost) continue;
      costs.set(specKey(spec), periodCost(cost, writesTo(writes, spec.table)).ms);
      skipped.push(...cost.unmeasured.map((reason) => ({ what: `write cost of ${cost.index}`, reason, remedy: null })));
    }
  }
}

/**
 * The best sets for the shown budget, for others near it and of small indexes alone need not be part of the one that was searched, and measurement may
 * like them better: what the planner holds for the best use of the storage may be worth nothing, and its place is free then.
 */
async function alternativesTo(
  options: IndexSearchOptions,
  { chosen, curve }: IndexSelection,
  searched: Searched,
): Promise<readonly UnvaluedIndex[]> {
  const { whatIf, shownBytes } = options;
  if (shownBytes === null) return [];
  const known = new Set(chosen.map((one) => specKey(one.spec)));
  const near = NEAR_SHARES.map((share) => curve.find((one) => one.storageBytes === share * shownBytes)?.indexes ?? []);
  const small = await smallAlone(options, chosen, searched);
  const specs = [near[0] ?? [], small, ...near.slice(1)]
    .flat()
    .filter((spec) => !known.has(specKey(spec)) && known.add(specKey(spec)))
    .slice(0, Math.max(LEAST_ALTERNATIVES, chosen.length));
  if (specs.length === 0) return [];
  const sizes = await whatIf.sizes(specs);
  const wanted = new Map(searched.candidates.map((one) => [specKey(one.spec), one.for]));
  return specs.map((spec, at) => ({
    spec,
    sizeBytes: sizes[at]?.sizeBytes ?? 0,
    for: wanted.get(specKey(spec)) ?? [],
  }));
}

/** The best set without any index that takes much of the shown budget by itself, where the searched one holds such an index; else nothing. */
async function smallAlone(
  options: IndexSearchOptions,
  chosen: IndexSelection['chosen'],
  searched: Searched,
): Promise<readonly IndexSpec[]> {
  const { whatIf, shownBytes, timeMs, signal } = options;
  const most = (shownBytes ?? Number.POSITIVE_INFINITY) * MUCH_SHARE;
  if (signal.aborted || chosen.every((one) => one.sizeBytes <= most)) return [];
  const sizes = await whatIf.sizes(searched.candidates.map((one) => one.spec));
  const candidates = searched.candidates.filter((_, at) => (sizes[at]?.sizeBytes ?? 0) <= most);
  const within = { ...options, storageBytes: shownBytes };
  const selection = await search(within, { ...searched, candidates, isFinal: () => false }, timeMs * (1 - MAIN_SHARE));
  return selection.chosen.map((one) => one.spec);
}

/** Of the time; the rest is for the set of small indexes. */
const MAIN_SHARE = 0.8;
/** One that takes more is little help when there is no place for a second one like it. */
const MUCH_SHARE = 1 / 3;
/** Of the curve's, the nearest to the budget first. */
const NEAR_SHARES = [1, 0.75, 1.5, 0.5];
/** As many as were chosen may be measured beside them, and so many in any case: building and measuring 36 took 2 minutes on tables of 100 MB. */
const LEAST_ALTERNATIVES = 12;

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

/** Shares of the budget at which the curve is drawn; without a budget, of what the unlimited set takes. */
const CURVE_SHARES = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5];

/** What a search is made over beside its options. */
interface Searched {
  readonly candidates: readonly Candidate[];
  readonly writes: readonly TableWrite[];
  /** Milliseconds that an index adds to the workload's writes, by `specKey`. */
  readonly costs: ReadonlyMap<string, number>;
  /** Whether the search ends with this choice: its curve is drawn then, and for no other. */
  readonly isFinal: (best: Pick<IndexSelection, 'chosen'>) => boolean;
}

async function search(
  options: IndexSearchOptions,
  { candidates, writes, costs, isFinal }: Searched,
  timeMs: number,
): Promise<IndexSelection> {
  const { snapshot, whatIf, storageBytes, signal, writeWeight, workloadMs } = options;
  const known = [...costs.values()];
  // An index that was not measured yet is taken to cost what the cheapest measured one does, so that it is not shut out.
  const least = known.length > 0 ? Math.min(...known) : 0;
  const writeShare = (index: IndexSpec | { readonly existing: string }): number => {
    if ('existing' in index || workloadMs <= 0 || writesTo(writes, index.table).length === 0) return 0;
    return (writeWeight * (costs.get(specKey(index)) ?? least)) / workloadMs;
  };
  const base = {
    snapshot,
    whatIf,
    candidates,
    objective: 'robust',
    writeShare,
    now: () => performance.now(),
    signal,
  } as const;
  const limits = { timeMs, plannerCalls: null };
  const reference = options.shownBytes ?? storageBytes;
  const curveBytes = reference === null ? [] : CURVE_SHARES.map((one) => one * reference);
  const freeShares = CURVE_SHARES.filter((one) => one <= 1);
  return selectIndexes({
    ...base,
    storageBytes: reference === null ? null : storageBytes,
    curveBytes,
    curveOf: (best) => {
      if (!isFinal(best)) return [];
      return reference === null ? freeShares.map((one) => one * best.usedBytes) : curveBytes;
    },
    allowance: limits,
  });
}

function notMeasured(spec: IndexSpec): Skipped {
  return {
    what: `write cost of ${spec.name} in the search`,
    reason: 'the time was used up; it is measured with the set',
    remedy: null,
  };
}

function notSized(count: number): Skipped {
  return {
    what: `${count} candidates, those of the lightest statements`,
    reason: 'the time was used up before their sizes were known',
    remedy: 'Give the search more time with --budget.',
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
      reason: `the workload has too many; they hold ${share} of the objective; no existing index goes, as they were not asked what they would lose`,
      remedy: null,
    },
  ];
  return rows.filter((_, at) => (at === 0 ? merged : leftOut) > 0);
}
