import { WizardError, asWizardError } from '../base/errors.js';
import type { PlanStep } from './plan.js';

/** What a failed attempt calls for. */
export type Fault = 'lock' | 'lost' | 'final';

/** lock_not_available, and deadlock_detected: two index builds on one table end in that. */
const LOCK_STATES = new Set(['55P03', '40P01']);

const DISK_FULL = '53100';

/** `lock`: somebody else had what it needs, try again. `lost`: the connection or the server went, look and go on. Else final. */
export function faultOf(thrown: unknown): Fault {
  const { code, sqlstate } = asWizardError(thrown);
  if (sqlstate !== undefined && LOCK_STATES.has(sqlstate)) return 'lock';
  return code === 'target/connection-lost' || code === 'target/unreachable' ? 'lost' : 'final';
}

/** A step that could not be applied, after what it had begun was taken away. */
export function stepFailed(step: PlanStep, thrown: unknown): WizardError {
  const error = asWizardError(thrown);
  if (error.code === 'deploy/drift' || error.code === 'deploy/blocked' || error.code === 'guard/refused') return error;
  const timeout = error.sqlstate === '57014' ? ' (ended by a timeout or by an administrator)' : '';
  return new WizardError('deploy/failed', `Step ${step.number}, "${step.title}", failed${timeout}: ${error.message}`, {
    cause: thrown,
    hint: `It was taken back as a whole; the steps before it stay. ${error.sqlstate === DISK_FULL ? 'Make room on the disk, then run' : 'Run'} the command again to go on, or --revert to take those back too.`,
    ...(error.sqlstate === undefined ? {} : { sqlstate: error.sqlstate }),
  });
}

/** A step for which others left no room within the patience. */
export function gaveUp(step: PlanStep, reason: string, waitedMs: number): WizardError {
  return new WizardError(
    'deploy/blocked',
    `Step ${step.number}, "${step.title}", was given up after ${Math.round(waitedMs / 1000)} s: ${reason}`,
    { hint: 'Nothing of this step is left behind. Run the command again later, or give it longer with --patience.' },
  );
}

/** The steps after it are taken back, and the one that can not be is what the next start meets again. */
export function noWayBack(step: PlanStep, reason: string): WizardError {
  return new WizardError(
    'deploy/no-way-back',
    `Step ${step.number}, "${step.title}", can not be taken back: ${reason}`,
    {
      hint: 'It and the steps before it stay; those after it were taken back. What is to go has to go by a migration of its own.',
    },
  );
}

/** What a failed step left could not be looked at or taken away yet. The journal keeps it open. */
export function unsettled(step: PlanStep, thrown: unknown): WizardError {
  return new WizardError(
    'deploy/blocked',
    `Step ${step.number}, "${step.title}", stopped, and what it left can not be cleaned up yet: ${asWizardError(thrown).message}`,
    {
      cause: thrown,
      hint: 'The next start of the same command finishes that first; an invalid index serves no query until then.',
    },
  );
}

/** Somebody else changed what a step touches. */
export function drifted(step: PlanStep, changes: readonly string[], done: string): WizardError {
  return new WizardError(
    'deploy/drift',
    `Step ${step.number}, "${step.title}", ${done}: somebody changed what it touches: ${listWords(changes)}`,
    {
      hint: step.migration
        ? 'Look at the change. --revert takes back the steps that are applied; then `migrate plan` plans the file for the database as it is.'
        : 'Look at the change, then run `optimize` or `index` again for a new plan.',
    },
  );
}

/** The first few, and how many more. */
export function listWords(changes: readonly string[]): string {
  const shown = changes.slice(0, 3).join('; ');
  return changes.length > 3 ? `${shown}; and ${changes.length - 3} more` : shown;
}
