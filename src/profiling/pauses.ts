import type { Transaction } from './units.js';

/** What else a session did within a transaction: a statement that no pattern looks at (COPY, SET), or one that failed. */
export interface Besides {
  /** The number of the step behind which it came; -1 for none. */
  readonly after: number;
  /** Null where nothing says when it began. */
  readonly startMs: number | null;
  readonly endMs: number | null;
}

/** Time in which a transaction was open and nothing of its session ran. */
export interface Pause {
  /** The number of the last step before it. */
  readonly after: number;
  readonly ms: number;
}

/** The pauses of a transaction behind its first step, as far as the log holds when they began and ended. */
export function pausesOf({ steps, besides, endingMs }: Transaction): readonly Pause[] {
  const pauses: Pause[] = [];
  steps.forEach((step, after) => {
    let sinceMs = step.endMs;
    const next = steps[after + 1];
    const end = { startMs: next ? next.startMs : endingMs, endMs: null };
    for (const { startMs, endMs } of [...besides.filter((one) => one.after === after), end]) {
      if (startMs !== null && sinceMs !== null) pauses.push({ after, ms: Math.max(0, startMs - sinceMs) });
      sinceMs = endMs;
    }
  });
  return pauses;
}
