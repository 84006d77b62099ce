/** One statement of the way from one schema to another. */
export interface DifferenceStatement {
  readonly sql: string;
  /** The object, for people. */
  readonly about: string;
  /** What it destroys beside the definition; null for nothing. */
  readonly loses: string | null;
}

/** A difference for which there is no statement, or none that does it wholly. */
export interface Unwritten {
  readonly what: string;
  readonly reason: string;
}
