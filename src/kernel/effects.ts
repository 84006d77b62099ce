import { formatBytes, formatCount, formatMs } from '../base/units.js';
import type { WorkloadSummary } from '../model/measurement.js';
import type { Effect, StatementEffect } from '../model/verdict.js';
import { workloadBootstrap } from '../stats/bootstrap.js';
import type { TrialMeasurement } from './ports.js';

/** Time, buffers, WAL and storage, in this order, each where it was measured. */
export function allEffects(trial: TrialMeasurement, before: WorkloadSummary): readonly Effect[] {
  const effects: Effect[] = [];
  const weighted = trial.statements.map((statement) => ({ statement, calls: callsOf(statement, before) }));
  const timed = weighted.filter(({ statement }) => statement.rounds > 0);
  if (timed.length > 0) {
    effects.push(timeEffect(timed));
    effects.push(
      ...exactEffect(
        'buffers',
        sum(timed, (t) => t.statement.beforeBuffers * t.calls),
        sum(timed, (t) => t.statement.afterBuffers * t.calls),
        trial.noise.bufferLogRatio,
      ),
    );
    effects.push(
      ...exactEffect(
        'walBytes',
        sum(timed, (t) => t.statement.beforeWalBytes * t.calls),
        sum(timed, (t) => t.statement.afterWalBytes * t.calls),
        trial.noise.bufferLogRatio,
      ),
    );
  }
  effects.push(...exactEffect('storageBytes', trial.storageBytesBefore, trial.storageBytesAfter, 0));
  return effects;
}

/** Total time of the touched statements: the point from their medians, the interval from a bootstrap over pairs, which always holds the point. */
function timeEffect(timed: readonly Weighted[]): Effect {
  const interval = workloadBootstrap(
    timed.map(({ statement, calls }) => ({
      weight: calls,
      pairs: statement.beforeSamplesMs.map((before, position) => ({
        before,
        after: statement.afterSamplesMs[position] ?? before,
      })),
    })),
  );
  const before = sum(timed, ({ statement, calls }) => statement.beforeMs * calls);
  const after = sum(timed, ({ statement, calls }) => statement.afterMs * calls);
  const ratio = before > 0 ? after / before : 1;
  return {
    metric: 'executionMs',
    before,
    after,
    ratio,
    ciLow: Math.min(ratio, interval.ciLow),
    ciHigh: Math.max(ratio, interval.ciHigh),
  };
}

interface Weighted {
  readonly statement: StatementEffect;
  readonly calls: number;
}

/** A counted figure: its interval is the noise floor of counts. Empty where both sides are 0. */
export function exactEffect(metric: Effect['metric'], before: number, after: number, noise: number): readonly Effect[] {
  if (before <= 0) return [];
  const ratio = after / before;
  return [{ metric, before, after, ratio, ciLow: ratio * Math.exp(-noise), ciHigh: ratio * Math.exp(noise) }];
}

/** The figures of a verdict in words: time, then blocks and WAL where they moved. */
export function effectText(time: Effect, effects: readonly Effect[]): string {
  const others = effects.filter(
    (effect) => effect.metric === 'buffers' || (effect.metric === 'walBytes' && Math.abs(effect.ratio - 1) > 0.01),
  );
  return [time, ...others].map((effect) => effectWords(effect)).join(', ');
}

/** One figure in words. */
export function effectWords(effect: Effect): string {
  const unit = {
    executionMs: formatMs,
    buffers: formatCount,
    walBytes: formatBytes,
    storageBytes: formatBytes,
    risk: String,
  }[effect.metric];
  const name = { executionMs: 'time', buffers: 'buffers', walBytes: 'WAL', storageBytes: 'storage', risk: 'risk' }[
    effect.metric
  ];
  const interval =
    effect.metric === 'executionMs' ? ` (95 %: ${effect.ciLow.toFixed(2)}..${effect.ciHigh.toFixed(2)})` : '';
  return `${name} ${unit(effect.before)} -> ${unit(effect.after)}, x${effect.ratio.toFixed(effect.ratio < 0.1 ? 3 : 2)}${interval}`;
}

function callsOf(statement: StatementEffect, before: WorkloadSummary): number {
  return before.perStatement.find((row) => row.fingerprint === statement.fingerprint)?.calls ?? 1;
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
