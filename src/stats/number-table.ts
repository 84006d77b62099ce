/**
 * Some numbers for each of many keys. Flat arrays, and a place by the key: as objects in a map, tens of thousands of them were a tenth of the time that a log is read in.
 * Keys are whole numbers from 0 to 2^52.
 */
export class NumberTable {
  size = 0;
  /** Each key with its numbers behind it, so that both are found at one place in memory. */
  private cells: Float64Array;
  private places = FIRST_PLACES;
  private readonly stride: number;

  /** `width` numbers a key. */
  constructor(private readonly width: number) {
    this.stride = width + 1;
    this.cells = new Float64Array(FIRST_PLACES * this.stride).fill(FREE);
  }

  /** A key's entry, for `at` and `set`; -1 where there is none. */
  find(key: number): number {
    const cell = this.cellOf(key);
    return this.cells[cell] === key ? cell + 1 : -1;
  }

  at(entry: number, which: number): number {
    return this.cells[entry + which] ?? Number.NaN;
  }

  set(entry: number, which: number, value: number): void {
    this.cells[entry + which] = value;
  }

  /** A key that is not there yet, all its numbers the same. */
  add(key: number, value: number): void {
    if (this.size * 2 >= this.places) this.rebuild(this.places * 2, () => true);
    const cell = this.cellOf(key);
    this.cells[cell] = key;
    this.cells.fill(value, cell + 1, cell + 1 + this.width);
    this.size += 1;
  }

  /** Forgets the keys that are not wanted. */
  keep(wanted: (key: number) => boolean): void {
    this.rebuild(this.places, wanted);
  }

  /** Where the key is, or the free cell where it goes. */
  private cellOf(key: number): number {
    const { cells, stride } = this;
    const mask = this.places - 1;
    const mixed = Math.imul(key ^ Math.imul(key / 2 ** 32, 0x85_eb_ca_6b), 0x9e_37_79_b1);
    let place = (mixed ^ (mixed >>> 15)) & mask;
    for (;;) {
      const there = cells[place * stride];
      if (there === key || there === FREE) return place * stride;
      place = (place + 1) & mask;
    }
  }

  private rebuild(places: number, wanted: (key: number) => boolean): void {
    const { cells, stride } = this;
    this.places = places;
    this.cells = new Float64Array(places * stride).fill(FREE);
    this.size = 0;
    for (let from = 0; from < cells.length; from += stride) {
      const key = cells[from] as number;
      if (key === FREE || !wanted(key)) continue;
      this.cells.set(cells.subarray(from, from + stride), this.cellOf(key));
      this.size += 1;
    }
  }
}

const FREE = -1;
/** A power of two, as all numbers of places are: at most half of them are taken. */
const FIRST_PLACES = 1024;
