import { StretchesHash } from './hash.js';
import * as kinds from './kinds.js';
import { blockEnd, lineEnd, nameEnd, numberEnd, prefixedQuote, stringEnd, tagEnd } from './scan-ends.js';
import { Scanned } from './scanned.js';
import type { Stretch } from './stretch.js';

/** Of this module, for what is asked of each byte: imports are looked up with every use, which took half as long again. */
const { BLANK, CLOSING, DIGIT, DOLLAR, DOT, KINDS, MINUS, NAME, SLASH, STRING, WORD } = kinds;

/** What stood last before a place, for what a minus or a point there means. */
const [NO_VALUE, VALUE, WORDS] = [0, 1, 2];

/**
 * Takes statements apart in one pass over their characters, by the lexical rules of the manual ("Lexical Structure", `standard_conforming_strings` on). Any text has an outcome;
 * a string or a comment that does not end reaches to the end.
 */
export class Scanner extends Scanned {
  private readonly outside = new StretchesHash();
  /** Behind the last constant or comment. */
  private from = 0;
  private last = NO_VALUE;
  private wordStart = 0;
  private wordEnd = 0;

  /** The stretch must stay as it is until the next is scanned. */
  scan({ bytes: codes, start, end }: Stretch): void {
    this.codes = codes;
    this.start = this.from = start;
    this.end = end;
    this.literalsEnd = this.commentsEnd = 0;
    this.last = NO_VALUE;
    this.outside.begin(codes);
    const behind = codes[end] as number;
    // What looks ahead then stops at the end by itself.
    codes[end] = 0;
    for (let at = start; at < end;) {
      const kind = KINDS[codes[at] as number];
      if (kind === WORD) at = this.word(at);
      else if (kind === BLANK) at += 1;
      else if (kind === DIGIT) at = this.constant(at, numberEnd(codes, at));
      else at = this.mark(at, kind as number);
    }
    codes[end] = behind;
    this.outside.add(this.from, end, THE_END);
  }

  /** Of all but constants and comments. Texts of which it is the same have one key (`keyOf`); those of one key may differ in it, as they may in white space. */
  hash(): number {
    return this.outside.value();
  }

  private word(start: number): number {
    const { codes } = this;
    const quote = prefixedQuote(codes, start);
    if (quote > 0)
      return this.constant(start, stringEnd(codes, quote, this.end, ((codes[start] as number) | 32) === 101));
    let at = start + 1;
    while ((KINDS[codes[at] as number] as number) <= DOLLAR) at += 1;
    this.last = WORDS;
    this.wordStart = start;
    this.wordEnd = at;
    return at;
  }

  /** Anything else: what begins a constant, a name or a comment, and what only stands for itself. */
  private mark(at: number, kind: number): number {
    const { codes, end } = this;
    const next = codes[at + 1] as number;
    switch (kind) {
      case STRING:
        return this.constant(at, stringEnd(codes, at, end, false));
      case NAME:
        return this.pass(nameEnd(codes, at, end), VALUE);
      case DOLLAR:
        return this.dollar(at);
      case MINUS:
        if (next === codes[at]) return this.comment(at, lineEnd(codes, at, end));
        if (KINDS[next] === DIGIT && this.isSign(at)) return this.constant(at, numberEnd(codes, at + 1));
        return this.pass(at + 1, NO_VALUE);
      case DOT:
        if (KINDS[next] === DIGIT && !this.behindValue()) return this.constant(at, numberEnd(codes, at));
        return this.pass(at + 1, NO_VALUE);
      case SLASH:
        if (next === ASTERISK) return this.comment(at, blockEnd(codes, at, end));
        return this.pass(at + 1, NO_VALUE);
      default:
        return this.pass(at + 1, kind === CLOSING ? VALUE : NO_VALUE);
    }
  }

  /** Whether a minus in front of a digit belongs to the number. */
  private isSign(at: number): boolean {
    return (at === this.start || !OPERATORS.has(this.codes[at - 1] as number)) && !this.behindValue();
  }

  private behindValue(): boolean {
    if (this.last !== WORDS) return this.last === VALUE;
    const { codes, wordStart, wordEnd } = this;
    return (
      wordEnd - wordStart > LONGEST_WORD ||
      !NO_VALUES.has(String.fromCharCode(...codes.subarray(wordStart, wordEnd)).toLowerCase())
    );
  }

  /** `$1`, or a string in dollar quotes, or a dollar. */
  private dollar(at: number): number {
    const { codes } = this;
    let end = at + 1;
    while (KINDS[codes[end] as number] === DIGIT) end += 1;
    if (end > at + 1) return this.pass(end, VALUE);
    end = tagEnd(codes, at, this.end);
    return end === -1 ? this.pass(at + 1, this.last) : this.constant(at, end);
  }

  private pass(end: number, last: number): number {
    this.last = last;
    return end;
  }

  private constant(start: number, end: number): number {
    // What a list has more than one of makes no other key.
    if (!this.followsInList(start)) this.outside.add(this.from, start, CONSTANT);
    this.addLiteral(start, end);
    this.from = end;
    this.last = VALUE;
    return end;
  }

  /** Whether only a comma, and a space, is between the last constant and here. */
  private followsInList(at: number): boolean {
    const { codes, from, literals, literalsEnd } = this;
    if (at - from > 2 || literalsEnd === 0 || literals[literalsEnd - 1] !== from || codes[from] !== COMMA) return false;
    return at - from === 1 || codes[from + 1] === SPACE;
  }

  private comment(start: number, end: number): number {
    this.outside.add(this.from, start, COMMENT);
    this.addComment(start, end);
    this.from = end;
    return end;
  }
}

/** What stands behind a stretch of a text. */
const [CONSTANT, COMMENT, THE_END] = [1, 2, 3];
const [SPACE, ASTERISK, COMMA] = [32, 42, 44];
/** A minus behind one of them is part of it. */
const OPERATORS: ReadonlySet<number> = new Set(Array.from('+-*/<>=~!@#%^&|`?', (letter) => letter.charCodeAt(0)));
/** Words after which a minus is a sign. */
const NO_VALUES: ReadonlySet<string> = new Set(
  'select where and or not in between then else when values limit offset return returning by on case like ilike set from'.split(
    ' ',
  ),
);
const LONGEST_WORD = 'returning'.length;
