import type { LinePrefix } from './prefix.js';
import type { LogRecord, RecordSink, TextReader } from './record.js';
import { parseLogTime } from './record.js';
import { Lines } from './lines.js';

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
export function readStderr(prefix: LinePrefix, sink: RecordSink): TextReader {
  let open: Open | null = null;
  let field: 'message' | 'detail' | 'context' | 'statement' | null = 'message';
  const flush = (): void => {
    if (open) sink.record(open);
    open = null;
  };
  const append = (to: Open, line: string): void => {
    if (field !== null) to[field] = `${to[field] ?? ''}\n${line}`;
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
        field = FIELDS[part] ?? null;
        if (field !== null) open[field] = text;
      } else sink.unread({ line: number, reason: `${part} without its message` });
      return;
    }
    flush();
    open = begin(prefix, match, number, text);
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

function begin(prefix: LinePrefix, match: RegExpExecArray, line: number, text: string): Open {
  const { groups } = prefix;
  const at = (group: number): string | null => (group === 0 ? null : (match[group] ?? null));
  const time = at(groups.time);
  const epoch = at(groups.epoch);
  const when =
    time !== null ? parseLogTime(time) : epoch === null ? null : { ms: Math.round(Number(epoch) * 1000), utc: true };
  return {
    line,
    timeMs: when?.ms ?? null,
    utc: when?.utc ?? false,
    user: named(at(groups.user)),
    database: named(at(groups.database)),
    application: named(at(groups.application)),
    session: at(groups.session) ?? at(groups.process),
    severity: match[prefix.severity] ?? 'LOG',
    message: text,
    detail: null,
    context: null,
    statement: null,
  };
}

/** The server writes `[unknown]` where a session has no such name yet. */
function named(text: string | null): string | null {
  return text === null || text === '' || text === '[unknown]' ? null : text;
}
