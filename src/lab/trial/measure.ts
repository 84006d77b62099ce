import { WizardError } from '../../base/errors.js';
import { formatMs } from '../../base/units.js';
import type { FailedCase } from '../../model/measurement.js';
import type { TrialCase } from './cases.js';
import { troubleOf } from './sessions.js';

/** Reads first, writes last: the dead rows of writes can not disturb a read then. */
export function inOrder<T>(items: readonly T[], caseOf: (item: T) => TrialCase): readonly T[] {
  return [...items.filter((item) => !caseOf(item).soils), ...items.filter((item) => caseOf(item).soils)];
}

/** A failure of the statement itself as a reason for the reader; anything else is thrown on. */
export function reasonOf(thrown: unknown, timeoutMs: number): string {
  const trouble = troubleOf(thrown);
  if (trouble === 'timeout') return `timed out after ${formatMs(timeoutMs)}`;
  if (trouble === 'statement' && thrown instanceof WizardError) return `failed: ${thrown.message}`;
  throw thrown;
}

/** The case as one that gave no figure. */
export function failedCase(oneCase: TrialCase, reason: string): FailedCase {
  return { fingerprint: oneCase.fingerprint, name: oneCase.name, reason };
}
