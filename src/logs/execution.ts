import type { LoggedPlan } from './plan.js';

/** One execution of a statement, as a source shows it. Null is what the source does not say. */
export interface Execution {
  readonly line: number;
  readonly timeMs: number | null;
  readonly utc: boolean;
  readonly user: string | null;
  readonly database: string | null;
  readonly application: string | null;
  readonly session: string | null;
  readonly sql: string;
  /** Whether values came apart from the text. */
  readonly extended: boolean;
  /** SQL literals for `$1, $2, ...`, or the text of a DETAIL that holds them: read when they are wanted. */
  readonly parameters: string | readonly string[] | null;
  /** Null when it was not timed. */
  readonly ms: number | null;
  readonly plan: LoggedPlan | null;
}

/** Something that was said of a statement without its being an execution. */
export interface Remark {
  readonly sql: string;
  readonly kind: 'error' | 'temporary-file';
  /** Of the temporary file. */
  readonly bytes: number;
}

/** Where executions go. */
export interface ExecutionSink {
  execution(execution: Execution): void;
  remark(remark: Remark): void;
}
