import { z } from 'zod';
import { definePattern } from '../../define.js';
import type { ShapeFacts } from '../../facts.js';
import { pausesOf } from '../../pauses.js';
import { measured, named } from '../../words.js';

export default definePattern({
  id: 'transactions/idle-in-transaction',
  severity: 'warning',
  needs: ['sessions', 'times'],
  docs: {
    what: 'A transaction left open while the program does something else.',
    why: 'Its locks are held and its snapshot keeps VACUUM from removing dead rows in the whole database, as long as it is open.',
    limits:
      'The pause is from the end of one statement of a transaction to the beginning of the next, as logged; one that ends with the connection is seen only where the server ended it by its timeout.',
    sources: ['PostgreSQL manual, "idle_in_transaction_session_timeout" and "Routine Vacuuming"'],
    bad: [
      'a 0 duration: 0.1 ms  statement: BEGIN',
      'a 5 duration: 1.0 ms  statement: UPDATE account SET paid = true WHERE id = 4',
      'a 9000 duration: 1.0 ms  statement: INSERT INTO receipt (account_id, sum) VALUES (4, 1)',
      'a 9002 duration: 0.9 ms  statement: COMMIT',
    ],
    good: [
      'a 0 duration: 0.1 ms  statement: BEGIN',
      'a 5 duration: 1.0 ms  statement: UPDATE account SET paid = true WHERE id = 4',
      'a 6 duration: 0.9 ms  statement: COMMIT',
      'a 9000 duration: 1.0 ms  statement: INSERT INTO receipt (account_id, sum) VALUES (4, 1)',
    ],
  },
  options: z.object({ minPauseMs: z.number().min(0).default(1000) }),
  watch({ minPauseMs }) {
    const seen = new Map<
      ShapeFacts,
      { pauses: number; ms: number; longest: number; locked: number; readonly line: number }
    >();
    let ended = 0;
    return {
      event({ kind }) {
        if (kind === 'idle-timeout') ended += 1;
      },
      transaction(transaction) {
        const { steps } = transaction;
        const firstLock = steps.findIndex((step) => step.facts.locks);
        for (const { after, ms: pause } of pausesOf(transaction)) {
          const step = steps[after];
          if (pause < minPauseMs || !step) continue;
          const one = seen.get(step.facts) ?? { pauses: 0, ms: 0, longest: 0, locked: 0, line: step.line };
          one.pauses += 1;
          one.ms += pause;
          one.longest = Math.max(one.longest, pause);
          if (firstLock !== -1 && firstLock <= after) one.locked += 1;
          seen.set(step.facts, one);
        }
      },
      findings: () =>
        [...seen].map(([facts, one]) => ({
          severity: one.locked > 0 ? ('warning' as const) : ('info' as const),
          title: `Transactions stay open and idle after: ${named(facts)}`,
          count: one.pauses,
          counted: 'pauses',
          timeMs: one.ms,
          timeIs: 'idle in transaction',
          evidence: [
            measured('longest pause', one.longest, 'ms'),
            measured('pauses with row locks held', one.locked, 'pauses'),
            measured('sessions that idle_in_transaction_session_timeout ended, of any statement', ended, 'sessions'),
          ],
          statements: [facts.text],
          change:
            'Commit before the program waits for anything else (another service, a person, a queue), and set idle_in_transaction_session_timeout for the role as a net.',
          sql: null,
          line: one.line,
          shapes: [facts],
        })),
    };
  },
});
