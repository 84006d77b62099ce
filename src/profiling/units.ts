import type { SessionEvent } from '../logs/execution.js';
import { owned } from '../logs/record.js';
import type { ShapeFacts } from './facts.js';
import type { Besides } from './pauses.js';
import type { Step } from './step.js';

/** Executions that belong together. */
export interface Unit {
  /** Whether it goes on where the one before it of that session was cut, so that little is kept. */
  readonly goesOn: boolean;
  /** A request by its tag; a transaction; else what one session ran outside of transactions without a pause. */
  readonly kind: 'request' | 'transaction' | 'run';
  readonly steps: readonly Step[];
  /** Executions beyond those that are kept, by shape. */
  readonly beyond: ReadonlyMap<ShapeFacts, { readonly count: number; readonly ms: number }>;
}

/** What came between BEGIN and the end of its transaction. */
export interface Transaction extends Unit {
  readonly kind: 'transaction';
  readonly session: string | null;
  /** When BEGIN came and when COMMIT or ROLLBACK ended; null where the log does not say. */
  readonly beganMs: number | null;
  readonly endedMs: number | null;
  /** When COMMIT or ROLLBACK itself began; null where its end is not in the log. */
  readonly endingMs: number | null;
  readonly besides: readonly Besides[];
  /** Whether its end is in the log. */
  readonly whole: boolean;
}

/** Where units go. A step is in one unit, and in one transaction. */
export interface UnitSink {
  /** Of two steps and more. */
  unit(unit: Unit): void;
  transaction(transaction: Transaction): void;
  /** A statement that writes, outside of BEGIN. */
  single(step: Step): void;
}

interface Open {
  steps: Step[];
  beyond: Map<ShapeFacts, { count: number; ms: number }> | null;
  lastMs: number | null;
  goesOn: boolean;
}

/** What is not closed yet of a session. */
export interface OpenSession {
  /** The same text for all its steps. */
  readonly id: string | null;
  transaction: (Open & { readonly beganMs: number | null; tagged: boolean; readonly besides: Besides[] }) | null;
  run: Open | null;
  request: (Open & { readonly id: string }) | null;
}

/** Puts executions together to requests, transactions and runs, in bounded memory. */
export class Units {
  private readonly sessions = new Map<string, OpenSession>();

  constructor(
    private readonly sink: UnitSink,
    /** A longer pause between two executions ends a run. */
    private readonly maxPauseMs = 100,
  ) {}

  /** `session` is the step's, and so is `kind`. */
  step(session: OpenSession, step: Step, kind: ShapeFacts['kind'], request: string | null): void {
    if (kind === 'begin') {
      this.endTransaction(session, null, step.startMs);
      // A pool's connection serves one request after another: what comes behind a transaction is hardly of the same loop.
      this.endRun(session);
      session.transaction = {
        steps: [],
        beyond: null,
        lastMs: null,
        goesOn: false,
        beganMs: step.startMs,
        tagged: false,
        besides: [],
      };
      return;
    }
    if (kind === 'end') return this.endTransaction(session, step, step.endMs);
    if (kind === 'other') return note(session, step);
    this.place(session, step, request);
    if (session.transaction) add(session.transaction, step);
    else if (kind === 'write') this.sink.single(step);
  }

  event(event: SessionEvent): void {
    if (event.kind === 'connected' || event.kind === 'prepared') return;
    const key = event.session ?? '';
    const session = this.sessions.get(key);
    if (!session) return;
    if (event.kind !== 'disconnected' && event.kind !== 'idle-timeout')
      return note(session, { startMs: null, endMs: event.timeMs });
    this.close(session, event.timeMs);
    this.sessions.delete(key);
  }

  end(): void {
    for (const session of this.sessions.values()) this.close(session, null);
    this.sessions.clear();
  }

