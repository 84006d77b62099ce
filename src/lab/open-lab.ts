import type { Lab } from '../kernel/ports.js';
import type { Plan } from '../model/plan.js';
import type { ConnectionSettings, Session } from '../postgres/session.js';
import type { assertNoDifference } from './equivalence/gate.js';
import type { LabServer } from './server.js';
import type { Instance } from './trial/instance.js';
import type { LabPlan } from './trial/lab-plan.js';

/** Where a lab's databases are, and what it may spend. */
export interface LabOptions {
  /** A superuser, or a role with CREATEDB that owns the databases; its database is the maintenance one, in which nothing is made. */
  readonly connection: ConnectionSettings;
  /** The server of our own which that reaches: restarted when it dies. Null for a staging server of the user's. */
  readonly server: LabServer | null;
  /** The database which the copy filled; trials are made next to it, under names that begin like it. */
  readonly database: string;
  /** The target, to refuse an experiment on it; null when it can not be the same server. */
  readonly target: Instance | null;
  /** Milliseconds of measuring in one trial; 12 000 by default. Minimal pairs are run beyond it. */
  readonly trialBudgetMs?: number;
  /** The same for the baseline; 25 000 by default. */
  readonly baselineBudgetMs?: number;
  /** Statements that the baseline has not begun by then are not run, and stand as failed with that reason; never before `baselineBudgetMs`, none by default. */
  readonly baselineLimitMs?: number;
  /** What one client takes for one pass of a load; 2 000 by default. */
  readonly loadWindowMs?: number;
  /** For one execution in the baseline; 60 000 by default. */
  readonly statementTimeoutMs?: number;
  /** Gives a database made from the accepted one the statistics that the run began with: no down statement brings those back. */
  readonly restoreStatistics?: (session: Session) => Promise<void>;
  /** Run statements that call volatile functions of the user's, which a rollback may not undo. False by default. */
  readonly allowVolatile?: boolean;
  /** Holds a rewrite against the original before it is measured, and throws where they differ; `assertNoDifference` by default. */
  readonly verify?: typeof assertNoDifference;
  /** An abort cancels what runs and rejects with `run/interrupted`. */
  readonly signal?: AbortSignal;
  /** Told of what is out of the ordinary. */
  readonly note?: (text: string) => void;
  /** Told how far a baseline or a trial is. */
  readonly progress?: (phase: 'baseline' | 'evaluate', done: number, total: number) => void;
}

/** A lab with what the composition needs beside the kernel's port. */
export interface OpenLab extends Lab {
  /** The plan of each statement as it last ran in the accepted state, of its slowest parameter set. */
  plans(): ReadonlyMap<string, Plan>;
  /** Each case of the last measurement, with the plan that it was run with. */
  planned(): readonly LabPlan[];
  /** Reads the accepted state. Must change nothing in it; nothing else of the lab runs meanwhile. */
  withAccepted<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** A copy of the accepted state that may be changed; nothing else of the lab runs meanwhile. */
  withScratch<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Drops the trial databases, and the accepted one with them unless told to keep it. Never throws. */
  close(options?: { readonly keepAccepted: boolean }): Promise<void>;
}
