import type { FailedCase, NoiseFloor, Sample, StatementSummary, WorkloadSummary } from '../../model/measurement.js';
import type { Plan } from '../../model/plan.js';
import type { StatementEffect } from '../../model/verdict.js';
import { pairedBootstrap } from '../../stats/bootstrap.js';
import { mean, median, quantile, workloadQuantiles } from '../../stats/quantile.js';
import type { TrialCase } from './cases.js';
import type { PlannedCase } from './planned.js';
import type { CasePairs } from './rounds.js';

/** What is known of a case in the accepted state. */
export interface CaseRecord {
  readonly oneCase: TrialCase;
  readonly samples: readonly Sample[];
  readonly planned: PlannedCase;
  readonly plan: Plan | null;
  readonly carriedOver: boolean;
  /** The timeout that it ran into in the baseline, milliseconds; its one sample then holds lower bounds. Null where it finished. */
  readonly timedOutMs: number | null;
}

/** Blocks touched by one execution, temporary ones included. */
export function buffersOf(sample: Sample): number {
  return sample.sharedHit + sample.sharedRead + sample.tempRead + sample.tempWritten;
}

/** Cases by statement, in the order of first appearance. */
export function byStatement<T>(items: readonly T[], caseOf: (item: T) => TrialCase): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = caseOf(item).fingerprint;
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()];
}

/** The workload as last measured. */
export function summarise(records: readonly CaseRecord[], failed: readonly FailedCase[]): WorkloadSummary {
  const groups = byStatement(records, (record) => record.oneCase);
  const statements = groups.map(summariseStatement);
  const executions = groups.map((group) => ({
    calls: group[0]?.oneCase.calls ?? 0,
    samples: group.flatMap((record) => record.samples.map((sample) => sample.executionMs)),
  }));
  const quantiles = workloadQuantiles(executions, [0.5, 0.95, 0.99]).map((value) => (Number.isNaN(value) ? 0 : value));
  const total = (value: (statement: StatementSummary, group: readonly CaseRecord[]) => number): number =>
    statements.reduce((sum, statement, i) => sum + statement.calls * value(statement, groups[i] ?? []), 0);
  return {
    totalMs: total((statement) => statement.meanMs),
    p50Ms: quantiles[0] ?? 0,
    p95Ms: quantiles[1] ?? 0,
    p99Ms: quantiles[2] ?? 0,
    buffers: total((statement) => statement.buffers),
    sharedRead: total((_, group) => overCases(group, (sample) => sample.sharedRead)),
    walBytes: total((statement) => statement.walBytes),
    perStatement: statements,
    failed,
  };
}

/** One measured case of a trial. */
export interface MeasuredCase {
  readonly before: CaseRecord;
  readonly after: CaseRecord;
  readonly pairs: CasePairs;
}

/** A statement's effect: medians over samples, mean over parameter sets; the ratio over all pairs, with its 95 % interval. */
export function effectOf(cases: readonly MeasuredCase[]): StatementEffect {
  const first = cases[0] as MeasuredCase;
  const shown = cases.find((one) => one.before.planned.shape !== one.after.planned.shape) ?? first;
  const over = (side: 'before' | 'after', value: (sample: Sample) => number): number =>
    mean(cases.map((one) => median(one.pairs[side].map(value))));
  const time = (side: 'before' | 'after'): readonly number[] =>
    cases.flatMap((one) => one.pairs[side].map((sample) => sample.executionMs));
  const [beforeSamplesMs, afterSamplesMs] = [time('before'), time('after')];
  const ratio = pairedBootstrap(beforeSamplesMs.map((before, i) => ({ before, after: afterSamplesMs[i] ?? before })));
  return {
    fingerprint: first.before.oneCase.fingerprint,
    name: first.before.oneCase.name,
    beforeMs: over('before', (sample) => sample.executionMs),
    afterMs: over('after', (sample) => sample.executionMs),
    timeRatio: ratio.ratio,
    timeCiLow: ratio.ciLow,
    timeCiHigh: ratio.ciHigh,
    beforeBuffers: over('before', buffersOf),
    afterBuffers: over('after', buffersOf),
    beforeWalBytes: over('before', (sample) => sample.walBytes),
    afterWalBytes: over('after', (sample) => sample.walBytes),
    planBefore: shown.before.planned.shape,
    planAfter: shown.after.planned.shape,
    beforeTimedOutMs: latest(cases.map((one) => (one.pairs.beforeCutOff ? one.before.timedOutMs : null))),
    rounds: Math.min(...cases.map((one) => one.pairs.before.length)),
    beforeSamplesMs,
    afterSamplesMs,
  };
}

