import { Buckets } from './buckets.js';

/** Quantiles of a stream of values that are not negative, in bounded memory: exact while it is short, then within `RELATIVE_ERROR`. */
export interface Sketch {
  count: number;
  sum: number;
  /** Infinity for no values. */
  min: number;
  max: number;
  /** The values themselves, while they are few. */
  kept: number[] | null;
  readonly buckets: Buckets;
}

/** Values that are kept as they are, before they are counted in buckets. */
const KEPT = 256;

/** Of the quantiles of a stream whose values are not kept. */
const RELATIVE_ERROR = 0.005;

/**
 * An empty sketch. Buckets grow geometrically, so that the middle of each is within `RELATIVE_ERROR` of what it holds.
 * Source: Masson, Rim & Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees", VLDB 12 (2019).
 */
export function createSketch(): Sketch {
  return {
    count: 0,
    sum: 0,
    min: Number.POSITIVE_INFINITY,
    max: 0,
    kept: [],
    buckets: new Buckets(),
  };
}

/** Adds a value, which must not be negative. */
export function addToSketch(sketch: Sketch, value: number): void {
  sketch.count += 1;
  sketch.sum += value;
  if (value < sketch.min) sketch.min = value;
  if (value > sketch.max) sketch.max = value;
  if (sketch.kept && sketch.kept.length < KEPT) sketch.kept.push(value);
  else {
    if (sketch.kept) spill(sketch, sketch.kept);
    put(sketch, value);
  }
}

/** One sketch of what all have seen; of a single one that itself. */
export function mergeSketches(sketches: readonly Sketch[]): Sketch {
  const [only] = sketches;
  if (only && sketches.length === 1) return only;
  const merged = createSketch();
  for (const { count, sum, min, max } of sketches) {
    merged.count += count;
    merged.sum += sum;
    merged.min = Math.min(merged.min, min);
    merged.max = Math.max(merged.max, max);
  }
  const kept = sketches.map((sketch) => sketch.kept);
  if (kept.every((values) => values !== null) && merged.count <= KEPT) return { ...merged, kept: kept.flat() };
  merged.kept = null;
  for (const sketch of sketches) {
    for (const value of sketch.kept ?? []) put(merged, value);
    for (const [at, count] of sketch.buckets.held()) merged.buckets.add(at, count);
  }
  return merged;
}

/** The smallest value at which the share `q` of all is reached; NaN for no values. */
export function sketchQuantile(sketch: Sketch, q: number): number {
  return sketchQuantiles(sketch, [q])[0] ?? Number.NaN;
}

/** The same for several shares, what they have in common done once. */
export function sketchQuantiles(sketch: Sketch, qs: readonly number[]): readonly number[] {
  const { count, kept, buckets, min, max } = sketch;
  if (count === 0) return qs.map(() => Number.NaN);
  const wanted = qs.map((q) => Math.min(count, Math.max(1, Math.ceil(q * count))));
  if (kept) {
    const sorted = kept.toSorted((a, b) => a - b);
    return wanted.map((rank) => sorted[rank - 1] ?? Number.NaN);
  }
  const held = buckets.held();
  return wanted.map((rank) => {
    let reached = 0;
    for (const [at, here] of held) {
      reached += here;
      if (reached < rank) continue;
      const middle = Number.isFinite(at) ? (2 * GAMMA ** at) / (GAMMA + 1) : 0;
      return Math.min(max, Math.max(min, middle));
    }
    return max;
  });
}

/** Of this sketch's quantiles: 0 while every value is kept. */
export function sketchError(sketch: Sketch): number {
  return sketch.kept ? 0 : RELATIVE_ERROR;
}

const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);
/** Below it all is one: for milliseconds a nanosecond, finer than any log. */
const LEAST = 1e-6;

function put({ buckets }: Sketch, value: number): void {
  buckets.add(value <= LEAST ? Number.NEGATIVE_INFINITY : Math.ceil(Math.log(value) / LOG_GAMMA), 1);
}

function spill(sketch: Sketch, kept: readonly number[]): void {
  for (const value of kept) put(sketch, value);
  sketch.kept = null;
}
