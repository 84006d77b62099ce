import type { FailedCase } from './measurement.js';

/** What a state of the database did under a number of clients. */
export interface LoadSide {
  /** Executions that were answered, errors left out. */
  readonly executions: number;
  /** Of those, per second. */
  readonly perSecond: number;
  /** As the client saw it, milliseconds. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly errors: number;
  /** What sending the load took of one core, 0 to 1: near 1 the sender is the limit, not the server. */
  readonly senderShare: number;
}

/** A number of clients, each of which sends the next statement of the workload's mix when its last one is answered. */
export interface LoadLevel {
  readonly clients: number;
  /** The state that the run began with. */
  readonly before: LoadSide;
  /** With all accepted changes. */
  readonly after: LoadSide;
}

/** Throughput under concurrency, before and after, interleaved. */
export interface Load {
  /** Clients ascending; the first is one client. */
  readonly levels: readonly LoadLevel[];
  /** Cores which server and sender share; null where the server is on another machine. */
  readonly cores: number | null;
  /** Statements that were not part of the load, and why. */
  readonly leftOut: readonly FailedCase[];
}
