import { formatMs, formatPercent } from '../base/units.js';
import type { ActionKind } from '../model/action.js';
import type { Hypothesis } from '../model/hypothesis.js';
import type { WorkloadSummary } from '../model/measurement.js';
import type { Effect, Verdict, VerdictKind } from '../model/verdict.js';
import { allEffects, effectText, effectWords, exactEffect } from './effects.js';
import type { TrialFailure, TrialMeasurement } from './ports.js';
import { regressions } from './regressions.js';
import { WIDEST_INTERVAL } from './thresholds.js';
import type { Thresholds } from './thresholds.js';

/** The verdict on one trial, from its measurement alone. `before` is the accepted state as last measured. */
export function evaluate(
  hypothesis: Hypothesis,
  measured: TrialMeasurement | TrialFailure,
  before: WorkloadSummary,
  thresholds: Thresholds,
): Verdict {
  if ('failure' in measured) return unmeasured('unverifiable', measured.failure);
  const trial = measured;
  const effects = allEffects(trial, before);
  const draft = { effects, resultsEqual: trial.resultsEqual, revertVerified: trial.revertVerified };
  const broken = brokenPromise(hypothesis, trial, before);
  if (broken) return { ...draft, kind: broken.kind, effect: effects[0] ?? null, gain: 0, reason: broken.reason };
  const slower = regressions(trial, before, thresholds).said;
  if (slower.length > 0) {
    return {
      ...draft,
      kind: 'regressed',
      effect: effects[0] ?? null,
      gain: 0,
      reason: `slower beyond tolerance: ${slower.join('; ')}`,
    };
  }
  const { kind, effect, reason } = mainEffect(hypothesis, trial, effects, thresholds);
  const gain = kind === 'improved' && effect ? objectiveGain(effect, before, trial) : 0;
  return { ...draft, kind, effect, gain, reason: [reason, ...reservations(trial)].join('; ') };
}

/** What a reader of the figures must know beside them. */
function reservations(trial: TrialMeasurement): readonly string[] {
  const cutOff = trial.statements.flatMap(({ name, beforeTimedOutMs }) =>
    beforeTimedOutMs === null
      ? []
      : [`${name} did not finish in ${formatMs(beforeTimedOutMs)} before, so that its ratio is at most this`],
  );
  const verified = trial.equivalence === undefined ? [] : [trial.equivalence];
  if (trial.resultsUncompared.length === 0) return [...cutOff, ...verified];
  const which = trial.resultsEqual === null ? 'no result could be compared' : 'not every result could be compared';
  const check = trial.indexCheck === null ? '' : `; ${trial.indexCheck.note}`;
  return [...cutOff, ...verified, `${which}: ${trial.resultsUncompared.join(', ')}${check}`];
}

/**
 * How much of the objective was won: the larger of the fall in total time and the weighted geometric mean over
 * statements, so that a hundredfold gain on a small statement is not lost in the sum; for changes that win no time,
 * the fall of their own metric.
 */
export function objectiveGain(effect: Effect, before: WorkloadSummary, trial: TrialMeasurement): number {
  if (effect.metric !== 'executionMs' && effect.metric !== 'buffers') return Math.max(0, 1 - effect.ratio);
  if (before.totalMs <= 0) return 0;
  let logSum = 0;
  let after = before.totalMs;
  for (const statement of trial.statements) {
    const known = before.perStatement.find((row) => row.fingerprint === statement.fingerprint);
    if (!known) continue;
    const totalMs = known.meanMs * known.calls;
    logSum += (totalMs / before.totalMs) * Math.log(Math.max(statement.timeRatio, 1e-4));
    after += totalMs * (statement.timeRatio - 1);
  }
  return Math.max(0, 1 - after / before.totalMs, 1 - Math.exp(logSum));
}

/** The verdict on what gave no figures. */
export function unmeasured(kind: VerdictKind, reason: string): Verdict {
  return { kind, effect: null, effects: [], gain: 0, resultsEqual: null, revertVerified: false, reason };
}

