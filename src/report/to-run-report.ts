import { calibrate } from '../indexes/measured/calibration.js';
import type { Coverage } from '../model/coverage.js';
import type { Finding } from '../model/finding.js';
import type { Hypothesis, Prediction } from '../model/hypothesis.js';
import type { Load, LoadSide } from '../model/load.js';
import type { NoiseFloor, WorkloadSummary } from '../model/measurement.js';
import type { PlanChanges } from '../model/plan-history.js';
import type { PlanReview } from '../model/plan-review.js';
import type { Iteration, ScorecardRow, Stop, Together } from '../model/run.js';
import type { Target } from '../model/target.js';
import type { Effect, StatementEffect } from '../model/verdict.js';
import { migrationFiles } from './migrations.js';
import type { Attributions } from './migrations.js';
import type {
  ReportedEffect,
  ReportedIteration,
  ReportedPrediction,
  ReportedStatement,
  RunReport,
} from './run-report.js';
import { toPlanChanges } from './plan-changes.js';
import { toPlanReview } from './plan-review.js';
import { finite, toAction, toCoverage, toFinding, toTarget, toWorkloadSummary } from './schema-parts.js';

/** All that a run leaves behind; the outcome of the loop fits in as it is. */
export interface RunReportInput {
  readonly tool: { readonly name: string; readonly version: string };
  readonly target: Target;
  readonly command: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly stop: Stop;
  readonly iterations: readonly Iteration[];
  readonly replayed: number;
  readonly before: WorkloadSummary;
  readonly after: WorkloadSummary;
  readonly together: Together;
  readonly load: Load | null;
  readonly noise: NoiseFloor;
  /** Plans against those of the last run; null where there was none. */
  readonly planChanges: PlanChanges | null;
  readonly planReview: PlanReview;
  readonly scorecard: readonly ScorecardRow[];
  readonly coverage: Coverage;
  /** Before the first and after the last iteration. */
  readonly findingsBefore: readonly Finding[];
  readonly findingsAfter: readonly Finding[];
  readonly untried: readonly { readonly hypothesis: Hypothesis; readonly reason: string }[];
  /** Statements sent to the target, and their time. */
  readonly overhead: { readonly statements: number; readonly totalMs: number };
  /** Where the statements of accepted rewrites come from; left out where that was not asked. */
  readonly attributions?: Attributions;
  /** Where the files go; left out where none are written. */
  readonly outputFolder?: string;
}

/** The run as one JSON document. Figures that are not finite become null, which reads `unknown`. */
export function toRunReport(input: RunReportInput): RunReport {
  const files = migrationFiles(input.iterations, input.attributions);
  const rows = calibration(input.iterations, input.before);
  return {
    tool: { ...input.tool },
    target: toTarget(input.target),
    command: input.command,
    startedAt: input.startedAt,
    finishedAt: input.finishedAt,
    stop: { ...input.stop },
    replayed: input.replayed,
    iterations: input.iterations.map(toIteration),
    workload: { before: toWorkloadSummary(input.before), after: toWorkloadSummary(input.after) },
    together: {
      verdict: input.together.verdict,
      reason: input.together.reason,
      resultsEqual: input.together.resultsEqual,
      statements: input.together.statements.map(toStatement),
    },
    load: input.load && toLoad(input.load),
    noise: {
      timeLogRatio: finite(input.noise.timeLogRatio),
      bufferLogRatio: finite(input.noise.bufferLogRatio),
      pairs: input.noise.pairs,
    },
    planChanges: input.planChanges && toPlanChanges(input.planChanges),
    planReview: toPlanReview(input.planReview),
    scorecard: input.scorecard.map((row) => ({ ...row, measured: finite(row.measured) })),
    coverage: toCoverage(input.coverage),
    findings: allFindings(input.findingsBefore, input.findingsAfter),
    untried: input.untried.map(({ hypothesis, reason }) => ({
      title: hypothesis.title,
      advisor: hypothesis.advisor,
      predicted: toPrediction(hypothesis.prediction),
      reason,
    })),
    calibration: rows,
    calibrationQuality: quality(rows),
    migrations: files.migrations.map(({ iteration, title, up, down }) => ({
      iteration,
      title,
      up: up.path,
      down: down.path,
    })),
    rewrites: files.rewrites.map(({ file, patch, foundIn, ...row }) => ({
      ...row,
      foundIn: foundIn.map((place) => ({ ...place })),
      file: file.path,
      patch: patch?.path ?? null,
    })),
    overhead: { ...input.overhead },
    outputFolder: input.outputFolder ?? null,
  };
}

function toLoad({ levels, cores, leftOut }: Load): NonNullable<RunReport['load']> {
  const side = (one: LoadSide): LoadSide => ({ ...one });
  return {
    levels: levels.map(({ clients, before, after }) => ({ clients, before: side(before), after: side(after) })),
    cores,
    leftOut: leftOut.map((one) => ({ ...one })),
  };
}

