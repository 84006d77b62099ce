import type { Execution, ExecutionObserver, ExecutionText, SessionEvent } from '../logs/execution.js';
import type { Scanned } from '../logs/scanned.js';
import type { Shape } from '../logs/shape.js';
import { Stretch, stretchOf } from '../logs/stretch.js';
import type { ToldShape } from './totals.js';

/** Where entries are written: in memory that threads share. To hand it over instead would make every look at an array slower, once V8 knows that arrays may lose their memory. */
export interface Room {
  /** `WIDTH` of each entry. */
  readonly numbers: Float64Array<SharedArrayBuffer>;
  /** Values of executions and texts of events, one behind the other. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
}

/** Executions and events of a log in their order, with no more of each than a profile looks at. Plain data. */
export interface Batch extends Room {
  readonly entries: number;
  /** Sessions and requests that its entries name. */
  readonly names: readonly string[];
  /** Shapes that no batch before it had an execution of, in the order of their first ones. */
  readonly shapes: readonly ToldShape[];
}

/** Writes what is seen of a log into batches, and hands on each that is full. */
export class BatchWriter implements ExecutionObserver {
  /** All shapes of the log, as soon as one was executed. */
  shapes: readonly Shape[] = [];
  private readonly told: boolean[] = [];
  private readonly spare: Room[] = [];
  private room = opened(BYTES);
  private entries = 0;
  private bytesEnd = 0;
  private fresh: ToldShape[] = [];
  private readonly names = new Map<string, number>();

  constructor(private readonly send: (batch: Batch) => void) {}

  executed(execution: Execution, { number, scanned, said }: ExecutionText, shapes: readonly Shape[]): void {
    const { extended, parameters, plan } = execution;
    const bound = extended && parameters !== null ? boundValues(parameters) : null;
    const length = bound ? bound.length : literalsLength(scanned);
    const isHeld = length <= MAX_VALUES;
    this.open(isHeld ? length : 0);
    if (this.told[number] !== true) this.tell(shapes, number);
    if (isHeld && bound) this.copy(bound.bytes, bound.start, bound.end);
    else if (isHeld) this.copyLiterals(scanned);
    const at = this.entry(execution);
    const { numbers } = this.room;
    numbers[at + WHAT] = number;
    numbers[at + FLAGS] = (extended ? EXTENDED : 0) | (bound ? BOUND : 0) | (isHeld ? HELD : 0);
    numbers[at + ROWS] = plan?.rows ?? Number.NaN;
    numbers[at + REQUEST] = this.nameOf(said.request);
  }

  event(event: SessionEvent): void {
    const text = event.sql === null ? null : stretchOf(event.sql);
    this.open(text?.length ?? 0);
    if (text) this.copy(text.bytes, text.start, text.end);
    const at = this.entry(event);
    const { numbers } = this.room;
    numbers[at + WHAT] = -1 - EVENTS.indexOf(event.kind);
    numbers[at + FLAGS] = text ? HELD : 0;
    numbers[at + ROWS] = Number.NaN;
    numbers[at + REQUEST] = 0;
  }

  /** What is not full yet, to be taken behind all that was handed on. */
  rest(): Batch {
    const { entries, fresh: shapes, names, room } = this;
    const batch = { ...room, entries, names: [...names.keys()], shapes };
    this.room = this.spare.pop() ?? opened(BYTES);
    this.entries = this.bytesEnd = 0;
    this.fresh = [];
    names.clear();
    return batch;
  }

  /** Takes back what a batch was written in, once nobody reads it any more. */
  reuse(room: Room): void {
    // One that was made for a long text would be kept for nothing.
    if (room.bytes.length === BYTES) this.spare.push(room);
  }

  /** Makes room for an entry with so many bytes. */
  private open(bytes: number): void {
    if (this.entries < ENTRIES && this.bytesEnd + bytes <= this.room.bytes.length) return;
    this.send(this.rest());
    if (bytes > this.room.bytes.length) this.room = opened(bytes);
  }

  /** What all entries have, behind their bytes; where its numbers are. */
  private entry({ session, line, timeMs, ms }: Pick<SessionEvent, 'session' | 'line' | 'timeMs' | 'ms'>): number {
    const { numbers } = this.room;
    const at = this.entries * WIDTH;
    this.entries += 1;
    numbers[at + SESSION] = this.nameOf(session);
    numbers[at + LINE] = line;
    numbers[at + TIME] = timeMs ?? Number.NaN;
    numbers[at + MS] = ms ?? Number.NaN;
    numbers[at + END] = this.bytesEnd;
    return at;
  }

  private tell(shapes: readonly Shape[], number: number): void {
    this.shapes = shapes;
    this.told[number] = true;
    this.fresh.push(shapes[number] as Shape);
  }

