import type { Snapshot } from '../../model/snapshot.js';
import type { WhatIf } from '../../model/what-if.js';
import { coveringIndex, mergeCandidates, specKey } from './candidates.js';
import type { Candidate, TableUse } from './candidates.js';

/** What a search is made over. */
export interface SearchInput {
  readonly snapshot: Snapshot;
  readonly uses: readonly TableUse[];
  /** Answers what a statement costs with an index: the what-if engine, or the guess from statistics. */
  readonly whatIf: WhatIf;
  readonly limits: SearchLimits;
}

export interface SearchLimits {
  /** Fall of one statement's cost, 0 to 1, from which an index is worth proposing. */
  readonly minFall: number;
  /** Share of the workload, 0 to 1, that an index must win in any case. */
  readonly minShare: number;
  /** Findings per table. */
  readonly mostPerTable: number;
}

/** What a candidate does to one statement; costs in the planner's unit, `estimated`. */
export interface CostChange {
  readonly fingerprint: string;
  readonly before: number;
  readonly after: number;
}

/** A candidate that the planner would use. */
export interface Chosen {
  readonly candidate: Candidate;
  /** The statements that get cheaper, the greatest gain first. */
  readonly changes: readonly CostChange[];
  /** Share of the workload's time (or cost, where no time was measured) that falls away, 0 to 1. */
  readonly share: number;
  /** Other ways to serve the same statements, best first. */
  readonly variants: readonly Candidate[];
}

/**
 * Finds the indexes worth proposing: asks what each candidate costs, then takes per table the best one, the best one for the statements that it left alone, and so on.
 * Candidates that an index already gives are left out. `refine` is handed the two best of each statement and those that are already there, and may answer with more, such as covering ones.
 */
export async function searchIndexes(
  input: SearchInput,
  candidates: readonly Candidate[],
  refine: (evaluated: readonly Candidate[]) => readonly Candidate[] = () => [],
): Promise<readonly Chosen[]> {
  const fingerprints = [...new Set(input.uses.map((one) => one.statement.fingerprint))];
  if (fingerprints.length === 0) return [];
  const costs = await input.whatIf.cost(fingerprints, { add: [], drop: [] });
  const base = new Map(costs.flatMap((one) => (one.cost === null ? [] : [[one.fingerprint, one.cost] as const])));
  const first = await evaluate(input, base, missing(input, candidates));
  const known = new Set(first.map((one) => specKey(one.candidate.spec)));
  const there = mergeCandidates(candidates).filter((one) => coveringIndex(input.snapshot.catalog, one.spec));
  const refined = refine([...promising(first, base), ...there]).filter((one) => !known.has(specKey(one.spec)));
  const second = await evaluate(input, base, missing(input, refined));
  const weights = statementWeights(input.snapshot, base);
  return pick(input, [...first, ...second], base, weights);
}

/** Executions times time, or times cost where the workload was not measured, and how much all of it is. */
interface Weights {
  readonly of: ReadonlyMap<string, number>;
  readonly total: number;
}

interface Evaluated {
  readonly candidate: Candidate;
  readonly after: ReadonlyMap<string, number>;
}

/** A what-if question costs milliseconds; beyond this many a run would take minutes. */
const MOST_CANDIDATES = 240;

function missing(input: SearchInput, candidates: readonly Candidate[]): readonly Candidate[] {
  const { catalog } = input.snapshot;
  return mergeCandidates(candidates)
    .filter((one) => !coveringIndex(catalog, one.spec))
    .slice(0, MOST_CANDIDATES);
}

async function evaluate(
  input: SearchInput,
  base: ReadonlyMap<string, number>,
  candidates: readonly Candidate[],
): Promise<readonly Evaluated[]> {
  // Introduced together, they are sized from one sample of their table's rows.
  await input.whatIf.cost([], { add: candidates.map((one) => one.spec), drop: [] });
  const evaluated: Evaluated[] = [];
  for (const candidate of candidates) {
    const touched = input.uses.filter((one) => one.table === candidate.table && base.has(one.statement.fingerprint));
    const fingerprints = [...new Set(touched.map((one) => one.statement.fingerprint))];
    if (fingerprints.length === 0) continue;
    const costs = await input.whatIf.cost(fingerprints, { add: [candidate.spec], drop: [] });
    const after = costs.flatMap((one) => (one.cost === null ? [] : [[one.fingerprint, one.cost] as const]));
    evaluated.push({ candidate, after: new Map(after) });
  }
  return evaluated;
}

/** The two cheapest candidates of each statement, for a second look. */
function promising(evaluated: readonly Evaluated[], base: ReadonlyMap<string, number>): readonly Candidate[] {
  const kept = [...base].flatMap(([fingerprint, before]) =>
    evaluated
      .filter((one) => (one.after.get(fingerprint) ?? before) < before)
      .toSorted((a, b) => (a.after.get(fingerprint) ?? before) - (b.after.get(fingerprint) ?? before))
      .slice(0, 2),
  );
  return [...new Set(kept.map((one) => one.candidate))];
}

/** Measured time where all statements have one, cost otherwise: the two can not be added. */
function statementWeights({ workload }: Snapshot, base: ReadonlyMap<string, number>): Weights {
  const measured = workload.statements.every((one) => one.meanMs !== null);
  const of = new Map(
    workload.statements.map((one) => [
      one.fingerprint,
      one.calls * (measured ? (one.meanMs ?? 0) : (base.get(one.fingerprint) ?? 0)),
    ]),
  );
  return { of, total: [...of.values()].reduce((sum, weight) => sum + weight, 0) };
}