function brokenPromise(
  hypothesis: Hypothesis,
  trial: TrialMeasurement,
  before: WorkloadSummary,
): { kind: VerdictKind; reason: string } | null {
  if (trial.resultsEqual === false)
    return { kind: 'regressed', reason: `results differ: ${trial.resultDifferences.join('; ')}` };
  if (hypothesis.action.kind === 'rewrite' && trial.resultsEqual !== true) {
    return { kind: 'unverifiable', reason: 'not every result of the rewritten statement could be compared' };
  }
  if (trial.indexCheck?.agrees === false)
    return { kind: 'regressed', reason: `the index does not agree with its table: ${trial.indexCheck.note}` };
  // An index that holds the rows of its table can change no result; without that, or a result seen to be equal, nothing vouches for it.
  if (hypothesis.action.kind === 'create-index' && isUnvouched(trial))
    return {
      kind: 'unverifiable',
      reason: `no result could be compared: ${trial.resultsUncompared.join(', ')}; nor could the index be held against its table: ${trial.indexCheck?.note ?? 'it was not tried'}`,
    };
  if (!trial.constraintsIntact)
    return { kind: 'regressed', reason: 'constraints or row counts did not survive the change' };
  if (!trial.revertVerified)
    return {
      kind: 'unverifiable',
      reason: `the revert could not be verified: ${trial.revertNote ?? 'the catalog differs'}`,
    };
  const known = new Set([...trial.statements, ...before.failed].map(({ fingerprint }) => fingerprint));
  const lost = trial.failed.filter(({ fingerprint }) => !known.has(fingerprint));
  if (lost.length > 0 && trial.statements.length === 0) {
    const reasons = lost.map(({ name, reason }) => `${name} ${reason}`);
    return { kind: 'unverifiable', reason: `nothing could be measured: ${[...new Set(reasons)].join('; ')}` };
  }
  return null;
}

function isUnvouched({ resultsEqual, resultsUncompared, indexCheck }: TrialMeasurement): boolean {
  return resultsEqual === null && resultsUncompared.length > 0 && indexCheck?.agrees !== true;
}

function mainEffect(
  hypothesis: Hypothesis,
  trial: TrialMeasurement,
  effects: readonly Effect[],
  thresholds: Thresholds,
): { kind: VerdictKind; effect: Effect | null; reason: string } {
  const time = effects.find((effect) => effect.metric === 'executionMs') ?? null;
  if (hypothesis.action.kind === 'drop-index') return tidyEffect(effects, time, thresholds);
  if (hypothesis.action.kind === 'reindex') return rebuildEffect(hypothesis, trial, time, thresholds);
  if (hypothesis.action.kind === 'constraint' || hypothesis.action.kind === 'alter-column-type')
    return riskEffect(time);
  if (!time) {
    return {
      kind: 'neutral',
      effect: effects[0] ?? null,
      reason: 'no statement of the workload changes its plan: nothing to win',
    };
  }
  const rounds = Math.max(...trial.statements.map((statement) => statement.rounds));
  if (rounds < thresholds.minimalPairs)
    return { kind: 'insufficient', effect: time, reason: `only ${rounds} pairs were measured` };
  const floor = Math.min(1 - thresholds.minimalEffect, Math.exp(-trial.noise.timeLogRatio));
  const areStatistics = STATISTICS.has(hypothesis.action.kind);
  const collected = areStatistics ? `; collecting them took ${formatMs(trial.applyMs)}` : '';
  const figures = `${effectText(time, effects)}${collected}`;
  const unworthy = areStatistics ? statisticsDoNotPay(trial, time) : null;
  if (unworthy !== null && time.ciLow <= 1) return { kind: 'neutral', effect: time, reason: `${figures}; ${unworthy}` };
  if (time.ciHigh < floor) return { kind: 'improved', effect: time, reason: figures };
  const buffers = effects.find((effect) => effect.metric === 'buffers');
  if (buffers && buffers.ciHigh < 1 - thresholds.minimalEffect && time.ciHigh < 1) {
    return { kind: 'improved', effect: buffers, reason: `${figures}; buffers decide, time confirms` };
  }
  if (time.ciLow > 1 && Math.log(time.ratio) > trial.noise.timeLogRatio)
    return { kind: 'regressed', effect: time, reason: figures };
  const wide = time.ciHigh / time.ciLow > WIDEST_INTERVAL;
  if (wide) return { kind: 'insufficient', effect: time, reason: `${figures}: the interval is too wide to decide` };
  return {
    kind: 'neutral',
    effect: time,
    reason: `${figures}: within the noise floor or under ${formatPercent(thresholds.minimalEffect)}`,
  };
}

