/** Count, mean and spread of values that are not there one by one. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Sum of the squared distances from the mean; the variance times the count. */
  readonly sumSquares: number;
}

/** Moments from a count, a mean and a population standard deviation, as `pg_stat_statements` has them. */
export function momentsOf(count: number, mean: number, deviation: number): Moments {
  return { count, mean, sumSquares: count * deviation * deviation };
}

/**
 * The moments of two sets of values together.
 * Source: Chan, Golub & LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances" (1979), equation 1.5.
 */
export function pooled(a: Moments, b: Moments): Moments {
  const count = a.count + b.count;
  if (count === 0) return a;
  const apart = b.mean - a.mean;
  return {
    count,
    mean: a.mean + (apart * b.count) / count,
    sumSquares: a.sumSquares + b.sumSquares + (apart * apart * a.count * b.count) / count,
  };
}

/**
 * The moments of what came after `part` within `whole`: `pooled` backwards. The sum of squares is never below what rounding may have
 * swallowed, so that a difference of two large sums does not look like values without spread.
 */
export function without(whole: Moments, part: Moments): Moments {
  const count = whole.count - part.count;
  if (count <= 0) return { count: 0, mean: 0, sumSquares: 0 };
  const mean = (whole.count * whole.mean - part.count * part.mean) / count;
  const apart = mean - part.mean;
  const between = (apart * apart * part.count * count) / whole.count;
  const rounding = ROUNDING * (whole.sumSquares + whole.count * whole.mean * whole.mean);
  return { count, mean, sumSquares: Math.max(rounding, whole.sumSquares - part.sumSquares - between) };
}

/** A hundred times the step of a double: the server's running sums round at each of their terms. */
const ROUNDING = 100 * Number.EPSILON;

/** The population standard deviation; NaN without values. */
export function deviationOf({ count, sumSquares }: Moments): number {
  return Math.sqrt(sumSquares / count);
}

/** after / before of two means. */
export interface MeanRatio {
  readonly ratio: number;
  readonly ciLow: number;
  readonly ciHigh: number;
}

/**
 * The ratio of weighted sums of means, with its interval on the logarithmic scale (delta method), its width by Student's t with
 * Satterthwaite's degrees of freedom. Assumes that values are independent of each other and numerous enough for their mean to be
 * normal. NaN where a side has no values, or a mean that is not positive.
 * Source: Casella & Berger, "Statistical Inference" (2002), section 5.5.4; Satterthwaite, Biometrics Bulletin 2 (1946).
 */
export function meanRatio(cases: readonly MeanCase[], confidence: number): MeanRatio {
  const before = sumOf(cases, ({ before: side }) => side);
  const after = sumOf(cases, ({ after: side }) => side);
  const ratio = after.mean / before.mean;
  const parts = [
    ...before.parts.map((part) => part / before.mean ** 2),
    ...after.parts.map((part) => part / after.mean ** 2),
  ];
  const variance = parts.reduce((sum, part) => sum + part, 0);
  const free = variance ** 2 / parts.reduce((sum, part, at) => sum + part ** 2 / (frees(before, after)[at] ?? 1), 0);
  const half = variance === 0 ? 0 : studentQuantile(1 - (1 - confidence) / 2, free) * Math.sqrt(variance);
  return { ratio, ciLow: ratio * Math.exp(-half), ciHigh: ratio * Math.exp(half) };
}

/** One statement before and after, and how often it weighs. */
export interface MeanCase {
  readonly weight: number;
  readonly before: Moments;
  readonly after: Moments;
}

interface WeightedSum {
  readonly mean: number;
  /** Variance of each term's mean. */
  readonly parts: readonly number[];
  readonly frees: readonly number[];
}

function sumOf(cases: readonly MeanCase[], side: (one: MeanCase) => Moments): WeightedSum {
  const sides = cases.map((one) => ({ weight: one.weight, ...side(one) }));
  return {
    mean: sides.reduce((sum, { weight, mean }) => sum + weight * mean, 0),
    parts: sides.map(({ weight, count, sumSquares }) => (weight ** 2 * sumSquares) / ((count - 1) * count)),
    frees: sides.map(({ count }) => count - 1),
  };
}

function frees(before: WeightedSum, after: WeightedSum): readonly number[] {
  return [...before.frees, ...after.frees];
}

/**
 * The quantile of Student's t. From the normal quantile by Cornish and Fisher's expansion, off by less than 1 % at 5 degrees of freedom and p up to 0.999.
 * Source: Abramowitz & Stegun, "Handbook of Mathematical Functions" (1964), 26.7.5.
 */
export function studentQuantile(p: number, free: number): number {
  const z = normalQuantile(p);
  const [z3, z5, z7, z9] = [z ** 3, z ** 5, z ** 7, z ** 9];
  return (
    z +
    (z3 + z) / (4 * free) +
    (5 * z5 + 16 * z3 + 3 * z) / (96 * free ** 2) +
    (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * free ** 3) +
    (79 * z9 + 776 * z7 + 1482 * z5 - 1920 * z3 - 945 * z) / (92160 * free ** 4)
  );
}

/** The quantile of the normal distribution, by bisection of its distribution function; `p` strictly between 0 and 1. */
export function normalQuantile(p: number): number {
  let [low, high] = [-40, 40];
  for (let step = 0; step < 80; step += 1) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The share of a normal distribution below `z`. Its error function as a series near 0, as a continued fraction beyond (Abramowitz & Stegun 7.1.6 and 7.1.14). */
function normalShare(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const tail = x < 2.5 ? 1 - erfSeries(x) : erfcFraction(x);
  return z < 0 ? tail / 2 : 1 - tail / 2;
}

function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > 1e-17 * sum; n += 1) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

function erfcFraction(x: number): number {
  let fraction = x;
  for (let n = 60; n >= 1; n -= 1) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}
