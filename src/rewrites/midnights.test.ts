import { describe, expect, it } from 'vitest';
import { beginsOnce } from './midnights.js';

describe('days that begin once', () => {
  it.each([
    ['2024-03-15', true],
    // Clocks go forward: a midnight that is left out is no moment at all.
    ['2024-03-10', true],
    // On the last Sunday of October in the Azores, on the first of November in Havana.
    ['2021-10-31', false],
    ['2024-11-03', false],
    ['2000-10-29', false],
    ['1500-01-01', true],
  ])('%s: %s', (day, expected) => {
    expect(beginsOnce(day)).toBe(expected);
  });
});
