import { PLAN_SIGN, stripPrefixes } from './prefixes.js';

/**
 * A plan's text as EXPLAIN wrote it, out of what a client, a chat, a mail or a program put around it: rows of a driver as literals, cells of CSV,
 * HTML, colours, borders, quoting, numbers or names before each line, typographic quotes and arrows. What is none of these is left as it is.
 */
export function unwrap(given: string): string {
  let text = withoutEscapes(withoutHtml(plainSpaces(given)));
  text = fromLiterals(text) ?? text;
  if (/""Node Type""|Node Type: ""|^\s*"\s*[[{]\s*$/m.test(text))
    text = text
      .replaceAll('""', '"')
      .replace(/"(?=\s*(?:[[{]\s*\n|- Plan:))/, '')
      .replace(/"\s*$/, (end) => (/[\]}]\s*"\s*$/.test(text) || text.includes('- Plan:') ? '' : end));
  if (text.includes('“Node Type”')) text = text.replaceAll(/[“”]/g, '"');
  if (/'Node Type': ?'/.test(text)) text = fromPython(text);
  return stripPrefixes(withoutComment(text)).replaceAll(ARROWS, '$1->  ').replaceAll(BULLETS, '$1->  ');
}

/** Carriage returns, byte order marks, colours of a terminal, and the many blanks of Unicode. */
function plainSpaces(text: string): string {
  return text
    .replaceAll('\r', '')
    .replaceAll(/[\ufeff\u200b\u200c\u200d]/g, '')
    .replaceAll(/[\u00a0\u2000-\u200a\u202f\u3000]/g, ' ')
    .replaceAll(COLOURS, '');
}

const COLOURS = new RegExp(`${String.fromCodePoint(27)}\\[[0-9;]*[A-Za-z]`, 'g');
const ARROWS = /^([ \t]*)(?:→|⇒|=>|[–—‑−]+>)\s*(?=[A-Z])/gm;

/** A list's sign before a node with its figures. */
const BULLETS = /^([ \t]*)[-*•◦▪·][ \t]+(?=[A-Z][^\n]*\((?:cost=\d|actual |never executed))/gm;

/** Without the signs of a comment of SQL that hold a plan and stand in its lines. */
function withoutComment(text: string): string {
  const opened = text.replaceAll(COMMENT, '');
  return opened === text ? text : opened.replaceAll(/[ \t]*\*+\/[ \t]*;?[ \t]*$/gm, '');
}

const COMMENT = /\/\*+[ \t]*(?=[A-Z][^\n]*\((?:cost=\d|actual ))/g;

const ENTITIES: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  nbsp: ' ',
  '#39': "'",
  '#34': '"',
};

/** A page's table or preformatted text; the XML form's own tags stay. */
function withoutHtml(text: string): string {
  const isPage = /<(?:td|tr|br|pre|code|p|div)\b/i.test(text) && !text.includes('<Node-Type>');
  if (!isPage && !/-&gt;|&quot;Node Type|&lt;Node-Type|&nbsp;/.test(text)) return text;
  const lines = isPage
    ? text.replaceAll(/<\/(?:tr|p|div|pre)>|<br\s*\/?>/gi, '\n').replaceAll(/<\/?[a-z][^<>]*>/gi, '')
    : text;
  return lines.replaceAll(/&(lt|gt|amp|quot|nbsp|#39|#34);/g, (_, name: string) => ENTITIES[name] ?? '');
}

/** Without the backslashes that an editor of Markdown puts before signs. */
function withoutEscapes(text: string): string {
  return /\\\((?:cost=|actual )/.test(text) ? text.replaceAll(/\\([\\`*_{}[\]()<>#+.!|~-])/g, '$1') : text;
}

/** The lines that a driver's rows hold, one a literal: JSON, Python's tuples, Ruby's hashes, quoted lines; null where the text is nothing but that. */
function fromLiterals(text: string): string | null {
  const parsed = jsonOf(text.trim());
  if (parsed !== undefined) return linesOf(parsed);
  if (/^\s*"QUERY PLAN"\s*\n/.test(text)) return null;
  const between = text.replaceAll(LITERAL, '');
  if (!/^[\s[\](){},=>:]*$/.test(between)) return null;
  const found = [...text.matchAll(LITERAL)].map(([, single, double]) =>
    unescaped(single ?? double ?? '', single === undefined ? '"' : "'"),
  );
  const lines = found.filter((one) => one !== 'QUERY PLAN');
  return lines.some((line) => PLAN_SIGN.test(line)) ? lines.join('\n') : null;
}

const LITERAL = /'((?:[^'\\\n]|\\.|'')*)'|"((?:[^"\\\n]|\\.|"")*)"/g;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '' };

function unescaped(text: string, quote: string): string {
  return text.replaceAll(quote + quote, quote).replaceAll(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}

function jsonOf(text: string): unknown {
  if (!/^["[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The text of a plan within a parsed document; null where there is none, or where the plan itself was parsed. */
function linesOf(value: unknown): string | null {
  if (typeof value === 'string') return PLAN_SIGN.test(value) || /^\s*[[{]/.test(value) ? value : null;
  if (typeof value !== 'object' || value === null || 'Plan' in value || 'Node Type' in value) return null;
  const parts = Array.isArray(value) ? (value as readonly unknown[]) : Object.values(value);
  const rows = Array.isArray(value) && parts.length > 1 ? parts.map(onlyText) : [];
  if (rows.length > 0 && rows.every((row) => row !== null))
    return PLAN_SIGN.test(rows.join('\n')) ? rows.join('\n') : null;
  for (const part of parts) {
    const found = linesOf(part);
    if (found !== null) return found;
  }
  return null;
}

function onlyText(row: unknown): string | null {
  if (typeof row === 'string') return row;
  const cells = typeof row === 'object' && row !== null ? (Object.values(row) as readonly unknown[]) : [];
  return cells.length === 1 && typeof cells[0] === 'string' ? cells[0] : null;
}

const WORDS: Readonly<Record<string, string>> = { True: 'true', False: 'false', None: 'null' };

/** What Python prints of a parsed plan, as JSON. */
function fromPython(text: string): string {
  return text.replaceAll(
    /'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|\b(True|False|None)\b/g,
    (_, single?: string, double?: string, word?: string) =>
      word === undefined ? JSON.stringify(unescaped(single ?? double ?? '', '\0')) : (WORDS[word] ?? word),
  );
}
