import type { Origin } from './origins.js';
import type { Said } from './comments.js';
import type { LoggedPlan } from './plan.js';
import type { Scanned } from './scanned.js';
import type { Shape } from './shape.js';
import type { Stretch } from './stretch.js';

/** One execution of a statement, as a source shows it. Null is what the source does not say. */
export interface Execution {
  readonly line: number;
  /** When it ended, where it was timed; when it was logged otherwise. Ms since 1970 as if the log's zone were UTC. */
  readonly timeMs: number | null;
  readonly utc: boolean;
  readonly origin: Origin;
  readonly session: string | null;
  readonly sql: Stretch;
  /** Whether values came apart from the text. */
  readonly extended: boolean;
  /** SQL literals for `$1, $2, ...`, or the text of a DETAIL that holds them: read when they are wanted. */
  readonly parameters: Stretch | readonly string[] | null;
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

/** Where executions go: each is its source's, which writes the next one over it. */
export interface ExecutionSink {
  execution(execution: Execution): void;
  remark(remark: Remark): void;
  event(event: SessionEvent): void;
}

/** What is told of a session beside its executions. */
export interface SessionEvent {
  /** `prepared` is a statement that was parsed, with its time. */
  readonly kind: 'connected' | 'disconnected' | 'prepared' | Failure;
  readonly line: number;
  readonly timeMs: number | null;
  readonly session: string | null;
  /** The statement that it is about; null when the log does not say. */
  readonly sql: string | null;
  /** Of parsing, or how long the connection lasted. */
  readonly ms: number | null;
}

/** Errors that say something of how a program uses the database. */
export type Failure = 'duplicate-key' | 'deadlock' | 'statement-timeout' | 'idle-timeout' | 'other-error';

/** What is known of an execution's text, which the next one overwrites. */
export interface ExecutionText {
  /** Of its shape, among all shapes. */
  readonly number: number;
  readonly scanned: Scanned;
  readonly said: Said;
}

/** Somebody who looks at executions one by one, in the order of the log, beside the shapes that are counted. */
export interface ExecutionObserver {
  executed(execution: Execution, text: ExecutionText, shapes: readonly Shape[]): void;
  event(event: SessionEvent): void;
}
