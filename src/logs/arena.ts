import { Stretch } from './stretch.js';

/** Keeps short texts, many in one buffer: a buffer, or a string, of its own for each would take longer to make than what is done with it. One goes when nobody has a text in it any more. */
export class Arena {
  private bytes = Buffer.alloc(SIZE);
  private end = 0;

  /** `longest` is the most bytes of one text. */
  constructor(private readonly longest: number) {}

  /** Begins a text, which nothing but `add` and `copy` may make longer until it is closed. */
  open(): Stretch {
    if (this.end + this.longest >= SIZE) {
      this.bytes = Buffer.alloc(SIZE);
      this.end = 0;
    }
    return new Stretch(this.bytes, this.end, this.end);
  }

  add(byte: number): void {
    this.bytes[this.end] = byte;
    this.end += 1;
  }

  copy(from: Uint8Array, start: number, end: number): void {
    const { bytes } = this;
    let to = this.end;
    for (let at = start; at < end; at += 1) {
      bytes[to] = from[at] as number;
      to += 1;
    }
    this.end = to;
  }

  close(text: Stretch): Stretch {
    text.end = this.end;
    return text;
  }
}

/** Small, so that little is held by a text that is kept for long. */
const SIZE = 8192;
