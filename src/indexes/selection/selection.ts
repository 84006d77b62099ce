import { sameRelation } from '../../model/catalog.js';
import type { Catalog, Table } from '../../model/catalog.js';
import { coveringIndex, mergeCandidates, tablePages, tableUses } from '../candidates/candidates.js';
import type { Candidate, TableUse } from '../candidates/candidates.js';
import { Allowance } from './allowance.js';
import { CostCache } from './cost-cache.js';
import { DISCOVERY_SHARE, DISCOVERY_TOLERANCE, discover } from './discover.js';
import { improve, offerGreedy } from './improve.js';
import type { Incumbent, Progress } from './improve.js';
import { candidateDraft, existingDrafts, isRelevant, numberItems } from './items.js';
import type { ItemDraft } from './items.js';
import { preferSmall } from './prefer-small.js';
import { choiceBytes, presentChoice } from './problem.js';
import type { Problem } from './problem.js';
import { OBJECTIVE_SCALE } from './programmes.js';
import type { CurvePoint, IndexSelection, SelectionInput } from './selection-types.js';
import { describeChoice } from './describe.js';
import { workloadShares } from './shares.js';
import type { PlannedStatement, WorkloadShares } from './shares.js';
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
  const { cache, refused, unsized } = await prepare(input, shares, allowance);
  const { problem } = cache;
  const highs = await loadSolver();
  const budget = (bytes: number | null): number | null =>
    bytes === null ? null : bytes + choiceBytes(problem, presentChoice(problem));
  const search = (bytes: number | null, onProgress: (one: Progress) => void): Promise<Incumbent> =>
    improve({ cache, highs, allowance, storageBytes: budget(bytes), onProgress });
  const watch = (one: Progress): void => {
    const objective = one.objective / OBJECTIVE_SCALE + leftShare;
    if (objective < (progress.at(-1)?.objective ?? Number.POSITIVE_INFINITY)) progress.push({ ...one, objective });
  };
  const { storageBytes } = input;
  const limits = { share: DISCOVERY_SHARE, tolerance: DISCOVERY_TOLERANCE, storageBytes };
  await discover(cache, allowance, limits, () =>
    offerGreedy({ cache, highs, allowance, storageBytes: budget(storageBytes), onProgress: watch }),
  );
  const best = await search(storageBytes, watch);
  const shown = input.preferSmall === true ? await preferSmall(cache, best) : best;
  const selection = await describeChoice(cache, shown, allowance);
  const objective = selection.objective + leftShare;
  const { plannerCalls } = allowance;
  const curve: CurvePoint[] = [];
  for (const bytes of input.curveOf?.(selection) ?? input.curveBytes ?? []) {
    const before = allowance.plannerCalls;
    const point = curvePoint(problem, bytes, await search(bytes, () => undefined), allowance.plannerCalls - before);
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

interface Prepared {
  readonly cache: CostCache;
  readonly refused: IndexSelection['refused'];
  readonly unsized: number;
}

async function prepare(input: SelectionInput, shares: WorkloadShares, allowance: Allowance): Promise<Prepared> {
  const { snapshot, whatIf, writeShare = () => 0 } = input;
  const { planned, compression } = shares;
  const wanted = forRepresentatives(mergeCandidates(input.candidates), shares).filter(
    ({ spec, table }) =>
      !isTiny(snapshot.catalog, table) && (input.allowRedundant === true || !coveringIndex(snapshot.catalog, spec)),
  );
  const { drafts, refused, unsized } = await sizeCandidates(input, inOrderOfWeight(wanted, planned), allowance);
  const existingCost = (existing: string): number => writeShare({ existing }) * OBJECTIVE_SCALE;
  // What those left out would lose by it was not asked.
  const mayGo = input.keepExisting !== true && (compression === null || compression.leftOut === 0);
  for (const draft of mayGo ? existingDrafts(snapshot.catalog, existingCost) : []) drafts.set(draft, []);
  const items = numberItems([...drafts.keys()]);
  const byFingerprint = new Map(snapshot.workload.statements.map((one) => [one.fingerprint, one]));
  const asked = planned.flatMap((one) => byFingerprint.get(one.representative.fingerprint) ?? []);
  const workload = { ...snapshot.workload, statements: asked };
  const byStatement = groupUses(tableUses({ ...snapshot, workload }, { minRows: 0, minPages: 0 }));
  const statements = planned.map(({ representative: { fingerprint }, value }) => ({
    fingerprint,
    relevant: relevantItems(drafts, byStatement.get(fingerprint) ?? []),
    value,
  }));
  const cache = new CostCache({ items, statements }, whatIf, allowance);
  for (const [at, costs] of cache.statements.entries()) {
    const used = new Set(planned[at]?.uses);
    const ids = items.filter((item) => item.existing !== null && used.has(item.existing)).map((item) => item.id);
    costs.learn({ shown: costs.present, used: costs.bits(ids), cost: planned[at]?.cost ?? 0 });
  }
  return { cache, refused, unsized };
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

interface Sized {
  /** With the statements they were made for. */
  readonly drafts: Map<ItemDraft, readonly string[]>;
  readonly refused: IndexSelection['refused'];
  readonly unsized: number;
}

/** Sizing may take this share of the time: a candidate costs as much as a few questions. */
const SIZING_SHARE = 0.6;
/** So many are sized between two looks at the clock. */
const SIZED_AT_ONCE = 64;

async function sizeCandidates(
  input: SelectionInput,
  wanted: readonly Candidate[],
  allowance: Allowance,
): Promise<Sized> {
  const { whatIf, writeShare = () => 0, bytePrice = 0 } = input;
  const refused: { spec: Candidate['spec']; reason: string }[] = [];
  const drafts = new Map<ItemDraft, readonly string[]>();
  const room = largestBudget(input);
  for (let from = 0; from < wanted.length; from += SIZED_AT_ONCE) {
    if (allowance.isOutOfTime(SIZING_SHARE)) return { drafts, refused, unsized: wanted.length - from };
    const some = wanted.slice(from, from + SIZED_AT_ONCE);
    const sizes = await whatIf.sizes(some.map((one) => one.spec));
    for (const [at, candidate] of some.entries()) {
      const size = sizes[at];
      if (size === undefined) continue;
      if (size.refused !== undefined) {
        refused.push({ spec: candidate.spec, reason: size.refused });
        continue;
      }
      const bytes = input.sizeBytes?.(candidate.spec) ?? size.sizeBytes;
      const writeCost = (writeShare(candidate.spec) + bytes * bytePrice) * OBJECTIVE_SCALE;
      if (bytes <= room) drafts.set(candidateDraft(candidate, { bytes, writeCost }), candidate.for);
    }
  }
  return { drafts, refused, unsized: 0 };
}

/** The first thought for each statement before the second ones, and the weightiest statement first: there may be no time for all of them. */
function inOrderOfWeight(candidates: readonly Candidate[], planned: readonly PlannedStatement[]): readonly Candidate[] {
  const weights = new Map(
    planned.map(({ representative: { fingerprint, calls }, cost }) => [fingerprint, calls * cost]),
  );
  const weight = (candidate: Candidate): number =>
    Math.max(0, ...candidate.for.map((fingerprint) => weights.get(fingerprint) ?? 0));
  const thoughts = new Map<string, number>();
  const ranked = candidates.map((candidate) => {
    const least = Math.min(...candidate.for.map((fingerprint) => thoughts.get(fingerprint) ?? 0), candidates.length);
    for (const fingerprint of candidate.for) thoughts.set(fingerprint, (thoughts.get(fingerprint) ?? 0) + 1);
    return { candidate, thought: least, weight: weight(candidate) };
  });
  return ranked.toSorted((a, b) => a.thought - b.thought || b.weight - a.weight).map((one) => one.candidate);
}

/** A table of fewer pages is read as a whole in the time that an index takes to descend. */
const LEAST_PAGES = 4;

function isTiny(catalog: Catalog, table: Table): boolean {
  return tablePages(catalog, table) < LEAST_PAGES;
}

/** No larger index can be part of an answer, unless existing ones make room. */
function largestBudget({ storageBytes, curveBytes = [], snapshot }: SelectionInput): number {
  const budgets = [storageBytes, ...curveBytes].map((bytes) => bytes ?? Number.POSITIVE_INFINITY);
  return Math.max(...budgets) + existingDrafts(snapshot.catalog, () => 0).reduce((sum, draft) => sum + draft.bytes, 0);
}

function groupUses(uses: readonly TableUse[]): ReadonlyMap<string, readonly TableUse[]> {
  const groups = new Map<string, TableUse[]>();
  for (const one of uses) {
    const { fingerprint } = one.statement;
    groups.set(fingerprint, [...(groups.get(fingerprint) ?? []), one]);
  }
  return groups;
}

function relevantItems(drafts: ReadonlyMap<ItemDraft, readonly string[]>, uses: readonly TableUse[]): number[] {
  return [...drafts].flatMap(([draft, madeFor], id) => {
    const here = uses.filter((one) => sameRelation(one.table, draft.table));
    return here.length > 0 && isRelevant(draft, here, madeFor) ? [id] : [];
  });
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
