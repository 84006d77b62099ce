import { BLANK, KINDS, MARKER, NAME } from './kinds.js';
import { nameEnd } from './scan-ends.js';
import type { Scanned } from './scanned.js';

/** The same for texts that differ in constants, white space, comments and the length of lists of constants; no constant is in it. */
export function keyOf({ codes, start, end, literals, literalsEnd, comments, commentsEnd }: Scanned): string {
  const key = new KeyWriter(codes, end, start);
  let from = start;
  for (let literal = 0, comment = 0; literal < literalsEnd || comment < commentsEnd;) {
    const isComment =
      literal === literalsEnd ||
      (comment < commentsEnd && (comments[comment] as number) < (literals[literal] as number));
    const cuts = isComment ? comments : literals;
    const cut = isComment ? comment : literal;
    key.copy(from, cuts[cut] as number);
    if (isComment) key.space();
    else key.constant();
    from = cuts[cut + 1] as number;
    if (isComment) comment += 2;
    else literal += 2;
  }
  key.copy(from, end);
  return key.text();
}

class KeyWriter {
  private readonly key: Buffer;
  private length = 0;
  /** Whether the key ends in a space, or is empty. */
  private spaced = true;
  /** Behind the last constant in the key; 0 for none. */
  private place = 0;
  /** Whether the key may hold rows of constants or lists of question marks, which any length makes the same. */
  private listed = false;

  constructor(
    private readonly codes: Buffer,
    private readonly end: number,
    start: number,
  ) {
    // For each byte one at the most: a constant takes one itself, and so does a comment.
    this.key = Buffer.alloc(end - start + 1);
  }

  text(): string {
    const text = this.key.toString('utf8', 0, this.spaced && this.length > 0 ? this.length - 1 : this.length);
    if (!this.listed) return text;
    return text.replaceAll(/\?(?:\s?,\s?\?)+/g, '?').replaceAll(/\(\?\)(?:\s?,\s?\(\?\))+/g, '(?)');
  }

  /** What is no constant and no comment. */
  copy(from: number, to: number): void {
    const { codes } = this;
    for (let at = from; at < to;) {
      const kind = KINDS[codes[at] as number];
      if (kind === BLANK) {
        this.space();
        at += 1;
        continue;
      }
      // Texts of programs come with question marks in the places of constants.
      if (kind === MARKER) this.listed = true;
      const next = kind === NAME ? nameEnd(codes, at, this.end) : at + 1;
      for (; at < next; at += 1) {
        this.key[this.length] = codes[at] as number;
        this.length += 1;
      }
      this.spaced = KINDS[codes[next - 1] as number] === BLANK;
    }
  }

  constant(): void {
    // The next one of a list adds nothing to the key.
    if (this.place > 0 && this.followsInList()) this.length = this.place;
    else {
      this.key[this.length] = PLACE;
      this.length += 1;
      this.place = this.length;
    }
    this.spaced = false;
  }

  /** One space for what is blank, and for comments. */
  space(): void {
    if (this.spaced) return;
    this.key[this.length] = SPACE;
    this.length += 1;
    this.spaced = true;
  }

  /** Whether only a comma is between the last constant and here; notes where only the end of a row and the beginning of the next are. */
  private followsInList(): boolean {
    const { key, place, length } = this;
    if (length - place > LONGEST_BETWEEN || length === place) return false;
    let at = place;
    const row = key[at] === CLOSE;
    if (row) at += 1;
    if (key[at] === SPACE && at < length) at += 1;
    if (key[at] !== COMMA || at >= length) return false;
    at += 1;
    if (key[at] === SPACE && at < length) at += 1;
    if (!row) return at === length;
    if (key[at] === OPEN && at + 1 === length) this.listed = true;
    return false;
  }
}

/** What the key has in a constant's place: never begins an identifier, a number or an operator. */
const PLACE = 63;
const [SPACE, OPEN, CLOSE, COMMA] = [32, 40, 41, 44];
/** What stands between the constants of two rows: `)`, a space, `,`, a space and `(` at the most. */
const LONGEST_BETWEEN = 5;
