import { OTHER_LOGS } from './language.js';
import type { Stretch } from './stretch.js';

/** One message of a server's log, whatever the format it was written in. Absent fields are null. */
export interface LogRecord {
  /** 1-based, of the message's first line in its file. */
  readonly line: number;
  /** Wall time as the log has it, in ms since 1970 as if its zone were UTC; null when the log holds none. */
  readonly timeMs: number | null;
  /** Whether that zone is UTC. */
  readonly utc: boolean;
  readonly user: string | null;
  readonly database: string | null;
  readonly application: string | null;
  /** What tells sessions apart: the session id, else the process id. */
  readonly session: string | null;
  /** `LOG`, `ERROR`, ... as the server writes it. */
  readonly severity: string;
  readonly message: Stretch;
  readonly detail: Stretch | null;
  /** Call stack: set where a statement ran inside a function. */
  readonly context: string | null;
  /** The statement that a message is about, where that is not part of the message. */
  readonly statement: string | null;
}

/** Why a piece of a file was not read. */
export interface Unread {
  readonly line: number;
  /** Without any text of the file. */
  readonly reason: string;
}

/** Where a reader hands over what it found. */
export interface RecordSink {
  /** The record is the reader's, which may write the next one over it. */
  record(record: LogRecord): void;
  unread(unread: Unread): void;
}

/** A reader of one file, fed with its bytes in pieces of any size. */
export interface ByteReader {
  push(piece: Uint8Array): void;
  /** After the last piece. */
  end(): void;
}

/** The same, fed with text. */
export interface TextReader {
  push(text: string): void;
  /** After the last piece. */
  end(): void;
}

/** Severities of `elog.c`, as English servers write them, and the one of a log in all languages. */
export const SEVERITIES = `DEBUG[1-5]?|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC|${OTHER_LOGS}`;

/** Parts of a message that stderr logs put on lines of their own (`elog.c`, `send_message_to_server_log`). */
export const PARTS = 'DETAIL|HINT|QUERY|CONTEXT|STATEMENT|LOCATION|BACKTRACE';

/** Wall time in ms since 1970 as if its zone were UTC, and whether it is. */
export interface LogTime {
  readonly ms: number;
  readonly utc: boolean;
}

/** `2026-01-02 03:04:05.678 UTC` to ms, the zone left aside; null where it is no time. */
export function parseLogTime(text: string): LogTime | null {
  const second = secondMs(text);
  if (second === null) return null;
  const zone = fractionEnd(text);
  if (text.length - zone !== cachedZone.length || !text.endsWith(cachedZone)) {
    cachedZone = owned(text.slice(zone));
    cachedUtc = /(?<![A-Za-z])(?:UTC|GMT|Z)$|[+]00(?::?00)?$/.test(cachedZone);
  }
  return { ms: second + fractionMs(text, zone), utc: cachedUtc };
}

/** The second at the beginning of a text, in ms since 1970 as if its zone were UTC; null where none is. */
function secondMs(text: string): number | null {
  if (cachedSecond !== '' && text.startsWith(cachedSecond)) return cachedMs;
  const second = text.slice(0, SECOND);
  const match = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)$/.exec(second);
  if (!match) return null;
  const [year, month, day, hour, minute, sec] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  cachedSecond = owned(second);
  cachedMs = Date.UTC(year, month - 1, day, hour, minute, sec);
  return cachedMs;
}

/** Behind the fraction of the second at the beginning of a text, where it has one. */
function fractionEnd(text: string): number {
  let end = SECOND;
  if (text.charCodeAt(end) !== DOT) return end;
  do end += 1;
  while (text.charCodeAt(end) >= ZERO && text.charCodeAt(end) <= ZERO + 9);
  return end;
}

/** That fraction in whole milliseconds; `end` is what `fractionEnd` gave. */
function fractionMs(text: string, end: number): number {
  let [unit, ms] = [1000, 0];
  for (let at = SECOND + 1; at < end; at += 1) {
    unit /= 10;
    ms += (text.charCodeAt(at) - ZERO) * unit;
  }
  return Math.round(ms);
}

/** Length of `2026-01-02 03:04:05`. */
const SECOND = 19;
const DOT = 46;
const ZERO = 48;

/** Lines of one second, and of one zone, follow each other. */
let cachedSecond = '';
let cachedMs = 0;
let cachedZone = '';
let cachedUtc = false;

/** V8 cuts a text of this length or longer out of another by reference (`SlicedString::kMinLength`), a shorter one by copying. */
const OWN = 13;

/** A copy that does not keep the piece of the file alive which it was cut from. To join two texts writes a new one, in less than half the time of the way through a buffer. */
export function owned(text: string): string {
  return text.length < OWN ? text : [text.slice(0, OWN - 1), text.slice(OWN - 1)].join('');
}
