import { PRODUCT } from '../base/product.js';
import type { Skipped } from '../model/coverage.js';
import type { Workload } from '../model/workload.js';
import { countedWorkload } from './counted.js';
import { countersBetween, readCountersCsv, readCountersJson } from './counters.js';
import type { Counter, Difference } from './counters.js';
import { readCsvlog } from './csvlog.js';
import type { Format } from './detect.js';
import type { Execution, ExecutionObserver } from './execution.js';
import { readExportedCsv } from './exported-csv.js';
import { isoTime, sortShapes } from './finish.js';
import { readJsonlog } from './jsonlog.js';
import { mergeWorkloads } from './merge.js';
import { readOrm } from './orm.js';
import { toBytes, toText } from './pieces.js';
import type { PieceReader } from './pieces.js';
import type { RecordSink, Unread } from './record.js';
import { unreadSkipped, UnreadLines } from './unread.js';
import type { UnreadSummary } from './unread.js';
import { Sessions } from './sessions.js';
import type { SetAside } from './sessions.js';
import { Shapes } from './shapes.js';
import { readStderr } from './stderr.js';
import { stretchOf } from './stretch.js';
import type { TextStatement } from './text-statement.js';

/** What one file was taken for, and what came of it. */
export interface FileIntake {
  readonly name: string;
  /** e.g. `server log (csvlog)`. */
  readonly said: string;
  /** Messages of a log, rows of an export, statements of a text. */
  readonly records: number;
  readonly unread: readonly UnreadSummary[];
  readonly aside: SetAside | null;
}

/** A workload and how it came about. */
export interface IntakeResult {
  readonly workload: Workload;
  readonly files: readonly FileIntake[];
  readonly skipped: readonly Skipped[];
  /** Executions that were seen, those of unusable statements included. */
  readonly executions: number;
  readonly firstSeen: string | null;
  readonly lastSeen: string | null;
}

/** How the counters of several looks are taken. */
export interface IntakeOptions {
  /** Whether the first and the last file of counters are two looks, of which the difference counts. */
  readonly difference: boolean;
  /** Sees the executions of logs one by one. */
  readonly observer?: ExecutionObserver | null;
}

/** Takes files of any kind and makes one workload of them. Executions are gathered as they come; only shapes are kept. */
export class Intake {
  private readonly shapes: Shapes;
  private readonly files: FileIntake[] = [];
  private readonly counters: (readonly Counter[])[] = [];
  private readonly given: Workload[] = [];
  private readonly origins: string[] = [];
  /** Records of this program's own sessions. */
  private own = 0;
  private readonly range = { first: null as number | null, last: null as number | null, utc: true };

  constructor(private readonly options: IntakeOptions = { difference: false }) {
    this.shapes = new Shapes(options.observer ?? null);
  }

  /** A reader for a file of that format; not for SQL and scripts, which are read whole: `add`. */
  open(name: string, format: Exclude<Format, { kind: 'sql' | 'pgbench' }>): PieceReader {
    const unread = new UnreadLines();
    switch (format.kind) {
      case 'counters-csv':
      case 'counters-json':
        return this.openCounters(name, format, unread);
      case 'orm':
        return this.openOrm(name, format, unread);
      default:
        return this.openLog(name, format, unread);
    }
  }

  /** A workload that was read elsewhere, e.g. a file of statements. */
  add(name: string, said: string, workload: Workload): void {
    this.given.push(workload);
    const records = workload.statements.length + workload.unusable.length;
    this.files.push({ name, said, records, unread: [], aside: null });
  }

  /** Statements of a script, each run once. */
  addStatements(name: string, said: string, statements: readonly TextStatement[]): void {
    this.origins.push(name);
    for (const statement of statements) this.shapes.execution(fromText(statement, null));
    this.files.push({ name, said, records: statements.length, unread: [], aside: null });
  }

  /** The workload. Needs `loadParser()`. */
  end(): IntakeResult {
    const skipped: Skipped[] = [];
    const workloads = [...this.given];
    if (this.shapes.executions > 0) workloads.push(this.fromShapes(skipped));
    if (this.counters.length > 0) workloads.push(this.fromCounters(skipped));
    if (new Set(workloads.map((workload) => workload.source)).size > 1) {
      skipped.push({
        what: 'weights of one scale',
        reason:
          'the sources are of different kinds and may span different times; counters are believed before logs, logs before files',
        remedy: 'Give sources of one kind and one span.',
      });
    }
    for (const file of this.files) skipped.push(...unreadSkipped(file));
    if (this.own > 0)
      skipped.push({
        what: `${this.own} records of ${PRODUCT} itself`,
        reason: 'they are no part of a workload',
        remedy: null,
      });
    const merged = mergeWorkloads(workloads);
    return {
      workload: merged,
      files: this.files,
      skipped,
      executions: this.shapes.executions,
      firstSeen: isoTime(this.range.first, [this.range]),
      lastSeen: isoTime(this.range.last, [this.range]),
    };
  }

  private openLog(
    name: string,
    format: Extract<Format, { kind: 'stderr' | 'csvlog' | 'jsonlog' | 'exported-csv' }>,
    unread: UnreadLines,
  ): PieceReader {
    this.origins.push(name);
    const sessions = new Sessions(this.shapes);
    let records = 0;
    const sink: RecordSink = {
      record: (record) => {
        records += 1;
        if (record.application === PRODUCT) {
          this.own += 1;
          return;
        }
        this.see(record);
        sessions.record(record);
      },
      unread: (one) => unread.add(one),
    };
    return this.closing(logReader(format, sink), () => {
      sessions.end();
      this.files.push({ name, said: format.said, records, unread: unread.summary(), aside: sessions.aside });
    });
  }

