import { hashCuts, hashWords } from './hash.js';
import {
  BLANK,
  CLOSING,
  DIGIT,
  DOLLAR,
  DOT,
  isWordPart,
  KINDS,
  MARKER,
  MINUS,
  NAME,
  SLASH,
  STRING,
  WORD,
} from './kinds.js';
import { blockEnd, insideComment, lineEnd, nameEnd, numberEnd, prefixedQuote, stringEnd, tagEnd } from './scan-ends.js';
import type { Stretch } from './stretch.js';

/** What stood last before a place, for what a minus or a point there means. */
const [NO_VALUE, VALUE, WORDS] = [0, 1, 2];

/**
 * Takes statements apart in one pass over their characters, by the lexical rules of the manual ("Lexical Structure", `standard_conforming_strings` on). Any text has an outcome;
 * a string or a comment that does not end reaches to the end. All that it finds is in arrays which the next text overwrites: of a log's hundred thousand statements a
 * second nothing is made anew.
 */
export class Scanner {
  /** Bytes of the text, from `start` to `end` (exclusive): a loop over them takes half the time of one over the characters of a string. */
  codes: Buffer = Buffer.alloc(1);
  start = 0;
  end = 0;
  /** Places of the constants among the bytes, start and end (exclusive) in turn; a sign that belongs to a number is part of it. */
  literals: Int32Array = new Int32Array(FIRST_CUTS);
  /** As many numbers of them are of this text. */
  literalsEnd = 0;
  /** The same of comments, their marks included. */
  comments: Int32Array = new Int32Array(FIRST_CUTS);
  commentsEnd = 0;
  private key = Buffer.alloc(FIRST_ROOM);
  private keyWords = wordsOf(this.key);
  private keyLength = 0;
  /** Whether the key ends in a space, or is empty. */
  private spaced = true;
  /** Behind the last constant in the key; 0 for none. */
  private place = 0;
  /** Whether the key may hold rows of constants or lists of question marks, which any length makes the same. */
  private listed = false;
  private last = NO_VALUE;
  private wordStart = 0;
  private wordEnd = 0;

  /** The stretch must stay as it is until the next is scanned. */
  scan(text: Stretch): void {
    this.take(text);
    const { codes, end } = this;
    const behind = codes[end] as number;
    // What looks ahead then stops at the end by itself.
    codes[end] = 0;
    for (let at = this.start; at < end;) {
      const kind = KINDS[codes[at] as number];
      if (kind === WORD) at = this.word(at);
      else if (kind === BLANK) at = this.blank(at);
      else if (kind === DIGIT) at = this.constant(at, numberEnd(codes, at));
      else at = this.mark(at, kind as number);
    }
    codes[end] = behind;
    if (this.spaced && this.keyLength > 0) this.keyLength -= 1;
  }

  /** The same for texts that differ in constants, white space, comments and the length of lists of constants; no constant is in it. */
  keyText(): string {
    const text = this.key.toString('utf8', 0, this.keyLength);
    if (!this.listed) return text;
    return text.replaceAll(/\?(?:\s?,\s?\?)+/g, '?').replaceAll(/\(\?\)(?:\s?,\s?\(\?\))+/g, '(?)');
  }

  /** Keys that differ only in a list's length may differ in it. */
  keyHash(): number {
    const { key, keyLength } = this;
    key[keyLength] = key[keyLength + 1] = key[keyLength + 2] = 0;
    return hashWords(this.keyWords, keyLength);
  }

  commentsHash(): number {
    return hashCuts(this.codes, this.comments, this.commentsEnd, 0);
  }

  literalsHash(seed: number): number {
    return hashCuts(this.codes, this.literals, this.literalsEnd, seed);
  }

  /** Of a comment by its number, without its marks. */
  commentText(number: number): string {
    const [from, to] = insideComment(
      this.codes,
      this.comments[number * 2] as number,
      this.comments[number * 2 + 1] as number,
    );
    return this.codes.toString('utf8', from, to);
  }

  private take({ bytes, start, end }: Stretch): void {
    const room = end - start + BEHIND;
    if (room > this.key.length || this.key.length > MOST_ROOM) {
      this.key = Buffer.alloc(Math.max(FIRST_ROOM, (room * 2) & ~3));
      this.keyWords = wordsOf(this.key);
    }
    this.codes = bytes;
    this.start = start;
    this.end = end;
    this.literalsEnd = this.commentsEnd = this.keyLength = this.place = 0;
    this.listed = false;
    this.spaced = true;
    this.last = NO_VALUE;
  }

  private word(start: number): number {
    const { codes, key } = this;
    const quote = prefixedQuote(codes, start);
    if (quote > 0)
      return this.constant(start, stringEnd(codes, quote, this.end, ((codes[start] as number) | 32) === 101));
    let [at, end] = [start, this.keyLength];
    let code = codes[at] as number;
    do {
      key[end] = code;
      end += 1;
      at += 1;
      code = codes[at] as number;
    } while (isWordPart(code));
    this.keyLength = end;
    this.spaced = false;
    this.last = WORDS;
    this.wordStart = start;
    this.wordEnd = at;
    return at;
  }

