import { deviationOf, momentsOf, without, type Moments } from '../stats/moments.js';
import { csvRows, CsvRows, fieldsOf } from './csv.js';
import type { CountedRow } from './counted.js';
import { JsonDocuments } from './json-documents.js';
import type { ByteReader, TextReader, Unread } from './record.js';

/** What tells an entry of `pg_stat_statements` apart from others, and what it counted, so that two looks can be compared. */
export type Mark = {
  /** User, database, query id and level; the text where there is no id. */
  readonly key: string;
  /** `stats_since` of PostgreSQL 17 and later: when the entry was made. */
  readonly since: string | null;
  readonly calls: number;
  readonly rows: number | null;
  readonly total_ms: number | null;
  /** Population standard deviation of the execution times; null where an export does not hold it. */
  readonly stddev_ms: number | null;
};

/** A row of `pg_stat_statements` with its mark. */
export type Counter = CountedRow & Mark;

/** The names that each figure goes by in the view's versions and in the exports of services. */
const NAMES = {
  query: ['query', 'query_text', 'query_sql_text'],
  calls: ['calls', 'calls_count', 'execution_count'],
  total: ['total_exec_time', 'total_time'],
  mean: ['mean_exec_time', 'mean_time'],
  deviation: ['stddev_exec_time', 'stddev_time'],
  rows: ['rows', 'rows_total', 'total_rows'],
  hit: ['shared_blks_hit'],
  read: ['shared_blks_read'],
  tempRead: ['temp_blks_read'],
  tempWritten: ['temp_blks_written'],
  wal: ['wal_bytes'],
  user: ['userid', 'user_id', 'usename', 'rolname', 'username'],
  database: ['dbid', 'db_id', 'datname', 'database'],
  id: ['queryid', 'query_id'],
  level: ['toplevel', 'is_toplevel'],
  since: ['stats_since'],
} as const;

type Figure = keyof typeof NAMES;
type Fields = Readonly<Partial<Record<Figure, string>>>;

/** Whether these are the columns of an export of statement counters: a text and how often it ran. */
export function areCounterColumns(names: readonly string[]): boolean {
  const places = placesOf(names);
  return places.query !== undefined && places.calls !== undefined && (places.total ?? places.mean) !== undefined;
}

/** The delimiter under which the first line holds the columns of an export; null when it is none. */
export function counterDelimiter(firstLine: string): string | null {
  return [',', '\t', ';', '|'].find((delimiter) => areCounterColumns(csvRows(firstLine, delimiter)[0] ?? [])) ?? null;
}

/** Reads an export in CSV, its first row the names of the columns. */
export function readCountersCsv(
  delimiter: string,
  sink: { counter(counter: Counter): void; unread(unread: Unread): void },
): ByteReader {
  let places: Readonly<Partial<Record<Figure, number>>> | null = null;
  const rows = new CsvRows((row) => {
    const [fields, { line }] = [fieldsOf(row), row];
    if (!places) {
      places = placesOf(fields);
      return;
    }
    const named = Object.fromEntries(Object.entries(places).map(([name, place]) => [name, fields[place]]));
    const counter = toCounter(named);
    if (counter) sink.counter(counter);
    else sink.unread({ line, reason: 'no number of calls' });
  }, delimiter);
  return { push: (piece) => rows.push(piece), end: () => rows.end() };
}

/** Reads an export in JSON: objects, one a line or in an array. */
export function readCountersJson(sink: { counter(counter: Counter): void; unread(unread: Unread): void }): TextReader {
  const documents = new JsonDocuments({
    take(value, line) {
      const places = placesOf(Object.keys(value));
      const keys = Object.keys(value);
      const named = Object.fromEntries(
        Object.entries(places).map(([name, place]) => {
          const field = value[keys[place] ?? ''];
          const plain =
            typeof field === 'string'
              ? field
              : typeof field === 'number' || typeof field === 'boolean'
                ? `${field}`
                : undefined;
          return [name, plain];
        }),
      );
      const counter = toCounter(named);
      if (counter) sink.counter(counter);
      else sink.unread({ line, reason: 'no number of calls' });
    },
    broken: (line) => sink.unread({ line, reason: 'no JSON, or an object that does not end' }),
  });
  return { push: (text) => documents.push(text), end: () => documents.end() };
}

/** What came between two looks, and what of it is not known. */
export interface Difference<Entry extends Mark = Counter> {
  readonly counters: readonly Entry[];
  /** Entries whose counters fell, or that were made anew: they were reset, or evicted and came back; what they show since counts. */
  readonly restarted: number;
  /** Entries that were not there before: all they show counts. */
  readonly added: number;
  /** Entries of the first look that are gone: what they did before they were evicted or reset is not known. */
  readonly gone: number;
}

