import { Lines } from './lines.js';
import { bindDriverPlaceholders } from './named-parameters.js';
import { readValues } from './orm-values.js';
import type { TextReader } from './record.js';
import type { TextStatement } from './text-statement.js';

/** The log of a program, as its database library writes it. */
export interface OrmFormat {
  readonly name: string;
  /** The beginning of a statement: groups `sql`, and `ms` or `s`, and `values` where the line has them; `cached` where the server was not asked. */
  readonly begins: RegExp;
  /** A line whose statement stands on the lines behind it, which `body` tells: group `ms`. */
  readonly opens?: RegExp;
  readonly body?: RegExp;
  /** Values at the end of such a statement: group `values`. */
  readonly ends?: RegExp;
  /** A later line with the values of the statement that is open. */
  readonly values?: RegExp;
  /** A later line with one value each. */
  readonly value?: RegExp;
  /** A later line with the place in the program. */
  readonly source?: RegExp;
  /** Whether the statement goes on until a line that is recognised. */
  readonly multiline: boolean;
}

const VERBS =
  'SELECT|INSERT|UPDATE|DELETE|WITH|MERGE|BEGIN|COMMIT|ROLLBACK|START|SAVEPOINT|RELEASE|SET|CREATE|DROP|ALTER|TRUNCATE|VALUES|select|insert|update|delete|with|merge';

/** What is recognised. The forms are those of the libraries' default loggers. */
export const ORM_FORMATS: readonly OrmFormat[] = [
  {
    name: 'Rails (Active Record)',
    begins: new RegExp(
      String.raw`(?:^|\s)(?:(?<cached>CACHE) )?(?:[A-Z][\w:]*(?: [A-Z][\w?]*){0,3} )?\((?<ms>[\d.]+)ms\)\s+(?<sql>(?:${VERBS})\b.*?)(?:\s\s+(?<values>\[\[.*\]\]))?\s*$`,
    ),
    source: /(?:^|\s)↳ (?<source>\S+?:\d+)/,
    multiline: false,
  },
  {
    name: 'Ecto',
    begins: /(?!)/,
    opens: /\bQUERY OK\b.* db=(?<ms>[\d.]+)ms/,
    body: /^(?!↳|\d\d:\d\d:|\d{4}-)/,
    ends: /\s(?<values>\[.*\])\s*$/,
    source: /^↳ .*, at: (?<source>\S+?:\d+)/,
    multiline: false,
  },
  {
    name: 'Django',
    begins: new RegExp(
      String.raw`(?:^|\s)\((?<s>\d+\.\d{3})\) (?<sql>(?:${VERBS})\b.*?);? args=(?<values>\(.*?\)|None|\[.*?\])(?:; alias=\w+)?\s*$`,
    ),
    multiline: false,
  },
  {
    name: 'SQLAlchemy',
    begins: new RegExp(String.raw`sqlalchemy\.engine\S*:? (?<sql>(?:${VERBS})\b.*)$`),
    values: /sqlalchemy\.engine\S*:? \[(?:generated in|cached since|no key|raw sql|dialect)[^\]]*\]\s+(?<values>.*)$/,
    multiline: true,
  },
  {
    name: 'Hibernate',
    begins: new RegExp(
      String.raw`(?:^Hibernate: |org\.hibernate\.SQL\s*(?:-|:)\s+)(?<sql>(?:/\*.*?\*/ ?)?(?:${VERBS})\b.*)$`,
    ),
    opens: /^Hibernate:\s*$|org\.hibernate\.SQL\s*(?:-|:)\s*$/,
    body: /^\s+\S/,
    value: /binding parameter (?:\(\d+:\w+\) <- \[(?<a>.*)\]|\[\d+\] as \[\w+\] - \[(?<b>.*)\])\s*$/,
    multiline: false,
  },
  {
    name: 'Sequelize',
    begins: new RegExp(
      String.raw`Execut(?:ing|ed) \([^)]*\): (?<sql>(?:${VERBS})\b.*?)(?:;? Elapsed time: (?<ms>[\d.]+)ms)?;?\s*$`,
    ),
    multiline: false,
  },
  {
    name: 'TypeORM',
    begins: new RegExp(
      String.raw`^(?:\S+ )?query: (?<sql>(?:${VERBS})\b.*?)(?: -- PARAMETERS: (?<values>\[.*\]))?\s*$`,
    ),
    multiline: false,
  },
  {
    name: 'Prisma',
    begins: new RegExp(String.raw`prisma:query (?<sql>(?:${VERBS})\b.*)$`),
    values: /^\s*(?:prisma:query )?[Pp]arams:\s*(?<values>\[.*\])\s*$/,
    multiline: false,
  },
  {
    name: 'GORM',
    begins: new RegExp(String.raw`\[(?<ms>[\d.]+)ms\] (?:.*?)\[rows:-?\d*\]\S* (?<sql>(?:${VERBS})\b.*)$`),
    multiline: false,
  },
];

