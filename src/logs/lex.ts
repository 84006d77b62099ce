import { blockEnd, lineEnd, numberEnd, quotedEnd, stringEnd } from './lex-ends.js';

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
  const state: State = {
    text,
    parts: [],
    literals: [],
    comments: [],
    from: 0,
    spaced: true,
    operand: false,
    place: 0,
    listed: false,
  };
  for (let at = 0; at < text.length;) {
    const next = beginsBehindCut(state, at) ? at : nextPlace(text, at);
    if (next === -1) break;
    at = step(state, next);
  }
  copy(state, text.length);
  return { key: key(state), literals: state.literals, comments: state.comments };
}

/** The text with `?` in the place of its constants, comments left out: what may be shown of a statement. */
export function withoutConstants(text: string, { literals, comments }: Omit<Lexed, 'key'> = lex(text)): string {
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
  /** Up to where the text is in the key, or was cut out of it. No word reaches across. */
  from: number;
  /** Whether the key ends in a space, or is empty. */
  spaced: boolean;
  /** Whether what came last before `from` is a value, so that a minus subtracts. */
  operand: boolean;
  /** How many parts there were up to the last constant. */
  place: number;
  /** Whether the key may hold rows of constants or lists of question marks, which any length makes the same. */
  listed: boolean;
}

/** What the key has in a constant's place: never begins an identifier, a number or an operator. */
const PLACE = '?';

/** Kinds of characters by their code, others are of words. */
const [OTHER, WORD, DIGIT, BLANK] = [0, 1, 2, 3];
const KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const letter = String.fromCharCode(code);
  if (/[A-Za-z_$]/.test(letter)) return WORD;
  if (/\d/.test(letter)) return DIGIT;
  return /\s/.test(letter) ? BLANK : OTHER;
});

function kindAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 128 ? (KINDS[code] ?? OTHER) : Number.isNaN(code) ? OTHER : WORD;
}

/**
 * Where a string, a quoted name, a comment, a number, a `$`, a question mark, or white space that is not one single space begins. All between is in the key as it
 * stands; most of a statement is, and the engine's search passes it three times as fast as a loop does.
 */
