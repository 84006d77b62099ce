import type { StatementKind } from '../../model/workload.js';
import { meanRatio, type MeanRatio } from '../../stats/moments.js';
import { momentsOfStatement, totalMs, type StatementFigures, type WindowFigures } from './figures.js';
import type { PromisedGain } from '../plan.js';
import type { LiveLimits } from './limits.js';

/** What became of a statement that matters. `unclear`: the interval holds the tolerance, or it was slower in a part of the window only. */
export type StatementState = 'slower' | 'fine' | 'unclear' | 'few-calls' | 'new';

/** One statement before and after. */
export interface Comparison {
  readonly fingerprint: string;
  readonly name: string;
  readonly state: StatementState;
  /** Of the time of all statements after. */
  readonly share: number;
  readonly before: Side | null;
  readonly after: Side;
  /** after / before of the mean time; null where it was not computed. */
  readonly ratio: MeanRatio | null;
  readonly tolerance: number;
}

export interface Side {
  readonly calls: number;
  readonly meanMs: number;
}

/** What a step promised by its lab figures, seen live. */
export interface Gain {
  readonly state: 'gained' | 'no-gain' | 'unclear' | 'few-calls';
  /** Time of the promised statements, weighted by their calls after; null where none had enough calls. */
  readonly ratio: MeanRatio | null;
  /** Of the same statements in the lab. */
  readonly labRatio: number | null;
  /** How many statements were promised a gain, and how many of them had enough calls. */
  readonly promised: number;
  readonly seen: number;
}

/** The windows before a step, latest last: each statement is held against the latest in which it was called often enough. */
export type Past = readonly WindowFigures[];

/** Statements that matter, heaviest first. Intervals are widened so that all of them together hold (Bonferroni). */
export function compareStatements(past: Past, after: WindowFigures, limits: LiveLimits): readonly Comparison[] {
  const now = after.statements ?? [];
  const allMs = sum(now.map(totalMs));
  const earlier = past.at(-1)?.statements ?? [];
  const earlierMs = sum(earlier.map(totalMs));
  const heavyBefore = new Set(
    earlier.filter((one) => totalMs(one) >= limits.criticalShare * earlierMs).map(({ fingerprint }) => fingerprint),
  );
  const matter = now
    .filter((one) => totalMs(one) >= limits.criticalShare * allMs || heavyBefore.has(one.fingerprint))
    .toSorted((a, b) => totalMs(b) - totalMs(a));
  const confidence = 1 - (1 - limits.confidence) / Math.max(1, matter.length);
  return matter.map((one) => compare(one, { past, allMs, parts: after.parts }, { ...limits, confidence }));
}

/** What a statement is seen against. */
interface Around extends Pick<WindowFigures, 'parts'> {
  readonly past: Past;
  readonly allMs: number;
}

function compare(now: StatementFigures, { past, allMs, parts: all }: Around, limits: LiveLimits): Comparison {
  const before = reference(past, now.fingerprint, limits);
  const tolerance = isWrite(now.kind) ? limits.writeTolerance : limits.readTolerance;
  const enough = before !== null && isEnough(before, now, limits);
  const ratio = enough
    ? meanRatio([{ weight: 1, before: momentsOfStatement(before), after: momentsOfStatement(now) }], limits.confidence)
    : null;
  const parts = all.map((part) => part[now.fingerprint] ?? Number.POSITIVE_INFINITY);
  const lasts = before !== null && parts.every((meanMs) => meanMs > tolerance * before.meanMs);
  return {
    fingerprint: now.fingerprint,
    name: now.name,
    state: before === null ? 'new' : ratio === null ? 'few-calls' : stateOf(ratio, tolerance, lasts),
    share: allMs > 0 ? totalMs(now) / allMs : 0,
    before: before && { calls: before.calls, meanMs: before.meanMs },
    after: { calls: now.calls, meanMs: now.meanMs },
    ratio,
    tolerance,
  };
}

function stateOf({ ciLow, ciHigh }: MeanRatio, tolerance: number, lasts: boolean): StatementState {
  if (ciLow > tolerance) return lasts ? 'slower' : 'unclear';
  return ciHigh <= tolerance ? 'fine' : 'unclear';
}

/** What became of what a step promised; null where it promised nothing. */
export function gainOf(
  promised: readonly PromisedGain[],
  past: Past,
  after: WindowFigures,
  limits: LiveLimits,
): Gain | null {
  if (promised.length === 0) return null;
  const seen = promised.flatMap((promise) => {
    const now = after.statements?.find((one) => one.fingerprint === promise.fingerprint);
    const before = reference(past, promise.fingerprint, limits);
    if (!now || !before || !isEnough(before, now, limits)) return [];
    return [{ promise, now, before }];
  });
  const counts = { promised: promised.length, seen: seen.length };
  if (seen.length === 0) return { state: 'few-calls', ratio: null, labRatio: null, ...counts };
  const ratio = meanRatio(
    seen.map(({ now, before }) => ({
      weight: now.calls,
      before: momentsOfStatement(before),
      after: momentsOfStatement(now),
    })),
    limits.confidence,
  );
  const beforeMs = seen.map(({ now, before }) => now.calls * before.meanMs);
  const labRatio = sum(seen.map(({ promise }, at) => promise.ratio * (beforeMs[at] ?? 0))) / sum(beforeMs);
  return { state: gainState(ratio, limits), ratio, labRatio, ...counts };
}

function gainState({ ciLow, ciHigh }: MeanRatio, { minimalGain }: LiveLimits): Gain['state'] {
  if (ciLow > 1 - minimalGain) return 'no-gain';
  return ciHigh < 1 ? 'gained' : 'unclear';
}

/** The latest window in which it was called often enough, else the one in which it was called most; null where it never was. */
function reference(past: Past, fingerprint: string, { minimalCalls }: LiveLimits): StatementFigures | null {
  const known = past.flatMap(({ statements }) => statements?.filter((one) => one.fingerprint === fingerprint) ?? []);
  const often = known.findLast(({ calls }) => calls >= minimalCalls);
  return often ?? known.toSorted((a, b) => b.calls - a.calls)[0] ?? null;
}

/** A mean of nothing has no ratio. */
function isEnough(before: StatementFigures, now: StatementFigures, { minimalCalls }: LiveLimits): boolean {
  return Math.min(before.calls, now.calls) >= minimalCalls && before.meanMs > 0 && now.meanMs > 0;
}

function isWrite(kind: StatementKind): boolean {
  return kind !== 'select' && kind !== 'other';
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
