import { layoutOf } from '../sql/layout.js';
import type { Literal } from './literals.js';
import { normalTokens } from './normal-text.js';
import type { NormalToken } from './normal-text.js';
import { mayHoldSecret } from './secrets.js';

/** A statement in a file that is to be written in another way. */
export interface Change {
  /** As the patch names the file: relative, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly literal: Literal;
  /** The statement as the server saw it, and its new form. */
  readonly from: string;
  readonly to: string;
}

/** A unified difference that `git apply` takes, or why none is written. */
export type Patch = { readonly patch: string } | { readonly reason: string };

/** Writes the new form in the place of the old one, with the placeholders that stand there. */
export function patchOf({ path, text, literal, from, to }: Change): Patch {
  const raw = text.slice(literal.start, literal.end);
  if (/<!\[CDATA\[|&\w+;/.test(raw) && literal.quote === null && path.endsWith('.xml'))
    return { reason: 'the text there is written with entities of XML' };
  const filled = withPlaceholders(literal.value, from, to);
  if ('reason' in filled) return filled;
  const written = writtenAs(filled.sql, text, literal);
  if (written === null) return { reason: 'the new text can not be written between those quotes' };
  return difference(path, text, `${text.slice(0, literal.start)}${written}${text.slice(literal.end)}`);
}

/** The new form with the placeholders and constants of the program in the place of those of the server's text. */
function withPlaceholders(
  own: string,
  from: string,
  to: string,
): { readonly sql: string } | { readonly reason: string } {
  const values = (tokens: readonly NormalToken[]): readonly NormalToken[] => tokens.filter(({ text }) => text === '?');
  const [here, before] = [values(normalTokens(own)), values(normalTokens(from))];
  if (here.length !== before.length) return { reason: 'a list there has another number of values' };
  const standing = new Map<string, string>();
  for (const [i, { raw }] of before.entries()) {
    const known = standing.get(raw);
    const next = here[i]?.raw ?? raw;
    if (known !== undefined && known !== next && !isPositional(next))
      return { reason: 'one value of the statement is several in the program' };
    if (known !== undefined && isPositional(next))
      return { reason: 'one value of the statement is several in the program' };
    standing.set(raw, next);
  }
  let sql = '';
  let at = 0;
  const used: string[] = [];
  const order: string[] = [];
  for (const { raw, start, end } of values(normalTokens(to))) {
    const mine = standing.get(raw);
    if (mine === undefined && raw.startsWith('$') && /^\$\d+$/.test(raw))
      return { reason: `${raw} stands nowhere in the program` };
    sql += `${to.slice(at, start)}${mine ?? raw}`;
    at = end;
    used.push(mine ?? raw);
    if (mine !== undefined && isPositional(mine)) order.push(raw);
  }
  sql += to.slice(at);
  const wanted = before.filter((_, i) => isPositional(here[i]?.raw ?? '')).map(({ raw }) => raw);
  if (order.join('\n') !== wanted.join('\n'))
    return { reason: 'the values would come in another order than the program gives them' };
  const lost = here.some(({ raw }) => isPlaceholder(raw) && !used.includes(raw));
  return lost ? { reason: 'a value of the program would be used no more' } : { sql };
}

function isPositional(raw: string): boolean {
  return raw === '?' || raw === '%s' || raw === '%d' || raw === '{}';
}

function isPlaceholder(raw: string): boolean {
  return isPositional(raw) || /^(?:\$\d|[:@]|%\(|[$#]?\{)/.test(raw);
}

/** The new text as it is written in the program: over several lines where the old one was, with its indentation. */
function writtenAs(sql: string, text: string, { start, end, quote }: Literal): string | null {
  const raw = text.slice(start, end);
  const [lead] = /^\s*/.exec(raw) ?? [''];
  const [trail] = /\s*$/.exec(raw) ?? [''];
  const eol = raw.includes('\r\n') ? '\r\n' : '\n';
  const semicolon = /;\s*$/.test(raw) ? ';' : '';
  const lines = layoutOf(sql);
  const indent = lead.includes('\n') ? lead.slice(lead.lastIndexOf('\n') + 1) : ' '.repeat(columnOf(text, start));
  const body =
    raw.trim().includes('\n') || (quote === null && lines.length > 1)
      ? lines.join(`${eol}${indent}`)
      : sql.replaceAll(/\s+/g, ' ');
  const escaped = escape(body, quote);
  return escaped === null ? null : `${lead}${escaped}${semicolon}${trail}`;
}

function columnOf(text: string, offset: number): number {
  const column = offset - (text.lastIndexOf('\n', offset - 1) + 1);
  return column > 40 ? 2 : column;
}

function escape(sql: string, quote: Literal['quote']): string | null {
  if (quote === null) return sql;
  const { escapes, close } = quote;
  if (escapes === 'none') return sql.includes(close) ? null : sql;
  if (escapes === 'doubled') return sql.replaceAll(close, close + close);
  const slashed = sql.replaceAll('\\', '\\\\');
  return close.length === 1 ? slashed.replaceAll(close, `\\${close}`) : slashed.includes(close) ? null : slashed;
}

/** Lines shown around a change, as git does. */
const CONTEXT = 3;

function difference(path: string, before: string, after: string): Patch {
  const [old, now] = [linesOf(before), linesOf(after)];
  let first = 0;
  while (first < old.length && first < now.length && old[first] === now[first]) first += 1;
  let tail = 0;
  while (tail < old.length - first && tail < now.length - first && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  const gone = old.slice(first, old.length - tail);
  const come = now.slice(first, now.length - tail);
  if (gone.length + come.length === 0) return { reason: 'it stands there in the new form' };
  if ([...gone, ...come].some(mayHoldSecret)) return { reason: 'a line of it looks as if it held a secret' };
  const above = clean(old.slice(Math.max(0, first - CONTEXT), first).toReversed()).toReversed();
  const below = clean(old.slice(old.length - tail, old.length - tail + CONTEXT));
  if (tail > 0 && below.length === 0) return { reason: 'the line after it looks as if it held a secret' };
  const from = first - above.length + 1;
  const counts = `-${from},${above.length + gone.length + below.length} +${from},${above.length + come.length + below.length}`;
  const lines = [
    ...above.map((line) => ` ${line}`),
    ...gone.map((line) => `-${line}`),
    ...come.map((line) => `+${line}`),
    ...below.map((line) => ` ${line}`),
  ];
  const name = /[\s"\\]/.test(path) ? null : path;
  if (name === null) return { reason: 'the name of the file has a blank or a quote in it' };
  return { patch: `--- a/${name}\n+++ b/${name}\n@@ ${counts} @@\n${lines.map(ended).join('')}` };
}

/** Context up to the first line that may hold a secret. */
function clean(lines: readonly string[]): readonly string[] {
  const bad = lines.findIndex(mayHoldSecret);
  return bad < 0 ? lines : lines.slice(0, bad);
}

/** Lines with their ends; the last may have none. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function ended(line: string): string {
  return line.endsWith('\n') ? line : `${line}\n\\ No newline at end of file\n`;
}
