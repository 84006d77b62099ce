/** A constant in a statement's text. */
export interface Literal {
  /** Offsets into the text, `end` exclusive; a sign that belongs to a number is part of it. */
  readonly start: number;
  readonly end: number;
}

/** A statement's text taken apart without a parser. */
export interface Lexed {
  /** The same for texts that differ in constants, white space, comments and the length of lists of constants; no constant is in it. */
  readonly key: string;
  readonly literals: readonly Literal[];
  readonly comments: readonly Comment[];
}

/** A comment, its text without its marks. */
export interface Comment extends Literal {
  readonly text: string;
}

/**
 * Takes a statement apart in one pass over its characters, by the lexical rules of the manual ("Lexical Structure", `standard_conforming_strings` on). Any text has an
 * outcome; a string or a comment that does not end reaches to the end.
 */
export function lex(text: string): Lexed {
  const state: State = { text, parts: [], literals: [], comments: [], from: 0, spaced: false, operand: false };
  let at = 0;
  while (at < text.length) at = step(state, at);
  copy(state, text.length);
  return { key: key(state.parts), literals: state.literals, comments: state.comments };
}

/** The text with `?` in the place of its constants, comments left out: what may be shown of a statement. */
export function withoutConstants(text: string): string {
  const { literals, comments } = lex(text);
  const cuts = [...literals, ...comments].toSorted((a, b) => a.start - b.start);
  let shown = '';
  let done = 0;
  for (const cut of cuts) {
    shown += text.slice(done, cut.start) + ('text' in cut ? ' ' : PLACE);
    done = cut.end;
  }
  return (shown + text.slice(done)).trim();
}

interface State {
  readonly text: string;
  /** Pieces of the key; `PLACE` stands for a constant. */
  readonly parts: string[];
  readonly literals: Literal[];
  readonly comments: Comment[];
  /** Up to where the text is in the key. */
  from: number;
  /** Whether the key ends in a space. */
  spaced: boolean;
  /** Whether what came last is a value, so that a minus subtracts. */
  operand: boolean;
}

/** What the key has in a constant's place: never begins an identifier, a number or an operator. */
const PLACE = '?';

/** Kinds of characters by their code, others are letters. */
const [OTHER, LETTER, DIGIT, BLANK] = [0, 1, 2, 3];
const KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const letter = String.fromCharCode(code);
  if (/[A-Za-z_]/.test(letter)) return LETTER;
  if (/\d/.test(letter)) return DIGIT;
  return /\s/.test(letter) ? BLANK : OTHER;
});

function kindAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 128 ? (KINDS[code] ?? OTHER) : Number.isNaN(code) ? OTHER : LETTER;
}

function step(state: State, at: number): number {
  const { text } = state;
  switch (kindAt(text, at)) {
    case BLANK:
      return blank(state, at);
    case LETTER:
      return word(state, at);
    case DIGIT:
      return constant(state, at, numberEnd(text, at));
    default:
      return symbol(state, at);
  }
}

function blank(state: State, at: number): number {
  const { text } = state;
  let end = at + 1;
  while (kindAt(text, end) === BLANK) end += 1;
  // A single space stays where it is.
  if (end === at + 1 && text.charCodeAt(at) === 32 && !state.spaced && state.parts.length + at - state.from > 0) {
    state.spaced = true;
    return end;
  }
  space(state, at, end);
  return end;
}

/** Puts one space into the key for a stretch of the text. */
function space(state: State, at: number, end: number): void {
  copy(state, at);
  if (!state.spaced && state.parts.length > 0) state.parts.push(' ');
  state.spaced = true;
  state.from = end;
}

function copy(state: State, to: number): void {
  if (to > state.from) state.parts.push(state.text.slice(state.from, to));
  state.from = to;
}

/** Words after which a minus is a sign. */
const NO_OPERANDS =
  /^(?:select|where|and|or|not|in|between|then|else|when|values|limit|offset|return|returning|by|on|case|like|ilike|set|from)$/i;

function word(state: State, at: number): number {
  const { text } = state;
  let end = at + 1;
  for (let kind = kindAt(text, end); kind === LETTER || kind === DIGIT || text.charCodeAt(end) === DOLLAR;) {
    end += 1;
    kind = kindAt(text, end);
  }
  const next = text.charCodeAt(end);
  if (next === QUOTE && end === at + 1) {
    const letter = text.charCodeAt(at) | 32;
    if (letter === 101) return constant(state, at, stringEnd(text, end, true));
    if (letter === 98 || letter === 120 || letter === 110) return constant(state, at, stringEnd(text, end, false));
  }
  if (next === 38 && end === at + 1 && (text.charCodeAt(at) | 32) === 117 && text.charCodeAt(end + 1) === QUOTE)
    return constant(state, at, stringEnd(text, end + 1, false));
  state.spaced = false;
  state.operand = end - at > 9 || !NO_OPERANDS.test(text.slice(at, end));
  return end;
}

