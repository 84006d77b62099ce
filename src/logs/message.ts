/** What a message of the server says about statements. */
export type Message =
  | {
      readonly kind: 'executed';
      /** Null for `log_statement`, which says no time. */
      readonly ms: number | null;
      readonly sql: string;
      /** Whether values came apart from the text, in the extended protocol. */
      readonly extended: boolean;
    }
  /** `log_duration`: how long the statement took which the same session logged before. */
  | { readonly kind: 'duration'; readonly ms: number }
  /** Parsing or binding, which is no execution; `sql` of what was parsed, null of what was bound. */
  | { readonly kind: 'prepared'; readonly ms: number; readonly sql: string | null }
  /** auto_explain. */
  | { readonly kind: 'plan'; readonly ms: number; readonly body: string }
  | { readonly kind: 'temporary-file'; readonly bytes: number }
  /** With how long the connection lasted. */
  | { readonly kind: 'disconnected'; readonly ms: number | null }
  | { readonly kind: 'connected' }
  | { readonly kind: 'other' };

/**
 * Reads a message of severity LOG, as English servers write it (`postgres.c`: `check_log_duration`, `errdetail_execute`; `fd.c`; `auto_explain.c`).
 * With `lc_messages` of another language everything is `other`.
 */
export function readMessage(text: string): Message {
  if (text.startsWith('duration: ')) return readDuration(text);
  if (text.startsWith('statement: ')) return { kind: 'executed', ms: null, sql: text.slice(11), extended: false };
  if (text.startsWith('execute ')) {
    const sql = behindName(text, 8);
    if (sql !== null) return { kind: 'executed', ms: null, sql, extended: true };
  }
  if (text.startsWith('temporary file: ')) {
    const size = /, size (\d+)\s*$/.exec(text)?.[1];
    if (size !== undefined) return { kind: 'temporary-file', bytes: Number(size) };
  }
  if (text.startsWith('disconnection: ')) return { kind: 'disconnected', ms: sessionTime(text) };
  if (text.startsWith('connection authorized: ')) return { kind: 'connected' };
  return { kind: 'other' };
}

function readDuration(text: string): Message {
  const end = text.indexOf(' ms', 10);
  const ms = end === -1 ? Number.NaN : milliseconds(text, 10, end);
  if (!Number.isFinite(ms)) return { kind: 'other' };
  let at = end + 3;
  while (text.charCodeAt(at) === SPACE) at += 1;
  if (at >= text.length) return { kind: 'duration', ms };
  if (text.startsWith('statement: ', at)) return { kind: 'executed', ms, sql: text.slice(at + 11), extended: false };
  if (text.startsWith('plan:', at)) return { kind: 'plan', ms, body: text.slice(at + 5) };
  if (text.startsWith('execute ', at)) {
    const sql = behindName(text, at + 8);
    if (sql !== null) return { kind: 'executed', ms, sql, extended: true };
  }
  if (text.startsWith('parse ', at)) return { kind: 'prepared', ms, sql: behindName(text, at + 6) };
  if (text.startsWith('bind ', at)) return { kind: 'prepared', ms, sql: null };
  return { kind: 'other' };
}

/** `1234.567`: digits and at most one point; NaN for all else. The sum and its unit are whole numbers, so that their quotient is the nearest there is. */
function milliseconds(text: string, from: number, to: number): number {
  if (to - from > LONGEST) return Number(text.slice(from, to));
  let sum = 0;
  let unit = 0;
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
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

/** Beyond 15 digits a whole number is no longer exact. */
const LONGEST = 15;
const SPACE = 32;
const POINT = 46;
const ZERO = 48;

/** `execute <unnamed>: SELECT`, `execute S_1/C_2: SELECT`; null without a colon. */
function behindName(text: string, from: number): string | null {
  const colon = text.indexOf(': ', from);
  return colon === -1 ? null : text.slice(colon + 2);
}

/** `disconnection: session time: 0:01:02.345 user=...` (`postgres.c`, `log_disconnections`), in ms. */
function sessionTime(text: string): number | null {
  const match = /session time: (\d+):(\d\d):(\d\d\.\d+)/.exec(text);
  return match ? Math.round((Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3])) * 1000) : null;
}
