/**
 * The `q` quantile (0..1) by linear interpolation between order statistics; NaN for no values. Does not change its input.
 * Source: Hyndman & Fan, "Sample Quantiles in Statistical Packages", American Statistician 50 (1996), type 7, the default of R and NumPy.
 */
export function quantile(values: readonly number[], q: number): number {
  return quantileSorted(
    values.toSorted((a, b) => a - b),
    q,
  );
}

/** The 0.5 quantile; NaN for no values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * Median absolute deviation from the median, times 1.4826, so that it estimates the standard deviation of normal data; NaN for no values.
 * Source: Rousseeuw & Croux, "Alternatives to the Median Absolute Deviation", JASA 88 (1993).
 */
export function mad(values: readonly number[]): number {
  const middle = median(values);
  return 1.4826 * median(values.map((value) => Math.abs(value - middle)));
}

/** One value that stands for `weight` of them. */
export interface Weighted {
  readonly value: number;
  /** Not negative; 0 leaves the value out. */
  readonly weight: number;
}

/**
 * The `q` quantile of values that stand for others: the smallest value at which at least `q` of the total weight is reached; NaN for no weight.
 * For a workload: one entry per sample, its weight the calls that the sample stands for.
 */
export function weightedQuantile(values: readonly Weighted[], q: number): number {
  const sorted = values.filter((entry) => entry.weight > 0).toSorted((a, b) => a.value - b.value);
  const total = sorted.reduce((sum, entry) => sum + entry.weight, 0);
  const wanted = Math.min(1, Math.max(0, q)) * total;
  let reached = 0;
  for (const entry of sorted) {
    reached += entry.weight;
    if (reached >= wanted - total * ROUNDING) return entry.value;
  }
  return sorted.at(-1)?.value ?? Number.NaN;
}

/** The samples of one statement within a workload. */
export interface StatementSamples {
  /** Executions that all of the samples together stand for. */
  readonly calls: number;
  readonly samples: readonly number[];
}

/** Quantiles over the executions of a whole workload: each statement's samples share its calls evenly; a statement without samples does not count. */
export function workloadQuantiles(statements: readonly StatementSamples[], qs: readonly number[]): readonly number[] {
  const entries = statements.flatMap(({ calls, samples }) =>
    samples.map((value) => ({ value, weight: calls / samples.length })),
  );
  return qs.map((q) => weightedQuantile(entries, q));
}

/** Arithmetic mean; NaN for no values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Geometric mean, the one to average ratios with; NaN for no values or a value that is not positive.
 * Source: Fleming & Wallace, "How not to lie with statistics: the correct way to summarize benchmark results", CACM 29 (1986).
 */
export function geometricMean(values: readonly number[]): number {
  if (values.some((value) => !(value > 0))) return Number.NaN;
  return Math.exp(mean(values.map((value) => Math.log(value))));
}

/** Sums of weights round; a share this small does not move a quantile. */
const ROUNDING = 1e-12;

function quantileSorted(sorted: readonly number[], q: number): number {
  const at = Math.min(1, Math.max(0, q)) * (sorted.length - 1);
  const low = sorted[Math.floor(at)];
  const high = sorted[Math.ceil(at)];
  if (low === undefined || high === undefined) return Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}
