import type { Clock } from './clock.js';
import { hashCuts } from './hash.js';
import type { LinePrefix } from './prefix.js';
import { ascii, standsAt } from './stretch.js';

/** What is kept of a prefix, in the order of `Places`. */
export const KEPT = ['user', 'database', 'application', 'session', 'process'] as const;
/** Behind them. */
const SEVERITY = KEPT.length * 2;

/** One thing after another that a line begins with. All have all fields, and are read in one way: parts of different forms took twice as long to go over. */
interface Part {
  readonly is: 'text' | 'time' | 'number' | 'session' | 'state' | 'virtual' | 'name';
  /** Its number among `KEPT`, 0 for a time that is kept; -1 for what is not. */
  readonly kept: number;
  /** What a text is, or what stands behind a name. */
  readonly bytes: Uint8Array;
  /** Of a number, whether a minus may stand before it. */
  readonly signed: boolean;
  /** Of a name, by code: whether it may stand in it without asking the pattern. */
  readonly plain: Uint8Array;
  /** Of a name. */
  readonly longest: number;
}

function part(
  is: Part['is'],
  { kept = -1, bytes = NOTHING, signed = false, plain = NOTHING, longest = 0 }: Partial<Part>,
): Part {
  return { is, kept, bytes, signed, plain, longest };
}

const NOTHING = new Uint8Array(0);

/**
 * Matches the beginnings of lines by going over their bytes once. It takes each name up to the first place where the text behind it stands, as the pattern of the prefix does; wherever that is not
 * enough (a name with a blank, a zone of an odd form, a line of no session) it does not match, and the pattern is asked.
 */
export class PrefixMatcher {
  /** Of the line that was matched last: behind the severity or the name of the part, its colon and blanks included. */
  end = 0;
  /** The same for lines of one session and severity, 52 bits. */
  hash = 0;
  /** Start and end (exclusive) of what is kept, in turn, and of the severity or the part's name; -1 for what the prefix does not have. */
  readonly places = new Int32Array(SEVERITY + 2).fill(-1);

  constructor(
    private readonly parts: readonly Part[],
    private readonly clock: Clock,
  ) {}

  match(bytes: Uint8Array, from: number, to: number): boolean {
    const { parts, places } = this;
    let at = from;
    for (let i = 0; i < parts.length; i += 1) {
      const part = parts[i] as Part;
      const { is, kept } = part;
      const start = at;
      switch (is) {
        case 'text':
          if (!standsAt(bytes, at, to, part.bytes)) return false;
          at += part.bytes.length;
          continue;
        case 'time':
          at = this.time(bytes, at, to, kept >= 0);
          if (at < start) return false;
          continue;
        case 'number':
          if (part.signed && bytes[at] === MINUS) at += 1;
          at = digitsEnd(bytes, at, to);
          break;
        case 'session':
          at = hexEnd(bytes, at, to);
          at = at > start && bytes[at] === POINT ? hexEnd(bytes, at + 1, to) : start;
          break;
        case 'state':
          while (at < to && at < start + 5 && isStatePart(bytes[at] as number)) at += 1;
          if (at < start + 5) return false;
          break;
        case 'virtual':
          at = virtualEnd(bytes, at, to);
          break;
        default:
          at = nameEnd(bytes, at, to, part);
      }
      if (at < start || (at === start && is !== 'name' && is !== 'virtual')) return false;
      if (kept >= 0) {
        places[kept * 2] = start;
        places[kept * 2 + 1] = at;
      }
    }
    return this.severity(bytes, at, to);
  }

  private time(bytes: Uint8Array, at: number, to: number, kept: boolean): number {
    const { clock } = this;
    if (kept) return clock.read(bytes, at, to) ? clock.end : -1;
    const { ms, utc } = clock;
    const isTime = clock.read(bytes, at, to);
    clock.ms = ms;
    clock.utc = utc;
    return isTime ? clock.end : -1;
  }

  private severity(bytes: Uint8Array, from: number, to: number): boolean {
    let at = from;
    while (at < to && isStatePart(bytes[at] as number)) at += 1;
    if (at === from || bytes[at] !== COLON || bytes[at + 1] !== SPACE || at + 1 >= to) return false;
    this.end = at + 2 < to && bytes[at + 2] === SPACE ? at + 3 : at + 2;
    const { places } = this;
    places[SEVERITY] = from;
    places[SEVERITY + 1] = at;
    this.hash = hashCuts(bytes, places, places.length, 0);
    return true;
  }
}

