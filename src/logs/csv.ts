import { Stretch } from './stretch.js';
import { Window } from './window.js';

/** One row of CSV, which the next is written over. */
export interface CsvRow {
  /** How many fields it has. */
  readonly width: number;
  /** 1-based, on which it begins. */
  readonly line: number;
  readonly bytes: Buffer;
  /** Where each field stands among the bytes, start and end (exclusive) in turn. */
  readonly places: Int32Array;
}

/** Splits CSV (RFC 4180, as PostgreSQL writes it) into rows, fed in pieces; a row may span lines. Quoted and bare fields are not told apart. */
export class CsvRows {
  private readonly window = new Window();
  private readonly row = { width: 0, line: 1, bytes: this.window.bytes, places: new Int32Array(FIRST_FIELDS) };
  private line = 1;
  /** The next byte to look at, and where it goes when it is part of the field: quotes that are written twice leave a gap. */
  private at = 0;
  private to = 0;
  private rowStart = 0;
  /** Where the next line ends, as far as somebody looked. */
  private newline = -1;
  private fieldStart = 0;
  private quoted = false;
  /** Whether the field has or had quotes. */
  private started = false;
  /** A quote inside a quoted field was the last byte of a piece. */
  private afterQuote = false;
  private readonly delimiter: number;

  constructor(
    private readonly take: (row: CsvRow) => void,
    delimiter = ',',
  ) {
    this.delimiter = delimiter.charCodeAt(0);
  }

  push(piece: Uint8Array): void {
    this.open(piece);
    const { window } = this;
    while (this.at < window.end) {
      if (this.quoted) this.insideQuotes(window.bytes, window.end);
      else if (!this.started && this.to === this.fieldStart && window.bytes[this.at] === QUOTE) {
        this.quoted = true;
        this.started = true;
        this.at += 1;
        this.fieldStart = this.to = this.at;
      } else this.bare(window.bytes, window.end);
    }
  }

  end(): void {
    this.afterQuote = false;
    if (this.to > this.fieldStart || this.row.width > 0 || this.started) this.endRow();
  }

  /** Keeps the row that is not whole, and puts the piece behind it. */
  private open(piece: Uint8Array): void {
    const { window, row, rowStart } = this;
    if (this.to - this.fieldStart > MAX_FIELD) this.to = this.fieldStart + MAX_FIELD;
    window.next(piece, rowStart, this.to);
    this.at = this.to -= rowStart;
    this.fieldStart -= rowStart;
    this.rowStart = 0;
    this.newline = -1;
    for (let i = 0; i < row.width * 2; i += 1) row.places[i] = (row.places[i] as number) - rowStart;
    row.bytes = window.bytes;
  }

  private insideQuotes(bytes: Buffer, length: number): void {
    if (this.afterQuote) {
      this.afterQuote = false;
      if (bytes[this.at] !== QUOTE) {
        this.quoted = false;
        return;
      }
      this.move(bytes, this.at, this.at + 1);
      this.at += 1;
    }
    const found = this.window.find('"', this.at);
    const end = found === -1 ? length : found;
    this.countLines(this.at, end);
    this.move(bytes, this.at, end);
    this.at = end + 1;
    if (end >= length) this.at = length;
    else if (end + 1 >= length) this.afterQuote = true;
    else if (bytes[end + 1] === QUOTE) {
      this.move(bytes, end, end + 1);
      this.at = end + 2;
    } else this.quoted = false;
  }

  private countLines(from: number, end: number): void {
    if (this.newline >= end) return;
    let at = this.newline < from ? this.window.find('\n', from) : this.newline;
    for (; at !== -1 && at < end; at = this.window.find('\n', at + 1)) this.line += 1;
    this.newline = at === -1 ? Infinity : at;
  }

  /** Bare fields one after the other, as long as the row goes on. */
  private bare(bytes: Buffer, length: number): void {
    const { delimiter } = this;
    let at = this.at;
    for (let start = at; at < length; at += 1) {
      const code = bytes[at] as number;
      if (code !== delimiter && code !== NEWLINE) continue;
      this.move(bytes, start, at);
      start = this.at = at + 1;
      if (code === NEWLINE) {
        this.line += 1;
        this.endRow();
        return;
      }
      this.endField();
      if (bytes[start] === QUOTE && start < length) return;
    }
    this.move(bytes, this.at, at);
    this.at = at;
  }

  /** Adds bytes to the field. */
  private move(bytes: Buffer, from: number, end: number): void {
    if (from !== this.to && end > from) bytes.copyWithin(this.to, from, end);
    this.to += end - from;
  }

  private endField(): void {
    const { row } = this;
    if (row.width * 2 >= row.places.length) {
      const places = new Int32Array(row.places.length * 2);
      places.set(row.places);
      row.places = places;
    }
    row.places[row.width * 2] = this.fieldStart;
    row.places[row.width * 2 + 1] = this.to;
    row.width += 1;
    this.started = false;
    this.fieldStart = this.to = this.at;
  }

  private endRow(): void {
    const { row, window } = this;
    if (this.to > this.fieldStart && window.bytes[this.to - 1] === RETURN) this.to -= 1;
    const blank = row.width === 0 && this.to === this.fieldStart;
    this.endField();
    if (!blank) this.take(row);
    row.width = 0;
    row.line = this.line;
    this.rowStart = this.at;
  }
}

const [NEWLINE, RETURN, QUOTE] = [10, 13, 34];
const FIRST_FIELDS = 64;

/** A field of 16 million bytes is no statement; it would only hold memory. */
const MAX_FIELD = 16 * 1024 * 1024;

/** A field of a row; empty where the row has none there. */
export function fieldText({ bytes, places, width }: CsvRow, column: number): string {
  return column < width ? bytes.toString('utf8', places[column * 2], places[column * 2 + 1]) : '';
}

/** Whether a field is there and holds something; then `into` is it. */
export function fieldInto({ bytes, places, width }: CsvRow, column: number, into: Stretch): boolean {
  const start = places[column * 2] as number;
  const end = places[column * 2 + 1] as number;
  if (column >= width || start === end) return false;
  into.set(bytes, start, end);
  return true;
}

/** All fields of a row. */
export function fieldsOf(row: CsvRow): readonly string[] {
  return Array.from({ length: row.width }, (_, column) => fieldText(row, column));
}

/** The rows of a whole text, for heads of files. */
export function csvRows(text: string, delimiter = ','): readonly (readonly string[])[] {
  const rows: (readonly string[])[] = [];
  const reader = new CsvRows((row) => rows.push(fieldsOf(row)), delimiter);
  reader.push(Buffer.from(text));
  reader.end();
  return rows;
}
