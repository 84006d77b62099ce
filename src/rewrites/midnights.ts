/**
 * Whether a day of the calendar, `2024-11-03`, begins once wherever one is: false where the clock of some zone goes back over its midnight, so that the first hour of the day comes twice and
 * PostgreSQL takes `'2024-11-03'` for the second time (`DetermineTimeZoneOffset` of datetime.c). The zones are those of the tz database that comes with Node.
 */
export function beginsOnce(day: string): boolean {
  const known = once.get(day);
  if (known !== undefined) return known;
  const utc = Date.parse(`${day}T00:00:00Z`);
  const found = !Intl.supportedValuesOf('timeZone').some((zone) => {
    const [before, after] = [offsetMs(zone, utc - ASIDE_MS), offsetMs(zone, utc + ASIDE_MS)];
    return before > after && offsetMs(zone, utc - before) === before && offsetMs(zone, utc - after) === after;
  });
  once.set(day, found);
  return found;
}

const once = new Map<string, boolean>();
const formats = new Map<string, Intl.DateTimeFormat>();

/** Further than any zone is from UTC. */
const ASIDE_MS = 18 * 3_600_000;

/** Milliseconds by which a zone's clock is before UTC at a moment. */
function offsetMs(zone: string, at: number): number {
  const format = formats.get(zone) ?? new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  formats.set(zone, format);
  const [, sign, hours, minutes, seconds] = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(format.format(at)) ?? [];
  const length = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
  return (sign === '-' ? -length : length) * 1000;
}
