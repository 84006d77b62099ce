import type { RunReport } from './run-report.js';
import { formatRatio } from './words.js';

type Quality = RunReport['calibrationQuality'];

/** How good the predictions were in one sentence, for any face: what it is the mean of, and out of how many. */
export function calibrationSentence(quality: Quality): string {
  const { pairs, unknown, meanAbsLogError, rankCorrelation, signErrors, unconfirmed } = quality;
  const rest = unknown > 0 ? ` ${count(unknown, 'iteration')} had no prediction or no measurement.` : '';
  if (pairs === 0 || meanAbsLogError === null) return `Calibration unknown: no prediction was measured.${rest}`;
  const order =
    rankCorrelation === null ? 'rank correlation unknown' : `rank correlation ${rankCorrelation.toFixed(2)}`;
  return (
    `Calibration over ${count(pairs, 'prediction')}: off by a factor of ${formatRatio(Math.exp(meanAbsLogError))} on average, ${order}, ` +
    `${signErrors} in the wrong direction, ${unconfirmed} without any effect.${rest}`
  );
}

/** Titles and rows of the table that answers whether a predicted 40 % is 40 %: predicted fall in time, how many, means of both. */
export const CALIBRATION_BINS: readonly string[] = ['Predicted fall', 'predictions', 'estimated', 'measured'];

/** One row for each bin that holds a prediction. */
export function calibrationBinRows(quality: Quality): readonly (readonly string[])[] {
  return quality.bins.map((bin) => [
    range(bin.from, bin.to),
    String(bin.count),
    percent(bin.predictedFall),
    percent(bin.measuredFall),
  ]);
}

function range(from: number | null, to: number | null): string {
  if (from === null) return 'slower';
  return to === null ? `${percent(from)} or more` : `${percent(from)} to ${percent(to)}`;
}

function percent(fraction: number | null): string {
  if (fraction === null) return 'unknown';
  const shown = fraction * 100;
  return `${Math.abs(shown) >= 99 && Math.abs(shown) < 100 ? shown.toFixed(1) : String(Math.round(shown))} %`;
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}
