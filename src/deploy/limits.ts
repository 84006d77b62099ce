import type { StatementLimits } from '../postgres/deployment/session.js';
import type { PlanStatement } from './statement.js';

/** What a deployment waits for, and for how long. */
export interface DeploymentLimits {
  /** For a lock, for others' long transactions and for standbys, in all, before it gives up. */
  readonly patienceMs: number;
  /** A transaction of somebody that is older is in the way of a change. */
  readonly longTransactionMs: number;
  /** A standby that is further behind is in the way. */
  readonly lagMs: number;
}

/** Clients queue behind a statement that waits for a lock which blocks them, so it waits no longer than they would notice. */
const BLOCKING_LOCK_TIMEOUT_MS = 150;

/** A statement that does not end within this many times what is expected of it is ended. */
const PATIENCE_FACTOR = 20;
const LEAST_MS = 10 * 60_000;
const MOST_MS = 24 * 3_600_000;
/** Where nothing is known of how long it takes. */
const UNKNOWN_MS = 6 * 3_600_000;
/** Work under a lock that blocks clients. */
const BLOCKING_LEAST_MS = 10_000;
const BLOCKING_UNKNOWN_MS = 60_000;

/** The timeouts of a statement. One that commits as it goes, and may be run again, needs none for the whole of it. `expectedMs` is estimated; null where it is not known. */
export function statementLimits(
  statement: { readonly blocksClients: boolean; readonly form: PlanStatement['form'] },
  expectedMs: number | null,
  limits: DeploymentLimits,
): StatementLimits {
  if (statement.blocksClients) {
    return {
      lockTimeoutMs: BLOCKING_LOCK_TIMEOUT_MS,
      statementTimeoutMs: clamp(expectedMs, BLOCKING_LEAST_MS, BLOCKING_UNKNOWN_MS),
    };
  }
  const statementTimeoutMs =
    statement.form === 'repeatable' ? 0 : clamp(expectedMs, LEAST_MS, UNKNOWN_MS) + limits.patienceMs;
  return {
    // Nobody but DDL and VACUUM queues behind it. One attempt waits for a part of the patience, so that it is tried again.
    lockTimeoutMs: Math.max(BLOCKING_LOCK_TIMEOUT_MS, Math.min(30_000, limits.patienceMs / 2)),
    statementTimeoutMs,
  };
}

function clamp(expectedMs: number | null, leastMs: number, unknownMs: number): number {
  if (expectedMs === null) return unknownMs;
  return Math.min(MOST_MS, Math.max(leastMs, expectedMs * PATIENCE_FACTOR));
}
