import { z } from 'zod';
import { definePattern } from '../../define.js';
import type { ShapeFacts } from '../../facts.js';
import { pausesOf } from '../../pauses.js';
import type { Transaction } from '../../units.js';
import { measured, named } from '../../words.js';

const STEPS = Array.from({ length: 25 }, (_, i) => i);

export default definePattern({
  id: 'transactions/chatty-transaction',
  severity: 'info',
  needs: ['sessions', 'times'],
  docs: {
    what: 'Transactions of many short statements which spend more time between their statements than in them.',
    why: 'The time between is the network and the program: locks, a snapshot and a connection are held meanwhile.',
    limits:
      'Only transactions between BEGIN and COMMIT of which both are in the log. Pauses of a second and more are not counted here: they are idle in transaction. What the program did in the pauses is not seen.',
    sources: ['PostgreSQL manual, "Pipeline Mode"'],
    bad: [
      'a 0 duration: 0.1 ms  statement: BEGIN',
      ...STEPS.map(
        (n) =>
          `a ${4 + n * 4} duration: 0.5 ms  statement: UPDATE stock SET n = n - 1 WHERE shop = 3 AND id = ${n % 3}`,
      ),
      'a 110 duration: 0.9 ms  statement: COMMIT',
    ],
    good: [
      'a 0 duration: 0.1 ms  statement: BEGIN',
      ...STEPS.map(
        (n) =>
          `a ${40 + n * 40} duration: 39.5 ms  statement: UPDATE stock SET n = n - 1 WHERE shop = 3 AND id = ${n % 3}`,
      ),
      'a 1050 duration: 0.9 ms  statement: COMMIT',
    ],
  },
  options: z.object({
    minStatements: z.number().int().min(2).default(20),
    minPauseShare: z.number().min(0).max(1).default(0.5).describe('of the transaction, between its statements'),
    idleMs: z.number().min(0).default(1000).describe('a longer pause is idle in transaction'),
  }),
  watch({ minStatements, minPauseShare, idleMs }) {
    const seen = new Map<ShapeFacts, Seen>();
    return {
      transaction(transaction) {
        const { steps, beyond, whole } = transaction;
        const [first] = steps;
        if (!whole || !first || steps.length < minStatements) return;
        const times = timesOf(transaction, idleMs);
        if (times === null || times.between < minPauseShare * times.elapsed) return;
        const one = seen.get(first.facts) ?? {
          transactions: 0,
          statements: 0,
          between: 0,
          elapsed: 0,
          line: first.line,
        };
        one.transactions += 1;
        one.statements += steps.length + [...beyond.values()].reduce((sum, { count }) => sum + count, 0);
        one.between += times.between;
        one.elapsed += times.elapsed;
        seen.set(first.facts, one);
      },
      findings: () =>
        [...seen].map(([facts, one]) => ({
          title: `Transactions of ${Math.round(one.statements / one.transactions)} statements on average that begin with: ${named(facts)}`,
          count: one.transactions,
          counted: 'transactions',
          timeMs: one.between,
          timeIs: 'between the statements, while the transaction was open',
          evidence: [
            measured('statements', one.statements, 'statements'),
            measured('time between statements', one.between, 'ms'),
            measured('share of the time that the transactions were open', one.between / one.elapsed, 'fraction'),
          ],
          statements: [facts.text],
          change:
            'Send what does not depend on an answer together (pipeline mode, one statement with several rows, a function), and read before BEGIN what needs no lock.',
          sql: null,
          line: one.line,
          shapes: [facts],
        })),
    };
  },
});

interface Seen {
  transactions: number;
  statements: number;
  between: number;
  elapsed: number;
  readonly line: number;
}

/** Time between the steps that are kept; null where the log does not hold their times. */
function timesOf(
  transaction: Transaction,
  idleMs: number,
): { readonly between: number; readonly elapsed: number } | null {
  let inside = 0;
  for (const { startMs, ms } of transaction.steps) {
    if (startMs === null || ms === null) return null;
    inside += ms;
  }
  const last = transaction.steps.length - 1;
  const between = pausesOf(transaction).reduce(
    (sum, { after, ms }) => (after === last || ms >= idleMs ? sum : sum + ms),
    0,
  );
  return inside + between > 0 ? { between, elapsed: inside + between } : null;
}
