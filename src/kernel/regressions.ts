import { formatMs } from '../base/units.js';
import type { NoiseFloor, WorkloadSummary } from '../model/measurement.js';
import type { StatementEffect } from '../model/verdict.js';
import type { Thresholds } from './thresholds.js';

/** What was measured side by side, and how much of it doing nothing shows. */
interface Measured {
  readonly statements: readonly StatementEffect[];
  readonly noise: NoiseFloor;
}

/** Statements that matter and became slower, and all that became too slow in words. */
export interface Regressions {
  readonly statements: readonly StatementEffect[];
  readonly said: readonly string[];
}

/** What became slower: with confidence beyond the noise, and beyond tolerance. */
export function regressions(trial: Measured, before: WorkloadSummary, thresholds: Thresholds): Regressions {
  const slower: StatementEffect[] = [];
  let writeCostMs = 0;
  let readGainMs = 0;
  for (const statement of trial.statements) {
    const known = before.perStatement.find((row) => row.fingerprint === statement.fingerprint);
    const calls = known?.calls ?? 1;
    const changeMs = (statement.afterMs - statement.beforeMs) * calls;
    const write = known !== undefined && known.kind !== 'select' && known.kind !== 'other';
    if (write && changeMs > 0 && surelySlower(statement, trial)) writeCostMs += changeMs;
    if (changeMs < 0) readGainMs -= changeMs;
    const tolerance = write ? thresholds.writeTolerance : thresholds.regressionTolerance;
    if (!matters(statement, changeMs, before, thresholds) || !surelySlower(statement, trial)) continue;
    if (statement.timeRatio > tolerance) slower.push(statement);
  }
  const said = slower.map(
    (one) => `${one.name} ${formatRatio(one)} (${formatMs(one.beforeMs)} -> ${formatMs(one.afterMs)})`,
  );
  if (
    writeCostMs > 0 &&
    writeCostMs > readGainMs * thresholds.writeBudgetShare &&
    writeCostMs > before.totalMs * thresholds.criticalShare
  ) {
    said.push(`writes cost ${formatMs(writeCostMs)} more while reads win ${formatMs(readGainMs)}`);
  }
  return { statements: slower, said };
}

/** Measured slower with confidence: the interval's lower end is over 1 and over what doing nothing shows. */
function surelySlower(statement: StatementEffect, trial: Measured): boolean {
  return statement.timeCiLow > 1 && Math.log(statement.timeRatio) > trial.noise.timeLogRatio;
}

function matters(
  statement: StatementEffect,
  changeMs: number,
  before: WorkloadSummary,
  thresholds: Thresholds,
): boolean {
  return changeMs > before.totalMs * thresholds.criticalShare || statement.afterMs >= thresholds.criticalMs;
}

function formatRatio(statement: StatementEffect): string {
  return `x${statement.timeRatio.toFixed(2)} (95 %: ${statement.timeCiLow.toFixed(2)}..${statement.timeCiHigh.toFixed(2)})`;
}
