import { JsonDocuments } from './json-documents.js';
import type { LinePrefix } from './prefix.js';
import { parseLogTime } from './record.js';
import type { LogRecord, RecordSink, TextReader } from './record.js';
import { readStderr } from './stderr.js';
import { Scratch, stretchOf } from './stretch.js';
import type { Stretch } from './stretch.js';

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads logs written as JSON: jsonlog of PostgreSQL 15 and later, and what managed services export. Where a service puts the server's own line into one field
 * (`textPayload`, `@message`, `message`), `prefix` takes that line apart.
 */
export function readJsonlog(prefix: LinePrefix | null, sink: RecordSink): TextReader {
  const viaLine = prefix && viaLines(prefix, sink);
  const documents = new JsonDocuments({
    take(value, line) {
      scratch.clear();
      const record = serverRecord(value, line) ?? parsedRecord(value, line);
      if (record) return sink.record(record);
      const text = lineOf(value);
      if (text !== null && viaLine?.(text, line) === true) return;
      sink.unread({ line, reason: 'an object without a message of the server' });
    },
    broken: (line) => sink.unread({ line, reason: 'no JSON, or an object that does not end' }),
  });
  return { push: (text) => documents.push(text), end: () => documents.end() };
}

/** The server's own line inside an object of an export; null when there is none. */
export function lineOf(value: Json): string | null {
  const properties = objectIn(value, 'properties');
  for (const [holder, key] of [
    [value, 'textPayload'],
    [value, '@message'],
    [value, 'event_message'],
    [properties, 'message'],
    [value, 'message'],
    [value, 'log'],
  ] as const) {
    const text = holder?.[key];
    if (typeof text === 'string' && text !== '') return text;
  }
  return null;
}

/** Whether an entry is one of CloudNativePG, which puts csvlog's fields by their names into `record`. */
export function isOperatorEntry(value: Json): boolean {
  const record = objectIn(value, 'record');
  return record !== null && 'error_severity' in record && 'message' in record;
}

/** jsonlog: keys of `src/backend/utils/error/jsonlog.c`. */
function serverRecord(value: Json, line: number): LogRecord | null {
  const severity = text(value, 'error_severity');
  const message = text(value, 'message');
  if (severity === null || message === null) return null;
  const time = parseLogTime(text(value, 'timestamp') ?? '');
  return {
    line,
    timeMs: time?.ms ?? null,
    utc: time?.utc ?? false,
    user: text(value, 'user'),
    database: text(value, 'dbname'),
    application: text(value, 'application_name'),
    session: text(value, 'session_id') ?? text(value, 'pid'),
    severity,
    message: scratch.write(message, written.message),
    detail: detailOf(text(value, 'detail')),
    context: text(value, 'context'),
    statement: text(value, 'statement'),
  };
}

/**
 * Exports that hold the parts of a message already: CloudNativePG (`record`), Supabase (`event_message`, `metadata[0].parsed[0]`) and Azure
 * (`category: PostgreSQLLogs`, `properties`), whose message begins with the prefix and a severity.
 */
function parsedRecord(value: Json, line: number): LogRecord | null {
  const metadata = firstObject(value['metadata']);
  const parsed = isOperatorEntry(value)
    ? objectIn(value, 'record')
    : (firstObject(metadata?.['parsed']) ?? (text(value, 'error_severity') === null ? null : value));
  const message = text(value, 'event_message') ?? (isOperatorEntry(value) && parsed ? text(parsed, 'message') : null);
  if (parsed && message !== null) {
    const time =
      parseLogTime(text(parsed, 'timestamp') ?? text(parsed, 'log_time') ?? '') ?? epochTime(value['timestamp']);
    return {
      line,
      timeMs: time?.ms ?? null,
      utc: time?.utc ?? false,
      user: text(parsed, 'user_name'),
      database: text(parsed, 'database_name'),
      application: text(parsed, 'application_name'),
      session: text(parsed, 'session_id') ?? text(parsed, 'process_id'),
      severity: text(parsed, 'error_severity') ?? 'LOG',
      message: scratch.write(message, written.message),
      detail: detailOf(text(parsed, 'detail')),
      context: text(parsed, 'context'),
      statement: text(parsed, 'query'),
    };
  }
  const properties = objectIn(value, 'properties');
  const level = properties ? text(properties, 'errorLevel') : null;
  const body = properties ? text(properties, 'message') : null;
  if (!properties || level === null || body === null) return null;
  const at = body.indexOf(`${level}:  `);
  const time = parseLogTime(text(properties, 'timestamp') ?? '') ?? parseLogTime(text(value, 'time') ?? '');
  return {
    line,
    timeMs: time?.ms ?? null,
    utc: time?.utc ?? false,
    user: text(properties, 'user') ?? text(properties, 'userName'),
    database: text(properties, 'database') ?? text(properties, 'dbName'),
    application: text(properties, 'applicationName'),
    session: text(properties, 'sessionId') ?? text(properties, 'processId'),
    severity: level,
    message: scratch.write(at === -1 ? body : body.slice(at + level.length + 3), written.message),
    detail: detailOf(text(properties, 'detail')),
    context: text(properties, 'context'),
    statement: text(properties, 'statement'),
  };
}

/** Reads texts that hold one message each, its lines included; says whether a message begins in one. */
function viaLines(prefix: LinePrefix, sink: RecordSink): (text: string, line: number) => boolean {
  let found = false;
  let at = 0;
  const reader = readStderr(prefix, {
    record(record) {
      found = true;
      sink.record({ ...record, line: at });
    },
    unread: () => undefined,
  });
  return (text, line) => {
    found = false;
    at = line;
    reader.push(Buffer.from(text));
    reader.end();
    return found;
  };
}

/** Texts of the record that was read last. */
const scratch = new Scratch();
const written = { message: stretchOf(''), detail: stretchOf('') };

function detailOf(detail: string | null): Stretch | null {
  return detail === null ? null : scratch.write(detail, written.detail);
}

function text(value: Json, key: string): string | null {
  const field = value[key];
  if (typeof field === 'string') return field === '' ? null : field;
  return typeof field === 'number' ? String(field) : null;
}

function objectIn(value: Json, key: string): Json | null {
  const field = value[key];
  return typeof field === 'object' && field !== null && !Array.isArray(field) ? (field as Json) : null;
}

function firstObject(value: unknown): Json | null {
  const first: unknown = Array.isArray(value) ? (value as readonly unknown[])[0] : value;
  return typeof first === 'object' && first !== null && !Array.isArray(first) ? (first as Json) : null;
}

/** Microseconds since 1970, as Supabase counts. */
function epochTime(value: unknown): { readonly ms: number; readonly utc: boolean } | null {
  return typeof value === 'number' && value > 1e14 ? { ms: Math.round(value / 1000), utc: true } : null;
}
