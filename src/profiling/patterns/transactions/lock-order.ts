import { z } from 'zod';
import { definePattern } from '../../define.js';
import type { ShapeFacts } from '../../facts.js';
import { bareValue, valueAt } from '../../step.js';
import type { Step } from '../../step.js';
import type { Transaction } from '../../units.js';
import { Deadlocks } from '../../deadlocks.js';
import { measured, named } from '../../words.js';

const transfer = (session: string, at: number, first: number, second: number): readonly string[] => [
  `${session} ${at} duration: 0.1 ms  statement: BEGIN`,
  `${session} ${at + 2} duration: 0.5 ms  statement: UPDATE account SET sum = sum - 5 WHERE id = ${first}`,
  `${session} ${at + 4} duration: 0.5 ms  statement: UPDATE account SET sum = sum + 5 WHERE id = ${second}`,
  `${session} ${at + 6} duration: 0.5 ms  statement: COMMIT`,
];

export default definePattern({
  id: 'transactions/lock-order',
  severity: 'warning',
  needs: ['sessions'],
  docs: {
    what: 'Transactions that lock the same two rows, or the same two tables, in opposite orders.',
    why: 'Two of them at the same time wait for each other: PostgreSQL ends one after deadlock_timeout.',
    limits:
      'The first ten statements of a transaction that lock rows are compared. A row is told by the values that its statement compares by equality; where they are not known only the tables are compared, which is information: ' +
      'different rows do not meet. Locks taken by triggers, foreign keys and functions are not seen. 100,000 pairs are followed.',
    sources: ['PostgreSQL manual, "Deadlocks"'],
    bad: [...transfer('a', 0, 1, 2), ...transfer('b', 50, 2, 1)],
    good: [...transfer('a', 0, 1, 2), ...transfer('b', 50, 1, 2), ...transfer('b', 90, 3, 2)],
  },
  options: z.object({ minTimes: z.number().int().min(1).default(1).describe('that the rarer order was seen') }),
  watch({ minTimes }) {
    const pairs = new Map<string, Pair>();
    const ended = new Deadlocks();
    return {
      event({ kind, sql, line }) {
        if (kind === 'deadlock') ended.add(sql, line);
      },
      transaction(transaction) {
        const locks = locksOf(transaction);
        locks.forEach((later, i) => {
          for (const earlier of locks.slice(0, i)) note(pairs, earlier, later);
        });
      },
      findings() {
        const { count: deadlocks } = ended;
        const found = grouped(pairs, minTimes);
        const inverted = found.map(({ facts, rows, times, line }) => ({
          severity: rows > 0 || deadlocks > 0 ? ('warning' as const) : ('info' as const),
          title: `${rows > 0 ? 'Rows' : 'Tables'} are locked in opposite orders: ${named(facts[0])}`,
          count: times,
          counted: 'transactions in the rarer order',
          timeMs: null,
          timeIs: 'unknown: waits for locks are logged by log_lock_waits',
          evidence: [
            measured('pairs of rows met in both orders', rows, 'pairs'),
            measured('deadlocks in the log, of any statement', deadlocks, 'deadlocks'),
          ],
          statements: [...new Set(facts)].map((one) => one.text),
          change:
            tableOf(facts[0]) === tableOf(facts[1])
              ? 'Lock rows in one order everywhere: sort them by their key before the first is changed, or lock all with SELECT ... ORDER BY key FOR UPDATE.'
              : 'Change the tables in one order in all transactions.',
          sql: null,
          line,
          shapes: [...new Set(facts)],
        }));
        // The statement that a deadlock ends is no execution: of the two orders the log may show one only.
        const known = new Set(found.flatMap(({ facts }) => facts.map(({ shape }) => shape.key)));
        return [...inverted, ...ended.findings(known)];
      },
    };
  },
});

interface Lock {
  readonly facts: ShapeFacts;
  /** The row, or only its table. */
  readonly what: string;
  readonly isRow: boolean;
  readonly line: number;
}

interface Pair {
  readonly facts: readonly [ShapeFacts, ShapeFacts];
  readonly rows: boolean;
  /** Transactions in the order of the text, and against it. */
  along: number;
  against: number;
  line: number;
}

const MAX_PAIRS = 100_000;
const MAX_LOCKS = 10;

function locksOf({ steps }: Transaction): readonly Lock[] {
  const locks: Lock[] = [];
  for (const step of steps) {
    const lock = lockOf(step);
    if (lock && !locks.some((one) => one.what === lock.what)) locks.push(lock);
    if (locks.length === MAX_LOCKS) break;
  }
  return locks;
}

function tableOf({ target, tables }: ShapeFacts): string | undefined {
  return target ?? tables[0];
}

/** A new row is locked by nobody else. */
function lockOf(step: Step): Lock | null {
  const { facts, line } = step;
  const table = tableOf(facts);
  if (!facts.locks || table === undefined || facts.inserted.length > 0) return null;
  const values = facts.equalities.map(({ column, place }) => {
    const value = valueAt(step, place);
    return value === null ? null : `${column}=${bareValue(value)}`;
  });
  const isRow = values.length > 0 && !values.includes(null);
  return {
    facts,
    line,
    isRow,
    what: isRow ? `${table} ${values.toSorted((a, b) => ((a ?? '') < (b ?? '') ? -1 : 1)).join(',')}` : table,
  };
}

function note(pairs: Map<string, Pair>, earlier: Lock, later: Lock): void {
  if (earlier.isRow !== later.isRow) return;
  const along = earlier.what < later.what;
  const key = along ? `${earlier.what}\u0000${later.what}` : `${later.what}\u0000${earlier.what}`;
  let pair = pairs.get(key);
  if (!pair) {
    if (pairs.size >= MAX_PAIRS) return;
    pair = { facts: [earlier.facts, later.facts], rows: earlier.isRow, along: 0, against: 0, line: earlier.line };
    pairs.set(key, pair);
  }
  if (along) pair.along += 1;
  else pair.against += 1;
  if (pair.along > 0 && pair.against > 0) pair.line = earlier.line;
}

interface Inversion {
  readonly facts: readonly [ShapeFacts, ShapeFacts];
  rows: number;
  times: number;
  readonly line: number;
}

/** The inversions of each pair of statements together. */
function grouped(pairs: ReadonlyMap<string, Pair>, minTimes: number): readonly Inversion[] {
  const found: Inversion[] = [];
  for (const { facts, rows, along, against, line } of pairs.values()) {
    const times = Math.min(along, against);
    if (times < minTimes) continue;
    const known = found.find(
      (one) => one.facts.every((own) => facts.includes(own)) && facts.every((own) => one.facts.includes(own)),
    );
    if (known) {
      known.times += times;
      if (rows) known.rows += 1;
    } else found.push({ facts, rows: rows ? 1 : 0, times, line });
  }
  return found;
}