const PLACES = /['"?]|-(?=-)|\/(?=\*)|(?<![\w$\u0080-\uffff])[\d$]|[\t-\r]| (?=[ \t-\r])/g;

function nextPlace(text: string, from: number): number {
  PLACES.lastIndex = from;
  return PLACES.test(text) ? PLACES.lastIndex - 1 : -1;
}

/** Behind what was cut out a number may begin after any character, and a space may be one too many. */
function beginsBehindCut({ text, from, spaced }: State, at: number): boolean {
  if (at !== from) return false;
  const kind = kindAt(text, at);
  return kind === DIGIT || text.charCodeAt(at) === DOLLAR || (kind === BLANK && spaced);
}

const QUOTE = 39;
const DOLLAR = 36;
const MINUS = 45;
const DOT = 46;

function step(state: State, at: number): number {
  const { text } = state;
  switch (text.charCodeAt(at)) {
    case QUOTE:
      return string(state, at);
    case 34:
      return quotedEnd(text, at);
    case DOLLAR:
      return dollar(state, at);
    case MINUS:
      return comment(state, at, lineEnd(text, at), 0);
    case 47:
      return comment(state, at, blockEnd(text, at), 2);
    case 63:
      // Texts of programs come with question marks in the places of constants.
      state.listed = true;
      return at + 1;
    default:
      return kindAt(text, at) === DIGIT ? number(state, at) : blank(state, at);
  }
}

/** A string, with the letters in front that belong to it. */
function string(state: State, quote: number): number {
  const { text } = state;
  const letter = text.charCodeAt(quote - 1) | 32;
  if (letter === 101 && isAlone(state, quote - 1)) return constant(state, quote - 1, stringEnd(text, quote, true));
  const marked = letter === 98 || letter === 120 || letter === 110;
  if (marked && isAlone(state, quote - 1)) return constant(state, quote - 1, stringEnd(text, quote, false));
  const unicode = text.charCodeAt(quote - 1) === 38 && (text.charCodeAt(quote - 2) | 32) === 117;
  const start = unicode && isAlone(state, quote - 2) ? quote - 2 : quote;
  return constant(state, start, stringEnd(text, quote, false));
}

/** Whether a letter is a word by itself. */
function isAlone({ text, from }: State, at: number): boolean {
  return at === from || (at > from && !isOfWord(text, at - 1));
}

function isOfWord(text: string, at: number): boolean {
  const kind = kindAt(text, at);
  return kind === WORD || kind === DIGIT;
}

/** A number with the sign or the point in front that belongs to it. */
function number(state: State, at: number): number {
  const { text } = state;
  const before = at > state.from ? text.charCodeAt(at - 1) : 0;
  const isSign = before === MINUS && isOperatorAlone(text, at - 1);
  const belongs = (isSign || before === DOT) && !isOperand(state, at - 1);
  const end = numberEnd(text, belongs && before === DOT ? at - 1 : at);
  return constant(state, belongs ? at - 1 : at, end);
}

function isOperatorAlone(text: string, at: number): boolean {
  return at === 0 || !'+-*/<>=~!@#%^&|`?'.includes(text.charAt(at - 1));
}

/** Words after which a minus is a sign. */
const NO_OPERANDS =
  /^(?:select|where|and|or|not|in|between|then|else|when|values|limit|offset|return|returning|by|on|case|like|ilike|set|from)$/i;

/** Whether what ends before `at` is a value. */
function isOperand({ text, from, operand }: State, at: number): boolean {
  let end = at;
  while (end > from && kindAt(text, end - 1) === BLANK) end -= 1;
  if (end === from) return operand;
  if (!isOfWord(text, end - 1)) return `)]"`.includes(text.charAt(end - 1));
  let start = end - 1;
  while (start > from && isOfWord(text, start - 1)) start -= 1;
  return end - start > 9 || !NO_OPERANDS.test(text.slice(start, end));
}

function blank(state: State, at: number): number {
  const { text } = state;
  let end = at + 1;
  while (kindAt(text, end) === BLANK) end += 1;
  state.operand = isOperand(state, at);
  space(state, at, end);
  return end;
}

/** Puts one space into the key for a stretch of the text. */
function space(state: State, at: number, end: number): void {
  copy(state, at);
  if (!state.spaced) state.parts.push(' ');
  state.spaced = true;
  state.from = end;
}

function copy(state: State, to: number): void {
  if (to <= state.from) return;
  state.parts.push(state.text.slice(state.from, to));
  state.spaced = kindAt(state.text, to - 1) === BLANK;
  state.from = to;
}

function constant(state: State, start: number, end: number): number {
  copy(state, start);
  const { parts, place } = state;
  const between = place > 0 && parts.length - place <= BETWEEN_PARTS ? parts.slice(place).join('') : '';
  // The next one of a list adds nothing to the key.
  if (between.length <= 3 && /^\s?,\s?$/.test(between)) {
    parts.length = place;
  } else {
    if (between.length <= 5 && /^\)\s?,\s?\($/.test(between)) state.listed = true;
    state.place = parts.push(PLACE);
  }
  state.literals.push({ start, end });
  state.from = end;
  state.spaced = false;
  state.operand = true;
  return end;
}

function comment(state: State, at: number, end: number, closing: number): number {
  const text = state.text.slice(at + 2, Math.max(at + 2, end - closing)).trim();
  state.comments.push({ start: at, end, text });
  state.operand = isOperand(state, at);
  space(state, at, end);
  return end;
}

/** `$1`, or a string in dollar quotes. */
function dollar(state: State, at: number): number {
  const { text } = state;
  if (kindAt(text, at + 1) === DIGIT) {
    let end = at + 2;
    while (kindAt(text, end) === DIGIT) end += 1;
    return boundary(state, end, true);
  }
  let close = at + 1;
  while (text.charCodeAt(close) !== DOLLAR && (close > at + 1 ? isOfWord(text, close) : kindAt(text, close) === WORD))
    close += 1;
  if (text.charCodeAt(close) !== DOLLAR) return boundary(state, at + 1, isOperand(state, at));
  const tag = text.slice(at, close + 1);
  const end = text.indexOf(tag, close + 1);
  return constant(state, at, end === -1 ? text.length : end + tag.length);
}

/** What follows begins something new, though what is in front could be part of a word. */
function boundary(state: State, end: number, operand: boolean): number {
  copy(state, end);
  state.operand = operand;
  return end;
}

/** Lists of constants of any length are one: `(?, ?, ?)` and `(?)`; the rows of VALUES likewise. */
function key({ parts, listed, spaced }: State): string {
  let text = parts.length === 1 ? (parts[0] ?? '') : parts.join('');
  if (listed) text = text.replaceAll(/\?(?:\s?,\s?\?)+/g, '?').replaceAll(/\(\?\)(?:\s?,\s?\(\?\))+/g, '(?)');
  return spaced ? text.trimEnd() : text;
}

/** What stands between the constants of two rows: `)`, a space, `,`, a space and `(` at the most. */
const BETWEEN_PARTS = 5;