  private openOrm(name: string, format: Extract<Format, { kind: 'orm' }>, unread: UnreadLines): PieceReader {
    this.origins.push(name);
    let records = 0;
    const reader = readOrm(format.format, {
      statement: (statement) => {
        records += 1;
        this.shapes.execution(fromText(statement, statement.source));
      },
      passed: (line) => unread.add({ line, reason: 'no statement begins here' }),
    });
    return this.closing(toText(reader), () =>
      this.files.push({ name, said: format.said, records, unread: unread.summary(), aside: null }),
    );
  }

  private openCounters(
    name: string,
    format: Extract<Format, { kind: 'counters-csv' | 'counters-json' }>,
    unread: UnreadLines,
  ): PieceReader {
    this.origins.push(name);
    const counters: Counter[] = [];
    const sink = { counter: (one: Counter) => void counters.push(one), unread: (one: Unread) => unread.add(one) };
    const reader =
      format.kind === 'counters-csv'
        ? toBytes(readCountersCsv(format.delimiter, sink))
        : toText(readCountersJson(sink));
    return this.closing(reader, () => {
      this.counters.push(counters);
      this.files.push({ name, said: format.said, records: counters.length, unread: unread.summary(), aside: null });
    });
  }

  private closing(reader: PieceReader, then: () => void): PieceReader {
    const end = (): void => {
      reader.end();
      then();
    };
    return { ...reader, end };
  }

  private see({ timeMs, utc }: { readonly timeMs: number | null; readonly utc: boolean }): void {
    if (timeMs === null) return;
    const { range } = this;
    if (range.first === null || timeMs < range.first) range.first = timeMs;
    if (range.last === null || timeMs > range.last) range.last = timeMs;
    range.utc &&= utc;
  }

  private fromShapes(skipped: Skipped[]): Workload {
    const { statements, unusable, transactions, catalogOnly } = sortShapes(this.shapes.all());
    const { overflow } = this.shapes;
    const rows: readonly (readonly [number, string, string])[] = [
      [transactions, 'executions of BEGIN, COMMIT and the like', 'they are no part of a workload'],
      [catalogOnly, 'executions on system catalogs only', 'they come from monitoring and tools'],
      [
        overflow.executions,
        'executions of further shapes',
        'more shapes than are kept; their texts may differ in names',
      ],
    ];
    for (const [count, what, reason] of rows)
      if (count > 0) skipped.push({ what: `${count} ${what}`, reason, remedy: null });
    return {
      source: 'log',
      origin: this.origins.join(', '),
      statements,
      unusable: unusable.map(({ name, sql, reason }) => ({ name, sql, reason })),
      since: isoTime(this.range.first, [this.range]),
    };
  }

  private fromCounters(skipped: Skipped[]): Workload {
    const [first] = this.counters;
    const last = this.counters.at(-1);
    let counters = this.counters.flat();
    if (this.options.difference && first && last && first !== last) {
      const difference = countersBetween(first, last);
      skipped.push(...differenceSkipped(difference));
      counters = [...difference.counters];
    }
    const { workload, skipped: left } = countedWorkload(
      counters.filter((row) => row.calls > 0),
      null,
    );
    skipped.push(...left);
    return { ...workload, origin: this.origins.join(', ') };
  }
}

/** What two looks at counters can not tell. */
export function differenceSkipped({ restarted, added, gone }: Difference): readonly Skipped[] {
  const rows: readonly (readonly [number, string, string])[] = [
    [
      restarted,
      'what restarted counters had counted before',
      'reset or evicted between the looks; what they show since is taken',
    ],
    [gone, 'what entries did that are gone', 'reset or evicted between the looks'],
    [added, 'when new entries began', 'they were not there at the first look; all they show is taken'],
  ];
  return rows
    .filter(([count]) => count > 0)
    .map(([count, what, reason]) => ({
      what: `${what} (${count} ${count === 1 ? 'entry' : 'entries'})`,
      reason,
      remedy: 'Raise pg_stat_statements.max, or look more often.',
    }));
}

function logReader(
  format: Extract<Format, { kind: 'stderr' | 'csvlog' | 'jsonlog' | 'exported-csv' }>,
  sink: RecordSink,
): PieceReader {
  switch (format.kind) {
    case 'stderr':
      return toBytes(readStderr(format.prefix, sink, format.wrapping));
    case 'csvlog':
      return toBytes(readCsvlog(sink));
    case 'jsonlog':
      return toText(readJsonlog(format.prefix, sink));
    default:
      return toBytes(readExportedCsv(format.columns, format.prefix, sink));
  }
}

const NOBODY = { number: 0, user: null, database: null, application: null };

function fromText({ line, sql, parameters, ms }: TextStatement, source: string | null): Execution {
  return {
    line,
    timeMs: null,
    utc: false,
    origin: NOBODY,
    session: null,
    sql: stretchOf(source === null ? sql : `${sql} /*file='${encodeURIComponent(source)}'*/`),
    extended: parameters !== null || /\$\d/.test(sql),
    parameters,
    ms,
    plan: null,
  };
}
