import { describe, expect, test } from 'vitest';
import { calibrate, spearman } from './calibration.js';

describe('calibrate', () => {
  test('says how far off, in what order, and how often in the wrong direction', () => {
    const all = [
      { predicted: 0.6, measured: 0.6 },
      { predicted: 0.62, measured: 0.8 },
      { predicted: 0.005, measured: 0.02 },
      { predicted: 0.8, measured: 1.3 },
      { predicted: 0.7, measured: 1.01 },
      { predicted: 1.2, measured: 0.5 },
      { predicted: null, measured: 0.5 },
      { predicted: 0.5, measured: null },
      { predicted: Number.POSITIVE_INFINITY, measured: 1 },
    ];
    const found = calibrate(all);
    expect(found).toMatchObject({ pairs: 6, unknown: 3, signErrors: 2, unconfirmed: 1 });
    const errors = [
      0,
      Math.log(0.8 / 0.62),
      Math.log(4),
      Math.log(1.3 / 0.8),
      Math.log(1.01 / 0.7),
      Math.log(1.2 / 0.5),
    ];
    expect(found.meanAbsLogError).toBeCloseTo(errors.reduce((sum, one) => sum + one, 0) / 6, 10);
    expect(found.bins.map((bin) => [bin.from, bin.to, bin.count])).toEqual([
      [null, 0, 1],
      [0.05, 0.25, 1],
      [0.25, 0.5, 3],
      [0.99, null, 1],
    ]);
    expect(found.bins[2]?.predictedFall).toBeCloseTo((0.4 + 0.38 + 0.3) / 3, 10);
    expect(found.bins[2]?.measuredFall).toBeCloseTo((0.4 + 0.2 - 0.01) / 3, 10);
  });

  test('a bin takes its lower end and not its upper', () => {
    expect(calibrate([{ predicted: 0.5, measured: 0.5 }]).bins).toEqual([
      { from: 0.5, to: 0.75, count: 1, predictedFall: 0.5, measuredFall: 0.5 },
    ]);
  });

  test('of nothing, and of a statement that went away, stays finite', () => {
    expect(calibrate([])).toEqual({
      pairs: 0,
      unknown: 0,
      meanAbsLogError: null,
      rankCorrelation: null,
      signErrors: 0,
      unconfirmed: 0,
      bins: [],
    });
    expect(calibrate([{ predicted: 0, measured: 1 }]).meanAbsLogError).toBeCloseTo(Math.log(1e6), 6);
  });
});

describe('spearman', () => {
  test.each([
    ['the same order', [1, 2, 3], [10, 20, 400], 1],
    ['the reverse', [1, 2, 3], [3, 2, 1], -1],
    // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5 / sqrt(4.5 * 5).
    ['ties share their rank', [1, 2, 2, 3], [1, 2, 3, 4], 4.5 / Math.sqrt(22.5)],
  ])('%s', (_, xs, ys, wanted) => {
    expect(spearman(xs, ys)).toBeCloseTo(wanted, 10);
  });
  test('is unknown for two values, and without spread', () => {
    expect(spearman([1, 2], [1, 2])).toBeNull();
    expect(spearman([1, 1, 1], [1, 2, 3])).toBeNull();
  });
});
