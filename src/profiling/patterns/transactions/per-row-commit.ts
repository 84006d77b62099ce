import { z } from 'zod';
import { definePattern } from '../../define.js';
import type { ShapeFacts } from '../../facts.js';
import type { Step } from '../../step.js';
import { addTime, measured, named } from '../../words.js';

const ROWS = Array.from({ length: 60 }, (_, i) => i);

export default definePattern({
  id: 'transactions/per-row-commit',
  severity: 'warning',
  needs: ['sessions', 'times'],
  docs: {
    what: 'A session that writes row after row, each in a transaction of its own.',
    why: 'Every COMMIT waits until the WAL is on disk; many rows in one transaction wait once.',
    limits:
      'Transactions of exactly one statement that writes, one after the other in a session without a longer pause. With `synchronous_commit = off` a COMMIT does not wait, which a log does not show. ' +
      'Rows that must be visible one by one, or fail one by one, are better off as they are.',
    sources: ['PostgreSQL manual, "Populating a Database" and "Asynchronous Commit"'],
    bad: ROWS.map((n) => `a ${n * 5} duration: 3.0 ms  statement: INSERT INTO event (id, kind) VALUES (${n}, 'x')`),
    good: ROWS.map((n) => `a ${n * 2000} duration: 3.0 ms  statement: INSERT INTO event (id, kind) VALUES (${n}, 'x')`),
  },
  options: z.object({
    minRows: z.number().int().min(2).default(50).describe('in a row'),
    maxPauseMs: z.number().min(0).default(200).describe('between two transactions'),
  }),
  watch({ minRows, maxPauseMs }) {
    const open = new Map<string, Series>();
    const seen = new Map<
      ShapeFacts,
      { series: number; rows: number; most: number; ms: number | null; readonly line: number }
    >();
    const close = (series: Series | undefined): void => {
      if (!series || series.rows < minRows) return;
      const one = seen.get(series.facts) ?? { series: 0, rows: 0, most: 0, ms: null, line: series.line };
      one.series += 1;
      one.rows += series.rows;
      one.most = Math.max(one.most, series.rows);
      one.ms = addTime(one.ms, series.ms);
      seen.set(series.facts, one);
    };
    let begun = 0;
    /** A transaction of that session; `step` is what it wrote where that was all it did. */
    const note = (key: string, step: Step | null, beganMs: number | null, endedMs: number | null): void => {
      const before = open.get(key);
      const ms = beganMs === null || endedMs === null ? null : endedMs - beganMs;
      const pause = before && beganMs !== null && before.endedMs !== null ? beganMs - before.endedMs : 0;
      if (step && before?.facts === step.facts && pause <= maxPauseMs) {
        before.rows += 1;
        before.ms = addTime(before.ms, ms);
        before.endedMs = endedMs;
        return;
      }
      close(before);
      begun += 1;
      if (step && before) {
        before.facts = step.facts;
        before.rows = 1;
        before.ms = ms;
        before.endedMs = endedMs;
        before.line = step.line;
        before.begun = begun;
        return;
      }
      if (before) open.delete(key);
      if (open.size >= MAX_SESSIONS) open.clear();
      if (step) open.set(key, { facts: step.facts, rows: 1, ms, endedMs, line: step.line, begun });
    };
    return {
      single(step) {
        note(step.session ?? '', step.facts.target === null ? null : step, step.startMs, step.endMs);
      },
      transaction({ steps, session, beganMs, endedMs }) {
        const [step] = steps;
        const alone = steps.length === 1 && step?.facts.kind === 'write' && step.facts.target !== null ? step : null;
        note(session ?? '', alone, beganMs, endedMs);
      },
      findings() {
        for (const series of [...open.values()].toSorted((a, b) => a.begun - b.begun)) close(series);
        open.clear();
        return [...seen].map(([facts, one]) => ({
          title: `A commit for each row, up to ${one.most} in a row: ${named(facts)}`,
          count: one.rows,
          counted: 'commits',
          timeMs: one.ms,
          timeIs: 'of these transactions',
          evidence: [measured('series of them', one.series, 'series'), measured('longest series', one.most, 'commits')],
          statements: [facts.text],
          change:
            'Commit once for some hundred rows: put them into one transaction, and into one statement with many rows where they are known together.',
          sql: null,
          line: one.line,
          shapes: [facts],
        }));
      },
    };
  },
});

interface Series {
  facts: ShapeFacts;
  rows: number;
  ms: number | null;
  endedMs: number | null;
  line: number;
  /** Its number among all series. */
  begun: number;
}

/** Sessions watched at once; they are forgotten beyond it, which may cut a series in two. */
const MAX_SESSIONS = 5000;
