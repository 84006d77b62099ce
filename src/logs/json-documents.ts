/** Where the objects of a JSON text go. */
export interface JsonSink {
  /** One object, with the 1-based line on which it begins. */
  take(value: Readonly<Record<string, unknown>>, line: number): void;
  /** What begins there is no JSON. */
  broken(line: number): void;
}

/**
 * Cuts JSON objects out of a text that is fed in pieces: one a line, one after another, the elements of an array, or those of an array that is the first thing inside an
 * object, as exports wrap them (`{"events":[...]}`).
 */
export class JsonDocuments {
  private held: string[] = [];
  private depth = 0;
  /** Depth at which objects begin: 1 inside a wrapper. */
  private floor = 0;
  private inString = false;
  private escaped = false;
  private open = false;
  private line = 1;
  private startLine = 1;
  /** Whether the first object was a whole line: then no object goes over several, and what a line breaks off ends with it. */
  private byLine: boolean | null = null;
  /** The end of a line that is not whole yet. */
  private tail = '';

  constructor(private readonly sink: JsonSink) {}

  push(text: string): void {
    const all = this.tail + text;
    this.tail = '';
    let from = 0;
    if (this.depth === 0 && !this.inString) {
      // Nearly all logs hold one object a line: no need to look at every character.
      for (let at = all.indexOf('\n'); at !== -1; at = all.indexOf('\n', from)) {
        const value = objectOn(all, from, at);
        if (value === null) break;
        this.byLine ??= wrappedIn(value) === null;
        this.take(value, this.line);
        this.line += 1;
        from = at + 1;
      }
      if (!all.includes('\n', from) && all.length - from < MAX_TAIL) {
        this.tail = all.slice(from);
        return;
      }
    }
    this.scan(from === 0 ? all : all.slice(from));
  }

  /** After the last piece. */
  end(): void {
    if (this.tail !== '') {
      const value = objectOn(this.tail, 0, this.tail.length);
      if (value) this.take(value, this.line);
      else this.scan(this.tail);
    }
    if (this.open) this.sink.broken(this.startLine);
  }

  private scan(text: string): void {
    let start = 0;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === NEWLINE) {
        // No string of JSON holds the end of a line as it is.
        if (this.open && (this.inString || this.byLine === true)) this.giveUp();
        this.inString = false;
        this.line += 1;
      } else if (this.inString) {
        if (this.escaped) this.escaped = false;
        else if (code === BACKSLASH) this.escaped = true;
        else if (code === QUOTE) this.inString = false;
      } else if (code === QUOTE) {
        this.inString = true;
      } else if (code === OPEN) {
        if (this.depth === this.floor) {
          start = at;
          this.open = true;
          this.byLine ??= false;
          this.startLine = this.line;
        }
        this.depth += 1;
      } else if (code === ARRAY && this.open && this.depth === 1 && this.floor === 0) {
        if (WRAPPER.test(this.held.join('') + text.slice(start, at))) this.descend();
      } else if (code === CLOSE) {
        this.depth = Math.max(0, this.depth - 1);
        if (this.depth < this.floor) this.floor = this.depth;
        else if (this.open && this.depth === this.floor) {
          this.finish(text.slice(start, at + 1));
          start = at + 1;
        }
      }
    }
    if (this.open) this.held.push(text.slice(start));
  }

  private take(value: Readonly<Record<string, unknown>>, line: number): void {
    const wrapped = wrappedIn(value);
    if (!wrapped) return this.sink.take(value, line);
    for (const one of wrapped) this.sink.take(one, line);
  }

  /** What was begun is no JSON; the next line is read for itself. */
  private giveUp(): void {
    this.sink.broken(this.startLine);
    this.open = false;
    this.escaped = false;
    this.held = [];
    this.depth = this.floor;
  }

  private descend(): void {
    this.floor = 1;
    this.open = false;
    this.held = [];
  }

  private finish(last: string): void {
    const json = this.held.join('') + last;
    this.held = [];
    this.open = false;
    const value = objectOn(json, 0, json.length);
    if (value) this.take(value, this.startLine);
    else this.sink.broken(this.startLine);
  }
}

/** The object that a stretch of text is; null when it is not exactly one. */
function objectOn(text: string, from: number, to: number): Readonly<Record<string, unknown>> | null {
  const last = text.charCodeAt(to - 1) === RETURN ? to - 2 : to - 1;
  if (text.charCodeAt(from) !== OPEN || text.charCodeAt(last) !== CLOSE) return null;
  try {
    const value: unknown = JSON.parse(text.slice(from, last + 1));
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}

/** The objects of an array that is the first thing in an object. */
function wrappedIn(value: Readonly<Record<string, unknown>>): readonly Readonly<Record<string, unknown>>[] | null {
  const key = firstKey(value);
  const first = key === null || key === 'metadata' ? null : value[key];
  if (!Array.isArray(first) || first.length === 0) return null;
  const objects = first.filter((item): item is Record<string, unknown> => typeof item === 'object' && item !== null);
  return objects.length === first.length ? objects : null;
}

/** Without a list of all of them. */
function firstKey(value: Readonly<Record<string, unknown>>): string | null {
  for (const key in value) return key;
  return null;
}

/** An object of which nothing is known yet but the key of an array; `metadata` is part of a message. */
const WRAPPER = /^\s*\{\s*"(?!metadata")\w+"\s*:\s*$/;

const NEWLINE = 10;
const RETURN = 13;
const QUOTE = 34;
const ARRAY = 91;
const BACKSLASH = 92;
const OPEN = 123;
const CLOSE = 125;
/** A line longer than this is scanned as it comes. */
const MAX_TAIL = 1024 * 1024;
