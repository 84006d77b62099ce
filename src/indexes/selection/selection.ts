import { groupBy } from '../../base/group.js';
import { relationKey } from '../../model/catalog.js';
import type { Catalog, Table } from '../../model/catalog.js';
import { coveringIndex, mergeCandidates, storedParts, tableUses } from '../candidates/candidates.js';
import type { Candidate, TableUse } from '../candidates/candidates.js';
import { Allowance } from './allowance.js';
import { CostCache } from './cost-cache.js';
import { DISCOVERY_SHARE, DISCOVERY_TOLERANCE, discover, lookAtAll } from './discover.js';
import { firstChoice, improve, offerGreedy } from './improve.js';
import type { ImproveInput, Incumbent, Progress } from './improve.js';
import { existingDrafts, isRelevant, numberItems } from './items.js';
import type { ItemDraft } from './items.js';
import { preferSmall } from './prefer-small.js';
import { choiceBytes, presentChoice } from './problem.js';
import type { Choice, Item, Problem } from './problem.js';
import { OBJECTIVE_SCALE } from './programmes.js';
import type { CurvePoint, IndexSelection, SelectionInput } from './selection-types.js';
import { describeChoice } from './describe.js';
import { workloadShares } from './shares.js';
import type { WorkloadShares } from './shares.js';
import { CandidateSizing, inOrderOfWeight, wavesOf } from './sizing.js';
import { loadSolver } from './solver.js';

/**
 * Chooses the best set of indexes for the whole workload within a budget: finds each statement's good plans by asking the
 * planner, and the best choice among them by integer programmes, until it is proved near enough or the allowance is
 * spent. The same input gives the same answer as long as no limit of time ends it. Needs `loadParser()`.
 */
export async function selectIndexes(input: SelectionInput): Promise<IndexSelection> {
  const allowance = new Allowance(input.allowance, input.now, input.signal ?? null);
  const progress: Progress[] = [];
  const shares = await workloadShares(input, allowance);
  const { leftShare, compression, skipped } = shares;
  const highs = await loadSolver();
  const watch = (one: Progress): void => {
    const objective = one.objective / OBJECTIVE_SCALE + leftShare;
    if (objective < (progress.at(-1)?.objective ?? Number.POSITIVE_INFINITY)) progress.push({ ...one, objective });
  };
  const { storageBytes } = input;
  const budget = ({ problem }: CostCache, bytes: number | null): number | null =>
    bytes === null ? null : bytes + choiceBytes(problem, presentChoice(problem));
  const offer = (over: CostCache): Choice =>
    offerGreedy({ cache: over, highs, allowance, storageBytes: budget(over, storageBytes), onProgress: watch });
  const { cache, early, sizing } = await prepare(input, shares, { allowance, offer });
  const { problem } = cache;
  const { refused, unsized } = sizing;
  const search = (bytes: number | null, more: Pick<ImproveInput, 'onProgress' | 'start'>): Promise<Incumbent> =>
    improve({ cache, highs, allowance, storageBytes: budget(cache, bytes), ...more });
  const limits = { share: DISCOVERY_SHARE, tolerance: DISCOVERY_TOLERANCE, storageBytes };
  await lookAtAll(cache, allowance, DISCOVERY_SHARE);
  const first = await firstChoice({
    cache,
    highs,
    allowance,
    storageBytes: budget(cache, storageBytes),
    onProgress: watch,
    ...(early && { start: cache.choiceOf(early) }),
  });
  await discover(cache, allowance, limits, () => offer(cache));
  const best = await search(storageBytes, { onProgress: watch, start: first });
  const shown = input.preferSmall === true ? await preferSmall(cache, best) : best;
  const selection = await describeChoice(cache, shown, { allowance, catalog: input.snapshot.catalog });
  const objective = selection.objective + leftShare;
  const { plannerCalls } = allowance;
  const curve: CurvePoint[] = [];
  const earlier = [{ bytes: storageBytes, found: best }];
  for (const bytes of input.curveOf?.(selection) ?? input.curveBytes ?? []) {
    const before = allowance.plannerCalls;
    // Where there is no time left for more, a larger budget is worth what a smaller one is.
    const [start] = earlier
      .filter((one) => isWithin(one.bytes, bytes))
      .toSorted((a, b) => a.found.objective - b.found.objective);
    const found = await search(bytes, { onProgress: () => undefined, ...(start && { start: start.found.choice }) });
    earlier.push({ bytes, found });
    const point = curvePoint(problem, bytes, found, allowance.plannerCalls - before);
    curve.push({ ...point, objective: point.objective + leftShare });
  }
  return {
    ...selection,
    compression,
    objective,
    gap: objective > 0 ? (objective - selection.bound) / objective : 0,
    curve,
    plannerCalls,
    complete: best.complete && unsized === 0,
    progress,
    refused,
    unsized,
    skipped,
  };
}

/**
 * Sizes the candidates and makes what is to be asked of them. Where there are many, a first set is looked for among the most
 * promising, and again among more: each statement is asked with all that is in sight by then.
 */
async function prepare(
  input: SelectionInput,
  shares: WorkloadShares,
  { allowance, offer }: { readonly allowance: Allowance; readonly offer: (cache: CostCache) => Choice },
): Promise<{ readonly cache: CostCache; readonly early: readonly Item[] | null; readonly sizing: CandidateSizing }> {
  const sizing = new CandidateSizing(input, wantedCandidates(input, shares), allowance);
  const uses = usesByStatement(input, shares);
  const waves = wavesOf(sizing.unsized);
  let before: CostCache | null = null;
  let early: readonly Item[] | null = null;
  for (const count of waves.slice(0, -1)) {
    await sizing.sizeUpTo(count);
    before = cacheOf(input, shares, { sizing, allowance, uses, before });
    await lookAtAll(before, allowance, EARLY_SHARE);
    const { items } = before.problem;
    early = [...offer(before)].flatMap((id) => items[id] ?? []);
  }
  await sizing.sizeUpTo(Number.POSITIVE_INFINITY);
  return { cache: cacheOf(input, shares, { sizing, allowance, uses, before }), early, sizing };
}