function toIteration(iteration: Iteration): ReportedIteration {
  const { hypothesis, verdict, decision } = iteration;
  const { finding, risk } = hypothesis;
  return {
    number: iteration.number,
    hypothesis: {
      id: hypothesis.id,
      advisor: hypothesis.advisor,
      title: hypothesis.title,
      action: toAction(hypothesis.action),
      prediction: toPrediction(hypothesis.prediction),
      risk: { ...risk, downtimeMs: finite(risk.downtimeMs) },
      finding: {
        title: finding.title,
        place: finding.place,
        severity: finding.severity,
        evidence: toFinding(finding).evidence,
        statements: [...finding.statements],
      },
    },
    verdict: verdict.kind,
    verdictReason: verdict.reason,
    effect: verdict.effect && toEffect(verdict.effect),
    effects: verdict.effects.map(toEffect),
    gain: finite(verdict.gain) ?? 0,
    resultsEqual: verdict.resultsEqual,
    revertVerified: verdict.revertVerified,
    decision: decision.kind,
    reason: decision.reason,
    escalation: decision.escalation && { ...decision.escalation, evidence: [...decision.escalation.evidence] },
    statements: iteration.statements.map(toStatement),
    state: iteration.stateBefore,
    startedAt: iteration.startedAt,
    durationMs: iteration.durationMs,
    applyMs: finite(iteration.applyMs),
  };
}

function toEffect(effect: Effect): ReportedEffect {
  const { metric, before, after, ratio, ciLow, ciHigh } = effect;
  return {
    metric,
    before: finite(before),
    after: finite(after),
    ratio: finite(ratio),
    ciLow: finite(ciLow),
    ciHigh: finite(ciHigh),
  };
}

function toPrediction(prediction: Prediction): ReportedPrediction {
  const { workloadRatio, statementRatio, throughputRatio, storageBytes, basis, provenance } = prediction;
  return {
    workloadRatio: finite(workloadRatio),
    statementRatio: finite(statementRatio),
    throughputRatio: finite(throughputRatio),
    storageBytes: finite(storageBytes),
    basis,
    provenance,
  };
}

function toStatement(effect: StatementEffect): ReportedStatement {
  return {
    fingerprint: effect.fingerprint,
    name: effect.name,
    beforeMs: finite(effect.beforeMs),
    afterMs: finite(effect.afterMs),
    timeRatio: finite(effect.timeRatio),
    timeCiLow: finite(effect.timeCiLow),
    timeCiHigh: finite(effect.timeCiHigh),
    beforeBuffers: finite(effect.beforeBuffers),
    afterBuffers: finite(effect.afterBuffers),
    beforeWalBytes: finite(effect.beforeWalBytes),
    afterWalBytes: finite(effect.afterWalBytes),
    planBefore: effect.planBefore,
    planAfter: effect.planAfter,
    rounds: effect.rounds,
    beforeTimedOutMs: finite(effect.beforeTimedOutMs),
    beforeSamplesMs: effect.beforeSamplesMs.filter(Number.isFinite),
    afterSamplesMs: effect.afterSamplesMs.filter(Number.isFinite),
  };
}

/** What was seen first, then what came up later; a finding is its advisor and its place. */
function allFindings(before: readonly Finding[], after: readonly Finding[]): RunReport['findings'] {
  const open = new Set(after.map(findingKey));
  const known = new Set(before.map(findingKey));
  return [...before, ...after.filter((finding) => !known.has(findingKey(finding)))].map((finding) => ({
    ...toFinding(finding),
    status: open.has(findingKey(finding)) ? ('open' as const) : ('resolved' as const),
  }));
}

function findingKey(finding: Finding): string {
  return JSON.stringify([finding.advisor, finding.place]);
}

/** Iterations that measured statements, with the prediction beside. Weights are the calls of the first measurement. */
function calibration(iterations: readonly Iteration[], before: WorkloadSummary): RunReport['calibration'] {
  const calls = new Map(before.perStatement.map((row) => [row.fingerprint, row.calls]));
  const totalMs = (effects: readonly StatementEffect[], side: 'beforeMs' | 'afterMs'): number =>
    effects.reduce((sum, effect) => sum + effect[side] * (calls.get(effect.fingerprint) ?? 1), 0);
  const rows: RunReport['calibration'] = [];
  let acceptedMs = before.totalMs;
  for (const { number, hypothesis, statements, decision } of iterations) {
    if (statements.length === 0) continue;
    const change = totalMs(statements, 'afterMs') - totalMs(statements, 'beforeMs');
    const borne = statements.filter((effect) => hypothesis.finding.statements.includes(effect.fingerprint));
    const borneMs = totalMs(borne, 'beforeMs');
    rows.push({
      iteration: number,
      title: hypothesis.title,
      predictedStatementRatio: finite(hypothesis.prediction.statementRatio),
      measuredStatementRatio: borneMs > 0 ? finite(totalMs(borne, 'afterMs') / borneMs) : null,
      predictedWorkloadRatio: finite(hypothesis.prediction.workloadRatio),
      measuredWorkloadRatio: acceptedMs > 0 ? finite(Math.max(0, acceptedMs + change) / acceptedMs) : null,
    });
    if (decision.kind === 'accept') acceptedMs = Math.max(0, acceptedMs + change);
  }
  return rows;
}

function quality(rows: RunReport['calibration']): RunReport['calibrationQuality'] {
  const found = calibrate(
    rows.map((row) => ({ predicted: row.predictedStatementRatio, measured: row.measuredStatementRatio })),
  );
  return { ...found, bins: found.bins.map((bin) => ({ ...bin })) };
}
