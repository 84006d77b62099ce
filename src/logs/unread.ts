import type { Skipped } from '../model/coverage.js';
import type { FileIntake } from './intake.js';
import type { Unread } from './record.js';

/** What could not be read of a file: how much, and the lines of some of it. */
export interface UnreadSummary {
  readonly reason: string;
  readonly count: number;
  /** The first of them. */
  readonly lines: readonly number[];
}

/** Counts what was not read by reason, and keeps the first lines. */
export class UnreadLines {
  private readonly reasons = new Map<string, { count: number; readonly lines: number[] }>();

  add({ line, reason }: Unread): void {
    const known = this.reasons.get(reason) ?? { count: 0, lines: [] };
    known.count += 1;
    if (known.lines.length < SHOWN_LINES) known.lines.push(line);
    this.reasons.set(reason, known);
  }

  summary(): readonly UnreadSummary[] {
    return [...this.reasons].map(([reason, { count, lines }]) => ({ reason, count, lines }));
  }
}

const SHOWN_LINES = 5;

/** What to do about a log in another language. */
export const ENGLISH = "Set lc_messages = 'C' on the server (a reload is enough), and take a log from then on.";

/** What of a file is no part of the workload, and why. */
export function unreadSkipped({ name, unread, aside }: FileIntake): readonly Skipped[] {
  const lines = unread.map(({ reason, count, lines: shown }) => ({
    what: `${count} ${count === 1 ? 'line' : 'lines'} of ${name} (${shown.join(', ')}${count > shown.length ? ', ...' : ''})`,
    reason,
    remedy: null,
  }));
  const rows: readonly (readonly [number, string, string, string | null])[] = [
    [
      aside?.foreign ?? 0,
      `durations in ${aside?.language ?? ''}`,
      'messages of a server are read in English only',
      ENGLISH,
    ],
    [
      aside?.durationsAlone ?? 0,
      'durations without a statement',
      'log_duration writes them alone, and no log_statement came before in the session',
      'Set log_min_duration_statement instead of log_duration.',
    ],
    [
      aside?.nestedPlans ?? 0,
      'plans of statements inside functions',
      'their time is part of the statement that calls the function',
      null,
    ],
    [
      aside?.unreadPlans ?? 0,
      'plans of auto_explain',
      'their form is not read',
      "Set auto_explain.log_format to 'text' or 'json'.",
    ],
  ];
  return [
    ...lines,
    ...rows
      .filter(([count]) => count > 0)
      .map(([count, what, reason, remedy]) => ({ what: `${count} ${what} in ${name}`, reason, remedy })),
  ];
}
