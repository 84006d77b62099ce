/** Counts, up to 2^32, by whole number, and one for what is below all of them. The counts of numbers that lie near each other are in one array: a map of them takes several times as long. */
export class Buckets {
  private least = 0;
  private counts = new Uint32Array(0);
  /** What `counts` begins with. */
  private first = 0;

  /** `at` may be -Infinity. */
  add(at: number, count: number): void {
    const place = at - this.first;
    if (place >= 0 && place < this.counts.length) this.counts[place] = (this.counts[place] as number) + count;
    else if (at === Number.NEGATIVE_INFINITY) this.least += count;
    else {
      this.makeRoom(at);
      this.add(at, count);
    }
  }

  /** Those that hold something, in order. */
  held(): readonly (readonly [at: number, count: number])[] {
    const held: [number, number][] = this.least > 0 ? [[Number.NEGATIVE_INFINITY, this.least]] : [];
    this.counts.forEach((count, place) => {
      if (count > 0) held.push([this.first + place, count]);
    });
    return held;
  }

  /** How many hold something. */
  get size(): number {
    return this.held().length;
  }

  private makeRoom(at: number): void {
    const { counts, first } = this;
    const isEmpty = counts.length === 0;
    const from = (isEmpty ? at : Math.min(at, first)) - MORE;
    const to = (isEmpty ? at : Math.max(at, first + counts.length)) + MORE;
    this.counts = new Uint32Array(to - from);
    this.counts.set(counts, isEmpty ? 0 : first - from);
    this.first = from;
  }
}

/** Room on both sides of a number that is new. */
const MORE = 32;
