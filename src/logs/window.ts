/** What of a file is looked at: pieces that come one after another, with the end of the one before as far as it is still wanted. */
export class Window {
  bytes = Buffer.alloc(FIRST_ROOM);
  /** Behind the last byte. */
  end = 0;
  /** The last piece, a letter a byte: to look for one in a text takes a fraction of the time that a call of the buffer takes. */
  private letters = '';
  private lettersAt = 0;

  /** Keeps the bytes from `from` up to `to`, moved to the front, and puts the piece behind them. */
  next(piece: Uint8Array, from: number, to: number): void {
    const kept = to - from;
    const room = kept + piece.length + BEHIND;
    if (room > this.bytes.length || (this.bytes.length > MOST_ROOM && room < FIRST_ROOM)) {
      const bytes = Buffer.alloc(Math.max(FIRST_ROOM, room * 2));
      this.bytes.copy(bytes, 0, from, to);
      this.bytes = bytes;
    } else if (from > 0 && kept > 0) this.bytes.copyWithin(0, from, to);
    this.bytes.set(piece, kept);
    this.end = kept + piece.length;
    this.letters = this.bytes.toString('latin1', kept, this.end);
    this.lettersAt = kept;
  }

  /** Where that letter is next in the last piece, from there on; -1 for nowhere. */
  find(letter: string, from: number): number {
    const at = this.letters.indexOf(letter, from - this.lettersAt);
    return at === -1 ? -1 : at + this.lettersAt;
  }
}

/** Two pieces of the command's. */
const FIRST_ROOM = 128 * 1024;
/** Room that is not kept for the next piece. */
const MOST_ROOM = 4 * 1024 * 1024;
/** Of `Stretch`: there is a byte behind each. */
const BEHIND = 1;
