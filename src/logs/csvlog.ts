import { NumberTable } from '../stats/number-table.js';
import { Clock } from './clock.js';
import { CsvRows, fieldInto, fieldText } from './csv.js';
import type { CsvRow } from './csv.js';
import { hashBytes } from './hash.js';
import { Names } from './origins.js';
import { owned, parseLogTime } from './record.js';
import type { ByteReader, LogRecord, RecordSink } from './record.js';
import { stretchOf } from './stretch.js';

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

const WIDTHS: ReadonlySet<number> = new Set([23, 24, 26]);

/** Reads csvlog of any version. */
export function readCsvlog(sink: RecordSink): ByteReader {
  const log = new Csvlog(sink);
  const rows = new CsvRows((row) => log.row(row));
  return { push: (piece) => rows.push(piece), end: () => rows.end() };
}

/** Whether a row of CSV is one of csvlog. */
export function isCsvlogRow(fields: readonly string[]): boolean {
  return WIDTHS.has(fields.length) && parseLogTime(fields[COLUMN.time] ?? '') !== null;
}

/** Who sends a message. */
type Sender = Pick<LogRecord, 'user' | 'database' | 'application' | 'session'>;

class Csvlog {
  private readonly clock = new Clock();
  private readonly names = new Names();
  /** By the hash of what tells senders apart. */
  private byHash = new NumberTable(1);
  private senders: Sender[] = [];
  private readonly message = stretchOf('');
  private readonly detail = stretchOf('');
  /** Written over for the next. */
  private readonly record = {
    line: 0,
    timeMs: null as number | null,
    utc: false,
    user: null as string | null,
    database: null as string | null,
    application: null as string | null,
    session: null as string | null,
    severity: 'LOG',
    message: this.message,
    detail: null as LogRecord['detail'],
    context: null as string | null,
    statement: null as string | null,
  };

  constructor(private readonly sink: RecordSink) {}

  row(row: CsvRow): void {
    const { record } = this;
    if (!WIDTHS.has(row.width) || !this.readTime(row)) {
      const reason = `${row.width} columns, or no time in the first: not a row of csvlog`;
      return this.sink.unread({ line: row.line, reason });
    }
    const sender = this.sender(row);
    record.line = row.line;
    record.user = sender.user;
    record.database = sender.database;
    record.application = sender.application;
    record.session = sender.session;
    record.severity = isLog(row) ? 'LOG' : fieldText(row, COLUMN.severity) || 'LOG';
    if (!fieldInto(row, COLUMN.message, this.message)) this.message.set(row.bytes, 0, 0);
    record.detail = fieldInto(row, COLUMN.detail, this.detail) ? this.detail : null;
    record.context = isEmpty(row, COLUMN.context) ? null : fieldText(row, COLUMN.context);
    record.statement = isEmpty(row, COLUMN.query) ? null : fieldText(row, COLUMN.query);
    this.sink.record(record);
  }

  private readTime({ bytes, places }: CsvRow): boolean {
    const { clock, record } = this;
    const start = places[0] as number;
    const end = places[1] as number;
    if (clock.read(bytes, start, end) && clock.end === end) {
      record.timeMs = clock.ms;
      record.utc = clock.utc;
      return true;
    }
    const time = parseLogTime(bytes.toString('utf8', start, end));
    record.timeMs = time?.ms ?? null;
    record.utc = time?.utc ?? false;
    return time !== null;
  }

  private sender(row: CsvRow): Sender {
    const { bytes, places } = row;
    const at = (place: number): number => places[place] as number;
    const inRow = hashBytes(bytes, at(COLUMN.user * 2), at(COLUMN.session * 2 + 1), 0);
    const hash = hashBytes(bytes, at(COLUMN.application * 2), at(COLUMN.application * 2 + 1), inRow);
    const entry = this.byHash.find(hash);
    const known = entry === -1 ? undefined : this.senders[this.byHash.at(entry, 0)];
    if (known) return known;
    if (this.senders.length >= MAX_SENDERS) {
      this.senders = [];
      this.byHash = new NumberTable(1);
    }
    const text = (column: number): string | null => owned(fieldText(row, column)) || null;
    const session = text(COLUMN.session) ?? text(COLUMN.process);
    const sender = {
      user: text(COLUMN.user),
      database: text(COLUMN.database),
      application: text(COLUMN.application),
      session: session === null ? null : this.names.same(session),
    };
    this.byHash.add(hash, this.senders.length);
    this.senders.push(sender);
    return sender;
  }
}

/** Of sessions, most of which ended long ago. */
const MAX_SENDERS = 10_000;

function isEmpty({ places }: CsvRow, column: number): boolean {
  return places[column * 2] === places[column * 2 + 1];
}

/** The severity of nearly all messages. */
function isLog({ bytes, places }: CsvRow): boolean {
  const start = places[COLUMN.severity * 2] as number;
  const end = places[COLUMN.severity * 2 + 1] as number;
  return end - start === 3 && bytes[start] === 76 && bytes[start + 1] === 79 && bytes[start + 2] === 71;
}
