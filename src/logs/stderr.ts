import type { LinePrefix } from './prefix.js';
import type { RecordSink, TextReader } from './record.js';
import { parseLogTime } from './record.js';
import { Lines } from './lines.js';

/** A record while its lines come in. */
interface Open {
  readonly line: number;
  readonly time: { readonly ms: number; readonly utc: boolean } | null;
  readonly user: string | null;
  readonly database: string | null;
  readonly application: string | null;
  readonly session: string | null;
  readonly severity: string;
  readonly parts: Record<string, string>;
  /** The part that continuation lines belong to. */
  current: string;
}

/**
 * Reads a log that the server wrote to stderr: each message with its prefix, its further lines beginning with a tab (or without anything, as some collectors leave them),
 * its DETAIL, CONTEXT and STATEMENT on lines of their own.
 */
export function readStderr(prefix: LinePrefix, sink: RecordSink): TextReader {
  let open: Open | null = null;
  const flush = (): void => {
    if (open) sink.record(toRecord(open));
    open = null;
  };
  const lines = new Lines((line, number) => {
    if (line.charCodeAt(0) === TAB) {
      if (open) append(open, line.slice(1));
      else sink.unread({ line: number, reason: 'a continuation without its message' });
      return;
    }
    const match = prefix.pattern.exec(line);
    if (!match) {
      if (open) append(open, line);
      else if (line !== '') sink.unread({ line: number, reason: 'no message of the server begins here' });
      return;
    }
    const text = line.slice(match[0].length);
    const part = match[prefix.part];
    if (part !== undefined) {
      if (open) {
        open.current = part;
        open.parts[part] = text;
      } else sink.unread({ line: number, reason: `${part} without its message` });
      return;
    }
    flush();
    open = begin(prefix, match, number, text);
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

function append(open: Open, line: string): void {
  open.parts[open.current] = `${open.parts[open.current] ?? ''}\n${line}`;
}

function begin(prefix: LinePrefix, match: RegExpExecArray, line: number, text: string): Open {
  const { groups } = prefix;
  const at = (group: number): string | null => (group === 0 ? null : (match[group] ?? null));
  const time = at(groups.time);
  const epoch = at(groups.epoch);
  return {
    line,
    time:
      time === null
        ? epoch === null
          ? null
          : { ms: Math.round(Number(epoch) * 1000), utc: true }
        : parseLogTime(time),
    user: named(at(groups.user)),
    database: named(at(groups.database)),
    application: named(at(groups.application)),
    session: at(groups.session) ?? at(groups.process),
    severity: match[prefix.severity] ?? 'LOG',
    parts: { message: text },
    current: 'message',
  };
}

/** The server writes `[unknown]` where a session has no such name yet. */
function named(text: string | null): string | null {
  return text === null || text === '' || text === '[unknown]' ? null : text;
}

function toRecord(open: Open) {
  return {
    line: open.line,
    timeMs: open.time?.ms ?? null,
    utc: open.time?.utc ?? false,
    user: open.user,
    database: open.database,
    application: open.application,
    session: open.session,
    severity: open.severity,
    message: open.parts['message'] ?? '',
    detail: open.parts['DETAIL'] ?? null,
    context: open.parts['CONTEXT'] ?? null,
    statement: open.parts['STATEMENT'] ?? null,
  };
}
