import { scanSync } from './pg-query.js';
import { WizardError } from '../base/errors.js';

/** One token of PostgreSQL's own scanner. */
export interface Token {
  /** Offsets into the JavaScript string, `end` exclusive. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly kind: 'identifier' | 'keyword' | 'parameter' | 'string' | 'number' | 'comment' | 'symbol';
}

/** Splits a text into tokens, comments included. Throws `sql/parse` where a quote or a comment does not end. Needs `loadParser()`. */
export function tokenize(text: string): readonly Token[] {
  if (text.trim() === '') return [];
  const raw = scan(text);
  const offset = offsets(text);
  return raw.map((token) => ({
    start: offset(token.start),
    end: offset(token.end),
    text: token.text,
    kind: kindOf(token),
  }));
}

type RawToken = ReturnType<typeof scanSync>['tokens'][number];

function scan(text: string): readonly RawToken[] {
  try {
    return scanSync(text).tokens;
  } catch (thrown) {
    throw new WizardError('sql/parse', 'A quoted string, a quoted name or a comment does not end.', { cause: thrown });
  }
}

function kindOf(token: RawToken): Token['kind'] {
  const known = KINDS[token.tokenName];
  if (known) return known;
  // The scanner's table has no name for texts and names with Unicode escapes.
  if (/^u&["']/i.test(token.text)) return token.text[2] === '"' ? 'identifier' : 'string';
  return token.keywordName !== 'NO_KEYWORD' ? 'keyword' : 'symbol';
}

const KINDS: Readonly<Record<string, Token['kind']>> = {
  IDENT: 'identifier',
  UIDENT: 'identifier',
  PARAM: 'parameter',
  SCONST: 'string',
  USCONST: 'string',
  BCONST: 'string',
  XCONST: 'string',
  ICONST: 'number',
  FCONST: 'number',
  SQL_COMMENT: 'comment',
  C_COMMENT: 'comment',
};

/** The scanner counts bytes of UTF-8; JavaScript counts UTF-16 units. */
function offsets(text: string): (byte: number) => number {
  if (Buffer.byteLength(text) === text.length) return (byte) => byte;
  const map: number[] = [];
  let unit = 0;
  for (const character of text) {
    const bytes = Buffer.byteLength(character);
    for (let i = 0; i < bytes; i += 1) map.push(unit);
    unit += character.length;
  }
  return (byte) => map[byte] ?? text.length;
}
