import { keyOf } from './key.js';
import { Scanner } from './scan.js';
import type { Scanned } from './scanned.js';
import { stretchOf } from './stretch.js';

/** A constant in a statement's text. */
export interface Literal {
  /** Offsets into the text (UTF-16), `end` exclusive; a sign that belongs to a number is part of it. */
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

/** Takes a statement apart: see `Scanner`. */
export function lex(text: string): Lexed {
  scanner.scan(stretchOf(text));
  return { key: keyOf(scanner), ...cutsOf(scanner) };
}

/** What a scanner found, to be kept. */
export function cutsOf(scanned: Scanned): Omit<Lexed, 'key'> {
  return {
    literals: cuts(scanned, scanned.literals, scanned.literalsEnd),
    comments: cuts(scanned, scanned.comments, scanned.commentsEnd).map((cut, i) => ({
      ...cut,
      text: scanned.commentText(i),
    })),
  };
}

/** The texts of a statement's comments. */
export function commentsOf(scanned: Scanned): readonly string[] {
  return Array.from({ length: scanned.commentsEnd / 2 }, (_, i) => scanned.commentText(i));
}

const scanner = new Scanner();

function cuts(scanned: Scanned, places: Int32Array, end: number): readonly Literal[] {
  const { codes, start } = scanned;
  const found: Literal[] = [];
  // From each place only the characters since the last one are counted.
  let [at, offset] = [start, 0];
  const offsetOf = (place: number): number => {
    offset += lettersIn(codes, at, place);
    at = place;
    return offset;
  };
  for (let i = 0; i < end; i += 2)
    found.push({ start: offsetOf(places[i] as number), end: offsetOf(places[i + 1] as number) });
  return found;
}

/** UTF-16 codes that bytes of UTF-8 are. */
function lettersIn(bytes: Buffer, from: number, to: number): number {
  for (let at = from; at < to; at += 1) if ((bytes[at] as number) > 127) return bytes.toString('utf8', from, to).length;
  return to - from;
}

/** The text with `?` in the place of its constants, comments left out: what may be shown of a statement. */
export function withoutConstants(text: string, { literals, comments }: Omit<Lexed, 'key'> = lex(text)): string {
  const both = [...literals, ...comments].toSorted((a, b) => a.start - b.start);
  let shown = '';
  let done = 0;
  for (const cut of both) {
    shown += text.slice(done, cut.start) + ('text' in cut ? ' ' : '?');
    done = cut.end;
  }
  return (shown + text.slice(done)).trim();
}