/**
 * Whether a trial found nothing: same plans, blocks and WAL, and a time ratio whose interval holds 1. The figures of
 * the accepted state then stand: those of another minute would only add that minute's weather.
 */
export function isUnchanged(effect: StatementEffect, cases: readonly MeasuredCase[]): boolean {
  return (
    cases.every((one) => one.before.planned.shape === one.after.planned.shape && !one.pairs.censored) &&
    effect.beforeBuffers === effect.afterBuffers &&
    effect.beforeWalBytes === effect.afterWalBytes &&
    effect.timeCiLow <= 1 &&
    effect.timeCiHigh >= 1
  );
}

/**
 * The spread that doing nothing shows: the 97.5 % quantile over statements of |ln(median / median)|. Of a few dozen statements that is
 * about the largest, so that one statement which something else disturbed would hide every gain there is: where the middle
 * of the times says less, by what a normal spread of that middle makes of it, that counts.
 */
export function noiseOf(statements: readonly (readonly CasePairs[])[]): NoiseFloor {
  const measured = statements.filter((pairs) => pairs.some((one) => one.before.length > 0));
  const logs = (value: (sample: Sample) => number, offset: number): readonly number[] =>
    measured.map((pairs) => {
      const side = (samples: (one: CasePairs) => readonly Sample[]): number =>
        mean(pairs.map((one) => median(samples(one).map(value)))) + offset;
      return Math.abs(Math.log(side((one) => one.after) / side((one) => one.before)));
    });
  const largest = (values: readonly number[]): number => (values.length === 0 ? 0 : quantile(values, NOISE_QUANTILE));
  const times = logs((sample) => sample.executionMs, 1e-6);
  return {
    timeLogRatio: times.length === 0 ? 0 : Math.min(largest(times), NORMAL_SPREAD * median(times)),
    // One block more or less on a statement without any is no ratio. Most statements touch the same blocks each time, so that the middle says nothing.
    bufferLogRatio: largest(logs(buffersOf, 1)),
    pairs: measured.flat().reduce((sum, one) => sum + one.before.length, 0),
  };
}

const NOISE_QUANTILE = 0.975;
/** The 97.5 % quantile of |x| over its median for a normal x: 2.2414 / 0.6745. */
const NORMAL_SPREAD = 3.323;

function summariseStatement(group: readonly CaseRecord[]): StatementSummary {
  const first = group[0] as CaseRecord;
  const slowest = group.reduce((worst, record) => (caseMs(record) > caseMs(worst) ? record : worst), first);
  return {
    fingerprint: first.oneCase.fingerprint,
    name: first.oneCase.name,
    kind: first.oneCase.kind,
    calls: first.oneCase.calls,
    meanMs: overCases(group, (sample) => sample.executionMs),
    p95Ms: quantile(
      group.flatMap((record) => record.samples.map((sample) => sample.executionMs)),
      0.95,
    ),
    planningMs: overCases(group, (sample) => sample.planningMs),
    buffers: overCases(group, buffersOf),
    walBytes: overCases(group, (sample) => sample.walBytes),
    planShape: slowest.planned.shape,
    carriedOver: group.every((record) => record.carriedOver),
    timedOutMs: latest(group.map((record) => record.timedOutMs)),
  };
}

/** The greatest of those that are not null; null when all are. */
function latest(timeouts: readonly (number | null)[]): number | null {
  const known = timeouts.filter((ms) => ms !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/** Median of a case's execution times, milliseconds. */
export function caseMs(record: CaseRecord): number {
  return median(record.samples.map((sample) => sample.executionMs));
}

function overCases(group: readonly CaseRecord[], value: (sample: Sample) => number): number {
  return mean(group.map((record) => median(record.samples.map(value))));
}
