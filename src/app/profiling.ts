import { Worker } from 'node:worker_threads';
import { WizardError } from '../base/errors.js';
import type { ExecutionObserver } from '../logs/execution.js';
import { BatchWriter } from '../profiling/batch.js';
import type { Batch, Room } from '../profiling/batch.js';
import { catalogue } from '../profiling/catalogue.js';
import { Profiler } from '../profiling/profile.js';
import type { Profile } from '../profiling/profile.js';
import { totalsOf } from '../profiling/totals.js';
import type { ShapeTotals } from '../profiling/totals.js';
import { untilAborted } from './interruption.js';

/** What the thread of a profile is sent: batches in their order, then once the totals by the numbers of the shapes. */
export type ToThread = { readonly batch: Batch } | { readonly totals: readonly ShapeTotals[] };

/** What it sends back: that the next batch was read, and at last the profile. */
export type FromThread = 'read' | { readonly profile: Profile };

export interface ProfilingOptions {
  readonly signal: AbortSignal;
  /** What the thread runs. */
  readonly thread?: URL;
  /** Batches that wait for the thread at most. */
  readonly ahead?: number;
}

/**
 * Looks for patterns of use while a log is read. Reading keeps one thread busy, so that there is a second one from the first full batch on; a shorter log has ended before that would have begun.
 * Needs `loadParser()`. To be closed, whatever became of it.
 */
export class Profiling {
  private readonly writer = new BatchWriter((batch) => this.take(batch));
  private thread: ProfilingThread | null = null;

  constructor(private readonly options: ProfilingOptions) {}

  get observer(): ExecutionObserver {
    return this.writer;
  }

  /** Null where more can be read at once; else what is to be waited for first, so that memory does not grow. Rejects where the thread failed, and after an abort. */
  behind(): Promise<unknown> | null {
    const waits = this.thread?.behind() ?? null;
    return waits && untilAborted(this.options.signal, waits);
  }

  /** After the last execution. */
  async end(): Promise<Profile> {
    const { writer, thread, options } = this;
    const rest = writer.rest();
    const totals = totalsOf(writer.shapes);
    if (thread) {
      thread.send(rest);
      return untilAborted(options.signal, thread.end(totals));
    }
    const profiler = new Profiler(catalogue);
    profiler.take(rest);
    return profiler.end(totals);
  }

  async close(): Promise<void> {
    await this.thread?.close();
  }

  private take(batch: Batch): void {
    const { thread = THREAD, ahead = MAX_AHEAD } = this.options;
    this.thread ??= new ProfilingThread(thread, ahead, (room) => this.writer.reuse(room));
    this.thread.send(batch);
  }
}

const THREAD = new URL('./profiling-thread.js', import.meta.url);
/** As many as a log gives while the thread starts and learns its first thousands of shapes; 35 MB. */
const MAX_AHEAD = 32;

/** The other thread, as seen from here. */
class ProfilingThread {
  private readonly worker: Worker;
  /** Batches that it has not read yet. */
  private readonly ahead: Room[] = [];
  private profile: Profile | null = null;
  private failure: Error | null = null;
  /** Tells those who wait that something came. */
  private wake: () => void = () => undefined;

  constructor(
    url: URL,
    private readonly maxAhead: number,
    reuse: (room: Room) => void,
  ) {
    this.worker = new Worker(url);
    this.worker.on('message', (message: FromThread) => {
      if (message === 'read') reuse(this.ahead.shift() as Room);
      else this.profile = message.profile;
      this.wake();
    });
    this.worker.on('error', (cause) => this.fail(cause));
    this.worker.on('exit', () => this.fail(null));
  }

  send(batch: Batch): void {
    this.ahead.push(batch);
    // A shape of this thread is more than its plain data.
    const shapes = batch.shapes.map(({ number, key, text, extended, lexed }) => {
      return { number, key, text, extended, lexed, parsed: null };
    });
    this.post({ batch: { ...batch, shapes } });
  }

  behind(): Promise<unknown> | null {
    const { failure, ahead, maxAhead } = this;
    return failure || ahead.length >= maxAhead ? this.until(() => ahead.length < maxAhead || null) : null;
  }

  end(totals: readonly ShapeTotals[]): Promise<Profile> {
    this.post({ totals });
    return this.until(() => this.profile);
  }

  async close(): Promise<void> {
    this.fail(null);
    await this.worker.terminate();
  }

  private post(message: ToThread): void {
    this.worker.postMessage(message, []);
  }

  private fail(cause: unknown): void {
    this.failure ??= new WizardError('internal', 'The thread that looks for patterns of use ended before it was done', {
      cause,
      hint: 'With --ranking-only none is looked for.',
    });
    this.wake();
  }

  /** What it gives as soon as it gives something. One waits at a time. */
  private async until<T>(given: () => T | null): Promise<T> {
    for (;;) {
      if (this.failure) throw this.failure;
      const value = given();
      if (value !== null) return value;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