/** The format of most lines that begin a statement; null when no line does. */
export function detectOrm(lines: readonly string[]): OrmFormat | null {
  const isBegun = ({ begins, opens }: OrmFormat, line: string): boolean =>
    begins.test(line) || opens?.test(line) === true;
  const counts = ORM_FORMATS.map((format) => lines.filter((line) => isBegun(format, withoutColours(line))).length);
  const most = Math.max(...counts);
  return most > 0 ? (ORM_FORMATS[counts.indexOf(most)] ?? null) : null;
}

/** A statement with the place in the program that the log names. */
export interface OrmStatement extends TextStatement {
  readonly source: string | null;
}

/** Reads the statements of a program's log; lines of anything else are passed over and counted by `passed`. */
export function readOrm(
  format: OrmFormat,
  sink: { statement(statement: OrmStatement): void; passed(line: number): void },
): TextReader {
  let open: Draft | null = null;
  const flush = (): void => {
    if (open && open.lines.join('').trim() !== '') sink.statement(toStatement(open, format));
    open = null;
  };
  const lines = new Lines((coloured, number) => {
    const line = withoutColours(coloured);
    const begun = format.begins.exec(line)?.groups;
    const opened = begun ? null : format.opens?.exec(line);
    if (begun || opened) {
      flush();
      if (begun?.['cached'] === undefined) open = draftOf(begun ?? opened?.groups ?? {}, number, Boolean(opened));
    } else if (!open || !goesOn(format, open, line)) {
      flush();
      if (line.trim() !== '') sink.passed(number);
    }
  });
  return {
    push: (text) => lines.push(text),
    end() {
      lines.end();
      flush();
    },
  };
}

/** A statement while its lines come in. */
interface Draft {
  readonly line: number;
  readonly lines: string[];
  readonly ms: number | null;
  values: string | null;
  readonly single: string[];
  source: string | null;
  complete: boolean;
  /** Whether its text stands on lines of its own. */
  readonly apart: boolean;
}

function draftOf(groups: Readonly<Record<string, string | undefined>>, line: number, apart: boolean): Draft {
  const { ms, s } = groups;
  return {
    line,
    lines: [groups['sql'] ?? ''],
    ms: ms === undefined ? (s === undefined ? null : Number(s) * 1000) : Number(ms),
    values: groups['values'] ?? null,
    single: [],
    source: null,
    complete: false,
    apart,
  };
}

/** Whether a line belongs to the open statement; puts it there. */
function goesOn(format: OrmFormat, open: Draft, line: string): boolean {
  const values = format.values?.exec(line)?.groups?.['values'];
  if (values !== undefined) {
    open.values = values;
    open.complete = true;
    return true;
  }
  const value = format.value?.exec(line)?.groups;
  if (value) {
    open.single.push(value['a'] ?? value['b'] ?? '');
    return true;
  }
  const source = format.source?.exec(line)?.groups?.['source'];
  if (source !== undefined) {
    open.source = source;
    return true;
  }
  if (open.apart && format.body?.test(line) !== true) return false;
  if (!(format.multiline || open.apart) || open.complete) return false;
  open.lines.push(line);
  return true;
}

function toStatement({ line, lines, ms, values: told, single, source }: Draft, { ends }: OrmFormat): OrmStatement {
  const whole = lines.join('\n').trim();
  const end = ends?.exec(whole);
  const values = end?.groups?.['values'] ?? told;
  const text = whole.slice(0, end?.index).replace(/;\s*$/, '');
  const numbered = /\$\d/.test(text);
  const { sql, names } = numbered ? { sql: text, names: [] } : bindDriverPlaceholders(text);
  // Hibernate writes values without quotes: as strings, PostgreSQL reads them as what the place asks for.
  const given = single.length > 0 ? single.map((value) => (value === 'null' ? 'NULL' : quoted(value))) : null;
  const parameters = given ?? (values === null ? null : readValues(values, names));
  return { line, sql, parameters: names.length === 0 && !numbered ? null : parameters, ms, source };
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

function withoutColours(line: string): string {
  // oxlint-disable-next-line no-control-regex -- an escape is what it looks for
  return line.includes('\u001b') ? line.replaceAll(/\u001b\[[0-9;]*m/g, '') : line;
}
