import type { Load, LoadLevel, LoadSide } from '../../model/load.js';
import type { FailedCase } from '../../model/measurement.js';
import type { Session } from '../../postgres/session.js';
import { quantile } from '../../stats/quantile.js';
import { seededRandom } from '../../stats/random.js';
import { formatMs } from '../../base/units.js';
import type { TrialCase } from './cases.js';
import { failedCase } from './measure.js';
import { troubleOf } from './sessions.js';
import type { LabSessions } from './sessions.js';
import { byStatement, caseMs } from './summary.js';
import type { CaseRecord } from './summary.js';

/** What a load runs on: two databases as a confirmation left them. */
export interface LoadContext {
  readonly sessions: LabSessions;
  readonly before: string;
  readonly after: string;
  /** Each statement as it was measured on either side. */
  readonly records: readonly { readonly before: CaseRecord; readonly after: CaseRecord }[];
  /** The most clients: 1, 2, 4, ... up to it are run. */
  readonly clients: number;
  readonly cores: number | null;
  /** Milliseconds that one client is to take for one pass. */
  readonly windowMs: number;
  /** For each execution, milliseconds. */
  readonly timeoutMs: number;
  readonly progress: (done: number, total: number) => void;
}

/**
 * Sends the workload's mix from more and more clients to both states. Each state gets the same list of executions at every
 * number of clients, so that its throughputs compare; each number is run twice, on the way up and on the way down, so that
 * drift falls on all alike. Writes are rolled back. Throws what ends it, an abort included.
 */
export async function measureLoad(context: LoadContext): Promise<Load> {
  const { sessions, clients, records } = context;
  const runnable = records.filter(({ before, after }) => before.timedOutMs === null && after.timedOutMs === null);
  const levels = levelsUpTo(clients);
  const check = (): void => sessions.checkAborted();
  const open = async (database: string): Promise<readonly Session[]> => {
    const opened = await Promise.all(Array.from({ length: clients }, () => sessions.open(database)));
    for (const session of opened)
      await session.run(`SET statement_timeout = ${Math.max(1, Math.round(context.timeoutMs))}`);
    return opened;
  };
  const sides = [
    {
      clients: await open(context.before),
      list: listOf(
        runnable.map(({ before }) => before),
        context.windowMs,
      ),
    },
    {
      clients: await open(context.after),
      list: listOf(
        runnable.map(({ after }) => after),
        context.windowMs,
      ),
    },
  ];
  try {
    for (const side of sides) await drain(side.clients.slice(0, 1), side.list.slice(0, WARM_UP_EXECUTIONS), check);
    const passes = levels.map(() => sides.map(() => [] as Pass[]));
    const order = [
      ...levels.flatMap((_, level) => [0, 1].map((side) => ({ level, side }))),
      ...levels.flatMap((_, level) => [0, 1].map((side) => ({ level, side }))).toReversed(),
    ];
    for (const [done, { level, side }] of order.entries()) {
      const one = sides[side];
      const count = levels[level];
      if (!one || count === undefined) continue;
      check();
      passes[level]?.[side]?.push(await drain(one.clients.slice(0, count), one.list, check));
      context.progress(done + 1, order.length);
    }
    check();
    return {
      cores: context.cores,
      leftOut: records.filter((pair) => !runnable.includes(pair)).map(leftOut),
      levels: levels.map((count, level): LoadLevel => {
        const [before = [], after = []] = passes[level] ?? [];
        return { clients: count, before: together(before), after: together(after) };
      }),
    };
  } finally {
    for (const session of sides.flatMap((side) => side.clients)) await sessions.close(session);
  }
}

/** 1, 2, 4, ... and the number itself. */
export function levelsUpTo(clients: number): readonly number[] {
  const levels: number[] = [];
  for (let count = 1; count < clients; count *= 2) levels.push(count);
  return [...levels, clients];
}

/**
 * As many executions as take one client `windowMs`, in a fixed random order. Systematic sampling: each statement comes in the share
 * of its calls, to within one execution. Source: Cochran, "Sampling Techniques", 3rd ed., chapter 8.
 */
