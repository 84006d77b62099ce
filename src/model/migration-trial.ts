/** What a copy showed of a step of a planned migration. Measured, without load. */
export interface TriedStep {
  readonly applyMs: number;
  readonly walBytes: number;
  /** How much larger the database is after it; less than nothing where it became smaller. */
  readonly addedBytes: number;
  readonly revert: TriedRevert;
}

/** `along`: what it did goes with a step before it. `no-way`: it has none, or one after it has none, so that it was not run. */
export interface TriedRevert {
  readonly outcome: 'as-before' | 'not-as-before' | 'along' | 'failed' | 'no-way';
  /** What is otherwise than before, or why it failed; empty for the rest. */
  readonly note: string;
}

/** Steps up to the first that failed. */
export interface MigrationTrial {
  readonly steps: readonly TriedStep[];
  /** The server's words for the step after them; null where all ran. */
  readonly failure: string | null;
}