/** A matcher for a prefix; null for one that only its pattern takes apart: with paddings, or names that no text stands between. */
export function matcherOf({ text }: LinePrefix, clock: Clock): PrefixMatcher | null {
  if (text === null || text.includes('%?')) return null;
  const pieces = text.replace('%q', '').match(/%.?|[^%]+/g) ?? [];
  const parts: Part[] = [];
  const kept = new Set<string>();
  for (const [i, piece] of pieces.entries()) {
    const kind = piece.charAt(1);
    const behind = pieces[i + 1];
    const isName = piece.startsWith('%') && kind in NAMES;
    if (isName && (behind === undefined || behind.startsWith('%'))) return null;
    const made = piece.startsWith('%') ? partOf(kind, kept, behind ?? '') : textPart(piece);
    if (!made) return null;
    parts.push(made);
  }
  return new PrefixMatcher(parts, clock);
}

function textPart(text: string): Part | null {
  return isAscii(text) ? part('text', { bytes: ascii(text) }) : null;
}

function partOf(kind: string, kept: Set<string>, behind: string): Part | null {
  const isFirst = !kept.has(kind) && !(kind === 't' && kept.has('m')) && !(kind === 'm' && kept.has('t'));
  kept.add(kind);
  const place = (name: (typeof KEPT)[number]): number => (isFirst ? KEPT.indexOf(name) : -1);
  const name = NAMES[kind];
  if (name) {
    if (!isAscii(behind)) return null;
    const { keptAs, plain, longest } = name;
    return part('name', { kept: keptAs ? place(keptAs) : -1, plain, longest, bytes: ascii(behind) });
  }
  switch (kind) {
    case 't':
    case 'm':
      return part('time', { kept: isFirst ? 0 : -1 });
    case 's':
      return part('time', {});
    case 'p':
      return part('number', { kept: place('process') });
    case 'l':
    case 'x':
      return part('number', {});
    case 'Q':
      return part('number', { signed: true });
    case 'c':
      return part('session', { kept: place('session') });
    case 'e':
      return part('state', {});
    case 'v':
      return part('virtual', {});
    case '%':
      return textPart('%');
    default:
      return null;
  }
}

const isAscii = (text: string): boolean => Buffer.byteLength(text) === text.length;

interface Name {
  readonly keptAs: (typeof KEPT)[number] | null;
  /** By code: whether it may stand in such a name without asking the pattern. */
  readonly plain: Uint8Array;
  readonly longest: number;
}

/** Printable ASCII but for these. */
function plainCodes(but: string): Uint8Array {
  const isPlain = (code: number): boolean => code >= 32 && code < 127 && !but.includes(String.fromCharCode(code));
  return Uint8Array.from({ length: 256 }, (_, code) => Number(isPlain(code)));
}

function codesOf(only: string): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => Number(only.includes(String.fromCharCode(code))));
}

const letters = 'abcdefghijklmnopqrstuvwxyz';
const [SPACE, MINUS, POINT, SLASH, COLON] = [32, 45, 46, 47, 58];

/** Names, and what is read like one, with what may stand in them. */
const NAMES: Readonly<Record<string, Name>> = {
  u: { keptAs: 'user', plain: plainCodes(' ,;=()[]|'), longest: 63 },
  d: { keptAs: 'database', plain: plainCodes(' ,;=()[]|@/:'), longest: 63 },
  a: { keptAs: 'application', plain: plainCodes(''), longest: 252 },
  r: { keptAs: null, plain: plainCodes(' ,'), longest: 252 },
  h: { keptAs: null, plain: plainCodes(' ,'), longest: 252 },
  i: { keptAs: null, plain: codesOf(`${letters}${letters.toUpperCase()} `), longest: 252 },
  b: { keptAs: null, plain: codesOf(`${letters}${letters.toUpperCase()} _-`), longest: 252 },
};

function nameEnd(bytes: Uint8Array, from: number, to: number, { plain, longest, bytes: before }: Part): number {
  const first = before[0];
  const last = Math.min(to, from + longest + 1);
  for (let at = from; at < last; at += 1) {
    const code = bytes[at] as number;
    if (code === first && standsAt(bytes, at, to, before)) return at;
    if (plain[code] === 0) return -1;
  }
  return -1;
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;
/** What severities, names of parts and SQLSTATEs are made of. */
const isStatePart = (code: number): boolean => isDigit(code) || (code >= 65 && code <= 90);

function digitsEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && isDigit(bytes[at] as number)) at += 1;
  return at;
}

function hexEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && (isDigit(bytes[at] as number) || ((bytes[at] as number) >= 97 && (bytes[at] as number) <= 102)))
    at += 1;
  return at;
}

/** `3/12`, or nothing. */
function virtualEnd(bytes: Uint8Array, from: number, to: number): number {
  const slash = digitsEnd(bytes, bytes[from] === MINUS ? from + 1 : from, to);
  return bytes[slash] === SLASH ? digitsEnd(bytes, slash + 1, to) : from;
}
