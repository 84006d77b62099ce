/** One execution of a statement in a source that is no log of the server: a script, the log of a program. */
export interface TextStatement {
  /** 1-based. */
  readonly line: number;
  /** With `$1, $2, ...` where values came apart from the text. */
  readonly sql: string;
  /** SQL literals for them; null when they are not known. */
  readonly parameters: readonly string[] | null;
  readonly ms: number | null;
}
