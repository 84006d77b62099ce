import { NumberTable } from '../stats/number-table.js';
import { Clock } from './clock.js';
import { Names } from './origins.js';
import { matchPrefix } from './prefix.js';
import type { LinePrefix } from './prefix.js';
import { KEPT, matcherOf } from './prefix-matcher.js';
import type { PrefixMatcher } from './prefix-matcher.js';
import { owned, parseLogTime } from './record.js';

/** What stands in front of a message, or of a part of one, but for its time. */
export interface Head {
  readonly user: string | null;
  readonly database: string | null;
  readonly application: string | null;
  readonly session: string | null;
  /** `LOG`, ...; null in front of a part. */
  readonly severity: string | null;
  /** `DETAIL`, ...; null in front of a message. */
  readonly part: string | null;
}

/** Reads the beginnings of lines. The pattern of the prefix is asked once for those of one session and severity, and where nothing quicker takes them apart. */
export class Heads {
  /** Of the line that was read last. */
  timeMs: number | null = null;
  utc = false;
  /** Behind the severity or the name of the part. */
  end = 0;
  private readonly names = new Names();
  private readonly clock = new Clock();
  private readonly matcher: PrefixMatcher | null;
  private readonly isTimed: boolean;
  /** By the matcher's hash the number of a head; `DISTRUSTED` where matcher and pattern do not agree. */
  private byHash = new NumberTable(1);
  private known: Head[] = [];

  constructor(private readonly prefix: LinePrefix) {
    this.matcher = matcherOf(prefix, this.clock);
    this.isTimed = prefix.groups.time > 0;
  }

  /** Null where no message and no part of one begins. */
  read(bytes: Buffer, from: number, to: number): Head | null {
    const { matcher, byHash } = this;
    if (!matcher?.match(bytes, from, to)) return this.ask(bytes, from, to)?.head ?? null;
    const entry = byHash.find(matcher.hash);
    const number = entry === -1 ? this.learn(matcher, bytes, from, to) : byHash.at(entry, 0);
    if (number === DISTRUSTED) return this.ask(bytes, from, to)?.head ?? null;
    this.timeMs = this.isTimed ? this.clock.ms : null;
    this.utc = this.isTimed && this.clock.utc;
    this.end = matcher.end;
    return this.known[number] ?? null;
  }

  /** Whether a line begins with a time, as no statement goes on. */
  isTimeFirst(bytes: Buffer, from: number, to: number): boolean {
    return this.clock.begins(bytes, from, to);
  }

  private learn(matcher: PrefixMatcher, bytes: Buffer, from: number, to: number): number {
    if (this.known.length >= MAX_HEADS) {
      this.known = [];
      this.byHash = new NumberTable(1);
    }
    const { places, end } = matcher;
    const told = this.ask(bytes, from, to);
    const isSame = KEPT.every((name, i) => {
      const [start, stop] = [places[i * 2] as number, places[i * 2 + 1] as number];
      return (told?.kept[name] ?? null) === (start < 0 ? null : bytes.toString('latin1', start, stop));
    });
    const { ms, utc } = this.clock;
    const isThen = !this.isTimed || (this.timeMs === ms && this.utc === utc);
    if (!told || !isSame || !isThen || this.end !== end) {
      this.byHash.add(matcher.hash, DISTRUSTED);
      return DISTRUSTED;
    }
    this.byHash.add(matcher.hash, this.known.length);
    this.known.push(told.head);
    return this.known.length - 1;
  }

  /** By the pattern. */
  private ask(bytes: Buffer, from: number, to: number): Asked | null {
    const { groups, severity, part } = this.prefix;
    const line = bytes.toString('utf8', from, Math.min(to, from + LONGEST));
    const match = matchPrefix(this.prefix, line);
    if (!match) return null;
    const at = (group: number): string | null => (group === 0 ? null : (match[group] ?? null));
    const epoch = at(groups.epoch);
    const time = at(groups.time);
    const when =
      time !== null ? parseLogTime(time) : epoch === null ? null : { ms: Math.round(Number(epoch) * 1000), utc: true };
    this.timeMs = when?.ms ?? null;
    this.utc = when?.utc ?? false;
    this.end = from + bytesOf(match[0], bytes, from);
    const session = at(groups.session) ?? at(groups.process);
    const kept: Record<string, string | null> = {};
    for (const name of KEPT) kept[name] = at(groups[name]);
    const head = {
      user: named(at(groups.user)),
      database: named(at(groups.database)),
      application: named(at(groups.application)),
      session: session === null ? null : this.names.same(session),
      severity: SEVERITY.get(match[severity] ?? '') ?? match[severity] ?? null,
      part: match[part] ?? null,
    };
    return { head, kept };
  }
}

interface Asked {
  readonly head: Head;
  /** As the pattern found them. */
  readonly kept: Readonly<Record<string, string | null>>;
}

/** How many bytes the text is that stands there; where some are no UTF-8 each of them was read as one letter or more. */
function bytesOf(text: string, bytes: Buffer, from: number): number {
  if (!text.includes('\uFFFD')) return Buffer.byteLength(text);
  const most = bytes.length - from;
  for (let length = text.length; length <= Math.min(most, text.length * 3); length += 1)
    if (bytes.toString('utf8', from, from + length) === text) return length;
  return Buffer.byteLength(text);
}

/** The server writes `[unknown]` where a session has no such name yet. */
function named(text: string | null): string | null {
  return text === null || text === '' || text === '[unknown]' ? null : owned(text);
}

/** One and the same text is compared at a glance. */
const SEVERITY = new Map([['LOG', 'LOG']]);
const DISTRUSTED = -1;
/** Of a line: nobody writes a longer prefix. */
const LONGEST = 4096;
/** Beginnings that are kept, of sessions most of which ended long ago. */
const MAX_HEADS = 10_000;
