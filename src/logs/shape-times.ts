import { addToSketch } from '../stats/sketch.js';
import type { Sketch } from '../stats/sketch.js';

/**
 * What each execution changes of its shape's times, for all shapes in one flat array. Shapes come in any order, so that what lies apart is waited for again with
 * every execution: a number in its own place in memory costs more than what is done with it.
 */
export class ShapeTimes {
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
  }

  /** A duration, which goes into the shape's sketch once some wait. */
  add(shape: number, ms: number, sketch: Sketch): void {
    const { numbers } = this;
    const from = shape * WIDTH;
    const waiting = numbers[from + WAITING] as number;
    numbers[from + HEAD + waiting] = ms;
    numbers[from + WAITING] = waiting + 1;
    if (waiting + 1 === WIDTH - HEAD) this.settle(shape, sketch);
  }

  settle(shape: number, sketch: Sketch): void {
    const { numbers } = this;
    const from = shape * WIDTH;
    const end = from + HEAD + (numbers[from + WAITING] as number);
    for (let i = from + HEAD; i < end; i += 1) addToSketch(sketch, numbers[i] as number);
    numbers[from + WAITING] = 0;
  }

  /** When an execution was; ms since 1970. */
  see(shape: number, timeMs: number): void {
    const { numbers } = this;
    const from = shape * WIDTH;
    if (timeMs < (numbers[from + FIRST] as number)) numbers[from + FIRST] = timeMs;
    if (timeMs > (numbers[from + LAST] as number)) numbers[from + LAST] = timeMs;
  }

  /** Infinity for none. */
  first(shape: number): number {
    return this.numbers[shape * WIDTH + FIRST] as number;
  }

  /** -Infinity for none. */
  last(shape: number): number {
    return this.numbers[shape * WIDTH + LAST] as number;
  }

  /** Of the slowest execution whose values are kept; -1 for none. */
  slowest(shape: number): number {
    return this.numbers[shape * WIDTH + SLOWEST] as number;
  }

  setSlowest(shape: number, ms: number): void {
    this.numbers[shape * WIDTH + SLOWEST] = ms;
  }
}

/** Where a shape's numbers are, the waiting ones behind them; in all four lines of 64 bytes. */
const [SLOWEST, FIRST, LAST, WAITING, HEAD, WIDTH] = [0, 1, 2, 3, 4, 32];
const FIRST_SHAPES = 256;
