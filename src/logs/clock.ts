import { ascii, standsAt } from './stretch.js';

/** Reads times as logs have them: `2026-01-02 03:04:05.678 UTC`. Lines of one second, and of one zone, follow each other. */
export class Clock {
  /** Of the last time: ms since 1970 as if its zone were UTC. */
  ms = 0;
  utc = false;
  /** Behind it, its zone included. */
  end = 0;
  private readonly second = new Uint8Array(SECOND);
  private secondMs = Number.NaN;
  /** The last zone, with the blank before it. */
  private zone: Uint8Array = NOTHING;
  private zoneUtc = false;

  /** Whether a time stands there. Of zones abbreviations of letters and offsets of digits are read, a digit must follow a point. */
  read(bytes: Uint8Array, at: number, to: number): boolean {
    if (at + SECOND > to || !this.readSecond(bytes, at)) return false;
    let end = at + SECOND;
    let fraction = 0;
    if (bytes[end] === POINT) {
      let unit = 1000;
      end += 1;
      if (!isDigit(bytes[end] as number)) return false;
      for (; isDigit(bytes[end] as number); end += 1) {
        unit /= 10;
        fraction += ((bytes[end] as number) - ZERO) * unit;
      }
    }
    this.ms = this.secondMs + Math.round(fraction);
    this.readZone(bytes, end);
    return true;
  }

  /** Whether a date and a time of day stand there, as in front of a message. */
  begins(bytes: Uint8Array, at: number, to: number): boolean {
    return at + SECOND <= to && this.readSecond(bytes, at);
  }

  private readSecond(bytes: Uint8Array, at: number): boolean {
    const { second } = this;
    let i = SECOND - 1;
    while (i >= 0 && bytes[at + i] === second[i]) i -= 1;
    if (i < 0) return true;
    for (let j = 0; j < SECOND; j += 1) {
      const code = bytes[at + j] as number;
      const mark = MARKS[j] as number;
      if (mark === 0 ? !isDigit(code) : code !== mark) return false;
    }
    second.set(bytes.subarray(at, at + SECOND));
    const [year, month, day] = [number(second, 0, 4), number(second, 5, 2), number(second, 8, 2)];
    this.secondMs = Date.UTC(year, month - 1, day, number(second, 11, 2), number(second, 14, 2), number(second, 17, 2));
    return true;
  }

  private readZone(bytes: Uint8Array, from: number): void {
    if (this.isLastZone(bytes, from)) return;
    this.zone = NOTHING;
    this.utc = false;
    this.end = from;
    if (bytes[from] !== SPACE) return;
    let end = from + 1;
    const first = bytes[end] as number;
    if (first === PLUS || first === MINUS) {
      let isZero = true;
      for (end += 1; isDigit(bytes[end] as number) || bytes[end] === COLON; end += 1)
        if (bytes[end] !== ZERO && bytes[end] !== COLON) isZero = false;
      this.utc = isZero && first === PLUS;
    } else {
      while (isLetter(bytes[end] as number)) end += 1;
      if (end === from + 1) return;
      this.utc = UTC.some((word) => end - from - 1 === word.length && standsAt(bytes, from + 1, end, word));
    }
    this.end = end;
    this.zone = Uint8Array.from(bytes.subarray(from, end));
    this.zoneUtc = this.utc;
  }

  private isLastZone(bytes: Uint8Array, from: number): boolean {
    const { zone } = this;
    const { length } = zone;
    for (let i = 0; i < length; i += 1) if (bytes[from + i] !== zone[i]) return false;
    const behind = bytes[from + length] as number;
    if (length === 0 || isLetter(behind) || isDigit(behind) || behind === COLON) return false;
    this.end = from + length;
    this.utc = this.zoneUtc;
    return true;
  }
}

function number(digits: Uint8Array, from: number, length: number): number {
  let value = 0;
  for (let i = from; i < from + length; i += 1) value = value * 10 + (digits[i] as number) - ZERO;
  return value;
}

const NOTHING = new Uint8Array(0);

const isDigit = (code: number): boolean => code >= ZERO && code <= ZERO + 9;
const isLetter = (code: number): boolean => (code | 32) >= 97 && (code | 32) <= 122;

const UTC = ['UTC', 'GMT', 'Z'].map(ascii);
const [SPACE, PLUS, MINUS, POINT, ZERO, COLON] = [32, 43, 45, 46, 48, 58];
/** Length of `2026-01-02 03:04:05`. */
const SECOND = 19;
/** What stands between its digits, by place; 0 for a digit. */
const MARKS = Uint8Array.from('0000-00-00 00:00:00', (letter) => (letter === '0' ? 0 : letter.charCodeAt(0)));
