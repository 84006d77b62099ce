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
  readonly message: string;
  readonly detail: string | null;
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
  record(record: LogRecord): void;
  unread(unread: Unread): void;
}

/** A reader of one file, fed with text in pieces of any size. */
export interface TextReader {
  push(text: string): void;
  /** After the last piece. */
  end(): void;
}

/** Severities of `elog.c`, as English servers write them. */
export const SEVERITIES = 'DEBUG[1-5]?|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC';

/** Parts of a message that stderr logs put on lines of their own (`elog.c`, `send_message_to_server_log`). */
export const PARTS = 'DETAIL|HINT|QUERY|CONTEXT|STATEMENT|LOCATION|BACKTRACE';

/** `2026-01-02 03:04:05.678 UTC` to ms, the zone left aside; null where it is no time. */
export function parseLogTime(text: string): { readonly ms: number; readonly utc: boolean } | null {
  const second = text.slice(0, 19);
  if (second !== cachedSecond) {
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
    cachedSecond = Buffer.from(second).toString();
    cachedMs = Date.UTC(year, month - 1, day, hour, minute, sec);
  }
  const rest = text.slice(19);
  const fraction = rest.charCodeAt(0) === 46 ? Number.parseFloat(`0${rest}`) : 0;
  return { ms: cachedMs + Math.round(fraction * 1000), utc: /(?:UTC|GMT|Z|[+]00(?::?00)?)$/.test(rest) };
}

/** Lines of one second follow each other. */
let cachedSecond = '';
let cachedMs = 0;

/** A copy that does not keep the piece of the file alive which it was cut from. */
export function owned(text: string): string {
  return text.length < 13 ? text : Buffer.from(text, 'utf8').toString('utf8');
}
