import { mean } from '../../stats/quantile.js';

/** What was foreseen of a change and what came of it: ratios after / before; null where one of them is not known. */
export interface Foreseen {
  readonly predicted: number | null;
  readonly measured: number | null;
}

/** Predictions of about the same gain. A fall of 0.4 is 40 % less time; a negative one is more. */
export interface CalibrationBin {
  /** Least and (excluded) most predicted fall; null for no end. */
  readonly from: number | null;
  readonly to: number | null;
  readonly count: number;
  /** Means over the bin. */
  readonly predictedFall: number;
  readonly measuredFall: number;
}

/** How good predictions were. */
export interface Calibration {
  /** Predictions with a measurement; the rest says nothing. */
  readonly pairs: number;
  /** Without a prediction, or without a measurement. */
  readonly unknown: number;
  /** Mean of |ln(measured / predicted)|: 0.69 is a factor of 2 on average; null without pairs. */
  readonly meanAbsLogError: number | null;
  /** Spearman's rank correlation of predicted and measured ratios, ties sharing their rank; null for under three pairs or where one side is all the same. */
  readonly rankCorrelation: number | null;
  /** Foreseen faster and measured slower, or the reverse. */
  readonly signErrors: number;
  /** Foreseen faster and measured the same. */
  readonly unconfirmed: number;
  /** In order of the predicted fall, without empty ones. */
  readonly bins: readonly CalibrationBin[];
}

/** Holds predictions against measurements. Ratios of 0 count as a millionth. */
export function calibrate(all: readonly Foreseen[]): Calibration {
  const known = all.flatMap(({ predicted, measured }) =>
    isRatio(predicted) && isRatio(measured)
      ? [{ predicted: Math.max(predicted, LEAST_RATIO), measured: Math.max(measured, LEAST_RATIO) }]
      : [],
  );
  const errors = known.map(({ predicted, measured }) => Math.abs(Math.log(measured / predicted)));
  const directions = known.map(({ predicted, measured }) => [direction(predicted), direction(measured)] as const);
  return {
    pairs: known.length,
    unknown: all.length - known.length,
    meanAbsLogError: known.length === 0 ? null : mean(errors),
    rankCorrelation: spearman(
      known.map((pair) => pair.predicted),
      known.map((pair) => pair.measured),
    ),
    signErrors: directions.filter(([predicted, measured]) => predicted * measured < 0).length,
    unconfirmed: directions.filter(([predicted, measured]) => predicted < 0 && measured === 0).length,
    bins: binsOf(known),
  };
}

/** Spearman's rank correlation; null for under three values or without any spread. Source: Spearman, American Journal of Psychology 15 (1904). */
export function spearman(xs: readonly number[], ys: readonly number[]): number | null {
  if (xs.length < 3 || xs.length !== ys.length) return null;
  const [a, b] = [ranks(xs), ranks(ys)];
  // Ranks of n values have this mean, ties or not.
  const middle = (xs.length + 1) / 2;
  const product = (one: readonly number[], other: readonly number[]): number =>
    one.reduce((sum, rank, i) => sum + (rank - middle) * ((other[i] ?? 0) - middle), 0);
  const spread = Math.sqrt(product(a, a) * product(b, b));
  return spread === 0 ? null : product(a, b) / spread;
}

/** Ratios nearer to 1 than this are no change: the reports call them `same`. */
const SAME = 1.03;

/** Keeps logarithms finite. */
const LEAST_RATIO = 1e-6;

/** Predicted falls, so that the bins which decide (is it 20, 40 or 60 %?) are apart, and factors of 10 and 100 are too. */
const EDGES: readonly number[] = [0, 0.05, 0.25, 0.5, 0.75, 0.9, 0.99];

function isRatio(value: number | null): value is number {
  return value !== null && Number.isFinite(value) && value >= 0;
}

function direction(ratio: number): -1 | 0 | 1 {
  if (ratio > SAME) return 1;
  return ratio < 1 / SAME ? -1 : 0;
}

function binsOf(
  known: readonly { readonly predicted: number; readonly measured: number }[],
): readonly CalibrationBin[] {
  const ends = [null, ...EDGES, null];
  return ends.slice(1).flatMap((to, position) => {
    const from = ends[position] ?? null;
    const inside = known.filter(({ predicted }) => {
      const fall = 1 - predicted;
      return (from === null || fall >= from) && (to === null || fall < to);
    });
    if (inside.length === 0) return [];
    return [
      {
        from,
        to,
        count: inside.length,
        predictedFall: mean(inside.map((pair) => 1 - pair.predicted)),
        measuredFall: mean(inside.map((pair) => 1 - pair.measured)),
      },
    ];
  });
}

function ranks(values: readonly number[]): readonly number[] {
  const order = values.map((value, position) => ({ value, position })).toSorted((a, b) => a.value - b.value);
  const given: number[] = [];
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && order[end]?.value === order[start]?.value) end += 1;
    for (let i = start; i < end; i += 1) given[order[i]?.position ?? 0] = (start + end + 1) / 2;
    start = end;
  }
  return given;
}