const STATISTICS = new Set<ActionKind>(['create-statistics', 'column-statistics']);

/** Statistics are kept where a plan becomes another and the workload as it is wins more than they take to collect; null where both hold. */
function statisticsDoNotPay({ statements, applyMs }: TrialMeasurement, time: Effect): string | null {
  if (statements.every(({ planBefore, planAfter }) => planBefore === planAfter))
    return 'no plan is another, only estimates are';
  const won = time.before - time.after;
  return won > applyMs ? null : `that is more than the ${formatMs(Math.max(0, won))} that the workload as it is wins`;
}

/** A dropped index wins storage and write cost; reads must not have changed. */
function tidyEffect(
  effects: readonly Effect[],
  time: Effect | null,
  thresholds: Thresholds,
): { kind: VerdictKind; effect: Effect | null; reason: string } {
  const storage = effects.find((effect) => effect.metric === 'storageBytes') ?? null;
  const wal = effects.find((effect) => effect.metric === 'walBytes') ?? null;
  const won = [wal, storage].find((effect) => effect !== null && effect.ratio < 1) ?? null;
  if (!won) return { kind: 'neutral', effect: storage, reason: 'neither storage nor WAL fell' };
  const timeText = time
    ? `; time of the statements touched x${time.ratio.toFixed(2)} (${time.ciLow.toFixed(2)}..${time.ciHigh.toFixed(2)})`
    : '; no plan changed';
  if (time && time.ciLow > 1 + thresholds.minimalEffect)
    return { kind: 'regressed', effect: time, reason: `statements became slower${timeText}` };
  const text = [wal, storage]
    .filter((effect) => effect !== null)
    .map((effect) => effectWords(effect))
    .join(', ');
  return { kind: 'improved', effect: won, reason: `${text}${timeText}` };
}

/**
 * A copy's indexes are built anew, so that its two sides show nothing of a rebuild but that it runs and hurts nobody.
 * What it wins is the target's index against the copy's: both were read.
 */
function rebuildEffect(
  { prediction }: Hypothesis,
  trial: TrialMeasurement,
  time: Effect | null,
  thresholds: Thresholds,
): { kind: VerdictKind; effect: Effect | null; reason: string } {
  const excess = prediction.storageBytes === null ? 0 : -prediction.storageBytes;
  const [effect] = exactEffect('storageBytes', trial.storageBytesAfter + excess, trial.storageBytesAfter, 0);
  if (!effect || excess <= 0)
    return { kind: 'neutral', effect: effect ?? null, reason: 'built anew it takes as much as on the target' };
  if (time && time.ciLow > 1 + thresholds.minimalEffect)
    return { kind: 'regressed', effect: time, reason: `statements became slower: ${effectWords(time)}` };
  return {
    kind: 'improved',
    effect,
    reason: `${effectWords(effect)}: the table with its indexes, this one as large as it was read on the target, against built anew in the lab`,
  };
}

/** A change that removes a risk: it wins by being harmless. The finding itself is one before and none after, which the next examination sees. */
function riskEffect(time: Effect | null): { kind: VerdictKind; effect: Effect | null; reason: string } {
  const effect: Effect = { metric: 'risk', before: 1, after: 0, ratio: 0, ciLow: 0, ciHigh: 0 };
  const text = time
    ? `statements touched x${time.ratio.toFixed(2)} (${time.ciLow.toFixed(2)}..${time.ciHigh.toFixed(2)})`
    : 'no plan changed';
  return { kind: 'improved', effect, reason: `removes the risk; ${text}, results equal, revert run` };
}
