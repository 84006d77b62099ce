import { z } from 'zod';
import { definePattern } from '../../define.js';
import type { Step } from '../../step.js';
import { measured, unknown } from '../../words.js';

const SESSIONS = Array.from({ length: 30 }, (_, i) => i);

export default definePattern({
  id: 'sessions/connection-churn',
  severity: 'warning',
  needs: ['connections', 'sessions'],
  docs: {
    what: 'Connections that are opened for a few statements and closed again.',
    why: 'Each starts a process on the server, signs in and warms its caches before the first statement.',
    limits:
      'Needs log_connections and log_disconnections. What opening a connection takes is not in the log. Health checks and psql look the same.',
    sources: ['PostgreSQL manual, "log_connections"', 'PgBouncer documentation, "Features"'],
    bad: SESSIONS.flatMap((n) => [
      `s${n} ${n * 100} connection authorized: user=app database=shop`,
      `s${n} ${n * 100 + 3} duration: 0.5 ms  statement: SELECT 1 FROM person WHERE id = 4`,
      `s${n} ${n * 100 + 5} disconnection: session time: 0:00:00.009 user=app database=shop host=10.0.0.1 port=40000`,
    ]),
    good: [
      'a 0 connection authorized: user=app database=shop',
      ...SESSIONS.map((n) => `a ${n * 100 + 3} duration: 0.5 ms  statement: SELECT 1 FROM person WHERE id = 4`),
      'a 9005 disconnection: session time: 0:00:09.009 user=app database=shop host=10.0.0.1 port=40000',
    ],
  },
  options: z.object({
    minConnections: z.number().int().min(1).default(20).describe('short ones'),
    maxLifetimeMs: z.number().min(0).default(1000).describe('of a short one'),
    minShare: z.number().min(0).max(1).default(0.5).describe('of short ones among all that ended'),
  }),
  watch({ minConnections, maxLifetimeMs, minShare }) {
    const statements = new Map<string, number>();
    const short = { count: 0, statements: 0, ms: 0, line: 0 };
    let ended = 0;
    const span = { first: null as number | null, last: null as number | null };
    const follow = ({ session }: Step): void => {
      if (session === null || statements.size === 0) return;
      const count = statements.get(session);
      if (count !== undefined) statements.set(session, count + 1);
    };
    return {
      follow: () => follow,
      event({ kind, session, ms, timeMs, line }) {
        if (timeMs !== null && (kind === 'connected' || kind === 'disconnected')) {
          span.first ??= timeMs;
          span.last = timeMs;
        }
        if (kind === 'connected' && session !== null && statements.size < MAX_SESSIONS) statements.set(session, 0);
        if (kind !== 'disconnected') return;
        ended += 1;
        const own = session === null ? 0 : (statements.get(session) ?? 0);
        if (session !== null) statements.delete(session);
        if (ms === null || ms > maxLifetimeMs) return;
        short.count += 1;
        short.statements += own;
        short.ms += ms;
        short.line ||= line;
      },
      findings() {
        if (short.count < minConnections || short.count < minShare * ended) return [];
        const seconds = span.first === null || span.last === null ? 0 : (span.last - span.first) / 1000;
        return [
          {
            title: `${short.count} of ${ended} connections lasted less than ${maxLifetimeMs} ms`,
            count: short.count,
            counted: 'connections',
            timeMs: short.ms,
            timeIs: 'that these connections lasted',
            evidence: [
              measured('statements of one of them, mean', short.statements / short.count, 'statements'),
              measured('time that one of them lasted, mean', short.ms / short.count, 'ms'),
              ...(seconds > 0 ? [measured('of them a second', short.count / seconds, 'connections')] : []),
              unknown('time to open one', 'ms'),
            ],
            statements: [],
            change: 'Keep connections: a pool in the program, or a pooler before the server.',
            sql: null,
            line: short.line,
            shapes: [],
          },
        ];
      },
    };
  },
});

/** Connections that are followed at once. */
const MAX_SESSIONS = 20_000;