/** Of what may be used, for sets before all candidates are known. */
const EARLY_SHARE = 0.4;

/** What is to be asked of the planner, for as many candidates as were sized by now; with what an earlier cache was told. */
function cacheOf(input: SelectionInput, shares: WorkloadShares, known: Known): CostCache {
  const { snapshot, whatIf, writeShare = () => 0 } = input;
  const { planned, compression } = shares;
  const drafts = new Map(known.sizing.drafts);
  const existingCost = (existing: string): number => writeShare({ existing }) * OBJECTIVE_SCALE;
  // What those left out would lose by it was not asked.
  const mayGo = input.keepExisting !== true && (compression === null || compression.leftOut === 0);
  for (const draft of mayGo ? existingDrafts(snapshot.catalog, existingCost) : []) drafts.set(draft, []);
  const items = numberItems([...drafts.keys()]);
  const onTable = groupBy([...drafts].entries(), ([, [{ table }]]) => relationKey(table));
  const statements = planned.map(({ representative: { fingerprint }, value }) => ({
    fingerprint,
    relevant: relevantItems(onTable, known.uses.get(fingerprint) ?? []),
    value,
  }));
  const cache = new CostCache({ items, statements }, whatIf, known.allowance);
  if (known.before !== null) {
    cache.learnFrom(known.before);
    return cache;
  }
  for (const [at, costs] of cache.statements.entries()) {
    const used = new Set(planned[at]?.uses);
    const ids = items.filter((item) => item.existing !== null && used.has(item.existing)).map((item) => item.id);
    costs.learn({ shown: costs.present, used: costs.bits(ids), cost: planned[at]?.cost ?? 0 });
  }
  return cache;
}

interface Known {
  readonly sizing: CandidateSizing;
  readonly allowance: Allowance;
  readonly uses: ReadonlyMap<string, readonly TableUse[]>;
  readonly before: CostCache | null;
}

function usesByStatement(input: SelectionInput, { planned }: WorkloadShares): ReadonlyMap<string, readonly TableUse[]> {
  const { snapshot } = input;
  const byFingerprint = new Map(snapshot.workload.statements.map((one) => [one.fingerprint, one]));
  const asked = planned.flatMap((one) => byFingerprint.get(one.representative.fingerprint) ?? []);
  const workload = { ...snapshot.workload, statements: asked };
  const uses = tableUses({ ...snapshot, workload }, { minRows: 0, minPages: 0 });
  return groupBy(uses, (one) => one.statement.fingerprint);
}

function wantedCandidates(input: SelectionInput, shares: WorkloadShares): readonly Candidate[] {
  const { catalog } = input.snapshot;
  const wanted = forRepresentatives(mergeCandidates(input.candidates), shares).filter(
    ({ spec, table }) => !isTiny(catalog, table) && (input.allowRedundant === true || !coveringIndex(catalog, spec)),
  );
  return inOrderOfWeight(wanted, shares.planned);
}

/** Candidates that were made for a merged statement are made for the one that stands for it; those for statements left out alone are none. */
function forRepresentatives(
  candidates: readonly Candidate[],
  { planned, compression }: WorkloadShares,
): readonly Candidate[] {
  if (compression === null) return candidates;
  const standsIn = new Map(
    planned.flatMap(({ representative: { fingerprint, members } }) =>
      members.map((member) => [member, fingerprint] as const),
    ),
  );
  return candidates.flatMap((candidate) => {
    const kept = [...new Set(candidate.for.flatMap((one) => standsIn.get(one) ?? []))];
    return candidate.for.length > 0 && kept.length === 0 ? [] : [{ ...candidate, for: kept }];
  });
}

/** A table, or partition, of fewer pages is read as a whole in the time that an index takes to descend. */
const LEAST_PAGES = 4;

function isTiny(catalog: Catalog, table: Table): boolean {
  return storedParts(catalog, table).every((part) => part.pages < LEAST_PAGES);
}

function relevantItems(
  onTable: ReadonlyMap<string, readonly (readonly [number, readonly [ItemDraft, readonly string[]]])[]>,
  uses: readonly TableUse[],
): number[] {
  const byTable = groupBy(uses, ({ table }) => relationKey(table));
  const ids = [...byTable].flatMap(([table, here]) =>
    (onTable.get(table) ?? []).flatMap(([id, [draft, madeFor]]) => (isRelevant(draft, here, madeFor) ? [id] : [])),
  );
  return ids.toSorted((a, b) => a - b);
}

function isWithin(smaller: number | null, budget: number | null): boolean {
  return budget === null || (smaller !== null && smaller <= budget);
}

function curvePoint(problem: Problem, storageBytes: number | null, best: Incumbent, plannerCalls: number): CurvePoint {
  return {
    storageBytes,
    usedBytes: choiceBytes(problem, best.choice) - choiceBytes(problem, presentChoice(problem)),
    objective: best.objective / OBJECTIVE_SCALE,
    bound: best.bound / OBJECTIVE_SCALE,
    indexes: [...best.choice].flatMap((id) => problem.items[id]?.spec ?? []),
    plannerCalls,
    complete: best.complete,
  };
}