const DOLLAR = 36;
const QUOTE = 39;

function symbol(state: State, at: number): number {
  const { text } = state;
  const code = text.charCodeAt(at);
  switch (code) {
    case QUOTE:
      return constant(state, at, stringEnd(text, at, false));
    case 34:
      state.spaced = false;
      state.operand = true;
      return quotedEnd(text, at);
    case DOLLAR:
      return dollar(state, at);
    case 45:
      if (text.charCodeAt(at + 1) === 45) return comment(state, at, lineEnd(text, at), 2, 0);
      return minus(state, at);
    case 47:
      if (text.charCodeAt(at + 1) === 42) {
        const end = blockEnd(text, at);
        return comment(state, at, end, 2, 2);
      }
      break;
    case 46:
      if (kindAt(text, at + 1) === DIGIT && !state.operand) return constant(state, at, numberEnd(text, at));
      break;
    default:
  }
  state.spaced = false;
  state.operand = code === 41 || code === 93;
  return at + 1;
}

/** The sign of a number, unless it subtracts. */
function minus(state: State, at: number): number {
  const { text } = state;
  const before = at > 0 ? text.charCodeAt(at - 1) : 32;
  const alone = !'+-*/<>=~!@#%^&|`?'.includes(String.fromCharCode(before));
  if (!state.operand && alone && kindAt(text, at + 1) === DIGIT) return constant(state, at, numberEnd(text, at + 1));
  state.spaced = false;
  state.operand = false;
  return at + 1;
}

function constant(state: State, start: number, end: number): number {
  copy(state, start);
  state.parts.push(PLACE);
  state.literals.push({ start, end });
  state.from = end;
  state.spaced = false;
  state.operand = true;
  return end;
}

function comment(state: State, at: number, end: number, opening: number, closing: number): number {
  const text = state.text.slice(at + opening, Math.max(at + opening, end - closing)).trim();
  state.comments.push({ start: at, end, text });
  space(state, at, end);
  return end;
}

/** `$1`, or a string in dollar quotes. */
function dollar(state: State, at: number): number {
  const { text } = state;
  if (kindAt(text, at + 1) === DIGIT) {
    let end = at + 2;
    while (kindAt(text, end) === DIGIT) end += 1;
    state.spaced = false;
    state.operand = true;
    return end;
  }
  let close = at + 1;
  while (kindAt(text, close) === LETTER || (close > at + 1 && kindAt(text, close) === DIGIT)) close += 1;
  if (text.charCodeAt(close) !== DOLLAR) {
    state.spaced = false;
    return at + 1;
  }
  const tag = text.slice(at, close + 1);
  const end = text.indexOf(tag, close + 1);
  return constant(state, at, end === -1 ? text.length : end + tag.length);
}

function stringEnd(text: string, quote: number, backslashes: boolean): number {
  let at = quote + 1;
  for (;;) {
    const end = text.indexOf("'", at);
    if (end === -1) return text.length;
    if (backslashes) {
      let slashes = 0;
      while (text.charCodeAt(end - 1 - slashes) === 92 && end - 1 - slashes > quote) slashes += 1;
      if (slashes % 2 === 1) {
        at = end + 1;
        continue;
      }
    }
    if (text.charCodeAt(end + 1) !== QUOTE) return end + 1;
    at = end + 2;
  }
}

function quotedEnd(text: string, at: number): number {
  const end = text.indexOf('"', at + 1);
  return end === -1 ? text.length : end + 1;
}

/** `12`, `1.5e-3`, `.5`, `0x1F`, `1_000`. */
function numberEnd(text: string, from: number): number {
  NUMBER.lastIndex = from;
  return NUMBER.test(text) ? NUMBER.lastIndex : from + 1;
}

const NUMBER = /(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*)?\.?\d[\d_]*\.?(?:[eE][+-]?\d+)?)/y;

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

/** Comments nest. */
function blockEnd(text: string, from: number): number {
  let depth = 1;
  let at = from + 2;
  while (depth > 0) {
    const close = text.indexOf('*/', at);
    if (close === -1) return text.length;
    const open = text.indexOf('/*', at);
    if (open !== -1 && open < close) {
      depth += 1;
      at = open + 2;
    } else {
      depth -= 1;
      at = close + 2;
    }
  }
  return at;
}

/** Lists of constants of any length are one: `(?, ?, ?)` and `(?)`; the rows of VALUES likewise. */
function key(parts: readonly string[]): string {
  let text = parts.length === 1 ? (parts[0] ?? '') : parts.join('');
  if (text.includes('?, ?') || text.includes('?,?')) text = text.replaceAll(/\?(?:\s?,\s?\?)+/g, '?');
  if (text.includes('(?), (') || text.includes('(?),(')) text = text.replaceAll(/\(\?\)(?:\s?,\s?\(\?\))+/g, '(?)');
  return text.trimEnd();
}
