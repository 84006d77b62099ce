import type { Hypothesis } from '../model/hypothesis.js';
import type { Workload } from '../model/workload.js';
import { assertLab, assertSingleChange, assertWorkloadEvidence } from './guards.js';
import type { Lab, TrialFailure, TrialMeasurement } from './ports.js';

/** Tries one change on the lab, after every guard has let it through. Throws `kernel/forbidden`. */
export async function act(
  lab: Lab,
  hypothesis: Hypothesis,
  workload: Workload,
): Promise<TrialMeasurement | TrialFailure> {
  assertLab(lab);
  assertSingleChange(hypothesis.action);
  assertWorkloadEvidence(hypothesis, workload);
  return lab.trial(hypothesis.action);
}

/** Whether a trial gave no measurement. */
export function isFailure(trial: TrialMeasurement | TrialFailure): trial is TrialFailure {
  return 'failure' in trial;
}
