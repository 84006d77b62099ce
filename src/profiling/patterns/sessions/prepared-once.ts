import { z } from 'zod';
import { lex } from '../../../logs/lex.js';
import { definePattern } from '../../define.js';
import type { ShapeFacts } from '../../facts.js';
import { addTime, measured, named, unknown } from '../../words.js';

const CALLS = Array.from({ length: 110 }, (_, i) => i);

export default definePattern({
  id: 'sessions/prepared-once',
  severity: 'info',
  needs: ['prepared'],
  docs: {
    what: 'Statements that are prepared anew for every execution.',
    why: 'A prepared statement is parsed once for a connection and may keep its plan; prepared for one execution it costs a message and a parse more and saves nothing.',
    limits:
      'The times of parsing are those that the log holds: with log_min_duration_statement above 0 short ones are missing. Planning happens while values are bound, and is not told apart there.',
    sources: ['PostgreSQL manual, "PREPARE" and "Extended Query"'],
    bad: CALLS.flatMap((n) => [
      `a ${n * 300} duration: 0.2 ms  parse <unnamed>: SELECT name FROM person WHERE id = $1`,
      `a ${n * 300 + 1} duration: 0.4 ms  execute <unnamed>: SELECT name FROM person WHERE id = $1`,
    ]),
    good: [
      'a 0 duration: 0.2 ms  parse S_1: SELECT name FROM person WHERE id = $1',
      ...CALLS.map((n) => `a ${n * 300 + 1} duration: 0.4 ms  execute S_1: SELECT name FROM person WHERE id = $1`),
    ],
  },
  options: z.object({
    minCalls: z.number().int().min(1).default(100),
    minShare: z.number().min(0).max(1).default(0.9).describe('of executions with a parse of their own'),
  }),
  watch({ minCalls, minShare }) {
    const executed: ShapeFacts[] = [];
    const parsed = new Map<string, { parses: number; ms: number | null }>();
    return {
      follow(facts) {
        const { shape, kind } = facts;
        if (shape.extended && kind !== 'begin' && kind !== 'end') executed.push(facts);
        return null;
      },
      event({ kind, sql, ms }) {
        if (kind !== 'prepared' || sql === null) return;
        const { key } = lex(sql);
        const one = parsed.get(key) ?? { parses: 0, ms: null };
        one.parses += 1;
        one.ms = addTime(one.ms, ms);
        if (parsed.size < MAX_KEYS || parsed.has(key)) parsed.set(key, one);
      },
      findings: () =>
        executed.flatMap((facts) => {
          const one = parsed.get(facts.shape.key);
          const { calls, line } = facts.totals;
          if (!one || calls < minCalls || one.parses < minShare * calls) return [];
          return [
            {
              title: `Prepared for each execution anew: ${named(facts)}`,
              count: one.parses,
              counted: 'parses',
              timeMs: one.ms,
              timeIs: 'of parsing',
              evidence: [measured('executions', calls, 'executions'), unknown('time of planning', 'ms')],
              statements: [facts.text],
              change:
                'Have the driver keep it: a named prepared statement (a name in the query, a statement cache, prepareThreshold), behind a pooler one that supports them.',
              sql: null,
              line,
              shapes: [facts],
            },
          ];
        }),
    };
  },
});

/** As many shapes are told apart. */
const MAX_KEYS = 50_000;
