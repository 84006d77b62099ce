import type { Evidence, Severity } from './finding.js';

/** A way in which a program uses the database that costs more than it must, as its log shows it. */
export interface ApplicationFinding {
  /** The pattern's id, e.g. `n-plus-one`. */
  readonly pattern: string;
  readonly severity: Severity;
  /** One sentence, without any constant of the log. */
  readonly title: string;
  /** How often it was seen, and what was counted. */
  readonly count: number;
  readonly counted: string;
  /** What it took, and what time that is; null where the log holds no times. */
  readonly timeMs: number | null;
  readonly timeIs: string;
  readonly evidence: readonly Evidence[];
  /** Statements it is about, constants replaced, the one to change first. */
  readonly statements: readonly string[];
  /** What to change in the program. */
  readonly change: string;
  /** The change as SQL, where it can be written down; null otherwise. */
  readonly sql: string | null;
  /** Places in the program, from tags in comments. */
  readonly sources: readonly string[];
  /** A line of the log at which it can be seen, 1-based. */
  readonly line: number;
}
