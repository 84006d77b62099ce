import type { ActionKind } from '../model/action.js';
import { sameRelation } from '../model/catalog.js';
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
 * how far this advisor's predictions held in this run, and by what was measured of the same statements on the same tables.
 */
export function rank(
  hypotheses: readonly Hypothesis[],
  measured: WorkloadSummary,
  history: readonly Iteration[],
): readonly Ranked[] {
  return hypotheses
    .map((hypothesis) => ({
      hypothesis,
      expectedGain:
        expectedGain(hypothesis, measured) * trust(hypothesis, history) * statementTrust(hypothesis, measured, history),
    }))
    .toSorted(
      (a, b) =>
        tier(a.hypothesis) - tier(b.hypothesis) ||
        b.expectedGain - a.expectedGain ||
        a.hypothesis.id.localeCompare(b.hypothesis.id),
    );
}

/** The most promising hypothesis by a technique (a kind of change) that is not among the given ones, and that is to win time: null where none promises as much as `leastGain`. */
export function byAnotherTechnique(
  waiting: readonly Ranked[],
  used: ReadonlySet<ActionKind>,
  leastGain: number,
): Ranked | null {
  const others = waiting.filter(
    ({ hypothesis: { action }, expectedGain: gain }) =>
      !used.has(action.kind) && TIDY_GAIN[action.kind] === undefined && gain >= leastGain,
  );
  return others[0] ?? null;
}

/** The fall of the objective that a change brings: see `objectiveGain`. */
function expectedGain(hypothesis: Hypothesis, measured: WorkloadSummary): number {
  const { workloadRatio, statementRatio } = hypothesis.prediction;
  const tidy = TIDY_GAIN[hypothesis.action.kind];
  if (tidy !== undefined) return tidy;
  const share = statementShare(hypothesis, measured);
  const prior = share * (PRIOR_GAIN[hypothesis.action.kind] ?? 0);
  const foreseen =
    workloadRatio === null || statementRatio === null
      ? null
      : Math.max(1 - workloadRatio, share > 0 ? 1 - Math.max(statementRatio, 1e-4) ** share : 0);
  if (hypothesis.action.kind === 'rewrite' && workloadRatio !== null) return Math.max(foreseen ?? 0, prior * DOUBTED);
  return foreseen ?? prior;
}

/** What is left of a rewrite's prior gain where the planner sees no good in it: it was proposed because of what the planner misjudges. */
const DOUBTED = 0.5;

/** Expected fall of the touched statements' time where nothing can be foreseen: orders the trials, never shown as a prediction. Statistics, index, rewrite, setting: an index asks nothing of the application, a setting touches every session. */
const PRIOR_GAIN: Partial<Record<ActionKind, number>> = {
  analyze: 0.5,
  'create-statistics': 0.3,
  'column-statistics': 0.3,
  'create-index': 0.5,
  rewrite: 0.45,
  hint: 0.3,
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

/** Predictions rest on the planner's statistics: mend those first. A hint comes when nothing else is left: it hides the cause. */
function tier({ action }: Hypothesis): number {
  return TIERS[action.kind] ?? 2;
}

const TIERS: Partial<Record<ActionKind, number>> = {
  analyze: 0,
  'create-statistics': 1,
  'column-statistics': 1,
  hint: 3,
};

/** 1 for an advisor that was not tried yet, halved by each hypothesis of it that measurement refuted, restored by each it confirmed. */
function trust(hypothesis: Hypothesis, history: readonly Iteration[]): number {
  let value = 1;
  for (const iteration of history) {
    if (iteration.hypothesis.advisor !== hypothesis.advisor) continue;
    value = iteration.decision.kind === 'accept' ? Math.min(1, value * 2) : Math.max(0.125, value / 2);
  }
  return value;
}

/** What is left of a prediction for a statement after each measurement that refuted it: another form of an index that did nothing is likely to do nothing. */
const AFTER_REFUTATION = 0.25;
/** A statement that became this much faster was served after all, whatever became of the change. */
const SERVED = 0.95;

/**
 * The planner's error sits in a statement and a table, not in one index: what a change of the same kind on the same table
 * did not do for a statement is held against the next one. The mean over the hypothesis's statements by their time, 0 to 1.
 */
function statementTrust(
  { finding, action }: Hypothesis,
  measured: WorkloadSummary,
  history: readonly Iteration[],
): number {
  const alike = history.filter(
    ({ hypothesis, decision, verdict }) =>
      decision.kind === 'reject' &&
      (verdict.kind === 'neutral' || verdict.kind === 'regressed') &&
      hypothesis.action.kind === action.kind &&
      hypothesis.action.tables.some((table) => action.tables.some((own) => sameRelation(own, table))),
  );
  if (alike.length === 0) return 1;
  let total = 0;
  let trusted = 0;
  for (const { fingerprint, meanMs, calls } of measured.perStatement) {
    if (!finding.statements.includes(fingerprint)) continue;
    const refuted = alike.filter((iteration) => refutes(iteration, fingerprint)).length;
    total += meanMs * calls;
    trusted += meanMs * calls * AFTER_REFUTATION ** refuted;
  }
  return total > 0 ? trusted / total : 1;
}

/** Whether the change was to serve the statement and did not: it was no faster, or its plan was the same and it was not even timed. */
function refutes({ hypothesis, statements }: Iteration, fingerprint: string): boolean {
  if (!hypothesis.finding.statements.includes(fingerprint)) return false;
  const effect = statements.find((one) => one.fingerprint === fingerprint);
  return (effect?.timeRatio ?? 1) >= SERVED;
}
