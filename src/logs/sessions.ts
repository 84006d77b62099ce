import type { Execution, ExecutionSink, Failure, SessionEvent } from './execution.js';
import { languageOf } from './language.js';
import { lex } from './lex.js';
import { readMessage } from './message.js';
import { Origins } from './origins.js';
import { readLoggedPlan } from './plan.js';
import { owned } from './record.js';
import type { LogRecord } from './record.js';
import { ascii, standsAt, Stretch, stretchOf } from './stretch.js';

/** Messages that were read and are no execution, by what they are. */
export interface SetAside {
  /** Durations of parsing and binding. */
  prepared: number;
  /** Durations whose statement the log does not hold. */
  durationsAlone: number;
  /** Plans of statements inside functions: their time is part of the statement that calls the function. */
  nestedPlans: number;
  /** Plans in a form that is not read: XML, YAML. */
  unreadPlans: number;
  connections: number;
  errors: number;
  /** Durations in another language than English, and which it is. */
  foreign: number;
  language: string | null;
  /** Everything else: checkpoints, autovacuum, locks, notices. */
  other: number;
}

/** What waits in a session for the message that completes it. */
interface Waiting {
  /** Logged without its time, by `log_statement`. */
  statement: Execution | null;
  /** Logged by auto_explain, at the end of the execution and before its duration. */
  plans: Execution[];
  /** In the extended protocol a plan comes behind the duration: the portal ends later. */
  ended: Execution | null;
}

/** Turns the messages of a log into executions: a statement, its duration and its plan may be messages of their own, which belong together within a session. */
export class Sessions {
  readonly aside: SetAside = {
    prepared: 0,
    durationsAlone: 0,
    nestedPlans: 0,
    unreadPlans: 0,
    connections: 0,
    errors: 0,
    foreign: 0,
    language: null,
    other: 0,
  };
  private readonly waiting = new Map<string, Waiting>();
  private readonly origins = new Origins();
  private messages = 0;
  private plans = 0;
  /** Written over for the next. */
  private readonly current = emptyExecution();

  constructor(private readonly sink: ExecutionSink) {}

  record(record: LogRecord): void {
    this.messages += 1;
    if (record.severity !== 'LOG') return this.failure(record);
    const message = readMessage(record.message);
    switch (message.kind) {
      case 'executed': {
        const execution = this.executionOf(record, message.sql, message.extended, message.ms);
        if (message.ms === null) this.begun(execution);
        else this.ended(execution);
        return;
      }
      case 'duration':
        return this.timed(record, message.ms);
      case 'plan':
        return this.planned(record, message.ms, message.body.text());
      case 'temporary-file':
        if (record.statement === null) this.aside.other += 1;
        else this.sink.remark({ sql: record.statement, kind: 'temporary-file', bytes: message.bytes });
        return;
      case 'prepared':
        this.aside.prepared += 1;
        if (message.sql !== null) this.tell(record, 'prepared', message.sql.text(), message.ms);
        return;
      case 'disconnected':
        this.flush(record.session ?? '');
        this.tell(record, 'disconnected', null, message.ms);
        return;
      case 'connected':
        this.aside.connections += 1;
        this.tell(record, 'connected', null, null);
        return;
      default:
        this.unknown(record.message.text());
    }
  }

  /** After the last message. */
  end(): void {
    for (const session of this.waiting.keys()) this.flush(session);
  }

  private executionOf(record: LogRecord, sql: Stretch, extended: boolean, ms: number | null): Open {
    const { detail } = record;
    const { current } = this;
    const prepared = extended || detail === null ? null : preparedText(detail);
    current.line = record.line;
    current.timeMs = record.timeMs;
    current.utc = record.utc;
    current.origin = this.origins.same(record.user, record.database, record.application);
    current.session = record.session;
    current.sql = prepared ?? sql;
    current.extended = extended || prepared !== null;
    current.parameters = prepared === null ? detail : null;
    current.ms = ms;
    return current;
  }

  private unknown(message: string): void {
    const language = languageOf(message);
    if (language === null) {
      this.aside.other += 1;
      return;
    }
    this.aside.foreign += 1;
    this.aside.language = language;
  }

  private failure(record: LogRecord): void {
    const failed = /^(?:ERROR|FATAL|PANIC)$/.test(record.severity);
    if (!failed) return this.unknown(record.message.text());
    this.aside.errors += 1;
    if (record.statement !== null) this.sink.remark({ sql: record.statement, kind: 'error', bytes: 0 });
    // What was logged at its beginning has no duration to wait for.
    if (record.session !== null) this.flush(record.session);
    this.tell(record, failureOf(record.message.text()), record.statement, null);
  }

  private tell(
    { line, timeMs, session }: LogRecord,
    kind: SessionEvent['kind'],
    sql: string | null,
    ms: number | null,
  ): void {
    this.sink.event({ kind, line, timeMs, session, sql, ms });
  }

  private begun(execution: Execution): void {
    const session = execution.session ?? '';
    this.flush(session);
    this.open(session).statement = held(execution);
  }

  /** A statement with its time: what auto_explain said of it came just before. */
  private ended(execution: Execution): void {
    const session = execution.session ?? '';
    const waiting = this.waiting.size === 0 ? undefined : this.waiting.get(session);
    if (execution.extended && this.awaitsPlans() && !(waiting && isPlanned(waiting, execution))) {
      this.flush(session);
      this.open(session).ended = held(execution);
      return;
    }
    if (!waiting) return this.sink.execution(execution);
    this.waiting.delete(session);
    if (waiting.statement) this.sink.execution(waiting.statement);
    if (waiting.ended) this.sink.execution(waiting.ended);
    this.emit(execution, waiting.plans);
  }

