import type { Allowance } from './allowance.js';
import { cutLightest, eachAlone, heaviestFirst, mergeAlike } from './compression.js';
import type { Cut, Representative } from './compression.js';
import { UNKNOWN_SUM_SHARE, isMeasured, statementValues } from './objective.js';
import type { WeighedCost } from './objective.js';
import { OBJECTIVE_SCALE } from './programmes.js';
import type { Compression, SelectionInput } from './selection-types.js';

/** A statement to ask about. */
export interface PlannedStatement {
  readonly representative: Representative;
  /** In the planner's unit, as the database is. */
  readonly cost: number;
  /** `schema.name` of the existing indexes that its plan uses. */
  readonly uses: readonly string[];
  readonly value: (cost: number) => number;
}

/** The workload as the search sees it. */
export interface WorkloadShares {
  readonly planned: readonly PlannedStatement[];
  /** Share of the present objective that statements left out hold, 0 to 1, by what is known of them. */
  readonly leftShare: number;
  readonly compression: Compression | null;
  /** Fingerprints of statements that can not be planned, or were not for want of time. */
  readonly skipped: readonly string[];
}

/** So many are asked before the time is looked at: as many as the benchmark's largest workload has, whose search ends with a good set within its 60 s (`npm run bench:index -- --part large`). */
export const ALWAYS_ASKED = 1000;

/**
 * Asks what the statements cost at present and what their costs are worth in the objective. Of a workload of many statements those that ask for the same are asked once,
 * the heaviest first, by time where all were measured, else by calls, as far as a share of the allowance goes; and where only so many are wanted, those are kept which their
 * costs then say to be the heaviest. Needs `loadParser()`.
 */
export async function workloadShares(input: SelectionInput, allowance: Allowance): Promise<WorkloadShares> {
  const { catalog, workload } = input.snapshot;
  const { statements } = workload;
  const always = input.mostStatements ?? ALWAYS_ASKED;
  if (input.mostStatements === null || statements.length <= always) {
    const all = { kept: eachAlone(statements), leftOut: [] };
    return weigh(input, all, await presentCosts(input, all.kept, () => allowance.isSpent(), allowance));
  }
  const merged = mergeAlike(catalog, statements);
  const most = input.mostStatements ?? merged.length;
  const measured = isMeasured(merged);
  const worth = measured ? presentWorth(merged.map(unasked), input) : merged.map(({ calls }) => calls);
  // By calls alone the heaviest are not known yet.
  const wanted = heaviestFirst(worth)
    .slice(0, measured ? most : merged.length)
    .flatMap((at) => merged[at] ?? []);
  const isEnough = (asked: number): boolean => allowance.isSpent(asked < always ? 1 : WEIGHING_SHARE);
  const base = await presentCosts(input, wanted, isEnough, allowance);
  const known = merged.filter((one) => base.has(one.fingerprint));
  const weights = presentWorth(
    known.map((one) => asked(one, base)),
    input,
  );
  const kept = new Set(cutLightest(known, weights, most).kept);
  // Those that can not be planned have nothing to be left out of.
  const isKept = (one: Representative): boolean => kept.has(one) || base.get(one.fingerprint) === null;
  return weigh(input, { kept: merged.filter(isKept), leftOut: merged.filter((one) => !isKept(one)) }, base);
}

/** Of what may be asked, for weighing more statements than are kept. */
const WEIGHING_SHARE = 0.3;

interface PresentCost {
  readonly cost: number;
  readonly uses: readonly string[];
}

/** By fingerprint; null for one that can not be planned. */
type PresentCosts = ReadonlyMap<string, PresentCost | null>;

async function presentCosts(
  { whatIf }: SelectionInput,
  representatives: readonly Representative[],
  isEnough: (asked: number) => boolean,
  allowance: Allowance,
): Promise<PresentCosts> {
  const base = new Map<string, PresentCost | null>();
  for (const { fingerprint } of representatives) {
    if (isEnough(base.size)) break;
    const [said] = await whatIf.cost([fingerprint], { add: [], drop: [] });
    allowance.count(said?.planned ?? 0);
    const cost = said?.cost ?? null;
    base.set(fingerprint, cost === null ? null : { cost, uses: said?.usesExisting ?? [] });
  }
  return base;
}

/** By time alone: no cost changes what a statement weighs then. */
function unasked({ calls, meanMs }: Representative): WeighedCost {
  return { calls, meanMs, cost: 1 };
}

function asked({ fingerprint, calls, meanMs }: Representative, base: PresentCosts): WeighedCost {
  return { calls, meanMs, cost: base.get(fingerprint)?.cost ?? 0 };
}

/** What each is worth in the objective at present. */
function presentWorth(weighed: readonly WeighedCost[], { objective }: SelectionInput): readonly number[] {
  return statementValues(weighed, objective).map((value, at) => value(weighed[at]?.cost ?? 0));
}

function weigh({ snapshot, objective }: SelectionInput, { kept, leftOut }: Cut, base: PresentCosts): WorkloadShares {
  const plannable = kept.filter((one) => base.get(one.fingerprint));
  const byTime = isMeasured([...plannable, ...leftOut]);
  const isWeighable = (one: Representative): boolean => byTime || base.has(one.fingerprint);
  const notWeighed = leftOut.filter((one) => !isWeighable(one));
  const byCalls = objective === 'robust' ? notWeighed : [];
  const weighed = [
    ...plannable.map((one) => asked(one, base)),
    ...leftOut.filter(isWeighable).map((one) => (byTime ? unasked(one) : asked(one, base))),
    ...byCalls.map(({ calls, meanMs }) => ({ calls, meanMs, cost: null })),
  ];
  const values = statementValues(weighed, objective);
  const worth = weighed.map((one, at) => values[at]?.(one.cost ?? 0) ?? 0);
  const leftShare = worth.slice(plannable.length).reduce((sum, one) => sum + one, 0) / OBJECTIVE_SCALE;
  const isWhole = notWeighed.length === byCalls.length && kept.every((one) => base.has(one.fingerprint));
  const { statements } = snapshot.workload;
  const left = leftOut.reduce((sum, one) => sum + one.members.length, 0);
  const merged = statements.length - left - kept.length;
  return {
    planned: plannable.map((representative, at) => ({
      representative,
      cost: base.get(representative.fingerprint)?.cost ?? 0,
      uses: base.get(representative.fingerprint)?.uses ?? [],
      value: values[at] ?? (() => 0),
    })),
    leftShare,
    compression:
      left === 0 && merged === 0
        ? null
        : {
            statements: statements.length,
            kept: kept.length,
            merged,
            leftOut: left,
            boundShare: isWhole ? Math.min(1, leftShare + (byCalls.length > 0 ? UNKNOWN_SUM_SHARE : 0)) : null,
          },
    skipped: [...kept.filter((one) => !base.get(one.fingerprint)), ...notWeighed].flatMap((one) => one.members),
  };
}
