/** Counts by whole numbers that lie near each other: one array over their range, so that counting one more looks nothing up. */
export class Buckets {
  private counts: number[] = [];
  private first = 0;
  /** How many numbers have a count. */
  size = 0;

  add(at: number, count = 1): void {
    let place = at - this.first;
    if (place < 0 || place >= this.counts.length) {
      this.reach(at);
      place = at - this.first;
    }
    const before = this.counts[place] ?? 0;
    if (before === 0) this.size += 1;
    this.counts[place] = before + count;
  }

  /** Those that have one, in ascending order. */
  entries(): readonly (readonly [at: number, count: number])[] {
    const { first } = this;
    return this.counts.flatMap((count, place) => (count > 0 ? [[first + place, count] as const] : []));
  }

  private reach(at: number): void {
    const empty = this.counts.length === 0;
    const from = empty ? at - MARGIN : Math.min(this.first, at - MARGIN);
    const to = empty ? at + MARGIN : Math.max(this.first + this.counts.length, at + MARGIN);
    const wider = Array.from({ length: to - from }, () => 0);
    this.counts.forEach((count, place) => (wider[this.first - from + place] = count));
    this.counts = wider;
    this.first = from;
  }
}

/** Room on either side of a number beyond the range, in numbers: the next ones are often near. */
const MARGIN = 32;
