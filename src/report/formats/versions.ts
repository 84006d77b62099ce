/** How a tool counts: `sequence` with a width, or by time with a number of digits: 14 `YYYYMMDDhhmmss`, 17 with milliseconds, 13 milliseconds and 10 seconds since 1970. */
export type Counting =
  | { readonly kind: 'sequence'; readonly width: number }
  | { readonly kind: 'time'; readonly digits: 10 | 13 | 14 | 17 };

/** The next versions of a folder: as those that are there count, else as the tool does. Each is higher than all before it. */
export function nextVersions(
  existing: readonly string[],
  count: number,
  usual: Counting,
  now: Date,
): readonly string[] {
  const highest = existing.reduce<string | null>(
    (max, version) => (max === null || BigInt(version) > BigInt(max) ? version : max),
    null,
  );
  const counting = highest === null ? usual : countingOf(highest, usual);
  if (counting.kind === 'sequence') {
    const first = highest === null ? 1n : BigInt(highest) + 1n;
    return Array.from({ length: count }, (_, at) => String(first + BigInt(at)).padStart(counting.width, '0'));
  }
  const start = Math.max(now.getTime(), (highest === null ? 0 : (timeOf(highest, counting.digits) ?? 0)) + 1000);
  return Array.from({ length: count }, (_, at) => versionAt(new Date(start + at * 1000), counting.digits));
}

/** Digits at the beginning of names. */
export function leadingVersions(names: Iterable<string>, pattern = /^(\d+)[_.\-/]/): readonly string[] {
  return [...names].flatMap((name) => pattern.exec(name)?.[1] ?? []);
}

function countingOf(version: string, usual: Counting): Counting {
  for (const digits of [10, 13, 14, 17] as const)
    if (version.length === digits && timeOf(version, digits) !== null) return { kind: 'time', digits };
  return { kind: 'sequence', width: usual.kind === 'sequence' && version.length === 1 ? 1 : version.length };
}

/** Null for digits that are no time after 2000. */
function timeOf(version: string, digits: number): number | null {
  if (digits === 10 || digits === 13) {
    const time = Number(version) * (digits === 10 ? 1000 : 1);
    return time > Date.UTC(2000) ? time : null;
  }
  const [, year, month, day, hour, minute, second, milliseconds] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})?$/.exec(version) ?? [];
  if (year === undefined || Number(month) > 12 || Number(day) > 31 || Number(year) < 2000) return null;
  return Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    Number(milliseconds ?? 0),
  );
}

function versionAt(time: Date, digits: number): string {
  if (digits === 13) return String(time.getTime());
  if (digits === 10) return String(Math.floor(time.getTime() / 1000));
  return time.toISOString().replaceAll(/\D/g, '').slice(0, digits);
}
