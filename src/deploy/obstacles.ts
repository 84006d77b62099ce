import { formatBytes, formatMs } from '../base/units.js';
import type { OtherSession } from '../postgres/read/deployments.js';
import type { TargetPressure } from '../postgres/read/obstacles.js';
import type { DeploymentLimits } from './limits.js';
import type { PlanStep } from './plan.js';

/** What is in a change's way. */
export interface Obstacle {
  readonly what: string;
  /** Whether it may go away by itself, so that waiting is worth it. */
  readonly passes: boolean;
}

/** Disk that a change needs and what is free; null where one is not known. */
export interface Disk {
  readonly neededBytes: number | null;
  readonly freeBytes: number | null;
}

/** Whether a role may do what a migration does the server says, and nothing of the step stays where it may not: owners are looked at for the other steps. */
export function pressureOn(steps: readonly PlanStep[], pressure: TargetPressure): TargetPressure {
  return steps.some(({ migration }) => migration) ? { ...pressure, notOwned: [] } : pressure;
}

/** What is in the way, most lasting first; empty when the target may be changed now. */
export function obstaclesIn(pressure: TargetPressure, disk: Disk, limits: DeploymentLimits): readonly Obstacle[] {
  const found: Obstacle[] = [];
  if (pressure.inRecovery) found.push({ what: 'the server is a standby: it can not be changed', passes: false });
  for (const place of pressure.notOwned)
    found.push({ what: `the role does not own ${place}, and only its owner may change it`, passes: false });
  const { neededBytes, freeBytes } = disk;
  if (neededBytes !== null && freeBytes !== null && neededBytes > freeBytes) {
    found.push({
      what: `${formatBytes(neededBytes)} of disk are needed (estimated), and ${formatBytes(freeBytes)} are free`,
      passes: false,
    });
  }
  if (pressure.baseBackups > 0) found.push({ what: 'a base backup is being taken', passes: true });
  for (const { name, ageMs } of pressure.prepared) {
    if (ageMs > limits.longTransactionMs)
      found.push({ what: `the prepared transaction ${name} has been there for ${formatMs(ageMs)}`, passes: true });
  }
  for (const one of pressure.transactions) {
    if (one.transactionMs > limits.longTransactionMs)
      found.push({
        what: `${sessionWords(one)} has had a transaction open for ${formatMs(one.transactionMs)}`,
        passes: true,
      });
  }
  for (const { name, lagMs } of pressure.standbys) {
    if (lagMs !== null && lagMs > limits.lagMs)
      found.push({ what: `the standby ${name} is ${formatMs(lagMs)} behind`, passes: true });
  }
  return found;
}

/** A session for people: never with its statement's text. */
export function sessionWords(one: OtherSession): string {
  const facts = [one.application, one.role && `role ${one.role}`, one.state].filter((fact) => fact);
  return `process ${one.processId}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`;
}
