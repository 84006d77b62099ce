/** One statement's paired samples and its robust centre on both sides; `weight` is its number of calls. */
export interface WeightedPairs {
  readonly weight: number;
  readonly beforeCentre: number;
  readonly afterCentre: number;
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** A ratio after / before with its 95 % interval. */
export interface RatioInterval {
  readonly ratio: number;
  readonly ciLow: number;
  readonly ciHigh: number;
}

/**
 * The ratio of weighted total times with a percentile bootstrap interval: pairs are resampled within each statement,
 * so that what disturbed both sides of a pair cancels. The point is the ratio of the centres; the interval is that of
 * the means, so that a stall on one side widens it instead of hiding in it. It always holds the point.
 * Deterministic: the generator is seeded. Source: Efron and Tibshirani, An Introduction to the Bootstrap, chapter 13.
 * Both sides 0 gives 1.
 */
export function bootstrapTotalRatio(statements: readonly WeightedPairs[], resamples = 1000): RatioInterval {
  const ratio = ratioOf(
    total(statements, (statement) => statement.beforeCentre),
    total(statements, (statement) => statement.afterCentre),
  );
  const random = seeded(0x5eed);
  const ratios = Array.from({ length: resamples }, () => {
    const picks = new Map(statements.map((statement) => [statement, resample(statement.before.length, random)]));
    const mean = (statement: WeightedPairs, side: 'before' | 'after'): number => meanAt(statement[side], picks.get(statement) ?? []);
    return ratioOf(
      total(statements, (statement) => mean(statement, 'before')),
      total(statements, (statement) => mean(statement, 'after')),
    );
  }).sort((a, b) => a - b);
  const at = (fraction: number): number => ratios[Math.min(ratios.length - 1, Math.floor(fraction * ratios.length))] ?? ratio;
  return { ratio, ciLow: Math.min(ratio, at(0.025)), ciHigh: Math.max(ratio, at(0.975)) };
}

function total(statements: readonly WeightedPairs[], value: (statement: WeightedPairs) => number): number {
  return statements.reduce((sum, statement) => sum + statement.weight * value(statement), 0);
}

function ratioOf(before: number, after: number): number {
  if (before > 0) return after / before;
  return after > 0 ? Number.POSITIVE_INFINITY : 1;
}

function meanAt(values: readonly number[], positions: readonly number[]): number {
  if (positions.length === 0) return 0;
  return positions.reduce((sum, position) => sum + (values[position] ?? 0), 0) / positions.length;
}

function resample(length: number, random: () => number): readonly number[] {
  return Array.from({ length }, () => Math.floor(random() * length));
}

/** Mulberry32: a small generator with a full period of 2^32, enough for resampling. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
