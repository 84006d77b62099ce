import { describe, expect, it } from 'vitest';
import { stretchOf, timeFormatOf } from './formatted-times.js';

describe('texts of to_char as stretches of time', () => {
  it.each([
    ['YYYY-MM', '2024-02', '2024-02-01', '2024-03-01'],
    ['YYYY"-Q"Q', '2024-Q4', '2024-10-01', '2025-01-01'],
    ['DD.MM.YYYY', '29.02.2024', '2024-02-29', '2024-03-01'],
    ['YYYY-MM-DD HH24:MI', '2024-12-31 23:59', '2024-12-31 23:59', '2025-01-01 00:00'],
    ['Mon YYYY', 'Feb 2024', '2024-02-01', '2024-03-01'],
    ['MON-YYYY', 'DEC-2024', '2024-12-01', '2025-01-01'],
    // The first of January 2021 is a Friday, of the last week of 2020.
    ['IYYY-IW', '2020-53', '2020-12-28', '2021-01-04'],
    ['IYYY"W"IW', '2026W14', '2026-03-30', '2026-04-06'],
    ['iyyy-iw-id', '2020-53-7', '2021-01-03', '2021-01-04'],
    ['IYYY', '2025', '2024-12-30', '2025-12-29'],
    // Weeks from the first of January: the last one is short.
    ['YYYY-WW', '2024-53', '2024-12-30', '2025-01-01'],
    ['YYYYDDD', '2024366', '2024-12-31', '2025-01-01'],
  ])('%s of %s', (format, text, from, until) => {
    const read = timeFormatOf(format);
    expect(read && stretchOf(text, read)).toEqual({ from, until });
  });

  it.each([
    ['IYYY-IW', '2021-53'],
    ['IYYY-IW', '2021-00'],
    ['YYYY-MM', '2024-13'],
    ['YYYY-MM-DD', '2023-02-29'],
    ['YYYYDDD', '2023366'],
    ['YYYY-WW', '2024-54'],
    ['Mon YYYY', 'FEB 2024'],
    ['YYYY', '9999'],
  ])('%s never writes %s', (format, text) => {
    const read = timeFormatOf(format);
    expect(read && stretchOf(text, read)).toBeNull();
  });

  it.each(['YYYY-IW', 'IYYY-MM', 'MM-DD', 'Month YYYY', 'IDDD', 'YYYY-DD', 'YYYY-MM-MM', 'YYYY Dy'])(
    'the texts of %s are of no one stretch',
    (format) => {
      expect(timeFormatOf(format)).toBeNull();
    },
  );

  it.each([
    ['YYYY-MM-DD', true],
    ['IYYY-IW', true],
    ['MM/YYYY', false],
    ['YYYY Mon', false],
  ])('%s compares like the times: %s', (format, ordered) => {
    expect(timeFormatOf(format)?.ordered).toBe(ordered);
  });
});
