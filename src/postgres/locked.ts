import { setTimeout as delay } from 'node:timers/promises';
import { WizardError } from '../base/errors.js';

/** lock_not_available: a read-only session waits half a second for a lock and no longer. */
const LOCK_NOT_AVAILABLE = '55P03';
const ATTEMPTS = 4;

/** True when another session held the lock that the statement needed. */
export function isLocked(thrown: unknown): boolean {
  return thrown instanceof WizardError && thrown.sqlstate === LOCK_NOT_AVAILABLE;
}

/** Runs a read again, up to four times within about four seconds, while another session holds what it needs locked. */
export async function retryWhileLocked<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isLocked(error) || attempt >= ATTEMPTS) throw error;
      await delay(250 * attempt);
    }
  }
}
