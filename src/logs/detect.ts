import { csvRows } from './csv.js';
import { counterDelimiter, areCounterColumns } from './counters.js';
import { isCsvlogRow } from './csvlog.js';
import { isOperatorEntry, lineOf } from './jsonlog.js';
import { JsonDocuments } from './json-documents.js';
import { detectOrm } from './orm.js';
import type { OrmFormat } from './orm.js';
import { isPgbenchScript } from './pgbench.js';
import { compilePrefix, matchPrefix } from './prefix.js';
import type { LinePrefix } from './prefix.js';
import { detectPrefix } from './prefix-detect.js';
import { findWrapping, unwrapped } from './wrapping.js';
import type { Wrapping } from './wrapping.js';

/** What a file holds. */
export type Format =
  | {
      readonly kind: 'stderr';
      readonly prefix: LinePrefix;
      /** What another program put before each line; null for nothing. */
      readonly wrapping: Wrapping | null;
      readonly said: string;
    }
  | { readonly kind: 'csvlog'; readonly said: string }
  | {
      readonly kind: 'exported-csv';
      readonly columns: readonly string[];
      readonly prefix: LinePrefix | null;
      readonly said: string;
    }
  | { readonly kind: 'jsonlog'; readonly prefix: LinePrefix | null; readonly said: string }
  | { readonly kind: 'counters-csv'; readonly delimiter: string; readonly said: string }
  | { readonly kind: 'counters-json'; readonly said: string }
  | { readonly kind: 'orm'; readonly format: OrmFormat; readonly said: string }
  | { readonly kind: 'pgbench'; readonly said: string }
  | { readonly kind: 'sql'; readonly said: string };

/**
 * Tells from the beginning of a file (64 kB are enough) what it holds. `prefix` is the `log_line_prefix` when it is known, else one is found. What looks like nothing else is
 * taken for SQL. Throws `input/invalid` for a prefix that is none.
 */
export function detectFormat(beginning: string, prefix: string | null): Format {
  const head = beginning.startsWith('\uFEFF') ? beginning.slice(1) : beginning;
  const given = prefix === null ? null : compilePrefix(prefix);
  const first = head.trimStart();
  if (first.startsWith('{') || /^\[\s*\{/.test(first)) {
    const found = json(head, given);
    if (found) return found;
  }
  const found = csv(head, given);
  if (found) return found;
  const lines = head.split(/\r?\n/).slice(0, SAMPLE_LINES);
  const server = stderr(lines, given);
  if (server) return server;
  const orm = detectOrm(lines);
  if (orm) return { kind: 'orm', format: orm, said: `log of ${orm.name}` };
  if (isPgbenchScript(head)) return { kind: 'pgbench', said: 'pgbench script' };
  return { kind: 'sql', said: 'SQL statements' };
}

/** Lines of the beginning that are looked at. */
const SAMPLE_LINES = 1000;
/** Statements may go over many lines, which collectors leave without the tab. */
const LEAST_FITTED = 0.05;

function stderr(lines: readonly string[], given: LinePrefix | null): Format | null {
  const wrapping = findWrapping(lines);
  const bare = wrapping ? lines.map((line) => unwrapped(wrapping, line)) : lines;
  const from = wrapping ? `, behind what ${wrapping.name} writes before each line` : '';
  if (given) {
    const behind = wrapping !== null && bare.some((line) => matchPrefix(given, line)) ? wrapping : null;
    const said = `server log (stderr), log_line_prefix '${given.text}' as given${behind ? from : ''}`;
    return { kind: 'stderr', prefix: given, wrapping: behind, said };
  }
  const detected = detectPrefix(bare);
  const beginnings = bare.filter((line) => line !== '' && !line.startsWith('\t')).length;
  if (!detected || detected.fitted < Math.max(1, beginnings * LEAST_FITTED)) return null;
  const said = `server log (stderr), ${prefixWords(detected.prefix)}${from}`;
  return { kind: 'stderr', prefix: detected.prefix, wrapping, said };
}

function prefixWords(prefix: LinePrefix): string {
  return prefix.text === null
    ? 'log_line_prefix unknown (--prefix gives it): parts were found by their form'
    : `log_line_prefix '${prefix.text}' detected`;
}

function json(head: string, given: LinePrefix | null): Format | null {
  const objects: Readonly<Record<string, unknown>>[] = [];
  const documents = new JsonDocuments({ take: (value) => void objects.push(value), broken: () => undefined });
  documents.push(head);
  documents.end();
  if (objects.length === 0) return null;
  if (objects.some((value) => areCounterColumns(Object.keys(value))))
    return { kind: 'counters-json', said: 'pg_stat_statements (JSON)' };
  const lines = objects.flatMap((value) => (lineOf(value) ?? '').split('\n', 1));
  const detected = given ?? detectPrefix(lines)?.prefix ?? null;
  const native = objects.some((value) => 'error_severity' in value && 'message' in value);
  const service = objects.some((value) => 'metadata' in value || 'properties' in value || isOperatorEntry(value));
  if (!native && !service && !detected) return null;
  return {
    kind: 'jsonlog',
    prefix: detected,
    said: native ? 'server log (jsonlog)' : 'server log exported as JSON',
  };
}

function csv(head: string, given: LinePrefix | null): Format | null {
  const firstLine = head.slice(0, Math.max(0, head.search(/\r?\n|$/)));
  const delimiter = counterDelimiter(firstLine);
  if (delimiter !== null) return { kind: 'counters-csv', delimiter, said: 'pg_stat_statements (CSV)' };
  if (/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/.test(firstLine) && firstLine.includes(',')) {
    const rows = csvRows(head).slice(0, 50);
    if (rows.some((row) => isCsvlogRow(row))) return { kind: 'csvlog', said: 'server log (csvlog)' };
  }
  const columns = csvRows(firstLine)[0]?.map((name) => name.trim()) ?? [];
  const message = columns.findIndex((name) => MESSAGE_COLUMN.test(name));
  if (message === -1 || columns.length < 2 || !columns.every((name) => /^@?[\w. ]+$/.test(name))) return null;
  const lines = csvRows(head)
    .slice(1)
    .map((row) => (row[message] ?? '').split('\n', 1)[0] ?? '');
  return {
    kind: 'exported-csv',
    columns,
    prefix: given ?? detectPrefix(lines)?.prefix ?? null,
    said: 'server log exported as CSV',
  };
}

/** The column of an export that holds the message, or the server's whole line. */
const MESSAGE_COLUMN = /^(?:@?message|event_message|textPayload|log_message)$/i;
