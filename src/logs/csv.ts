/** Splits CSV (RFC 4180, as PostgreSQL writes it) into rows, fed in pieces; a row may span lines. Quoted and bare fields are not told apart. */
export class CsvRows {
  /** Of the row so far, `width` of them; what is behind them is of an earlier row. */
  private readonly fields: string[] = [];
  private width = 0;
  /** The field so far, where a piece ended inside it. */
  private field = '';
  private quoted = false;
  /** A quote inside a quoted field was the last character of a piece. */
  private afterQuote = false;
  private started = false;
  private line = 1;
  private rowLine = 1;
  private readonly delimiter: number;

  /**
   * `take` gets each row with the 1-based line on which it begins; the array is the same for all rows, and must not be kept. Bare fields for which `isWanted` says no may
   * be empty.
   */
  constructor(
    private readonly take: (fields: readonly string[], line: number) => void,
    delimiter = ',',
    private readonly isWanted: (column: number) => boolean = () => true,
  ) {
    this.delimiter = delimiter.charCodeAt(0);
  }

  push(text: string): void {
    let at = 0;
    const { length } = text;
    while (at < length) {
      if (this.quoted) {
        at = this.insideQuotes(text, at);
      } else if (this.started || this.field !== '') {
        at = this.bare(text, at);
      } else if (text.charCodeAt(at) === QUOTE) {
        this.quoted = true;
        this.started = true;
        at += 1;
      } else {
        at = this.wholeFields(text, at);
      }
    }
  }

  end(): void {
    this.afterQuote = false;
    if (this.field !== '' || this.width > 0 || this.started) this.endRow();
  }

  /** Whether the text ended inside quotes: its last row is not whole. */
  get unfinished(): boolean {
    return this.quoted && !this.afterQuote;
  }

  private insideQuotes(text: string, from: number): number {
    let at = from;
    if (this.afterQuote) {
      this.afterQuote = false;
      if (text.charCodeAt(at) !== QUOTE) {
        this.quoted = false;
        return at;
      }
      this.field += '"';
      at += 1;
    }
    const end = text.indexOf('"', at);
    const piece = end === -1 ? text.slice(at) : text.slice(at, end);
    this.countLines(piece);
    this.field += piece;
    if (this.field.length > MAX_FIELD) this.field = this.field.slice(0, MAX_FIELD);
    if (end === -1) return text.length;
    if (end + 1 >= text.length) {
      this.afterQuote = true;
      return text.length;
    }
    if (text.charCodeAt(end + 1) === QUOTE) {
      this.field += '"';
      return end + 2;
    }
    this.quoted = false;
    if (text.charCodeAt(end + 1) !== this.delimiter) return end + 1;
    this.endField();
    return end + 2;
  }

  /** Bare fields one after the other, as long as each ends within this piece and the row goes on. */
  private wholeFields(text: string, from: number): number {
    const { delimiter, fields } = this;
    const { length } = text;
    let start = from;
    for (let at = from; at < length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === delimiter) {
        fields[this.width] = at === start || !this.isWanted(this.width) ? '' : text.slice(start, at);
        this.width += 1;
        start = at + 1;
      } else if (code === NEWLINE || (code === QUOTE && at === start)) {
        break;
      }
    }
    if (start < length && text.charCodeAt(start) === QUOTE) return start;
    return this.bare(text, start);
  }

  private bare(text: string, from: number): number {
    let at = from;
    const { length } = text;
    while (at < length) {
      const code = text.charCodeAt(at);
      if (code === this.delimiter || code === NEWLINE) break;
      at += 1;
    }
    if (at > from) this.field += text.slice(from, at);
    if (at >= length) return length;
    if (text.charCodeAt(at) === NEWLINE) {
      this.line += 1;
      this.endRow();
    } else {
      this.endField();
    }
    return at + 1;
  }

  private countLines(piece: string): void {
    for (let at = piece.indexOf('\n'); at !== -1; at = piece.indexOf('\n', at + 1)) this.line += 1;
  }

  private endField(): void {
    this.fields[this.width] = this.field;
    this.width += 1;
    this.field = '';
    this.started = false;
  }

  private endRow(): void {
    if (this.field.endsWith('\r')) this.field = this.field.slice(0, -1);
    const blank = this.width === 0 && this.field === '';
    this.endField();
    if (this.fields.length > this.width) this.fields.length = this.width;
    if (!blank) this.take(this.fields, this.rowLine);
    this.width = 0;
    this.rowLine = this.line;
  }
}

const QUOTE = 34;
const NEWLINE = 10;

/** A field of 16 million characters is no statement; it would only hold memory. */
const MAX_FIELD = 16 * 1024 * 1024;

/** The rows of a whole text, for heads of files. */
export function csvRows(text: string, delimiter = ','): readonly (readonly string[])[] {
  const rows: (readonly string[])[] = [];
  const reader = new CsvRows((fields) => rows.push([...fields]), delimiter);
  reader.push(text);
  reader.end();
  return rows;
}
