import { Heads } from './heads.js';
import type { Head } from './heads.js';
import type { LinePrefix } from './prefix.js';
import type { LogRecord, RecordSink, TextReader } from './record.js';
import { Lines } from './lines.js';
import { unwrapped } from './wrapping.js';
import type { Wrapping } from './wrapping.js';

/** A record while its lines come in. */
type Open = { -readonly [Field in keyof LogRecord]: LogRecord[Field] };

/** The parts that are kept, by the name on their line; continuation lines belong to the part before them. */
const FIELDS: Readonly<Record<string, 'detail' | 'context' | 'statement'>> = {
  DETAIL: 'detail',
  CONTEXT: 'context',
  STATEMENT: 'statement',
};

/**
 * Reads a log that the server wrote to stderr: each message with its prefix, its further lines beginning with a tab (or without anything, as some collectors leave them),
 * its DETAIL, CONTEXT and STATEMENT on lines of their own.
 */
export function readStderr(prefix: LinePrefix, sink: RecordSink, wrapping: Wrapping | null = null): TextReader {
  const heads = new Heads(prefix);
  const open = emptyRecord();
  let isOpen = false;
  let field: 'message' | 'detail' | 'context' | 'statement' | null = 'message';
  const flush = (): void => {
    if (isOpen) sink.record(open);
    isOpen = false;
  };
  const append = (line: string): void => {
    if (field !== null) open[field] = `${open[field] ?? ''}\n${line}`;
  };
  /** A server's own further lines begin with a tab: then one without is no part of a message, but cut off, or of another program. */
  let tabs = false;
  const lines = new Lines((written, number) => {
    const line = wrapping ? unwrapped(wrapping, written) : written;
    if (line.charCodeAt(0) === TAB) {
      tabs = wrapping?.cuts !== true;
      if (isOpen) append(line.slice(1));
      else sink.unread({ line: number, reason: 'a continuation without its message' });
      return;
    }
    const head = heads.read(line);
    if (!head) {
      if (isOpen && !tabs && !TIME_FIRST.test(line)) append(line);
      else if (line !== '') sink.unread({ line: number, reason: 'no message of the server begins here' });
      return;
    }
    const text = line.slice(heads.end);
    if (head.part !== null) {
      if (isOpen) {
        field = FIELDS[head.part] ?? null;
        if (field !== null) open[field] = text;
      } else sink.unread({ line: number, reason: `${head.part} without its message` });
      return;
    }
    flush();
    begin(open, number, head, heads.timeMs);
    open.message = text;
    isOpen = true;
    field = 'message';
  });
  return {
    push: (text) => lines.push(text),
    end() {
      lines.end();
      flush();
    },
  };
}

const TAB = 9;
/** No statement goes on like this. */
const TIME_FIRST = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/;

function begin(record: Open, line: number, head: Head, timeMs: number | null): void {
  record.line = line;
  record.timeMs = timeMs;
  record.utc = head.utc;
  record.user = head.user;
  record.database = head.database;
  record.application = head.application;
  record.session = head.session;
  record.severity = head.severity ?? 'LOG';
  record.detail = null;
  record.context = null;
  record.statement = null;
}

function emptyRecord(): Open {
  return {
    line: 0,
    timeMs: null,
    utc: false,
    user: null,
    database: null,
    application: null,
    session: null,
    severity: 'LOG',
    message: '',
    detail: null,
    context: null,
    statement: null,
  };
}
