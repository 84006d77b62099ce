import { describe, expect, test } from 'vitest';
import type { Sample } from '../../model/measurement.js';
import type { TrialCase } from './cases.js';
import type { PlannedCase } from './planned.js';
import type { CasePairs } from './rounds.js';
import { caseMs, effectOf, isUnchanged, noiseOf, summarise } from './summary.js';
import type { CaseRecord } from './summary.js';

const SAMPLE: Sample = {
  executionMs: 1,
  planningMs: 0.1,
  sharedHit: 10,
  sharedRead: 2,
  tempRead: 3,
  tempWritten: 4,
  walBytes: 0,
  rows: 1,
};

describe('summarise', () => {
  const records = [
    recordOf('a', 0, [1, 2, 30]),
    recordOf('a', 1, [6, 6, 6]),
    recordOf('b', 0, [100], { carriedOver: true }),
  ];

  test('takes medians over samples, means over parameter sets, and weighs by calls', () => {
    const summary = summarise(records, []);
    expect(summary.perStatement).toMatchObject([
      { name: 'a', meanMs: 4, buffers: 19, carriedOver: false },
      { name: 'b', meanMs: 100, carriedOver: true },
    ]);
    expect(summary.totalMs).toBe(10 * 4 + 10 * 100);
    expect(summary.buffers).toBe(10 * 19 + 10 * 19);
    expect(summary.sharedRead).toBe(40);
  });

  test('takes quantiles over executions', () => {
    const summary = summarise(records, []);
    expect(summary.p50Ms).toBe(30);
    expect(summary.p95Ms).toBe(100);
  });

  test('of nothing is zero', () => {
    const failed = [{ fingerprint: 'x', name: 'x', reason: 'r' }];
    expect(summarise([], failed)).toEqual({
      totalMs: 0,
      p50Ms: 0,
      p95Ms: 0,
      p99Ms: 0,
      buffers: 0,
      sharedRead: 0,
      walBytes: 0,
      perStatement: [],
      failed,
    });
  });
});

describe('effectOf', () => {
  test('pairs samples by position over all parameter sets', () => {
    const effect = effectOf([
      measured('a', 0, pairs([10, 20, 40], [5, 10, 20])),
      measured('a', 1, pairs([100, 100, 100], [50, 50, 50])),
    ]);
    expect(effect).toMatchObject({ beforeMs: 60, afterMs: 30, rounds: 3, beforeBuffers: 19, afterBuffers: 19 });
    expect(effect.timeRatio).toBeCloseTo(0.5);
    expect(effect.timeCiLow).toBeCloseTo(0.5);
    expect(effect.timeCiHigh).toBeCloseTo(0.5);
    expect(effect.beforeSamplesMs).toEqual([10, 20, 40, 100, 100, 100]);
    expect(effect.afterSamplesMs).toEqual([5, 10, 20, 50, 50, 50]);
  });

  test('the interval holds what the pairs show', () => {
    const effect = effectOf([measured('a', 0, pairs([10, 10, 10, 10, 10], [9, 12, 8, 11, 10]))]);
    expect(effect.timeCiLow).toBeLessThan(1);
    expect(effect.timeCiHigh).toBeGreaterThan(1);
  });

  test('shows the plan of a parameter set whose plan changed', () => {
    const same = measured('a', 0, pairs([1], [1]));
    const other = measured('a', 1, pairs([1], [1]));
    const changed = { ...other, after: { ...other.after, planned: { ...other.after.planned, shape: 'Index Scan' } } };
    expect(effectOf([same, changed])).toMatchObject({ planBefore: 'Seq Scan', planAfter: 'Index Scan' });
  });
});

describe('isUnchanged', () => {
  const around = [measured('a', 0, pairs([10, 10, 10, 10], [11, 9, 10, 10]))];

  test('when the interval holds 1 and nothing else moved', () => {
    expect(isUnchanged(effectOf(around), around)).toBe(true);
  });

  test('not when time, blocks, WAL or the plan moved', () => {
    const slower = [measured('a', 0, pairs([10, 10, 10, 10], [12, 12, 12, 12]))];
    expect(isUnchanged(effectOf(slower), slower)).toBe(false);
    expect(isUnchanged({ ...effectOf(around), afterBuffers: 20 }, around)).toBe(false);
    expect(isUnchanged({ ...effectOf(around), afterWalBytes: 1 }, around)).toBe(false);
    const [one] = around as [(typeof around)[number]];
    const replanned = [{ ...one, after: { ...one.after, planned: { ...one.after.planned, shape: 'Index Scan' } } }];
    expect(isUnchanged(effectOf(replanned), replanned)).toBe(false);
  });
});

describe('noiseOf', () => {
  test('is the 97.5 % quantile over statements', () => {
    const noise = noiseOf([[pairs([10, 10, 10], [11, 11, 11])], [pairs([10, 10, 10], [10, 10, 10])]]);
    expect(noise.timeLogRatio).toBeCloseTo(0.975 * Math.log(1.1));
    expect(noise).toMatchObject({ bufferLogRatio: 0, pairs: 6 });
  });

  test('is not that of one statement which something else disturbed', () => {
    const calm = Array.from({ length: 30 }, (_, i) => [pairs([100], [100 + (i % 5)])]);
    const noise = noiseOf([...calm, [pairs([10], [30])]]);
    expect(noise.timeLogRatio).toBeLessThan(0.1);
    expect(noise.timeLogRatio).toBeGreaterThan(0.03);
  });

  test('does not mind the direction', () => {
    const noise = noiseOf([[pairs([11], [10])]]);
    expect(noise.timeLogRatio).toBeCloseTo(Math.log(1.1));
  });

  test('of nothing is 0', () => {
    expect(noiseOf([])).toEqual({ timeLogRatio: 0, bufferLogRatio: 0, pairs: 0 });
  });
});

test('caseMs is the median', () => {
  expect(caseMs(recordOf('a', 0, [1, 2, 30]))).toBe(2);
});

function samples(times: readonly number[]): readonly Sample[] {
  return times.map((executionMs) => ({ ...SAMPLE, executionMs }));
}

function pairs(before: readonly number[], after: readonly number[]): CasePairs {
  return {
    before: samples(before),
    after: samples(after),
    planBefore: null,
    planAfter: null,
    censored: false,
    beforeCutOff: false,
    failure: null,
  };
}

function recordOf(
  name: string,
  parameterSet: number,
  times: readonly number[],
  extra: Partial<CaseRecord> = {},
): CaseRecord {
  const oneCase = {
    key: `${name}#${parameterSet}`,
    fingerprint: name,
    name,
    kind: 'select',
    calls: 10,
    parameterSet,
  } as TrialCase;
  const planned = { shape: 'Seq Scan' } as PlannedCase;
  return { oneCase, samples: samples(times), planned, plan: null, carriedOver: false, timedOutMs: null, ...extra };
}

function measured(name: string, set: number, casePairs: CasePairs): Parameters<typeof effectOf>[0][number] {
  return { before: recordOf(name, set, []), after: recordOf(name, set, []), pairs: casePairs };
}
