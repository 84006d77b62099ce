import * as kinds from './kinds.js';

/** Of this module, for what is asked of each byte: imports are looked up with every use, which took half as long again. */
const { BLANK, DIGIT, DOLLAR, KINDS, WORD } = kinds;

/** Bytes of a text, a zero behind it. */
type Codes = Uint8Array;

/** Behind the quote that ends the string whose quote is at `quote`, with or without backslashes that escape; `length` where it does not end. */
export function stringEnd(codes: Codes, quote: number, length: number, backslashes: boolean): number {
  let at = quote + 1;
  while (at < length) {
    const code = codes[at] as number;
    if (code === BACKSLASH && backslashes) at += 2;
    else if (code !== QUOTE) at += 1;
    else if (codes[at + 1] === QUOTE) at += 2;
    else return at + 1;
  }
  return length;
}

/** Behind the quoted name that begins at `at`. */
export function nameEnd(codes: Codes, at: number, length: number): number {
  let end = at + 1;
  while (end < length && codes[end] !== DOUBLE_QUOTE) end += 1;
  return Math.min(end + 1, length);
}

/** Behind the number that begins at `from`: `12`, `1.5e-3`, `.5`, `0x1F`, `1_000`. */
export function numberEnd(codes: Codes, from: number): number {
  const based = codes[from] === ZERO ? basedEnd(codes, from) : -1;
  if (based !== -1) return based;
  let end = digitsEnd(codes, from);
  if (codes[end] === POINT && isDigit(codes[end + 1] as number)) end = digitsEnd(codes, end + 1);
  if (codes[end] === POINT) end += 1;
  if (((codes[end] as number) | 32) !== LETTER_E) return end;
  const exponent = codes[end + 1] === MINUS_SIGN || codes[end + 1] === PLUS_SIGN ? end + 2 : end + 1;
  if (!isDigit(codes[exponent] as number)) return end;
  end = exponent;
  while (isDigit(codes[end] as number)) end += 1;
  return end;
}

/** `0x1F`, `0o17`, `0b11`; -1 where it is none of them. */
function basedEnd(codes: Codes, from: number): number {
  const letter = (codes[from + 1] as number) | 32;
  const digits =
    letter === LETTER_X ? isHexadecimal : letter === LETTER_O ? isOctal : letter === LETTER_B ? isBinary : null;
  if (!digits) return -1;
  let end = from + 2;
  while (digits(codes[end] as number)) end += 1;
  return end === from + 2 ? -1 : end;
}

function digitsEnd(codes: Codes, from: number): number {
  let end = from;
  while (isDigit(codes[end] as number) || (codes[end] === UNDERSCORE && end > from)) end += 1;
  return end;
}

const isDigit = (code: number): boolean => code >= ZERO && code <= NINE;
const isHexadecimal = (code: number): boolean =>
  isDigit(code) || code === UNDERSCORE || ((code | 32) >= 97 && (code | 32) <= 102 && code < 128);
const isOctal = (code: number): boolean => (code >= ZERO && code <= ZERO + 7) || code === UNDERSCORE;
const isBinary = (code: number): boolean => code === ZERO || code === ZERO + 1 || code === UNDERSCORE;

/** Where the line ends. */
export function lineEnd(codes: Codes, from: number, length: number): number {
  let end = from;
  while (end < length && codes[end] !== NEWLINE) end += 1;
  return end;
}

/** Behind the block comment that begins at `from`; comments nest. */
export function blockEnd(codes: Codes, from: number, length: number): number {
  let depth = 1;
  let at = from + 2;
  while (at < length) {
    if (codes[at] === ASTERISK && codes[at + 1] === SLASH_SIGN) {
      depth -= 1;
      at += 2;
      if (depth === 0) return at;
    } else if (codes[at] === SLASH_SIGN && codes[at + 1] === ASTERISK) {
      depth += 1;
      at += 2;
    } else {
      at += 1;
    }
  }
  return length;
}

/** Behind the string in dollar quotes that begins at `from`; -1 where none does. */
export function tagEnd(codes: Codes, from: number, length: number): number {
  let close = from + 1;
  while (KINDS[codes[close] as number] === WORD || (KINDS[codes[close] as number] === DIGIT && close > from + 1))
    close += 1;
  if (KINDS[codes[close] as number] !== DOLLAR) return -1;
  const width = close + 1 - from;
  for (let at = close + 1; at + width <= length; at += 1) if (areSame(codes, from, at, width)) return at + width;
  return length;
}

function areSame(codes: Codes, one: number, other: number, width: number): boolean {
  for (let i = 0; i < width; i += 1) if (codes[one + i] !== codes[other + i]) return false;
  return true;
}

/** The text of a comment without its marks and what is blank around it, by its first and last place (exclusive). */
export function insideComment(codes: Codes, start: number, end: number): readonly [number, number] {
  const block = codes[start] === SLASH_SIGN;
  const closed = block && end - start >= 4 && codes[end - 1] === SLASH_SIGN && codes[end - 2] === ASTERISK;
  let [from, to] = [start + 2, closed ? end - 2 : end];
  while (from < to && KINDS[codes[from] as number] === BLANK) from += 1;
  while (to > from && KINDS[codes[to - 1] as number] === BLANK) to -= 1;
  return [from, to];
}

/** Where the quote is of a string with letters in front that belong to it (`E''`, `B''`, `X''`, `N''`, `U&''`) and begin a word at `from`; 0 for none. */
export function prefixedQuote(codes: Codes, from: number): number {
  const next = codes[from + 1] as number;
  if (next !== QUOTE && next !== AMPERSAND) return 0;
  const letter = (codes[from] as number) | 32;
  if (next === AMPERSAND) return letter === LETTER_U && codes[from + 2] === QUOTE ? from + 2 : 0;
  return letter === LETTER_E || letter === LETTER_B || letter === LETTER_X || letter === LETTER_N ? from + 1 : 0;
}

const [NEWLINE, DOUBLE_QUOTE, AMPERSAND, QUOTE, ASTERISK, PLUS_SIGN, MINUS_SIGN, POINT, SLASH_SIGN, ZERO, NINE] = [
  10, 34, 38, 39, 42, 43, 45, 46, 47, 48, 57,
];
const [BACKSLASH, UNDERSCORE] = [92, 95];
const [LETTER_B, LETTER_E, LETTER_N, LETTER_O, LETTER_U, LETTER_X] = [98, 101, 110, 111, 117, 120];
