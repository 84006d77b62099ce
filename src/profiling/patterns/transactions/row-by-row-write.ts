import { z } from 'zod';
import { groupBy } from '../../../base/group.js';
import { definePattern } from '../../define.js';
import type { ShapeFacts } from '../../facts.js';
import { addTime, measured, named } from '../../words.js';

const ROWS = Array.from({ length: 20 }, (_, i) => i + 1);

export default definePattern({
  id: 'transactions/row-by-row-write',
  severity: 'warning',
  needs: ['sessions'],
  docs: {
    what: 'Many rows written by one statement each, within one transaction.',
    why: 'Each statement pays a round trip and an execution of its own; one with many rows, or COPY, pays them once.',
    limits:
      'INSERTs of one row, and UPDATEs and DELETEs by equality, are counted. Whether the rows were known before the first was written the log does not say.',
    sources: ['PostgreSQL manual, "Populating a Database"'],
    bad: [
      'a 0 duration: 0.1 ms  statement: BEGIN',
      ...ROWS.map((n) => `a ${n} duration: 0.4 ms  statement: INSERT INTO items (order_id, line) VALUES (7, ${n})`),
      'a 30 duration: 0.9 ms  statement: COMMIT',
    ],
    good: [
      'a 0 duration: 0.1 ms  statement: BEGIN',
      `a 9 duration: 3.0 ms  statement: INSERT INTO items (order_id, line) VALUES ${ROWS.map((n) => `(7, ${n})`).join(', ')}`,
      'a 30 duration: 0.9 ms  statement: COMMIT',
    ],
  },
  options: z.object({
    minRows: z.number().int().min(2).default(20).describe('statements of one shape in a transaction'),
  }),
  watch({ minRows }) {
    const seen = new Map<
      ShapeFacts,
      { transactions: number; rows: number; ms: number | null; most: number; readonly line: number }
    >();
    return {
      transaction({ steps, beyond }) {
        if (steps.length < minRows) return;
        for (const [facts, own] of groupBy(steps, (step) => step.facts)) {
          if (!writesOneRow(facts) || own.length < minRows) continue;
          const more = beyond.get(facts);
          const one = seen.get(facts) ?? { transactions: 0, rows: 0, ms: null, most: 0, line: own[0]?.line ?? 0 };
          const count = own.length + (more?.count ?? 0);
          one.transactions += 1;
          one.rows += count;
          one.most = Math.max(one.most, count);
          one.ms = addTime(own.map((step) => step.ms).reduce(addTime, one.ms), more?.ms ?? null);
          seen.set(facts, one);
        }
      },
      findings: () =>
        [...seen].map(([facts, one]) => ({
          title: `Up to ${one.most} rows one by one in a transaction: ${named(facts)}`,
          count: one.rows,
          counted: 'statements',
          timeMs: one.ms,
          timeIs: 'in the database, of these statements',
          evidence: [
            measured('transactions with it', one.transactions, 'transactions'),
            measured('statements in one transaction, most', one.most, 'statements'),
          ],
          statements: [facts.text],
          change:
            facts.inserted.length > 0
              ? 'Insert many rows with one statement: several rows in VALUES, INSERT ... SELECT FROM unnest(arrays), or COPY.'
              : 'Change all rows with one statement: UPDATE or DELETE ... FROM (VALUES ...) or unnest(arrays), joined by the key.',
          sql: null,
          line: one.line,
          shapes: [facts],
        })),
    };
  },
});

function writesOneRow(facts: ShapeFacts): boolean {
  return facts.kind === 'write' && (facts.inserted.length > 0 || facts.equalities.length > 0);
}