  /** Whether plans may come behind their durations: not where many messages held none. */
  private awaitsPlans(): boolean {
    return this.plans > 0 || this.messages < PLANLESS_MESSAGES;
  }

  private timed(record: LogRecord, ms: number): void {
    const session = record.session ?? '';
    const waiting = this.waiting.get(session);
    if (!waiting?.statement) {
      this.aside.durationsAlone += 1;
      return;
    }
    this.waiting.delete(session);
    this.emit({ ...waiting.statement, timeMs: record.timeMs, ms }, waiting.plans);
  }

  private planned(record: LogRecord, ms: number, body: string): void {
    if (record.context !== null) {
      this.aside.nestedPlans += 1;
      return;
    }
    const plan = readLoggedPlan(body);
    if (!plan) {
      this.aside.unreadPlans += 1;
      return;
    }
    const execution = this.executionOf(record, stretchOf(plan.sql), plan.parameters !== null, ms);
    this.plans += 1;
    const waiting = this.open(record.session ?? '');
    if (waiting.ended) {
      const { ended } = waiting;
      waiting.ended = null;
      if (sameText(ended, execution)) return this.sink.execution({ ...ended, plan });
      this.sink.execution(ended);
    }
    if (waiting.plans.length >= MAX_PLANS) this.sink.execution(waiting.plans.shift() as Execution);
    const parameters = plan.parameters === null ? null : stretchOf(plan.parameters);
    waiting.plans.push(held({ ...execution, parameters, plan }));
  }

  /** The execution with the plan that is of the same statement; other plans are executions that were logged by auto_explain alone. */
  private emit(execution: Execution, plans: readonly Execution[]): void {
    if (plans.length === 0) return this.sink.execution(execution);
    const own = plans.findLast((logged) => sameText(logged, execution));
    for (const logged of plans) if (logged !== own) this.sink.execution(logged);
    this.sink.execution(own ? { ...execution, plan: own.plan, ms: execution.ms ?? own.ms } : execution);
  }

  private flush(session: string): void {
    const waiting = this.waiting.get(session);
    if (!waiting) return;
    this.waiting.delete(session);
    if (waiting.ended) this.sink.execution(waiting.ended);
    if (waiting.statement) this.emit(waiting.statement, waiting.plans);
    else for (const plan of waiting.plans) this.sink.execution(plan);
  }

  private open(session: string): Waiting {
    const known = this.waiting.get(session);
    if (known) return known;
    const [oldest] = this.waiting.keys();
    if (this.waiting.size >= MAX_SESSIONS && oldest !== undefined) this.flush(oldest);
    const waiting: Waiting = { statement: null, plans: [], ended: null };
    this.waiting.set(owned(session), waiting);
    return waiting;
  }
}

/** Sessions that wait at once: those that ended without a message must not pile up. */
const MAX_SESSIONS = 10_000;
/** Plans of one session that wait for a duration; without `log_min_duration_statement` none ever comes. */
const MAX_PLANS = 8;

/** Messages without a plan after which none is waited for. */
const PLANLESS_MESSAGES = 20_000;

/** By their text in English (`nbtinsert.c`, `deadlock.c`, `postgres.c`): most logs hold no SQLSTATE. */
const FAILURES: readonly (readonly [string, Failure])[] = [
  ['duplicate key value violates', 'duplicate-key'],
  ['deadlock detected', 'deadlock'],
  ['canceling statement due to statement timeout', 'statement-timeout'],
  ['terminating connection due to idle-in-transaction timeout', 'idle-timeout'],
];

function failureOf(message: string): Failure {
  return FAILURES.find(([text]) => message.startsWith(text))?.[1] ?? 'other-error';
}

function isPlanned({ plans }: Waiting, execution: Execution): boolean {
  return plans.some((plan) => sameText(plan, execution));
}

function sameText(a: Execution, b: Execution): boolean {
  const [one, other] = [a.sql.text(), b.sql.text()];
  return one === other || lex(one).key === lex(other).key;
}

/** The statement that an SQL `EXECUTE` runs: `prepare: PREPARE name AS SELECT ...`. */
function preparedText(detail: Stretch): Stretch | null {
  if (!standsAt(detail.bytes, detail.start, detail.end, PREPARE)) return null;
  const text = detail.text();
  const head = /^prepare:\s+PREPARE\s+(?:"(?:[^"]|"")*"|\S+?)\s*(?:\([^)]*\))?\s+AS\s+/i.exec(text);
  return head ? stretchOf(text.slice(head[0].length).replace(/;\s*$/, '')) : null;
}

const PREPARE = ascii('prepare: ');

type Open = { -readonly [Field in keyof Execution]: Execution[Field] };

function emptyExecution(): Open {
  const origin = { number: 0, user: null, database: null, application: null };
  const [sql, times] = [stretchOf(''), { timeMs: null, ms: null }];
  return { line: 0, ...times, utc: false, origin, session: null, sql, extended: false, parameters: null, plan: null };
}

/** What is kept for later must not hold the piece of the file that it was cut from. */
function held(execution: Execution): Execution {
  const { sql, parameters } = execution;
  return {
    ...execution,
    sql: sql.owned(),
    parameters: parameters instanceof Stretch ? parameters.owned() : parameters,
  };
}
