import { asWizardError, WizardError } from '../base/errors.js';
import { parseStatement } from '../sql/parse.js';
import type { ParsedStatement } from '../sql/parse.js';
import { dialectHint } from './dialects.js';
import { splitStatements } from '../sql/split.js';
import type { SplitStatement } from '../sql/split.js';

/** A statement of a migration file. */
export interface ScriptStatement {
  readonly sql: string;
  /** 1-based, of its first token. */
  readonly line: number;
  /** Its place in the file, from 1: several may stand on one line. */
  readonly number: number;
  readonly parsed: ParsedStatement;
}

/** What a migration file holds. */
export interface Script {
  readonly statements: readonly ScriptStatement[];
  /** What was not looked at: psql commands, and why. */
  readonly skipped: readonly { readonly line: number; readonly what: string; readonly reason: string }[];
}

/**
 * Splits and parses a migration file. Commands of psql are skipped, and said so; everything from a `-- down` marker of a migration tool on is, too.
 * Throws `sql/parse` with the line in the file. Needs `loadParser()`.
 */
export function readScript(text: string, name: string): Script {
  const nul = text.indexOf('\0');
  if (nul >= 0)
    throw new WizardError(
      'sql/parse',
      `${name}, line ${text.slice(0, nul).split('\n').length}: a byte of zero, which ends the text for PostgreSQL`,
      {
        hint: 'Take it out, or convert the file to UTF-8.',
      },
    );
  const { up: whole, downLine } = upPart(text.replace(/^\uFEFF/, ''));
  const { text: up, lines: copied } = withoutRows(whole);
  const statements: ScriptStatement[] = [];
  const skipped = copied.map((line) => ({ line, what: 'rows of COPY', reason: 'only statements are looked at' }));
  for (const one of split(up, name)) {
    const { sql, line } = one;
    if (sql.startsWith('\\')) {
      const what = /^\\\S+/.exec(sql)?.[0] ?? '\\';
      skipped.push({ line, what, reason: 'a command of psql: what it does or reads is not looked at' });
      continue;
    }
    const number = statements.length + 1;
    statements.push({ sql, line, number, parsed: parseAt(one, statements.at(-1)?.sql ?? '', name) });
  }
  if (downLine !== null)
    skipped.push({ line: downLine, what: 'the down part', reason: 'only what a migration does forwards is looked at' });
  return { statements, skipped };
}

/**
 * `-- migrate:down` (dbmate), `-- +goose Down`, `# --- !Downs` (Play), `-- //@UNDO` (MyBatis), `---- create above / drop below ----` (tern) and the like: what follows
 * does not run on the way up.
 */
const DOWN_MARKER =
  /^[ \t]*(?:(?:--|#)[ \t-]*(?:migrate:down|\+goose[ \t]+down|\+migrate[ \t]+down|!downs?|down migration|\/\/[ \t]*@?undo)\b.*|-+[ \t]*create above \/ drop below[ \t]*-+[ \t]*)$/im;

/** Play's `# --- !Ups` is no comment of SQL. */
const UP_MARKER = /^[ \t]*#(?=[ \t-]*!ups\b)/gim;

/** The rows after a `COPY ... FROM stdin;` are replaced by empty lines; `lines` are those of the first row of each, 1-based. */
function withoutRows(text: string): { readonly text: string; readonly lines: readonly number[] } {
  const all = text.split('\n');
  const lines: number[] = [];
  for (let at = 0; at < all.length; at += 1) {
    if (!COPY_ROWS.test(all[at] ?? '')) continue;
    const end = all.findIndex((line, i) => i > at && /^\\\.\s*$/.test(line));
    if (end < 0) break;
    lines.push(at + 2);
    all.fill('', at + 1, end + 1);
    at = end;
  }
  return { text: all.join('\n'), lines };
}

/** As pg_dump writes it: the statement on a line of its own; a backslash and a dot end its rows. */
const COPY_ROWS = /^COPY\b[^;]*\bFROM\s+stdin\b[^;]*;\s*$/i;

function upPart(all: string): { readonly up: string; readonly downLine: number | null } {
  const text = all.replaceAll(UP_MARKER, '--');
  const found = DOWN_MARKER.exec(text);
  if (!found) return { up: text, downLine: null };
  const up = text.slice(0, found.index);
  return { up, downLine: up.split('\n').length };
}

function split(text: string, name: string): ReturnType<typeof splitStatements> {
  try {
    return splitStatements(text);
  } catch (thrown) {
    const found = unended(text);
    const place = found === null ? name : `${name}, line ${found}`;
    throw new WizardError('sql/parse', `${place}: ${asWizardError(thrown).message}`, {
      cause: thrown,
      hint: 'Look for a quote, a dollar quote or a comment that does not end.',
    });
  }
}

/** The line where what does not end begins; null where the parser stops at something else before. */
function unended(text: string): number | null {
  try {
    parseStatement(text.replaceAll(/^\\.*$/gm, ''));
    return null;
  } catch (thrown) {
    const line = /^unterminated [\s\S]* \(line (\d+), column \d+\)$/.exec(asWizardError(thrown).message)?.[1];
    return line === undefined ? null : Number(line);
  }
}

function parseAt({ sql, line }: SplitStatement, before: string, name: string): ParsedStatement {
  try {
    return parseStatement(sql);
  } catch (thrown) {
    const error = asWizardError(thrown);
    const place = / \(line (\d+), column (\d+)\)$/.exec(error.message);
    const at = line + Number(place?.[1] ?? 1) - 1;
    const message = error.message.replace(/ \(line \d+, column \d+\)$/, '');
    throw new WizardError('sql/parse', `${name}, line ${at}: ${message}`, {
      cause: thrown,
      hint: hintFor(sql, before),
    });
  }
}

function hintFor(sql: string, before: string): string {
  if (/\bFROM\s+STDIN\b/i.test(before)) return 'Rows that follow COPY ... FROM stdin can not be read; leave them out.';
  if (/\$\{\w|\{\{|\{%|@\w+@|<%=/.test(sql))
    return 'Placeholders of a tool (${name}, {{ name }}, @name@) are not replaced; give the file as it is sent to the server.';
  if (sql.includes('\uFEFF'))
    return 'A byte order mark stands in the middle of the file: files were put together with theirs.';
  const dialect = dialectHint(sql);
  if (dialect !== null) return dialect;
  return /(?<!:):["'a-z]/i.test(sql)
    ? 'Variables of psql (:name) are not replaced; write the value in their place.'
    : 'The parser is that of PostgreSQL 18.';
}
