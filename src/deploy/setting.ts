import type { Connections } from './connections.js';
import type { StepEstimate } from './estimate.js';
import type { Journal } from './journal.js';
import type { DeploymentLimits } from './limits.js';
import type { Staging } from './live/stages.js';
import type { SteadyClock } from './live/watch.js';
import type { PlanStep } from './plan.js';

/** What a deployment needs from outside. */
export interface DeploymentSetting {
  readonly connections: Connections;
  readonly journal: Journal;
  /** As the journal names the target. */
  readonly target: string;
  readonly hash: string;
  readonly limits: DeploymentLimits;
  readonly staging: Staging;
  readonly clock: SteadyClock;
  readonly estimate: (step: PlanStep) => StepEstimate;
  readonly note: (text: string) => void;
  readonly phase: (text: string) => void;
  readonly progress: (text: string, done: number, total: number) => void;
  readonly now: () => string;
  readonly signal: AbortSignal;
}
