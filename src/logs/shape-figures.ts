import { addToSketch } from '../stats/sketch.js';
import type { Sketch } from '../stats/sketch.js';

/**
 * What each execution changes of its shape, for all shapes in one flat array. Shapes come in any order, so that what lies apart is waited for again with
 * every execution: a number in its own place in memory costs more than what is done with it.
 */
export class ShapeFigures {
  private numbers = new Float64Array(FIRST_SHAPES * WIDTH);

  /** Room for a shape that was not there. */
  open(shape: number): void {
    const from = shape * WIDTH;
    if (from >= this.numbers.length) {
      const more = new Float64Array(this.numbers.length * 2);
      more.set(this.numbers);
      this.numbers = more;
    }
    this.numbers[from + SLOWEST] = -1;
    this.numbers[from + FIRST] = Infinity;
    this.numbers[from + LAST] = -Infinity;
    this.numbers[from + CALLER] = -1;
  }

  /** One more call; gives how many there are now. */
  call(shape: number): number {
    const calls = this.calls(shape) + 1;
    this.numbers[shape * WIDTH + CALLS] = calls;
    return calls;
  }

  calls(shape: number): number {
    return this.numbers[shape * WIDTH + CALLS] as number;
  }

  /** A duration; whether so many wait now that they have to be settled. */
  add(shape: number, ms: number): boolean {
    const { numbers } = this;
    const from = shape * WIDTH;
    const waiting = numbers[from + WAITING] as number;
    numbers[from + HEAD + waiting] = ms;
    numbers[from + WAITING] = waiting + 1;
    return waiting + 1 === WIDTH - HEAD;
  }

  /** Puts the durations that wait into the shape's sketch. */
  settle(shape: number, sketch: Sketch): void {
    const { numbers } = this;
    const from = shape * WIDTH;
    const end = from + HEAD + (numbers[from + WAITING] as number);
    for (let i = from + HEAD; i < end; i += 1) addToSketch(sketch, numbers[i] as number);
    numbers[from + WAITING] = 0;
  }

  /** When an execution was; ms since 1970. */
  see(shape: number, timeMs: number, utc: boolean): void {
    const { numbers } = this;
    const from = shape * WIDTH;
    if (timeMs < (numbers[from + FIRST] as number)) numbers[from + FIRST] = timeMs;
    if (timeMs > (numbers[from + LAST] as number)) numbers[from + LAST] = timeMs;
    if (!utc) numbers[from + LOCAL] = 1;
  }

  /** Infinity for none. */
  first(shape: number): number {
    return this.numbers[shape * WIDTH + FIRST] as number;
  }

  /** -Infinity for none. */
  last(shape: number): number {
    return this.numbers[shape * WIDTH + LAST] as number;
  }

  /** Whether all times were of UTC. */
  isUtc(shape: number): boolean {
    return this.numbers[shape * WIDTH + LOCAL] === 0;
  }

  /** Of the slowest execution whose values are kept; -1 for none. */
  slowest(shape: number): number {
    return this.numbers[shape * WIDTH + SLOWEST] as number;
  }

  setSlowest(shape: number, ms: number): void {
    this.numbers[shape * WIDTH + SLOWEST] = ms;
  }

  /** Which constants those are, a bit each; 0 for none. */
  sameMask(shape: number): number {
    return this.numbers[shape * WIDTH + SAME_MASK] as number;
  }

  /** How many constants the first text has, and of those of the mask the hash; see `SameConstants`. */
  constants(shape: number): number {
    return this.numbers[shape * WIDTH + CONSTANTS] as number;
  }

  sameHash(shape: number): number {
    return this.numbers[shape * WIDTH + SAME_HASH] as number;
  }

  setSame(shape: number, constants: number, mask: number, hash: number): void {
    this.numbers[shape * WIDTH + CONSTANTS] = constants;
    this.numbers[shape * WIDTH + SAME_MASK] = mask;
    this.numbers[shape * WIDTH + SAME_HASH] = hash;
  }

  /** Whether there are as many samples as are kept. */
  isSampled(shape: number): boolean {
    return this.numbers[shape * WIDTH + SAMPLED] === 1;
  }

  setSampled(shape: number): void {
    this.numbers[shape * WIDTH + SAMPLED] = 1;
  }

  /** Whether the execution before came from the same; if it did, it is counted in the row. */
  isCaller(shape: number, caller: number): boolean {
    const { numbers } = this;
    const from = shape * WIDTH;
    if (numbers[from + CALLER] !== caller) return false;
    numbers[from + IN_ROW] = (numbers[from + IN_ROW] as number) + 1;
    return true;
  }

  /** Begins a row with one execution; gives how long the last one was. */
  beginRow(shape: number, caller: number): number {
    const { numbers } = this;
    const from = shape * WIDTH;
    const before = numbers[from + IN_ROW] as number;
    numbers[from + CALLER] = caller;
    numbers[from + IN_ROW] = caller === -1 ? 0 : 1;
    return before;
  }
}

/** Where a shape's numbers are, the waiting ones behind them; in all four lines of 64 bytes, those of every execution in the first. */
const [CALLS, SLOWEST, FIRST, LAST, WAITING, SAME_MASK, CALLER, IN_ROW] = [0, 1, 2, 3, 4, 5, 6, 7];
const [SAME_HASH, CONSTANTS, SAMPLED, LOCAL, HEAD, WIDTH] = [8, 9, 10, 11, 12, 32];
const FIRST_SHAPES = 256;
