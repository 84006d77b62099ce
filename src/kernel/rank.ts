import type { ActionKind } from '../model/action.js';
import type { Hypothesis } from '../model/hypothesis.js';
import type { WorkloadSummary } from '../model/measurement.js';
import type { Iteration } from '../model/run.js';

/** A hypothesis with what it is worth trying for. */
export interface Ranked {
  readonly hypothesis: Hypothesis;
  /** Expected fall of the objective, 0 to 1: `estimated`, from the prediction or the share of the workload that it bears on. */
  readonly expectedGain: number;
}

/**
 * Best first. Fresh statistics come before everything that is foreseen from them; then the expected gain, corrected by
 * how far this advisor's predictions held in this run.
 */
export function rank(
  hypotheses: readonly Hypothesis[],
  measured: WorkloadSummary,
  history: readonly Iteration[],
): readonly Ranked[] {
  return hypotheses
    .map((hypothesis) => ({
      hypothesis,
      expectedGain: expectedGain(hypothesis, measured) * trust(hypothesis, history),
    }))
    .toSorted(
      (a, b) =>
        tier(a.hypothesis) - tier(b.hypothesis) ||
        b.expectedGain - a.expectedGain ||
        a.hypothesis.id.localeCompare(b.hypothesis.id),
    );
}

/** The fall of the objective that a change brings: see `objectiveGain`. */
function expectedGain(hypothesis: Hypothesis, measured: WorkloadSummary): number {
  const { workloadRatio, statementRatio } = hypothesis.prediction;
  const tidy = TIDY_GAIN[hypothesis.action.kind];
  if (tidy !== undefined) return tidy;
  const share = statementShare(hypothesis, measured);
  if (workloadRatio !== null && statementRatio !== null) {
    return Math.max(1 - workloadRatio, share > 0 ? 1 - Math.max(statementRatio, 1e-4) ** share : 0);
  }
  return share * (PRIOR_GAIN[hypothesis.action.kind] ?? 0);
}

/** Expected fall of the touched statements' time where nothing can be foreseen: orders the trials, never shown as a prediction. */
const PRIOR_GAIN: Partial<Record<ActionKind, number>> = {
  analyze: 0.5,
  'create-statistics': 0.3,
  'create-index': 0.5,
  rewrite: 0.7,
  setting: 0.3,
};

/** Changes that win no time have their own metric; they wait until no hypothesis promises more time than this. */
const TIDY_GAIN: Partial<Record<ActionKind, number>> = {
  'drop-index': 0.08,
  reindex: 0.05,
  constraint: 0.06,
  'alter-column-type': 0.06,
};

function statementShare(hypothesis: Hypothesis, measured: WorkloadSummary): number {
  if (measured.totalMs <= 0) return 0;
  const touched = new Set(hypothesis.finding.statements);
  let sum = 0;
  for (const statement of measured.perStatement) {
    if (touched.has(statement.fingerprint)) sum += statement.meanMs * statement.calls;
  }
  return Math.min(1, sum / measured.totalMs);
}

/** Predictions rest on the planner's statistics: mend those first. */
function tier(hypothesis: Hypothesis): number {
  return hypothesis.action.kind === 'analyze' ? 0 : 1;
}

/** 1 for an advisor that was not tried yet, halved by each hypothesis of it that measurement refuted, restored by each it confirmed. */
function trust(hypothesis: Hypothesis, history: readonly Iteration[]): number {
  let value = 1;
  for (const iteration of history) {
    if (iteration.hypothesis.advisor !== hypothesis.advisor) continue;
    value = iteration.decision.kind === 'accept' ? Math.min(1, value * 2) : Math.max(0.125, value / 2);
  }
  return value;
}
