import { readPressure, type OpenTransaction } from '../postgres/read/obstacles.js';
import type { Connections } from './connections.js';
import { freeBytes } from './disk.js';
import type { StepEstimate } from './estimate.js';
import type { DeploymentLimits } from './limits.js';
import { obstaclesIn, pressureOn, sessionWords, type Obstacle } from './obstacles.js';
import type { Direction, PlanStep } from './plan.js';
import { tablesOf, type TouchedState } from './state.js';

/** What a look around needs. */
interface Surveyor {
  readonly connections: Connections;
  readonly limits: DeploymentLimits;
  readonly estimate: (step: PlanStep) => StepEstimate;
}

/** Who uses the tables of a step just now, and what is in its way. */
export async function lookAround(
  { connections, limits, estimate }: Surveyor,
  step: PlanStep,
  direction: Direction,
  state: TouchedState,
): Promise<{ readonly transactions: readonly OpenTransaction[]; readonly obstacles: readonly Obstacle[] }> {
  const pressure = pressureOn(
    [step],
    await readPressure(await connections.reader(), tablesOf(step, state), connections.own()),
  );
  const free = await freeBytes(pressure);
  const neededBytes = direction === 'up' ? neededFor(estimate(step)) : null;
  return {
    transactions: pressure.transactions,
    obstacles: obstaclesIn(pressure, { neededBytes, freeBytes: free.bytes }, limits),
  };
}

/** Who holds a lock on the tables of a step, in words. */
export async function holdersOf(connections: Connections, step: PlanStep, state: TouchedState): Promise<string> {
  const { transactions } = await readPressure(await connections.reader(), tablesOf(step, state), connections.own());
  const holding = transactions.filter((one) => one.holdsTable).map(sessionWords);
  return holding.length > 0 ? `the lock is held by ${holding.join(', ')}` : 'somebody held the lock';
}

function neededFor({ diskBytes, walBytes }: StepEstimate): number | null {
  return diskBytes === null ? null : diskBytes + (walBytes ?? 0);
}
