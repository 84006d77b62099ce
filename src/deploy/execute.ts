import { setTimeout as delay } from 'node:timers/promises';
import type { DeploymentSession } from '../postgres/deployment/session.js';
import { readBlockers, readBuildProgress, type OtherSession } from '../postgres/read/deployments.js';
import type { Session } from '../postgres/session.js';
import { statementLimits, type DeploymentLimits } from './limits.js';
import { lockOf } from './locks.js';
import { sessionWords } from './obstacles.js';
import { runsAlone } from './plan.js';
import type { PlanStatement } from './statement.js';

/** What a run of statements needs. */
export interface Execution {
  readonly writer: DeploymentSession;
  readonly reader: Session;
  readonly statements: readonly PlanStatement[];
  /** SETs that hold for them. */
  readonly settings: readonly string[];
  /** Estimated; null where it is not known. */
  readonly expectedMs: number | null;
  readonly limits: DeploymentLimits;
  readonly committing: (xid: string) => Promise<void>;
  readonly note: (text: string) => void;
  readonly progress: (text: string, done: number, total: number) => void;
  /** An abort cancels the statement. */
  readonly signal: AbortSignal;
}

/** Runs the statements of a step, shows how far a build is and whom it waits for; gives the milliseconds. Throws what ended it. */
export async function execute(execution: Execution): Promise<number> {
  const { writer, statements, settings, limits, signal } = execution;
  const stop = new AbortController();
  const cancel = (): void => void writer.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  const watching = watchOver(execution, stop.signal);
  const startedMs = performance.now();
  try {
    signal.throwIfAborted();
    const [first] = statements;
    const strongest = statements.find((one) => lockOf(one, null).blocksClients) ?? first;
    if (!first || !strongest) return 0;
    const { blocksClients } = lockOf(strongest, null);
    const allowed = statementLimits({ blocksClients, form: strongest.form }, execution.expectedMs, limits);
    const running = { limits: allowed, settings };
    if (runsAlone(statements)) await writer.alone(first.sql, running);
    else
      await writer.together(
        statements.map((one) => one.sql),
        running,
        execution.committing,
      );
    return performance.now() - startedMs;
  } finally {
    signal.removeEventListener('abort', cancel);
    stop.abort();
    await watching;
  }
}

/** Between two looks. */
const LOOK_MS = 500;

/** What can not be seen for a moment is no reason to stop. */
async function watchOver({ writer, reader, note, progress }: Execution, stop: AbortSignal): Promise<void> {
  let told = '';
  for (;;) {
    const stopped = await delay(LOOK_MS, false, { signal: stop }).catch(() => true);
    if (stopped) return;
    try {
      const build = await readBuildProgress(reader, writer.backend.processId);
      if (build && build.total > 0) progress(build.phase, build.done, build.total);
      const words = blockerWords(await readBlockers(reader, writer.backend.processId));
      if (words !== told && words !== '') note(`waits for ${words}`);
      told = words;
    } catch {
      return;
    }
  }
}

/** Ages left out, so that the same blockers are told of once. */
function blockerWords(blockers: readonly OtherSession[]): string {
  return blockers.map(sessionWords).join(', ');
}
