import { describe, expect, it } from 'vitest';
import type { GinKeys } from './gin-pages.js';
import { ginSize } from './gin-size.js';

const MEMORY = 64 * 1024 * 1024;

/** Keys that are in the sample as often as they would be on average. */
function sampleOf(keys: readonly GinKeys[]): { keys: readonly GinKeys[]; rows: number; blocks: number } {
  return { keys, rows: 120_000, blocks: 2800 };
}

function off(pages: number, built: number): number {
  return Math.abs(pages / built - 1);
}

describe('the size of a GIN index', () => {
  it('jumps where the pointers of its keys no longer fit beside them', () => {
    // Trigrams of md5 texts, in 700,000 rows: 4639 keys of some 5600 pointers. PostgreSQL 15 built 15,076 pages, 18 (which inserts sorted) 14,024; a sample of 120,000 rows takes 1844.
    const sample = sampleOf([{ keyBytes: 16, items: 962, itemBytes: 2.1, keys: 4639 }]);
    const flushed = ginSize({ ...sample, memoryBytes: MEMORY }, 700_000, 24_000);
    const sorted = ginSize({ ...sample, memoryBytes: null }, 700_000, 24_000);
    expect(flushed.entries).toBe(4639);
    expect(off(flushed.totalPages, 15_076)).toBeLessThan(0.1);
    expect(off(sorted.totalPages, 14_024)).toBeLessThan(0.1);
    expect(ginSize({ ...sample, memoryBytes: MEMORY }, 120_000, 2800).totalPages).toBeLessThan(2500);
  });

  it('has half full pages where its entries are written once and in order, fuller ones where they are written again', () => {
    const sample = sampleOf([{ keyBytes: 24, items: 12, itemBytes: 3, keys: 100_000 }]);
    // 24, 8 of the list and 11 times 2.97, aligned, and 4 of the line pointer.
    const bytes = 100_000 * 76;
    const pagesWith = (memoryBytes: number | null): number =>
      ginSize({ ...sample, memoryBytes }, 120_000, 2800).entryPages;
    expect(bytes / (pagesWith(null) * 8160)).toBeGreaterThan(0.45);
    expect(bytes / (pagesWith(null) * 8160)).toBeLessThan(0.56);
    expect(pagesWith(20_000_000)).toBeLessThan(pagesWith(null) * 0.95);
  });

  it('takes pointers that lie close together for close in all rows', () => {
    const pages = (itemBytes: number): number =>
      ginSize(
        { ...sampleOf([{ keyBytes: 16, items: 200, itemBytes, keys: 20_000 }]), memoryBytes: null },
        700_000,
        24_000,
      ).totalPages;
    expect(pages(1)).toBeLessThan(0.6 * pages(2.9));
  });

  it('is a page and its metapage for no keys', () => {
    expect(ginSize({ ...sampleOf([]), memoryBytes: MEMORY }, 0, 0)).toMatchObject({ totalPages: 2, entries: 0 });
  });
});
