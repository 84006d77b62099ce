import { expect, it } from 'vitest';
import { seededRandom } from './random.js';
import { NumberTable } from './number-table.js';

it('holds what a map would, through growth and forgetting', () => {
  const random = seededRandom(5);
  const table = new NumberTable(2);
  const model = new Map<number, [number, number]>();
  for (let i = 0; i < 20_000; i += 1) {
    // Few enough that some come again; multiples of 64 as a sample by hash keeps them, and beyond 32 bits.
    const key = Math.floor(random() * 8000) * 64 + Math.floor(random() * 3) * 2 ** 40;
    const entry = table.find(key);
    expect(entry === -1).toBe(!model.has(key));
    if (entry === -1) {
      table.add(key, i);
      model.set(key, [i, i]);
    } else {
      table.set(entry, 1, i);
      model.set(key, [table.at(entry, 0), i]);
    }
    if (i % 5000 === 4999) {
      const wanted = (one: number): boolean => one % (64 * 2) === 0;
      table.keep(wanted);
      for (const one of model.keys()) if (!wanted(one)) model.delete(one);
    }
  }
  expect(table.size).toBe(model.size);
  for (const [key, [first, second]] of model) {
    const entry = table.find(key);
    expect([table.at(entry, 0), table.at(entry, 1)]).toEqual([first, second]);
  }
});
