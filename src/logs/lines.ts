/** Cuts pieces of text into lines; a line's ending (`\n`, `\r\n`) is not part of it. */
export class Lines {
  private rest: string[] = [];
  private restLength = 0;
  private skipping = false;
  private number = 0;

  /** `take` gets each line with its 1-based number; one longer than `limit` characters is cut there, the rest of it left out. */
  constructor(
    private readonly take: (line: string, number: number) => void,
    private readonly limit = MAX_LINE,
  ) {}

  push(text: string): void {
    let from = 0;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', from)) {
      this.finish(text.slice(from, at));
      from = at + 1;
    }
    if (from < text.length) this.keep(text.slice(from));
  }

  end(): void {
    if (this.rest.length > 0) this.finish('');
  }

  private finish(tail: string): void {
    this.number += 1;
    let line = tail;
    if (this.rest.length > 0) {
      line = this.rest.join('') + (this.skipping ? '' : tail);
      this.rest = [];
      this.restLength = 0;
      this.skipping = false;
    }
    if (line.length > this.limit) line = line.slice(0, this.limit);
    this.take(line.endsWith('\r') ? line.slice(0, -1) : line, this.number);
  }

  private keep(text: string): void {
    if (this.skipping) return;
    this.rest.push(text);
    this.restLength += text.length;
    this.skipping = this.restLength > this.limit;
  }
}

/** A statement of 16 million characters is no workload; it would only hold memory. */
const MAX_LINE = 16 * 1024 * 1024;