/** What was counted between two looks. An entry that did nothing is left out. */
export function countersBetween(before: readonly Counter[], after: readonly Counter[]): Difference {
  return differenceOf(before, after, (counter, old) => ({ ...counter, ...figuresBetween(counter, old) }));
}

/** The same of the marks alone. */
export function marksBetween<Entry extends Mark>(before: readonly Mark[], after: readonly Entry[]): Difference<Entry> {
  return differenceOf(before, after, (entry, old) => ({ ...entry, ...markBetween(entry, old) }));
}

function differenceOf<Old extends Mark, Entry extends Mark>(
  before: readonly Old[],
  after: readonly Entry[],
  minus: (entry: Entry, old: Old) => Entry,
): Difference<Entry> {
  const earlier = byKey(before);
  const later = byKey(after);
  const counters: Entry[] = [];
  let [restarted, added] = [0, 0];
  for (const [key, entry] of later) {
    const old = earlier.get(key);
    if (!old) {
      added += 1;
      counters.push(entry);
    } else if (fell(old, entry)) {
      restarted += 1;
      counters.push(entry);
    } else if (entry.calls > old.calls) {
      counters.push(minus(entry, old));
    }
  }
  const gone = [...earlier.keys()].filter((key) => !later.has(key)).length;
  return { counters, restarted, added, gone };
}

function fell(old: Mark, entry: Mark): boolean {
  if (old.since !== null && entry.since !== null && old.since !== entry.since) return true;
  return entry.calls < old.calls || (entry.total_ms ?? 0) < (old.total_ms ?? 0) || (entry.rows ?? 0) < (old.rows ?? 0);
}

function figuresBetween(counter: Counter, old: Counter): Partial<Counter> {
  return {
    ...markBetween(counter, old),
    shared_hit: less(counter.shared_hit, old.shared_hit),
    shared_read: less(counter.shared_read, old.shared_read),
    temp_blocks: less(counter.temp_blocks, old.temp_blocks),
    wal_bytes: less(counter.wal_bytes, old.wal_bytes),
  };
}

function markBetween(entry: Mark, old: Mark): Pick<Mark, 'calls' | 'rows' | 'total_ms' | 'stddev_ms'> {
  const [whole, part] = [timesOf(entry), timesOf(old)];
  return {
    calls: entry.calls - old.calls,
    rows: less(entry.rows, old.rows),
    total_ms: less(entry.total_ms, old.total_ms),
    stddev_ms: whole && part && deviationOf(without(whole, part)),
  };
}

/** The execution times that an entry counted; null where it does not hold their spread. */
export function timesOf({ calls, total_ms, stddev_ms }: Mark): Moments | null {
  if (total_ms === null || stddev_ms === null || calls <= 0) return null;
  return momentsOf(calls, total_ms / calls, stddev_ms);
}

function less(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b;
}

function byKey<Entry extends Mark>(entries: readonly Entry[]): ReadonlyMap<string, Entry> {
  return new Map(entries.map((entry) => [entry.key, entry]));
}

function placesOf(names: readonly string[]): Readonly<Partial<Record<Figure, number>>> {
  const lower = names.map((name) => name.trim().toLowerCase());
  const places: Partial<Record<Figure, number>> = {};
  for (const [figure, synonyms] of Object.entries(NAMES) as [Figure, readonly string[]][]) {
    const place = synonyms.map((name) => lower.indexOf(name)).find((at) => at !== -1);
    if (place !== undefined) places[figure] = place;
  }
  return places;
}

function toCounter(fields: Fields): Counter | null {
  const calls = numberOf(fields.calls);
  if (calls === null) return null;
  const mean = numberOf(fields.mean);
  const query = fields.query === undefined || fields.query === '' ? null : fields.query;
  const id = fields.id === undefined || fields.id === '' ? (query ?? '') : fields.id;
  const temp = [numberOf(fields.tempRead), numberOf(fields.tempWritten)];
  return {
    key: JSON.stringify([fields.user ?? '', fields.database ?? '', id, fields.level ?? '']),
    since: fields.since ?? null,
    query,
    entries: 1,
    calls,
    rows: numberOf(fields.rows),
    total_ms: numberOf(fields.total) ?? (mean === null ? null : mean * calls),
    stddev_ms: numberOf(fields.deviation),
    shared_hit: numberOf(fields.hit),
    shared_read: numberOf(fields.read),
    temp_blocks: temp[0] === null || temp[1] === null ? null : (temp[0] ?? 0) + (temp[1] ?? 0),
    wal_bytes: numberOf(fields.wal),
    top_level: !/^(?:f|false|0)$/i.test(fields.level ?? 't'),
  };
}

/** Null for what is missing or no number. */
function numberOf(text: string | undefined): number | null {
  if (text === undefined || text.trim() === '') return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