function pick(
  input: SearchInput,
  evaluated: readonly Evaluated[],
  base: ReadonlyMap<string, number>,
  weights: Weights,
): readonly Chosen[] {
  const tables = [...new Set(evaluated.map((one) => one.candidate.table))];
  const chosen = tables.flatMap((table) => {
    const left = evaluated.filter((one) => one.candidate.table === table);
    const open = new Map(base);
    const found: Chosen[] = [];
    while (found.length < input.limits.mostPerTable) {
      const next = bestOf(left, open, weights);
      if (!next || !worthwhile(next, input.limits)) break;
      found.push({ ...next, variants: variantsOf(next, left, base, found) });
      for (const change of next.changes)
        if (1 - change.after / change.before >= input.limits.minFall) open.delete(change.fingerprint);
    }
    return found;
  });
  return chosen.toSorted((a, b) => b.share - a.share);
}

/** Gains closer than this are one to the planner; the narrower index is then the better one. */
const NEARLY = 0.97;
/** But not where the narrower one leaves this many times what the best one leaves: 97 % and 99.9 % saved are far apart. */
const MUCH_LEFT = 1.5;
/** A covering index costs more to keep: the plain one goes first when it wins this share of what the covering one does. */
const COVERING_NEARLY = 0.8;

type Gain = Omit<Chosen, 'variants'>;

function bestOf(
  evaluated: readonly Evaluated[],
  open: ReadonlyMap<string, number>,
  weights: Weights,
): Gain | undefined {
  const gains = evaluated.map((one) => gainOf(one, open, weights)).filter((gain) => gain.share > 0);
  const plain = narrowest(
    gains.filter((gain) => gain.candidate.spec.include.length === 0),
    weights,
  );
  const covering = narrowest(
    gains.filter((gain) => gain.candidate.spec.include.length > 0),
    weights,
  );
  return plain && (!covering || plain.share >= COVERING_NEARLY * covering.share) ? plain : covering;
}

function narrowest(gains: readonly Gain[], weights: Weights): Gain | undefined {
  const best = gains.toSorted((a, b) => b.share - a.share)[0];
  if (!best) return undefined;
  const left = (gain: Gain): number =>
    best.changes.reduce((sum, { fingerprint, before }) => {
      const after = gain.changes.find((change) => change.fingerprint === fingerprint)?.after ?? before;
      return sum + ((weights.of.get(fingerprint) ?? 0) * after) / before;
    }, 0);
  const near = gains.filter((gain) => gain.share >= best.share * NEARLY && left(gain) <= left(best) * MUCH_LEFT);
  return near.toSorted((a, b) => width(a.candidate) - width(b.candidate) || b.share - a.share)[0];
}

function gainOf({ candidate, after }: Evaluated, open: ReadonlyMap<string, number>, weights: Weights): Gain {
  const changes: (CostChange & { readonly gain: number })[] = [];
  for (const [fingerprint, cost] of after) {
    const before = open.get(fingerprint) ?? 0;
    if (before <= 0 || cost >= before) continue;
    changes.push({
      fingerprint,
      before,
      after: cost,
      gain: ((weights.of.get(fingerprint) ?? 0) * (before - cost)) / before,
    });
  }
  const total = changes.reduce((sum, change) => sum + change.gain, 0);
  return {
    candidate,
    changes: changes
      .toSorted((a, b) => b.gain - a.gain)
      .map(({ fingerprint, before, after: cost }) => ({ fingerprint, before, after: cost })),
    share: weights.total > 0 ? total / weights.total : 0,
  };
}

/** A deep fall of one statement, or a fall that the whole workload feels. */
function worthwhile(gain: Gain, { minFall, minShare }: SearchLimits): boolean {
  const deepest = Math.max(0, ...gain.changes.map((change) => 1 - change.after / change.before));
  return (deepest >= minFall && gain.share >= minShare / 100) || gain.share >= minShare;
}

/** A variant must win at least this much of what the best one does for its main statement. */
const VARIANT_SHARE = 0.5;
const MOST_VARIANTS = 2;

function variantsOf(
  best: Gain,
  evaluated: readonly Evaluated[],
  base: ReadonlyMap<string, number>,
  found: readonly Chosen[],
): readonly Candidate[] {
  const main = best.changes[0];
  if (!main) return [];
  const taken = new Set([best.candidate, ...found.map((one) => one.candidate)]);
  const fall = (base.get(main.fingerprint) ?? main.before) - main.after;
  const others = evaluated.flatMap(({ candidate, after }) => {
    const cost = after.get(main.fingerprint);
    const gain = cost === undefined ? 0 : (base.get(main.fingerprint) ?? main.before) - cost;
    return taken.has(candidate) || gain < VARIANT_SHARE * fall ? [] : [{ candidate, gain }];
  });
  return others
    .toSorted((a, b) => b.gain - a.gain || width(a.candidate) - width(b.candidate))
    .slice(0, MOST_VARIANTS)
    .map((one) => one.candidate);
}

function width({ spec }: Candidate): number {
  return spec.keys.length + spec.include.length * 1.5;
}
