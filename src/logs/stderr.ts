import { Heads } from './heads.js';
import type { Head } from './heads.js';
import type { LinePrefix } from './prefix.js';
import type { ByteReader, LogRecord, RecordSink } from './record.js';
import { Stretch } from './stretch.js';
import { Window } from './window.js';
import { unwrapBytes } from './wrapping.js';
import type { Wrapping } from './wrapping.js';

/** A record while its lines come in. */
type Open = { -readonly [Field in keyof LogRecord]: LogRecord[Field] };

/** The parts that are kept. */
const PARTS = ['message', 'detail', 'context', 'statement'] as const;
type Part = (typeof PARTS)[number];

/** By the name on their line; continuation lines belong to the part before them. */
const NAMED: Readonly<Record<string, Part>> = { DETAIL: 'detail', CONTEXT: 'context', STATEMENT: 'statement' };

/**
 * Reads a log that the server wrote to stderr: each message with its prefix, its further lines beginning with a tab (or without anything, as some collectors leave them),
 * its DETAIL, CONTEXT and STATEMENT on lines of their own.
 */
export function readStderr(prefix: LinePrefix, sink: RecordSink, wrapping: Wrapping | null = null): ByteReader {
  return new StderrReader(new Heads(prefix), sink, wrapping);
}

class StderrReader implements ByteReader {
  private readonly window = new Window();
  private readonly record = emptyRecord();
  private isOpen = false;
  /** Of the open record: where its parts stand in the window, and which of them it has. Further lines are moved to the end of their part. */
  private readonly parts: Readonly<Record<Part, Stretch>>;
  private readonly has: Record<Part, boolean> = { message: false, detail: false, context: false, statement: false };
  /** Which part a further line belongs to; null for one that is not kept. */
  private part: Part | null = 'message';
  /** A server's own further lines begin with a tab: then one without is no part of a message, but cut off, or of another program. */
  private tabs = false;
  private number = 0;
  /** Where the line begins that is not read yet. */
  private next = 0;

  constructor(
    private readonly heads: Heads,
    private readonly sink: RecordSink,
    private readonly wrapping: Wrapping | null,
  ) {
    const part = (): Stretch => new Stretch(this.window.bytes, 0, 0);
    this.parts = { message: part(), detail: part(), context: part(), statement: part() };
  }

  push(piece: Uint8Array): void {
    this.take(piece);
    const { window } = this;
    for (let end = window.find('\n', 0); end !== -1; end = window.find('\n', this.next)) {
      const start = this.next;
      this.next = end + 1;
      this.line(start, end);
    }
  }

  end(): void {
    const { next, window } = this;
    this.next = window.end;
    if (next < window.end) this.line(next, window.end);
    this.flush();
    this.tabs = false;
  }

  /** Puts a piece behind what is still wanted: the open record, and the line that has not ended. */
  private take(piece: Uint8Array): void {
    const { window, parts, isOpen } = this;
    const from = isOpen ? parts.message.start : this.next;
    const used = isOpen ? this.usedEnd() : this.next;
    const isLong = window.end - this.next > MAX_LINE;
    const rest = Math.min(window.end - this.next, MAX_LINE + 1);
    if (used < this.next) window.bytes.copyWithin(used, this.next, this.next + rest);
    // Of a line that is too long what comes now is left out, up to its end.
    const newline = isLong ? piece.indexOf(NEWLINE) : 0;
    window.next(newline === -1 ? NOTHING : newline > 0 ? piece.subarray(newline) : piece, from, used + rest);
    this.next = used - from;
    for (const name of PARTS) parts[name].set(window.bytes, parts[name].start - from, parts[name].end - from);
  }

  private usedEnd(): number {
    let end = 0;
    for (const name of PARTS) if (this.has[name] && this.parts[name].end > end) ({ end } = this.parts[name]);
    return end;
  }

  private line(from: number, to: number): void {
    const { bytes } = this.window;
    this.number += 1;
    let start = from;
    let end = Math.min(to, from + MAX_LINE);
    if (end > start && bytes[end - 1] === RETURN) end -= 1;
    if (this.wrapping) [start, end] = unwrapBytes(this.wrapping, bytes, start, end);
    if (start < end && bytes[start] === TAB) {
      this.tabs = this.wrapping?.cuts !== true;
      if (this.isOpen) this.append(start + 1, end);
      else this.leave('a continuation without its message');
      return;
    }
    const head = this.heads.read(bytes, start, end);
    if (head) this.begin(head, end);
    else if (this.isOpen && !this.tabs && !this.heads.isTimeFirst(bytes, start, end)) this.append(start, end);
    else if (start < end) this.leave('no message of the server begins here');
  }

  private leave(reason: string): void {
    this.sink.unread({ line: this.number, reason });
  }

  private begin(head: Head, end: number): void {
    const { heads } = this;
    if (head.part !== null) {
      if (!this.isOpen) return this.leave(`${head.part} without its message`);
      this.part = NAMED[head.part] ?? null;
    } else {
      this.flush();
      const { record, has } = this;
      record.line = this.number;
      record.timeMs = heads.timeMs;
      record.utc = heads.utc;
      record.user = head.user;
      record.database = head.database;
      record.application = head.application;
      record.session = head.session;
      record.severity = head.severity ?? 'LOG';
      has.detail = has.context = has.statement = false;
      this.part = 'message';
      this.isOpen = true;
    }
    if (this.part === null) return;
    this.parts[this.part].set(this.window.bytes, heads.end, end);
    this.has[this.part] = true;
  }

  private append(start: number, end: number): void {
    if (this.part === null) return;
    const part = this.parts[this.part];
    part.bytes[part.end] = NEWLINE;
    part.bytes.copyWithin(part.end + 1, start, end);
    part.end += 1 + end - start;
  }

  private flush(): void {
    if (!this.isOpen) return;
    const { record, parts, has } = this;
    record.message = parts.message;
    record.detail = has.detail ? parts.detail : null;
    record.context = has.context ? parts.context.text() : null;
    record.statement = has.statement ? parts.statement.text() : null;
    this.isOpen = false;
    this.sink.record(record);
  }
}

const [TAB, NEWLINE, RETURN] = [9, 10, 13];
const NOTHING = new Uint8Array(0);
/** A statement of 16 million bytes is no workload; it would only hold memory. */
const MAX_LINE = 16 * 1024 * 1024;

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
    message: new Stretch(Buffer.alloc(1), 0, 0),
    detail: null,
    context: null,
    statement: null,
  };
}
