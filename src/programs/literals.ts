import type { Language, Quote } from './languages.js';

/** A string of a program. */
export interface Literal {
  /** What it holds, escapes resolved. */
  readonly value: string;
  /** Of what it holds, as written: offsets into the file, `end` exclusive. */
  readonly start: number;
  readonly end: number;
  /** With its quotes. */
  readonly open: number;
  readonly close: number;
  /** Null for a heredoc, and for SQL that is no string. */
  readonly quote: Quote | null;
}

/** The strings of a program in order. Text that it can not read is passed over; never throws. */
export function literalsOf(text: string, language: Language): readonly Literal[] {
  if (language.whole === 'sql') return statementsOf(text);
  if (language.whole === 'xml') return elementsOf(text);
  const found: Literal[] = [];
  let at = 0;
  while (at < text.length) {
    const skipped = commentEnd(text, at, language);
    if (skipped !== null) {
      at = skipped;
      continue;
    }
    const heredoc = language.heredocs && text[at] === '<' ? heredocAt(text, at) : null;
    const quote = heredoc ? null : language.quotes.find(({ open }) => text.startsWith(open, at));
    const literal = heredoc ?? (quote ? stringAt(text, at, quote) : null);
    if (literal) found.push(literal);
    at = literal ? literal.close : at + (quote ? quote.open.length : 1);
  }
  return found;
}

function commentEnd(text: string, at: number, { lineComments, blockComments }: Language): number | null {
  if (lineComments.some((mark) => text.startsWith(mark, at))) return endOr(text.indexOf('\n', at), text, 0);
  return blockComments && text.startsWith('/*', at) ? endOr(text.indexOf('*/', at), text, 2) : null;
}

function endOr(found: number, text: string, length: number): number {
  return found < 0 ? text.length : found + length;
}

function stringAt(text: string, at: number, quote: Quote): Literal | null {
  const start = at + quote.open.length;
  for (let i = start; i < text.length; i += 1) {
    if (quote.escapes === 'backslash' && text[i] === '\\') i += 1;
    else if (!quote.lines && text[i] === '\n') return null;
    else if (text.startsWith(quote.close, i)) {
      if (quote.escapes === 'doubled' && text.startsWith(quote.close, i + quote.close.length)) i += quote.close.length;
      else
        return {
          value: unescaped(text.slice(start, i), quote),
          start,
          end: i,
          open: at,
          close: i + quote.close.length,
          quote,
        };
    }
  }
  return null;
}

const ESCAPED: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\n': '', '\r': '' };

function unescaped(raw: string, { escapes, close }: Quote): string {
  if (escapes === 'backslash') return raw.replaceAll(/\\([\s\S])/g, (_, sign: string) => ESCAPED[sign] ?? sign);
  return escapes === 'doubled' ? raw.replaceAll(close + close, close) : raw;
}

/** `<<~SQL ... SQL` of Ruby and Perl, `<<<SQL ... SQL` of PHP. */
function heredocAt(text: string, at: number): Literal | null {
  const opened = /^<<<?[~-]?(["']?)([A-Za-z_]\w*)\1[^\n]*\n/.exec(text.slice(at, at + 200));
  if (!opened) return null;
  const start = at + opened[0].length;
  const ended = new RegExp(String.raw`^[ \t]*${opened[2]}\b`, 'm').exec(text.slice(start));
  if (!ended) return null;
  const end = start + ended.index;
  return { value: text.slice(start, end), start, end, open: at, close: end + ended[0].length, quote: null };
}

function statementsOf(text: string): readonly Literal[] {
  const found: Literal[] = [];
  let start = 0;
  for (const match of text.matchAll(
    /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$(\w*)\$[\s\S]*?\$\1\$|;|$/g,
  )) {
    if (match[0] !== ';' && match[0] !== '') continue;
    const from = start + (/^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*/.exec(text.slice(start, match.index))?.[0].length ?? 0);
    if (from < match.index) found.push(plain(text, from, match.index));
    start = match.index + 1;
  }
  return found;
}

function elementsOf(text: string): readonly Literal[] {
  return [...text.matchAll(/<(select|insert|update|delete|sql|query)\b[^>]*>([\s\S]*?)<\/\1>/gi)].map((match) => {
    const start = match.index + match[0].indexOf('>') + 1;
    const literal = plain(text, start, start + (match[2] ?? '').length);
    const value = literal.value
      .replaceAll(/<!\[CDATA\[|\]\]>/g, '')
      .replaceAll(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? '');
    return { ...literal, value };
  });
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function plain(text: string, start: number, end: number): Literal {
  return { value: text.slice(start, end), start, end, open: start, close: end, quote: null };
}
