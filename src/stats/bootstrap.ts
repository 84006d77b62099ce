import { mean, quantile } from './quantile.js';
import { seededRandom } from './random.js';

/** Two measurements of the same case that were taken next to each other. */
export interface Pair {
  readonly before: number;
  readonly after: number;
}

/** after / before with its interval; below 1 is less. */
export interface RatioEstimate {
  readonly ratio: number;
  readonly ciLow: number;
  readonly ciHigh: number;
  /** Pairs behind it. */
  readonly pairs: number;
}

export interface BootstrapOptions {
  /** Of the interval; 0.95 by default. */
  readonly confidence?: number;
  /** 2000 by default: the ends of a 95 % interval then move by about 1 % of its width between seeds. */
  readonly resamples?: number;
  /** Fixed by default, so that a run can be repeated. */
  readonly seed?: number;
  /** Added to both sides before the logarithm, in the unit measured: keeps a zero from being infinitely better than one block. 0 by default. */
  readonly offset?: number;
}

/**
 * Ratio after / before of paired measurements: the geometric mean of the pairs' ratios, with the percentile interval of a bootstrap over pairs.
 * Pairs with a side that is not positive after `offset` are left out (a ratio of them has no meaning) unless both sides are equal, which counts as 1.
 * With no pairs all three are NaN; with one the interval is the point, so the caller must ask for enough pairs.
 * Source: Efron & Tibshirani, "An Introduction to the Bootstrap" (1993), chapters 8 and 13.
 */
export function pairedBootstrap(pairs: readonly Pair[], options: BootstrapOptions = {}): RatioEstimate {
  const { confidence = 0.95, resamples = 2000, seed = DEFAULT_SEED, offset = 0 } = options;
  const logs = pairs.flatMap((pair) => logRatio(pair, offset));
  if (logs.length === 0) return { ratio: Number.NaN, ciLow: Number.NaN, ciHigh: Number.NaN, pairs: 0 };
  const means = resampledMeans(logs, resamples, seed);
  const tail = (1 - confidence) / 2;
  return {
    ratio: Math.exp(mean(logs)),
    ciLow: Math.exp(quantile(means, tail)),
    ciHigh: Math.exp(quantile(means, 1 - tail)),
    pairs: logs.length,
  };
}

/** One statement's pairs and how much it weighs. */
export interface WeightedCase {
  /** Executions. */
  readonly weight: number;
  readonly pairs: readonly Pair[];
}

/**
 * Ratio after / before of a whole workload: the sums over cases of weight times mean, with the percentile interval of a bootstrap that draws pairs anew within each case.
 * Cases without pairs do not count; NaN when no case is left or nothing was measured before.
 */
export function workloadBootstrap(cases: readonly WeightedCase[], options: BootstrapOptions = {}): RatioEstimate {
  const { confidence = 0.95, resamples = 2000, seed = DEFAULT_SEED } = options;
  const measured = cases.filter((one) => one.pairs.length > 0);
  const random = seededRandom(seed);
  const total = (draw: (pairs: readonly Pair[]) => readonly Pair[]): number => {
    let before = 0;
    let after = 0;
    for (const one of measured) {
      const drawn = draw(one.pairs);
      before += one.weight * mean(drawn.map((pair) => pair.before));
      after += one.weight * mean(drawn.map((pair) => pair.after));
    }
    return after / before;
  };
  const drawAnew = (pairs: readonly Pair[]): readonly Pair[] =>
    pairs.map((pair) => pairs[Math.floor(random() * pairs.length)] ?? pair);
  const ratios = Array.from({ length: resamples }, () => total(drawAnew)).filter((ratio) => Number.isFinite(ratio));
  const tail = (1 - confidence) / 2;
  return {
    ratio: measured.length === 0 ? Number.NaN : total((pairs) => pairs),
    ciLow: quantile(ratios, tail),
    ciHigh: quantile(ratios, 1 - tail),
    pairs: measured.reduce((sum, one) => sum + one.pairs.length, 0),
  };
}

/** Any fixed number serves. */
const DEFAULT_SEED = 20_260_101;

function logRatio(pair: Pair, offset: number): readonly number[] {
  if (pair.before === pair.after) return [0];
  const before = pair.before + offset;
  const after = pair.after + offset;
  return before > 0 && after > 0 ? [Math.log(after / before)] : [];
}

function resampledMeans(values: readonly number[], resamples: number, seed: number): readonly number[] {
  const random = seededRandom(seed);
  return Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let i = 0; i < values.length; i += 1) sum += values[Math.floor(random() * values.length)] ?? 0;
    return sum / values.length;
  });
}
