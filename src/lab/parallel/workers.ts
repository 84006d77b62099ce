import { availableParallelism, loadavg } from 'node:os';
import { planNodes } from '../../model/plan.js';
import { explain } from '../../postgres/explain.js';
import { pairedBootstrap } from '../../stats/bootstrap.js';
import { mean, median } from '../../stats/quantile.js';
import type { Session } from '../../postgres/session.js';

/** Who is asked, and for how long. */
export interface WorkersQuestion {
  /** A new session on a database that nothing else uses meanwhile; the caller's to close. */
  readonly open: () => Promise<Session>;
  /** A statement that writes nothing. */
  readonly sql: string;
  /** For all rounds with one client, and again for the clients at once. */
  readonly budgetMs: number;
  readonly check: () => void;
}

/** A statement with at most so many workers for each Gather, one client. Measured. */
export interface WithWorkers {
  readonly workers: number;
  /** Of the last execution; 0 where the plan has no Gather. */
  readonly planned: number;
  /** Mean over the executions. */
  readonly launched: number;
  readonly medianMs: number;
  /** Time against none, paired by round, with its 95 % interval; null for none itself. */
  readonly ratio: { readonly ratio: number; readonly ciLow: number; readonly ciHigh: number } | null;
  readonly rounds: number;
}

/** Several clients at once, each sending the statement again as soon as it is answered. Measured. */
export interface WithClients {
  readonly clients: number;
  readonly workers: number;
  readonly executions: number;
  /** Of each of the two windows, which lie around that of the other number of workers. */
  readonly perSecond: readonly number[];
  readonly meanMs: number;
  readonly launched: number;
}

export interface WorkersMeasured {
  /** Cores that this process may use: the lab's server has the same. */
  readonly cores: number;
  /** Processes of all programs that wanted to run, mean of the minute before; null where the system does not say. */
  readonly load: number | null;
  readonly alone: readonly WithWorkers[];
  /** Without workers and with the number that was fastest alone; empty where workers won nothing alone. */
  readonly together: readonly WithClients[];
}

/** What is tried: none, and doublings. */
const WORKERS = [0, 1, 2, 4] as const;

/** Rounds of all four; an interval over fewer than 3 pairs says nothing, more than 9 add little to it. */
const LEAST_ROUNDS = 3;
const MOST_ROUNDS = 9;

/** A gain below 5 % is none: the threshold of every verdict (kernel's `minimalEffect`). */
const WORTH = 0.95;

/** Runs a statement at 0, 1, 2 and 4 workers in turn, then from several clients at once. Throws what the server refuses. */
export async function measureWorkers(question: WorkersQuestion): Promise<WorkersMeasured> {
  const cores = availableParallelism();
  const load = process.platform === 'win32' ? null : (loadavg()[0] ?? null);
  const alone = await measureAlone(question);
  const best = bestOf(alone);
  if (best === null) return { cores, load, alone, together: [] };
  const counts = [...new Set([Math.max(2, cores), 2 * Math.max(2, cores)])];
  const together: WithClients[] = [];
  const order = [0, best, best, 0];
  for (const clients of counts) {
    const windows: Window[] = [];
    for (const workers of order) {
      const forMs = question.budgetMs / (counts.length * order.length);
      windows.push(await measureTogether(question, { clients, workers, forMs }));
    }
    for (const workers of [0, best])
      together.push(
        joined(
          windows.filter((one) => one.workers === workers),
          clients,
        ),
      );
  }
  return { cores, load, alone, together };
}

/** The number of workers with the lowest median among those that surely won something; null where none did. */
export function bestOf(alone: readonly WithWorkers[]): number | null {
  const won = alone.filter(({ ratio, launched }) => ratio !== null && ratio.ciHigh < WORTH && launched > 0);
  return won.toSorted((a, b) => a.medianMs - b.medianMs)[0]?.workers ?? null;
}

interface Execution {
  readonly ms: number;
  readonly planned: number;
  readonly launched: number;
}

async function measureAlone({ open, sql, budgetMs, check }: WorkersQuestion): Promise<readonly WithWorkers[]> {
  const session = await open();
  try {
    const seen = new Map<number, Execution[]>(WORKERS.map((workers) => [workers, []]));
    const startedMs = performance.now();
    // The first reads what the others find in memory.
    await execute(session, sql, 0);
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      if (round >= LEAST_ROUNDS && performance.now() - startedMs > budgetMs) break;
      const order = round % 2 === 0 ? WORKERS : WORKERS.toReversed();
      for (const workers of order) {
        check();
        seen.get(workers)?.push(await execute(session, sql, workers));
      }
    }
    const without = seen.get(0) ?? [];
    return WORKERS.map((workers) => summarise(workers, seen.get(workers) ?? [], without));
  } finally {
    await session.close();
  }
}

function summarise(workers: number, runs: readonly Execution[], without: readonly Execution[]): WithWorkers {
  const pairs = runs.flatMap((run, round) => {
    const other = without[round];
    return other ? [{ before: other.ms, after: run.ms }] : [];
  });
  const estimate = pairedBootstrap(pairs);
  return {
    workers,
    planned: runs.at(-1)?.planned ?? 0,
    launched: mean(runs.map(({ launched }) => launched)),
    medianMs: median(runs.map(({ ms }) => ms)),
    ratio: workers === 0 ? null : { ratio: estimate.ratio, ciLow: estimate.ciLow, ciHigh: estimate.ciHigh },
    rounds: runs.length,
  };
}

/** Some time of several clients. */
interface Window {
  readonly workers: number;
  readonly runs: readonly Execution[];
  readonly elapsedMs: number;
}

function joined(windows: readonly Window[], clients: number): WithClients {
  const runs = windows.flatMap((one) => one.runs);
  return {
    clients,
    workers: windows[0]?.workers ?? 0,
    executions: runs.length,
    perSecond: windows.map((one) => (one.runs.length / one.elapsedMs) * 1000),
    meanMs: mean(runs.map(({ ms }) => ms)),
    launched: mean(runs.map(({ launched }) => launched)),
  };
}

async function measureTogether(
  { open, sql, check }: WorkersQuestion,
  { clients, workers, forMs }: { readonly clients: number; readonly workers: number; readonly forMs: number },
): Promise<Window> {
  const sessions: Session[] = [];
  try {
    for (let client = 0; client < clients; client += 1) sessions.push(await open());
    const startedMs = performance.now();
    const client = async (session: Session): Promise<readonly Execution[]> => {
      const runs: Execution[] = [];
      do {
        check();
        runs.push(await execute(session, sql, workers));
      } while (performance.now() - startedMs < forMs);
      return runs;
    };
    const runs = (await Promise.all(sessions.map(client))).flat();
    return { workers, runs, elapsedMs: performance.now() - startedMs };
  } finally {
    await Promise.all(sessions.map((session) => session.close()));
  }
}

async function execute(session: Session, sql: string, workers: number): Promise<Execution> {
  await session.run(`BEGIN; SET LOCAL max_parallel_workers_per_gather = ${workers}`);
  try {
    const { root, executionMs } = await explain(session, sql, { analyze: true });
    const gathers = [...planNodes(root)];
    const sum = (key: 'Workers Planned' | 'Workers Launched'): number =>
      gathers.reduce((total, node) => total + (node[key] ?? 0), 0);
    return { ms: executionMs ?? 0, planned: sum('Workers Planned'), launched: sum('Workers Launched') };
  } finally {
    await session.run('ROLLBACK');
  }
}
