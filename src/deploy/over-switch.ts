import type { DeploymentRecord } from './journal.js';
import type { PlanStep } from './plan.js';

/** Whether a step is one of those that the way back of `over` takes back as well. */
function goesWith({ number }: PlanStep, { number: over, migration }: PlanStep): boolean {
  const from = migration?.takesBackFrom ?? null;
  return from !== null && number >= from && number < over;
}

/** Steps that say they are applied, and whose change went with the way back of a later one: an earlier start ended before their own was run. Last first. */
export function leftByWaysBack(
  steps: readonly PlanStep[],
  { status, settledAt }: Pick<DeploymentRecord, 'status' | 'settledAt'>,
): readonly PlanStep[] {
  const of = <T>(values: readonly T[], { number }: PlanStep): T | undefined => values[number - 1];
  const left = steps.filter(
    (step) =>
      of(status, step) === 'applied' &&
      steps.some(
        (over) =>
          goesWith(step, over) &&
          (of(status, over) === 'reverted' || of(status, over) === 'withdrawn') &&
          (of(settledAt, step) ?? 0) < (of(settledAt, over) ?? 0),
      ),
  );
  return left.toReversed();
}

/** Whether it prepares a switch that was taken back on its figures: it is not begun again either. */
export function preparesWithdrawn(
  step: PlanStep,
  steps: readonly PlanStep[],
  { status }: Pick<DeploymentRecord, 'status'>,
): boolean {
  return steps.some((over) => goesWith(step, over) && status[over.number - 1] === 'withdrawn');
}
