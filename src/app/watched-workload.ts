import { setTimeout as delay } from 'node:timers/promises';
import { ActivityTally } from '../logs/activity.js';
import { countedWorkload } from '../logs/counted.js';
import { countersBetween } from '../logs/counters.js';
import { differenceSkipped } from '../logs/intake.js';
import type { Coverage, Skipped } from '../model/coverage.js';
import type { Workload } from '../model/workload.js';
import { resolveConnection } from '../postgres/conninfo.js';
import { readActivity } from '../postgres/read/activity.js';
import { readCounters } from '../postgres/read/counters.js';
import type { Session } from '../postgres/session.js';
import { loadParser } from '../sql/parse.js';
import { createCleanup } from './cleanup.js';
import type { CommandContext } from './command.js';
import { untilAborted } from './interruption.js';
import { openTarget } from './open-target.js';

/** Which database is watched, by what, and how long. */
export interface WatchRequest {
  readonly url: string;
  readonly by: 'counters' | 'activity';
  readonly forMs: number;
}

/** What was seen. */
export interface WatchedWorkload {
  readonly workload: Workload;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly waits: { name: string; looks: number }[];
  readonly coverage: Coverage;
}

/** Watches a database over a read-only connection for a while. Throws `WizardError`. */
export async function watchWorkload(request: WatchRequest, context: CommandContext): Promise<WatchedWorkload> {
  await loadParser();
  const cleanup = createCleanup((text) => context.watch({ type: 'note', text }));
  try {
    const settings = await resolveConnection(request.url, context.env);
    const { session } = await openTarget(settings, context.signal);
    cleanup.add(() => session.close());
    const firstSeen = new Date().toISOString();
    const look = request.by === 'counters' ? betweenLooks : sampled;
    const seen = await untilAborted(context.signal, look(session, request.forMs, context));
    return { ...seen, firstSeen, lastSeen: new Date().toISOString() };
  } finally {
    await cleanup.run();
  }
}

type Seen = Omit<WatchedWorkload, 'firstSeen' | 'lastSeen'>;

async function betweenLooks(session: Session, forMs: number, context: CommandContext): Promise<Seen> {
  const before = await readCounters(session);
  await wait(forMs, 'counting', context);
  const after = await readCounters(session);
  const difference = countersBetween(before, after);
  const { workload, skipped } = countedWorkload(difference.counters, null);
  return {
    workload,
    waits: [],
    coverage: {
      examined: [{ what: 'entries of pg_stat_statements', count: after.length }],
      skipped: [...differenceSkipped(difference), ...skipped],
    },
  };
}

/** Ten looks a second see nearly all that runs for 100 ms, and cost less than a thousandth of a core. */
const INTERVAL_MS = 100;

async function sampled(session: Session, forMs: number, context: CommandContext): Promise<Seen> {
  const tally = new ActivityTally(INTERVAL_MS);
  const endMs = Date.now() + forMs;
  const skipped = new Map<string, Skipped>();
  let sessions = 0;
  for (let nextMs = Date.now(); Date.now() < endMs; nextMs += INTERVAL_MS) {
    const seen = await readActivity(session);
    sessions += seen.sessions.length;
    for (const row of seen.skipped) skipped.set(row.what, row);
    tally.look(seen.sessions);
    await delay(Math.max(0, nextMs + INTERVAL_MS - Date.now()), undefined, { signal: context.signal });
  }
  const { workload, looks, waits } = tally.end('pg_stat_activity', null);
  return {
    workload,
    waits: [...waits],
    coverage: {
      examined: [
        { what: 'looks at pg_stat_activity', count: looks },
        { what: 'active sessions seen', count: sessions },
      ],
      skipped: [
        {
          what: 'executions between two looks',
          reason: `one that takes less than ${INTERVAL_MS} ms may not be seen: calls are the fewest there can have been, times are estimates`,
          remedy: 'Use pg_stat_statements or a log.',
        },
        ...skipped.values(),
      ],
    },
  };
}

async function wait(forMs: number, text: string, { watch, signal }: CommandContext): Promise<void> {
  const startedMs = Date.now();
  for (let left = forMs; left > 0; left = startedMs + forMs - Date.now()) {
    watch({ type: 'work', phase: 'examine', text, done: forMs - left, total: forMs });
    await delay(Math.min(left, 1000), undefined, { signal });
  }
  watch({ type: 'work', phase: 'examine', text, done: forMs, total: forMs });
}
