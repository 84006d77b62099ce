import { tokenize } from './tokens.js';
import type { Token } from './tokens.js';

/** A parameter set as written beside a statement. */
export interface WrittenParameterSet {
  readonly class: 'given' | 'frequent' | 'typical' | 'rare' | 'absent';
  /** SQL of each value, in the order of `$1, $2, ...`. */
  readonly values: readonly string[];
}

/** One statement of a file with what the comments before it say. */
export interface SplitStatement {
  /** Without the semicolon and the comments before it. */
  readonly sql: string;
  /** From `-- name: xyz`, or `-- name: xyz, calls: 5`. */
  readonly name: string | null;
  /** From `-- calls: N`. */
  readonly calls: number | null;
  /** From each `-- params: 'a', 3` or `-- params[frequent]: 'a', 3`. */
  readonly parameterSets: readonly WrittenParameterSet[];
  /** 1-based, of the statement's first token. */
  readonly line: number;
}

/**
 * Splits a file into statements as psql does: strings, dollar quotes, nested comments, parentheses and `BEGIN ATOMIC ... END` bodies hold their semicolons.
 * A psql command (`\set ...`) comes out as one statement up to its line's end. Throws `sql/parse` where a quote does not end. Needs `loadParser()`.
 */
export function splitStatements(text: string): readonly SplitStatement[] {
  const statements: SplitStatement[] = [];
  let group: Token[] = [];
  const nesting = new Nesting();
  const lineAt = lineCounter(text);
  const flush = (): void => {
    const statement = toStatement(text, group, lineAt);
    if (statement) statements.push(statement);
    group = [];
    nesting.reset();
  };
  let skipUntil = 0;
  for (const token of tokenize(text)) {
    if (token.start < skipUntil) continue;
    if (token.text === '\\' && text[token.end] === ';') continue;
    if (token.text === '\\' && SENDS.test(text.slice(token.end, token.end + 16))) flush();
    if (token.text === '\\' && group.every((earlier) => earlier.kind === 'comment')) {
      skipUntil = endOfLine(text, token.start);
      group.push({ ...token, end: skipUntil, text: text.slice(token.start, skipUntil) });
      flush();
    } else if (token.text === ';' && token.kind === 'symbol' && !nesting.inside()) {
      flush();
    } else {
      nesting.read(token);
      group.push(token);
    }
  }
  flush();
  return statements;
}

/** Commands of psql that send what stands before them, as a semicolon does. */
const SENDS = /^(?:g|gx|gexec|gset|gdesc|crosstabview|watch)(?![a-z])/;

/** Splits `'a,b', array[1,2], f(3)` at its top-level commas. */
export function splitValues(text: string): readonly string[] {
  const values: string[] = [];
  let depth = 0;
  let start = 0;
  for (const token of tokenize(text)) {
    if (token.kind !== 'symbol') continue;
    if (token.text === '(' || token.text === '[') depth += 1;
    if (token.text === ')' || token.text === ']') depth -= 1;
    if (token.text === ',' && depth === 0) {
      values.push(text.slice(start, token.start).trim());
      start = token.end;
    }
  }
  const last = text.slice(start).trim();
  return last === '' && values.length === 0 ? [] : [...values, last];
}

/** Counts what holds semicolons, as psql's own scanner does (`psqlscan.l`, `begin_depth` and `paren_depth`). */
class Nesting {
  private parentheses = 0;
  private begins = 0;
  private words: string[] = [];

  reset(): void {
    this.parentheses = 0;
    this.begins = 0;
    this.words = [];
  }

  inside(): boolean {
    return this.parentheses > 0 || this.begins > 0;
  }

  read(token: Token): void {
    if (token.text === '(') this.parentheses += 1;
    if (token.text === ')') this.parentheses = Math.max(0, this.parentheses - 1);
    if (token.kind !== 'keyword' && token.kind !== 'identifier') return;
    const word = token.text.toLowerCase();
    if (this.words.length < 4) this.words.push(word);
    if (!this.createsRoutine() || this.parentheses > 0) return;
    if (word === 'begin' || (word === 'case' && this.begins > 0)) this.begins += 1;
    if (word === 'end' && this.begins > 0) this.begins -= 1;
  }

  private createsRoutine(): boolean {
    const words = this.words.filter((word) => word !== 'or' && word !== 'replace');
    return words[0] === 'create' && (words[1] === 'function' || words[1] === 'procedure');
  }
}

function toStatement(text: string, group: readonly Token[], lineAt: (offset: number) => number): SplitStatement | null {
  const first = group.findIndex((token) => token.kind !== 'comment');
  const start = group[first];
  const end = group.findLast((token) => token.kind !== 'comment');
  if (!start || !end) return null;
  const comments = group.slice(0, first).map((token) => token.text);
  return {
    sql: text.slice(start.start, end.end),
    name: directive(
      comments,
      /^--\s*name\s*:\s*(.+?)\s*(?::(?:one|many|exec|execrows))?\s*(?:,\s*calls\s*:\s*\d+\s*)?$/i,
    ),
    calls: count(directive(comments, /^--\s*(?:name\s*:.*,\s*)?calls\s*:\s*(\d+)\s*$/i)),
    parameterSets: comments.flatMap(parameterSet),
    line: lineAt(start.start),
  };
}

/** The 1-based line of an offset, for offsets that only rise: each character is looked at once. */
function lineCounter(text: string): (offset: number) => number {
  let [line, at] = [1, 0];
  return (offset) => {
    for (let next = text.indexOf('\n', at); next !== -1 && next < offset; next = text.indexOf('\n', at)) {
      line += 1;
      at = next + 1;
    }
    return line;
  };
}

function directive(comments: readonly string[], pattern: RegExp): string | null {
  const found = comments.map((comment) => pattern.exec(comment)?.[1]).filter((value) => value !== undefined);
  return found.at(-1) ?? null;
}

function count(text: string | null): number | null {
  return text === null ? null : Number(text);
}

function parameterSet(comment: string): readonly WrittenParameterSet[] {
  const match = /^--\s*params\s*(?:\[\s*(given|frequent|typical|rare|absent)\s*\])?\s*:\s*(.*?)\s*$/i.exec(comment);
  if (!match) return [];
  const kind = (match[1] ?? 'given').toLowerCase() as WrittenParameterSet['class'];
  return [{ class: kind, values: splitValues(match[2] ?? '') }];
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}
