import { ascii, findBytes, standsAt, Stretch } from './stretch.js';

/** What a message of the server says about statements. */
export type Message =
  | {
      readonly kind: 'executed';
      /** Null for `log_statement`, which says no time. */
      readonly ms: number | null;
      readonly sql: Stretch;
      /** Whether values came apart from the text, in the extended protocol. */
      readonly extended: boolean;
    }
  /** `log_duration`: how long the statement took which the same session logged before. */
  | { readonly kind: 'duration'; readonly ms: number }
  /** Parsing or binding, which is no execution; `sql` of what was parsed, null of what was bound. */
  | { readonly kind: 'prepared'; readonly ms: number; readonly sql: Stretch | null }
  /** auto_explain. */
  | { readonly kind: 'plan'; readonly ms: number; readonly body: Stretch }
  | { readonly kind: 'temporary-file'; readonly bytes: number }
  /** With how long the connection lasted. */
  | { readonly kind: 'disconnected'; readonly ms: number | null }
  | { readonly kind: 'connected' }
  | { readonly kind: 'other' };

/** The one kind that comes by the hundred thousand is written over for the next. */
const executed = {
  kind: 'executed' as const,
  ms: null as number | null,
  sql: new Stretch(Buffer.alloc(1), 0, 0),
  extended: false,
};

/**
 * Reads a message of severity LOG, as English servers write it (`postgres.c`: `check_log_duration`, `errdetail_execute`; `fd.c`; `auto_explain.c`).
 * With `lc_messages` of another language everything is `other`. What is returned holds until the next is read.
 */
export function readMessage(message: Stretch): Message {
  const { bytes, start, end } = message;
  if (standsAt(bytes, start, end, DURATION)) return readDuration(message);
  if (standsAt(bytes, start, end, STATEMENT)) return execution(message, start + STATEMENT.length, null, false);
  if (standsAt(bytes, start, end, EXECUTE)) {
    const sql = behindName(message, start + EXECUTE.length);
    if (sql !== -1) return execution(message, sql, null, true);
  }
  return readOther(message.text());
}

function readOther(text: string): Message {
  if (text.startsWith('temporary file: ')) {
    const size = /, size (\d+)\s*$/.exec(text)?.[1];
    if (size !== undefined) return { kind: 'temporary-file', bytes: Number(size) };
  }
  if (text.startsWith('disconnection: ')) return { kind: 'disconnected', ms: sessionTime(text) };
  if (text.startsWith('connection authorized: ')) return { kind: 'connected' };
  return { kind: 'other' };
}

function execution({ bytes, end }: Stretch, start: number, ms: number | null, extended: boolean): Message {
  executed.ms = ms;
  executed.extended = extended;
  executed.sql.set(bytes, start, end);
  return executed;
}

function readDuration(message: Stretch): Message {
  const { bytes, start, end } = message;
  const from = start + DURATION.length;
  const unit = findBytes(bytes, from, Math.min(end, from + LONGEST_NUMBER), UNIT);
  const ms = unit === -1 ? Number.NaN : milliseconds(bytes, from, unit);
  if (!Number.isFinite(ms)) return { kind: 'other' };
  let at = unit + UNIT.length;
  while (at < end && bytes[at] === SPACE) at += 1;
  if (at >= end) return { kind: 'duration', ms };
  if (standsAt(bytes, at, end, STATEMENT)) return execution(message, at + STATEMENT.length, ms, false);
  if (standsAt(bytes, at, end, EXECUTE)) {
    const sql = behindName(message, at + EXECUTE.length);
    if (sql !== -1) return execution(message, sql, ms, true);
  }
  if (standsAt(bytes, at, end, PLAN)) return { kind: 'plan', ms, body: new Stretch(bytes, at + PLAN.length, end) };
  if (standsAt(bytes, at, end, PARSE)) {
    const sql = behindName(message, at + PARSE.length);
    return { kind: 'prepared', ms, sql: sql === -1 ? null : new Stretch(bytes, sql, end) };
  }
  if (standsAt(bytes, at, end, BIND)) return { kind: 'prepared', ms, sql: null };
  return { kind: 'other' };
}

/** `1234.567`: digits and at most one point; NaN for all else. The sum and its unit are whole numbers, so that their quotient is the nearest there is. */
function milliseconds(bytes: Buffer, from: number, to: number): number {
  if (to - from > LONGEST) return Number(bytes.toString('latin1', from, to));
  let sum = 0;
  let unit = 0;
  for (let at = from; at < to; at += 1) {
    const code = bytes[at] as number;
    if (code === POINT && unit === 0) {
      unit = 1;
      continue;
    }
    if (code < ZERO || code > ZERO + 9) return Number.NaN;
    sum = sum * 10 + (code - ZERO);
    unit *= 10;
  }
  return unit === 0 ? sum : sum / unit;
}

const DURATION = ascii('duration: ');
const UNIT = ascii(' ms');
const STATEMENT = ascii('statement: ');
const EXECUTE = ascii('execute ');
const PLAN = ascii('plan:');
const PARSE = ascii('parse ');
const BIND = ascii('bind ');
const BEHIND_NAME = ascii(': ');
/** Beyond 15 digits a whole number is no longer exact. */
const LONGEST = 15;
/** Of a duration with its unit. */
const LONGEST_NUMBER = 64;
const SPACE = 32;
const POINT = 46;
const ZERO = 48;

/** Where the statement begins in `execute <unnamed>: SELECT`, `execute S_1/C_2: SELECT`; -1 without a colon. */
function behindName({ bytes, end }: Stretch, from: number): number {
  const colon = findBytes(bytes, from, end, BEHIND_NAME);
  return colon === -1 ? -1 : colon + BEHIND_NAME.length;
}

/** `disconnection: session time: 0:01:02.345 user=...` (`postgres.c`, `log_disconnections`), in ms. */
function sessionTime(text: string): number | null {
  const match = /session time: (\d+):(\d\d):(\d\d\.\d+)/.exec(text);
  return match ? Math.round((Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3])) * 1000) : null;
}