  /** Into a request, or into the run of what is outside of transactions. */
  private place(session: OpenSession, step: Step, request: string | null): void {
    if (request !== null) {
      if (session.request?.id !== request) {
        this.endUnit(session.request, 'request');
        session.request = { ...opened(step, false), id: owned(request) };
      } else add(session.request, step);
      if (session.transaction) session.transaction.tagged = true;
      return;
    }
    if (session.transaction) return;
    this.endUnit(session.request, 'request');
    session.request = null;
    const { run } = session;
    const pause = run && step.startMs !== null && run.lastMs !== null ? step.startMs - run.lastMs : 0;
    const isCut = run?.steps.length === MAX_RUN && pause <= this.maxPauseMs;
    const isEnded = isCut || pause > this.maxPauseMs;
    if (run && !isEnded) return add(run, step);
    if (run?.steps.length === 1) return begin(run, step);
    if (isEnded) this.endRun(session);
    session.run = opened(step, isCut);
  }

  /** `end` is what ended it; null where that is not in the log. */
  private endTransaction(session: OpenSession, end: Step | null, endedMs: number | null): void {
    const open = session.transaction;
    session.transaction = null;
    if (!open) return;
    const transaction: Transaction = {
      kind: 'transaction',
      steps: open.steps,
      beyond: open.beyond ?? NOTHING,
      goesOn: false,
      session: session.id,
      beganMs: open.beganMs,
      endedMs,
      endingMs: end?.startMs ?? null,
      whole: end !== null,
      besides: open.besides,
    };
    this.sink.transaction(transaction);
    // Tagged steps are in their request.
    if (!open.tagged && open.steps.length > 1) this.sink.unit(transaction);
  }

  private endRun(session: OpenSession): void {
    this.endUnit(session.run, 'run');
    session.run = null;
  }

  private endUnit(open: Open | null, kind: 'request' | 'run'): void {
    if (!open || open.steps.length < 2) return;
    const { steps, beyond, goesOn } = open;
    this.sink.unit({ kind, steps, beyond: beyond ?? NOTHING, goesOn });
  }

  private close(session: OpenSession, endedMs: number | null): void {
    this.endTransaction(session, null, endedMs);
    this.endRun(session);
    this.endUnit(session.request, 'request');
  }

  /** The open session of that id, begun where there is none. */
  session(id: string | null): OpenSession {
    const key = id ?? '';
    const known = this.sessions.get(key);
    if (known) return known;
    const [oldest] = this.sessions.size >= MAX_SESSIONS ? this.sessions : [];
    if (oldest) {
      this.close(oldest[1], null);
      this.sessions.delete(oldest[0]);
    }
    const own = owned(key);
    const session: OpenSession = { id: id === null ? null : own, transaction: null, run: null, request: null };
    this.sessions.set(own, session);
    return session;
  }
}

/** Sessions that are open at once: the end of a connection is not always logged. */
const MAX_SESSIONS = 5000;
/** Steps that are kept of one unit; of those beyond it is counted of which shape they are. */
const MAX_STEPS = 1000;
/** Steps of a run: one that goes on is taken for several, so that little is kept. */
const MAX_RUN = 200;

const NOTHING: Unit['beyond'] = new Map();

/** What runs in a transaction is no pause of it. */
function note({ transaction }: OpenSession, { startMs, endMs }: Pick<Besides, 'startMs' | 'endMs'>): void {
  if (!transaction || transaction.besides.length >= MAX_STEPS) return;
  transaction.besides.push({ after: transaction.steps.length - 1, startMs, endMs });
}

/** Most units of a busy server hold few steps: an array that is made for one takes no room for more. */
function opened(first: Step, goesOn: boolean): Open {
  return { steps: [first], beyond: null, lastMs: first.endMs, goesOn };
}

/** Begins anew what was of one step, of which nobody wants to know: so are most runs of a busy server. */
function begin(open: Open, step: Step): void {
  open.steps[0] = step;
  open.lastMs = step.endMs;
  open.goesOn = false;
}

function add(open: Open, step: Step): void {
  open.lastMs = step.endMs;
  if (open.steps.length < MAX_STEPS) {
    open.steps.push(step);
    return;
  }
  open.beyond ??= new Map();
  const before = open.beyond.get(step.facts) ?? { count: 0, ms: 0 };
  open.beyond.set(step.facts, { count: before.count + 1, ms: before.ms + (step.ms ?? 0) });
}
