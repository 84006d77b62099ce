/**
 * Some numbers for each of many keys, in one flat array, each key in front of its numbers: as objects in a map, tens of thousands of them were a tenth of the time that a log is read in, and what
 * lies apart is waited for once more. Keys are whole numbers from 0 to 2^52.
 */
export class NumberTable {
  size = 0;
  private readonly step: number;
  private places = FIRST_PLACES;
  private numbers: Float64Array;

  /** `width` numbers a key. */
  constructor(width: number) {
    this.step = width + 1;
    this.numbers = this.empty();
  }

  /** A key's entry, for `at` and `set`; -1 where there is none. */
  find(key: number): number {
    const place = this.placeOf(key);
    return this.numbers[place] === key ? place + 1 : -1;
  }

  at(entry: number, which: number): number {
    return this.numbers[entry + which] ?? Number.NaN;
  }

  set(entry: number, which: number, value: number): void {
    this.numbers[entry + which] = value;
  }

  /** A key that is not there yet, all its numbers the same. */
  add(key: number, value: number): void {
    if (this.size * 2 >= this.places) this.rebuild(this.places * 2, () => true);
    const place = this.placeOf(key);
    this.numbers[place] = key;
    for (let i = 1; i < this.step; i += 1) this.numbers[place + i] = value;
    this.size += 1;
  }

  /** Forgets the keys that are not wanted. */
  keep(wanted: (key: number) => boolean): void {
    this.rebuild(this.places, wanted);
  }

  /** Where the key is, or the free place where it goes. */
  private placeOf(key: number): number {
    const { numbers, step } = this;
    const mask = this.places - 1;
    const mixed = Math.imul(key ^ Math.imul(key / 2 ** 32, 0x85_eb_ca_6b), 0x9e_37_79_b1);
    let place = (mixed ^ (mixed >>> 15)) & mask;
    for (;;) {
      const found = numbers[place * step];
      if (found === key || found === FREE) return place * step;
      place = (place + 1) & mask;
    }
  }

  private rebuild(places: number, wanted: (key: number) => boolean): void {
    const { numbers, step } = this;
    this.places = places;
    this.numbers = this.empty();
    this.size = 0;
    for (let from = 0; from < numbers.length; from += step) {
      const key = numbers[from] as number;
      if (key === FREE || !wanted(key)) continue;
      const place = this.placeOf(key);
      for (let i = 0; i < step; i += 1) this.numbers[place + i] = numbers[from + i] as number;
      this.size += 1;
    }
  }

  private empty(): Float64Array {
    return new Float64Array(this.places * this.step).fill(FREE);
  }
}

const FREE = -1;
/** A power of two, as all numbers of places are: at most half of them are taken. */
const FIRST_PLACES = 1024;
