import { lex, withoutConstants } from '../logs/lex.js';
import { nameOf } from '../sql/name.js';
import type { PatternFinding } from './define.js';
import { measured } from './words.js';

/** The deadlocks of a log, by the statement that the server ended. */
export class Deadlocks {
  count = 0;
  private readonly byKey = new Map<string, { readonly text: string; count: number; readonly line: number }>();

  /** `sql` is null where the log does not show the statement. */
  add(sql: string | null, line: number): void {
    this.count += 1;
    const lexed = sql === null ? null : lex(sql);
    const key = lexed?.key ?? '';
    const known = this.byKey.get(key);
    if (known) known.count += 1;
    else if (this.byKey.size < MAX_STATEMENTS)
      this.byKey.set(key, { text: sql !== null && lexed ? withoutConstants(sql, lexed) : '', count: 1, line });
  }

  /** Of the statements whose keys are not known already, most often ended first. */
  findings(known: ReadonlySet<string>): readonly PatternFinding[] {
    return [...this.byKey]
      .filter(([key]) => !known.has(key))
      .toSorted(([, a], [, b]) => b.count - a.count)
      .map(([, { text, count, line }]) => ({
        title:
          text === '' ? 'Deadlocks ended statements that the log does not show' : `Ended by deadlocks: ${nameOf(text)}`,
        count,
        counted: 'deadlocks',
        timeMs: null,
        timeIs: 'unknown: waits for locks are logged by log_lock_waits',
        evidence: [measured('deadlocks in the log, of any statement', this.count, 'deadlocks')],
        statements: text === '' ? [] : [text],
        change:
          'The DETAIL of each in the log names both statements: have their transactions lock rows in one order, and try again what was ended.',
        sql: null,
        line,
        shapes: [],
      }));
  }
}

const MAX_STATEMENTS = 1000;