export function listOf(records: readonly CaseRecord[], windowMs: number): readonly TrialCase[] {
  const weighted = byStatement(records, (record) => record.oneCase).flatMap((group) =>
    group.map((record) => ({ record, weight: record.oneCase.calls / group.length })),
  );
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
  if (total <= 0) return [];
  const meanMs = weighted.reduce((sum, { record, weight }) => sum + (weight / total) * caseMs(record), 0);
  const wanted = Math.round(windowMs / (meanMs + ROUND_TRIP_MS));
  const length = Math.min(MOST_EXECUTIONS, Math.max(FEWEST_EXECUTIONS, wanted));
  const random = seededRandom(LIST_SEED);
  const list: TrialCase[] = [];
  let reached = -random();
  for (const { record, weight } of weighted) {
    reached += (weight / total) * length;
    while (list.length < reached) list.push(record.oneCase);
  }
  return shuffled(list, random);
}

/** A round trip over a local socket with a small result: 0.1 to 0.3 ms on the machines that this was written on. */
const ROUND_TRIP_MS = 0.2;

/** Below ten executions the last one decides how long a pass takes; 20,000 bound the memory. */
const FEWEST_EXECUTIONS = 10;
const MOST_EXECUTIONS = 20_000;
const WARM_UP_EXECUTIONS = 50;
const LIST_SEED = 11;

interface Pass {
  readonly elapsedMs: number;
  readonly latenciesMs: readonly number[];
  readonly errors: number;
  /** Processor time of this process, milliseconds. */
  readonly senderMs: number;
}

/** All clients take the next execution from one list until it is used up. Throws what `check` does after an abort: that cancels what runs, which looks like a timeout. */
async function drain(
  clients: readonly Session[],
  list: readonly TrialCase[],
  check: LabSessions['checkAborted'],
): Promise<Pass> {
  const latenciesMs: number[] = [];
  let errors = 0;
  let next = 0;
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  await Promise.all(
    clients.map(async (session) => {
      for (;;) {
        const oneCase = list[next];
        next += 1;
        if (!oneCase) return;
        check();
        const sentMs = performance.now();
        try {
          await session.run(textOf(oneCase));
          latenciesMs.push(performance.now() - sentMs);
        } catch (thrown) {
          check();
          const trouble = troubleOf(thrown);
          if (trouble !== 'statement' && trouble !== 'timeout') throw thrown;
          errors += 1;
          await session.run('ROLLBACK');
        }
      }
    }),
  );
  const { user, system } = process.cpuUsage(cpu);
  return { elapsedMs: performance.now() - startedMs, latenciesMs, errors, senderMs: (user + system) / 1000 };
}

/** What a rollback has nothing to undo of runs as a client would send it. */
function textOf(oneCase: TrialCase): string {
  const plain = oneCase.kind === 'select' && !oneCase.soils && !oneCase.opaque;
  return plain && oneCase.settings === '' ? oneCase.sql : `BEGIN; ${oneCase.settings}${oneCase.sql}; ROLLBACK`;
}

function together(passes: readonly Pass[]): LoadSide {
  const elapsedMs = passes.reduce((sum, pass) => sum + pass.elapsedMs, 0);
  const latencies = passes.flatMap((pass) => pass.latenciesMs);
  const share = (ms: number): number => (elapsedMs > 0 ? ms / elapsedMs : 0);
  return {
    executions: latencies.length,
    perSecond: share(latencies.length * 1000),
    p50Ms: latencies.length > 0 ? quantile(latencies, 0.5) : 0,
    p95Ms: latencies.length > 0 ? quantile(latencies, 0.95) : 0,
    errors: passes.reduce((sum, pass) => sum + pass.errors, 0),
    senderShare: share(passes.reduce((sum, pass) => sum + pass.senderMs, 0)),
  };
}

function leftOut({ before, after }: LoadContext['records'][number]): FailedCase {
  const ms = before.timedOutMs ?? after.timedOutMs;
  return failedCase(before.oneCase, `left out of the load: it does not finish in ${formatMs(ms)}`);
}

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    const [a, b] = [result[last] as T, result[other] as T];
    result[last] = b;
    result[other] = a;
  }
  return result;
}
