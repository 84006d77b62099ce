import { Names } from './origins.js';
import { matchPrefix } from './prefix.js';
import type { LinePrefix } from './prefix.js';
import { fractionEnd, fractionMs, owned, parseLogTime, secondMs } from './record.js';

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
  readonly utc: boolean;
}

/**
 * Reads the beginnings of lines. Behind its time most of a session's lines begin alike, so that the pattern is asked once for all of them; where a counter or an id makes each line's
 * beginning its own, it is asked for each.
 */
export class Heads {
  /** Of the line that was read last. */
  timeMs: number | null = null;
  /** Behind the severity or the name of the part. */
  end = 0;
  private readonly names = new Names();
  private known = new Map<string, Head>();
  private asked = 0;
  private answered = 0;
  private readonly isTimeFirst: boolean;

  constructor(private readonly prefix: LinePrefix) {
    this.isTimeFirst = /^%[mt]/.test(prefix.text ?? '');
  }

  /** Null where no message and no part of one begins. */
  read(line: string): Head | null {
    if (!this.isTimeFirst || (this.asked >= TRIED && this.answered < this.asked * WORTH)) return this.match(line);
    const behind = this.readTime(line);
    const colon = behind === -1 ? -1 : line.indexOf(':  ', behind);
    if (colon === -1 || colon - behind > LONGEST) return this.match(line);
    this.asked += 1;
    this.end = colon + 3;
    const text = line.slice(behind, this.end);
    const known = this.known.get(text);
    if (known) {
      this.answered += 1;
      return known;
    }
    const head = this.match(line);
    if (!head || this.end !== colon + 3) return head;
    if (this.known.size >= MAX_HEADS) this.known.clear();
    this.known.set(owned(text), head);
    return head;
  }

  /** Where the zone begins of a time that ends in a second that was met, its fraction read; -1 for all else. */
  private readTime(line: string): number {
    const second = secondMs(line);
    if (second === null) return -1;
    const end = fractionEnd(line);
    this.timeMs = second + fractionMs(line, end);
    return end;
  }

  private match(line: string): Head | null {
    const { groups, severity, part } = this.prefix;
    const match = matchPrefix(this.prefix, line);
    if (!match) return null;
    const at = (group: number): string | null => (group === 0 ? null : (match[group] ?? null));
    const epoch = at(groups.epoch);
    const time = at(groups.time);
    const when =
      time !== null ? parseLogTime(time) : epoch === null ? null : { ms: Math.round(Number(epoch) * 1000), utc: true };
    this.timeMs = when?.ms ?? null;
    this.end = match[0].length;
    const session = at(groups.session) ?? at(groups.process);
    return {
      user: named(at(groups.user)),
      database: named(at(groups.database)),
      application: named(at(groups.application)),
      session: session === null ? null : this.names.same(session),
      severity: match[severity] ?? null,
      part: match[part] ?? null,
      utc: when?.utc ?? false,
    };
  }
}

/** The server writes `[unknown]` where a session has no such name yet. */
function named(text: string | null): string | null {
  return text === null || text === '' || text === '[unknown]' ? null : owned(text);
}

/** Of a prefix behind its time: nobody writes a longer one. */
const LONGEST = 300;
/** Beginnings that are kept, of sessions most of which ended long ago. */
const MAX_HEADS = 10_000;
/** After so many lines it is seen whether beginnings come again, and how many must. */
const [TRIED, WORTH] = [2000, 0.5];
