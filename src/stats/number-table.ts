/**
 * Some numbers for each of many keys. Flat arrays, and a place by the key: as objects in a map, tens of thousands of them were a tenth of the time that a log is read in.
 * Keys are whole numbers from 0 to 2^52.
 */
export class NumberTable {
  size = 0;
  private keys = emptyKeys(FIRST_PLACES);
  private numbers: Float64Array;

  /** `width` numbers a key. */
  constructor(private readonly width: number) {
    this.numbers = new Float64Array(FIRST_PLACES * width);
  }

  /** A key's entry, for `at` and `set`; -1 where there is none. */
  find(key: number): number {
    const place = this.placeOf(key);
    return this.keys[place] === key ? place * this.width : -1;
  }

  at(entry: number, which: number): number {
    return this.numbers[entry + which] ?? Number.NaN;
  }

  set(entry: number, which: number, value: number): void {
    this.numbers[entry + which] = value;
  }

  /** A key that is not there yet, all its numbers the same. */
  add(key: number, value: number): void {
    if (this.size * 2 >= this.keys.length) this.rebuild(this.keys.length * 2, () => true);
    const place = this.placeOf(key);
    this.keys[place] = key;
    for (let i = place * this.width; i < (place + 1) * this.width; i += 1) this.numbers[i] = value;
    this.size += 1;
  }

  /** Forgets the keys that are not wanted. */
  keep(wanted: (key: number) => boolean): void {
    this.rebuild(this.keys.length, wanted);
  }

  /** Where the key is, or the free place where it goes. */
  private placeOf(key: number): number {
    const { keys } = this;
    const mask = keys.length - 1;
    const mixed = Math.imul(key ^ Math.imul(key / 2 ** 32, 0x85_eb_ca_6b), 0x9e_37_79_b1);
    let place = (mixed ^ (mixed >>> 15)) & mask;
    while (keys[place] !== key && keys[place] !== FREE) place = (place + 1) & mask;
    return place;
  }

  private rebuild(places: number, wanted: (key: number) => boolean): void {
    const { keys, numbers, width } = this;
    this.keys = emptyKeys(places);
    this.numbers = new Float64Array(places * width);
    this.size = 0;
    for (let from = 0; from < keys.length; from += 1) {
      const key = keys[from] as number;
      if (key === FREE || !wanted(key)) continue;
      const place = this.placeOf(key);
      this.keys[place] = key;
      for (let i = 0; i < width; i += 1) this.numbers[place * width + i] = numbers[from * width + i] as number;
      this.size += 1;
    }
  }
}

function emptyKeys(places: number): Float64Array {
  return new Float64Array(places).fill(FREE);
}

const FREE = -1;
/** A power of two, as all numbers of places are: at most half of them are taken. */
const FIRST_PLACES = 1024;