  private blank(start: number): number {
    const { codes } = this;
    let at = start + 1;
    while (KINDS[codes[at] as number] === BLANK) at += 1;
    this.space();
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
        return this.copy(at, nameEnd(codes, at, end), VALUE);
      case DOLLAR:
        return this.dollar(at);
      case MINUS:
        if (next === codes[at]) return this.comment(at, lineEnd(codes, at, end));
        if (KINDS[next] === DIGIT && this.isSign(at)) return this.constant(at, numberEnd(codes, at + 1));
        return this.copy(at, at + 1, NO_VALUE);
      case DOT:
        if (KINDS[next] === DIGIT && !this.behindValue()) return this.constant(at, numberEnd(codes, at));
        return this.copy(at, at + 1, NO_VALUE);
      case SLASH:
        if (next === ASTERISK) return this.comment(at, blockEnd(codes, at, end));
        return this.copy(at, at + 1, NO_VALUE);
      case MARKER:
        // Texts of programs come with question marks in the places of constants.
        this.listed = true;
        return this.copy(at, at + 1, NO_VALUE);
      default:
        return this.copy(at, at + 1, kind === CLOSING ? VALUE : NO_VALUE);
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
    if (end > at + 1) return this.copy(at, end, VALUE);
    end = tagEnd(codes, at, this.end);
    return end === -1 ? this.copy(at, at + 1, this.last) : this.constant(at, end);
  }

  private copy(start: number, end: number, last: number): number {
    const { codes, key } = this;
    let to = this.keyLength;
    for (let at = start; at < end; at += 1) {
      key[to] = codes[at] as number;
      to += 1;
    }
    this.keyLength = to;
    this.spaced = KINDS[codes[end - 1] as number] === BLANK;
    this.last = last;
    return end;
  }

  private constant(start: number, end: number): number {
    // The next one of a list adds nothing to the key.
    if (this.place > 0 && this.followsInList()) this.keyLength = this.place;
    else {
      this.key[this.keyLength] = PLACE;
      this.keyLength += 1;
      this.place = this.keyLength;
    }
    this.literals = pushed(this.literals, this.literalsEnd, start, end);
    this.literalsEnd += 2;
    this.spaced = false;
    this.last = VALUE;
    return end;
  }

  /** Whether only a comma is between the last constant and here; notes where only the end of a row and the beginning of the next are. */
  private followsInList(): boolean {
    const { key, place, keyLength } = this;
    if (keyLength - place > LONGEST_BETWEEN || keyLength === place) return false;
    let at = place;
    const row = key[at] === CLOSE;
    if (row) at += 1;
    if (key[at] === SPACE && at < keyLength) at += 1;
    if (key[at] !== COMMA || at >= keyLength) return false;
    at += 1;
    if (key[at] === SPACE && at < keyLength) at += 1;
    if (!row) return at === keyLength;
    if (key[at] === OPEN && at + 1 === keyLength) this.listed = true;
    return false;
  }

  private comment(start: number, end: number): number {
    this.comments = pushed(this.comments, this.commentsEnd, start, end);
    this.commentsEnd += 2;
    this.space();
    return end;
  }

  /** One space in the key for a stretch of the text. */
  private space(): void {
    if (this.spaced) return;
    this.key[this.keyLength] = SPACE;
    this.keyLength += 1;
    this.spaced = true;
  }
}

/** The array with two more numbers behind its first `end`, or a longer one. */
function pushed(cuts: Int32Array, end: number, first: number, second: number): Int32Array {
  let all = cuts;
  if (end + 2 > cuts.length) {
    all = new Int32Array(cuts.length * 2);
    all.set(cuts);
  }
  all[end] = first;
  all[end + 1] = second;
  return all;
}

/** What the key has in a constant's place: never begins an identifier, a number or an operator. */
const PLACE = 63;
const [SPACE, OPEN, CLOSE, ASTERISK, COMMA] = [32, 40, 41, 42, 44];
/** A minus behind one of them is part of it. */
const OPERATORS: ReadonlySet<number> = new Set(Array.from('+-*/<>=~!@#%^&|`?', (letter) => letter.charCodeAt(0)));
/** Words after which a minus is a sign. */
const NO_VALUES: ReadonlySet<string> = new Set(
  'select where and or not in between then else when values limit offset return returning by on case like ilike set from'.split(
    ' ',
  ),
);
const LONGEST_WORD = 'returning'.length;
/** What stands between the constants of two rows: `)`, a space, `,`, a space and `(` at the most. */
const LONGEST_BETWEEN = 5;
/** Bytes behind the key that its last word may take. */
const BEHIND = 4;
const FIRST_ROOM = 16 * 1024;
/** Room that is not kept for the next text. */
const MOST_ROOM = 1024 * 1024;
const FIRST_CUTS = 64;

function wordsOf(bytes: Buffer): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
}
