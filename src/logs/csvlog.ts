import { CsvRows } from './csv.js';
import { parseLogTime } from './record.js';
import type { LogRecord, LogTime, RecordSink, TextReader } from './record.js';

/** Columns of csvlog, from `src/backend/utils/error/csvlog.c`: 23 up to PostgreSQL 12, backend_type since 13, leader_pid and query_id since 14. */
const COLUMN = {
  time: 0,
  user: 1,
  database: 2,
  process: 3,
  session: 5,
  severity: 11,
  message: 13,
  detail: 14,
  context: 18,
  query: 19,
  application: 22,
} as const;

const WANTED = new Uint8Array(32);
for (const column of Object.values(COLUMN)) WANTED[column] = 1;

const WIDTHS: ReadonlySet<number> = new Set([23, 24, 26]);

/** Reads csvlog of any version. */
export function readCsvlog(sink: RecordSink): TextReader {
  const rows = new CsvRows(
    (fields, line) => {
      const time = WIDTHS.has(fields.length) ? parseLogTime(fields[COLUMN.time] ?? '') : null;
      if (time === null) {
        sink.unread({ line, reason: `${fields.length} columns, or no time in the first: not a row of csvlog` });
        return;
      }
      sink.record(toRecord(fields, line, time));
    },
    ',',
    (column) => WANTED[column] === 1,
  );
  return {
    push: (text) => rows.push(text),
    end: () => rows.end(),
  };
}

/** Whether a row of CSV is one of csvlog. */
export function isCsvlogRow(fields: readonly string[]): boolean {
  return WIDTHS.has(fields.length) && parseLogTime(fields[COLUMN.time] ?? '') !== null;
}

function toRecord(fields: readonly string[], line: number, time: LogTime): LogRecord {
  const at = (column: number): string | null => fields[column] || null;
  return {
    line,
    timeMs: time.ms,
    utc: time.utc,
    user: at(COLUMN.user),
    database: at(COLUMN.database),
    application: at(COLUMN.application),
    session: at(COLUMN.session) ?? at(COLUMN.process),
    severity: at(COLUMN.severity) ?? 'LOG',
    message: at(COLUMN.message) ?? '',
    detail: at(COLUMN.detail),
    context: at(COLUMN.context),
    statement: at(COLUMN.query),
  };
}