  /** From 1; 0 for none. */
  private nameOf(name: string | null): number {
    if (name === null) return 0;
    const { names } = this;
    const known = names.get(name);
    if (known !== undefined) return known;
    names.set(name, names.size + 1);
    return names.size;
  }

  private copyLiterals({ codes, literals, literalsEnd }: Scanned): void {
    for (let i = 0; i < literalsEnd; i += 2) {
      if (i > 0) this.room.bytes[this.bytesEnd++] = SEPARATOR;
      this.copy(codes, literals[i] as number, literals[i + 1] as number);
    }
  }

  private copy(from: Uint8Array, start: number, end: number): void {
    const { bytes } = this.room;
    let to = this.bytesEnd;
    for (let at = start; at < end; at += 1) {
      bytes[to] = from[at] as number;
      to += 1;
    }
    this.bytesEnd = to;
  }
}

/** The entries of a batch, one after another. */
export class Entries {
  /** Of the entry's values or text among the bytes; `end` is exclusive. */
  start = 0;
  end = 0;
  private at = -WIDTH;
  private readonly numbers: Float64Array;

  constructor(private readonly batch: Batch) {
    this.numbers = batch.numbers;
  }

  next(): boolean {
    this.at += WIDTH;
    if (this.at >= this.batch.entries * WIDTH) return false;
    this.start = this.end;
    this.end = this.number(END);
    return true;
  }

  get bytes(): Uint8Array {
    return this.batch.bytes;
  }

  /** The number of an execution's shape; negative for an event. */
  get shape(): number {
    return this.number(WHAT);
  }

  get session(): string | null {
    return this.name(SESSION);
  }

  get request(): string | null {
    return this.name(REQUEST);
  }

  get line(): number {
    return this.number(LINE);
  }

  get timeMs(): number | null {
    return this.known(TIME);
  }

  get ms(): number | null {
    return this.known(MS);
  }

  get rows(): number | null {
    return this.known(ROWS);
  }

  get isExtended(): boolean {
    return (this.number(FLAGS) & EXTENDED) !== 0;
  }

  /** Whether the bytes are bound parameters as the log has them, and not the constants of the text with `SEPARATOR` between them. */
  get isBound(): boolean {
    return (this.number(FLAGS) & BOUND) !== 0;
  }

  /** Whether the bytes are there: not of values that are too long, nor of an event without text. */
  get isHeld(): boolean {
    return (this.number(FLAGS) & HELD) !== 0;
  }

  event(): SessionEvent {
    const { line, timeMs, session, ms, start, end, bytes } = this;
    const kind = EVENTS[-1 - this.shape] as SessionEvent['kind'];
    const sql = this.isHeld ? Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString() : null;
    return { kind, line, timeMs, session, sql, ms };
  }

  private number(which: number): number {
    return this.numbers[this.at + which] as number;
  }

  private known(which: number): number | null {
    const value = this.number(which);
    return Number.isNaN(value) ? null : value;
  }

  private name(which: number): string | null {
    const number = this.number(which);
    return number === 0 ? null : (this.batch.names[number - 1] ?? null);
  }
}

/** What is in an entry's place among the numbers: the shape of an execution or the kind of an event, bits, who, when, and the end of its bytes. */
const [WHAT, FLAGS, SESSION, REQUEST, LINE, TIME, MS, ROWS, END, WIDTH] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const [EXTENDED, BOUND, HELD] = [1, 2, 4];
const EVENTS: readonly SessionEvent['kind'][] = [
  'connected',
  'disconnected',
  'prepared',
  'duplicate-key',
  'deadlock',
  'statement-timeout',
  'idle-timeout',
  'other-error',
];

/** Of a batch: few enough to wait in a cache, so many that handing them on costs nothing. */
const [ENTRIES, BYTES] = [8192, 512 * 1024];
/** Values that are longer are not compared: they would hold memory. */
export const MAX_VALUES = 2048;
/** Can not stand in a constant. */
const SEPARATOR = 0;

function opened(bytes: number): Room {
  const shared = (size: number): SharedArrayBuffer => new SharedArrayBuffer(size);
  return { numbers: new Float64Array(shared(ENTRIES * WIDTH * 8)), bytes: new Uint8Array(shared(bytes)) };
}

function boundValues(parameters: Stretch | readonly string[]): Stretch {
  if (parameters instanceof Stretch) return parameters;
  return stretchOf(parameters.map((value, i) => `$${i + 1} = ${value}`).join(', '));
}

/** Of all constants, with what stands between them. */
function literalsLength({ literals, literalsEnd }: Scanned): number {
  let length = Math.max(0, literalsEnd / 2 - 1);
  for (let i = 0; i < literalsEnd; i += 2) length += (literals[i + 1] as number) - (literals[i] as number);
  return length;
}
