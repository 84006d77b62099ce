/**
 * A stretch of text in UTF-8, in a buffer that its reader soon writes over: nothing is decoded that nobody asks for. Behind each stretch the buffer has at least one more byte,
 * which whoever looks through it may change and change back.
 */
export class Stretch {
  constructor(
    public bytes: Buffer,
    public start: number,
    /** Exclusive. */
    public end: number,
  ) {}

  /** The text, to be kept. */
  text(): string {
    return this.bytes.toString('utf8', this.start, this.end);
  }

  get length(): number {
    return this.end - this.start;
  }

  /** A copy that keeps no piece of the file. */
  owned(): Stretch {
    const bytes = Buffer.alloc(this.length + 1);
    this.bytes.copy(bytes, 0, this.start, this.end);
    return new Stretch(bytes, 0, this.length);
  }

  set(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }
}

/** A text as a stretch of its own. */
export function stretchOf(text: string): Stretch {
  const bytes = Buffer.from(`${text}\0`);
  return new Stretch(bytes, 0, bytes.length - 1);
}

/** ASCII as bytes, to be looked for. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** Whether these bytes stand there; `to` is where the text ends. */
export function standsAt(bytes: Uint8Array, at: number, to: number, word: Uint8Array): boolean {
  const { length } = word;
  if (at + length > to) return false;
  for (let i = 0; i < length; i += 1) if (bytes[at + i] !== word[i]) return false;
  return true;
}

/** Where these bytes stand next, before `to`; -1 for nowhere. */
export function findBytes(bytes: Uint8Array, from: number, to: number, word: Uint8Array): number {
  const first = word[0];
  const last = to - word.length;
  for (let at = from; at <= last; at += 1) if (bytes[at] === first && standsAt(bytes, at, to, word)) return at;
  return -1;
}

/** Stretches for texts that come as strings, in one buffer that is used again. */
export class Scratch {
  private bytes = Buffer.alloc(FIRST_ROOM);
  private end = 0;

  /** Forgets what was written. */
  clear(): void {
    this.end = 0;
    if (this.bytes.length > MOST_ROOM) this.bytes = Buffer.alloc(FIRST_ROOM);
  }

  write(text: string, into: Stretch): Stretch {
    // Three bytes are the most that a UTF-16 code takes.
    const most = this.end + text.length * 3 + 1;
    if (most > this.bytes.length) {
      this.bytes = Buffer.alloc(2 * (most - this.end));
      this.end = 0;
    }
    const start = this.end;
    this.end += this.bytes.write(text, start);
    into.set(this.bytes, start, this.end);
    this.end += 1;
    return into;
  }
}

const FIRST_ROOM = 64 * 1024;
/** Room that is not kept for the next text. */
const MOST_ROOM = 1024 * 1024;
