/** A format of `to_char` whose texts each stand for one stretch of time. */
export interface TimeFormat {
  /** A text of the format: groups named by field. */
  readonly pattern: RegExp;
  readonly fields: readonly Field[];
  /** From the year down in numbers, so that texts compare like the times. */
  readonly ordered: boolean;
  /** Down to the hour or minute. */
  readonly fine: boolean;
}

/** What a part of a format writes. `isoYear`, `isoWeek` and `isoDay` are those of ISO 8601, `week` counts from the first of January. */
export type Field =
  | 'year'
  | 'quarter'
  | 'month'
  | 'day'
  | 'hour'
  | 'minute'
  | 'isoYear'
  | 'isoWeek'
  | 'isoDay'
  | 'week'
  | 'yearDay';

/** Sets of fields that leave no gap from the year down. */
const STRETCHES: readonly (readonly Field[])[] = [
  ['year'],
  ['year', 'quarter'],
  ['year', 'month'],
  ['year', 'month', 'day'],
  ['year', 'month', 'day', 'hour'],
  ['year', 'month', 'day', 'hour', 'minute'],
  ['year', 'week'],
  ['year', 'yearDay'],
  ['isoYear'],
  ['isoYear', 'isoWeek'],
  ['isoYear', 'isoWeek', 'isoDay'],
];

/** Template patterns of numbers, longer ones before those that they begin with (manual, "Template Patterns for Date/Time Formatting"). */
const NUMBERS: readonly (readonly [string, Field, string])[] = [
  ['IYYY', 'isoYear', '[1-9]\\d{3}'],
  ['YYYY', 'year', '[1-9]\\d{3}'],
  ['HH24', 'hour', '\\d\\d'],
  ['DDD', 'yearDay', '\\d{3}'],
  ['MM', 'month', '\\d\\d'],
  ['MI', 'minute', '\\d\\d'],
  ['DD', 'day', '\\d\\d'],
  ['IW', 'isoWeek', '\\d\\d'],
  ['ID', 'isoDay', '[1-7]'],
  ['WW', 'week', '\\d\\d'],
  ['Q', 'quarter', '[1-4]'],
];

/** What begins like a pattern above and is another one. */
const OTHERS = /^(IDDD|MONTH|QQ)/i;

/** English in every locale, without the prefix TM. */
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Reads a format; null where it writes anything but the fields of one stretch, each once, and words in quotes. */
export function timeFormatOf(format: string): TimeFormat | null {
  const fields: Field[] = [];
  let pattern = '';
  let named = false;
  for (let rest = format; rest !== '';) {
    const quoted = /^"([\w -]+)"/.exec(rest);
    const name = /^(Mon|MON|mon)/.exec(rest)?.[0];
    const number = OTHERS.test(rest)
      ? undefined
      : NUMBERS.find(([token]) => rest.startsWith(token) || rest.startsWith(token.toLowerCase()));
    if (quoted) pattern += quoted[1];
    else if (number) pattern += `(?<${number[1]}>${number[2]})`;
    else if (name !== undefined && !OTHERS.test(rest)) pattern += `(?<month>${MONTHS.map(spelledAs(name)).join('|')})`;
    else if (/^[-/.: _]/.test(rest)) pattern += `[${rest[0]}]`;
    else return null;
    if (number) fields.push(number[1]);
    else if (name !== undefined && !quoted) fields.push('month');
    named ||= name !== undefined && !quoted && !number;
    rest = rest.slice(quoted?.[0].length ?? number?.[0].length ?? name?.length ?? 1);
  }
  const stretch = STRETCHES.find((one) => one.length === fields.length && one.every((field) => fields.includes(field)));
  if (!stretch) return null;
  const ordered = !named && stretch.every((field, i) => fields[i] === field) && /^\(\?<(year|isoYear)>/.test(pattern);
  return { pattern: new RegExp(`^${pattern}$`), fields: stretch, ordered, fine: fields.includes('hour') };
}

function spelledAs(example: string): (name: string) => string {
  if (example === 'MON') return (name) => name.toUpperCase();
  return example === 'mon' ? (name) => name.toLowerCase() : (name) => name;
}

/** The first moment that a text of a format stands for, and the first after them, as `YYYY-MM-DD` or `YYYY-MM-DD HH:MI`; null where it stands for none, and after the year 9998. */
export function stretchOf(
  text: string,
  { pattern, fields, fine }: TimeFormat,
): { readonly from: string; readonly until: string } | null {
  const groups = pattern.exec(text)?.groups;
  if (!groups) return null;
  const read = (field: Field, otherwise: number): number => {
    const written = groups[field];
    if (written === undefined) return otherwise;
    const month = MONTHS.findIndex((name) => name.toLowerCase() === written.toLowerCase());
    return month >= 0 ? month + 1 : Number(written);
  };
  const year = read(fields.includes('isoYear') ? 'isoYear' : 'year', 0);
  const ends = fields.includes('isoYear') ? isoStretch(year, read, fields) : plainStretch(year, read, fields);
  if (!ends || year > LAST_YEAR) return null;
  const [from = '', until = ''] = ends.map((ms) =>
    new Date(ms)
      .toISOString()
      .slice(0, fine ? 16 : 10)
      .replace('T', ' '),
  );
  return { from, until };
}

/** The end of its stretches has four digits as well. */
const LAST_YEAR = 9998;
const DAY_MS = 86_400_000;
type Reader = (field: Field, otherwise: number) => number;
/** Milliseconds since 1970, as if the calendar were that of UTC. */
type Ends = readonly [number, number];

function plainStretch(year: number, read: Reader, fields: readonly Field[]): Ends | null {
  const [begin, next] = [Date.UTC(year, 0), Date.UTC(year + 1, 0)];
  const within = (from: number, until: number): Ends | null =>
    from >= begin && from < next ? [from, Math.min(until, next)] : null;
  if (fields.includes('week')) {
    const from = begin + (read('week', 1) - 1) * 7 * DAY_MS;
    return within(from, from + 7 * DAY_MS);
  }
  if (fields.includes('yearDay')) {
    const from = begin + (read('yearDay', 1) - 1) * DAY_MS;
    return within(from, from + DAY_MS);
  }
  if (fields.includes('quarter')) {
    const month = read('quarter', 1) * 3 - 3;
    return [Date.UTC(year, month), Date.UTC(year, month + 3)];
  }
  const [month, day, hour, minute] = [read('month', 1), read('day', 1), read('hour', 0), read('minute', 0)];
  const from = Date.UTC(year, month - 1, day, hour, minute);
  const again = new Date(from);
  const parts = [again.getUTCMonth() + 1, again.getUTCDate(), again.getUTCHours(), again.getUTCMinutes()];
  if ([month, day, hour, minute].some((part, i) => part !== parts[i])) return null;
  switch (fields.at(-1)) {
    case 'minute':
      return [from, from + 60_000];
    case 'hour':
      return [from, from + 3_600_000];
    case 'day':
      return [from, from + DAY_MS];
    case 'month':
      return [from, Date.UTC(year, month)];
    default:
      return [begin, next];
  }
}

function isoStretch(year: number, read: Reader, fields: readonly Field[]): Ends | null {
  const [begin, next] = [firstMonday(year), firstMonday(year + 1)];
  if (fields.length === 1) return [begin, next];
  const week = begin + (read('isoWeek', 1) - 1) * 7 * DAY_MS;
  if (week < begin || week >= next) return null;
  if (fields.length === 2) return [week, week + 7 * DAY_MS];
  const day = week + (read('isoDay', 1) - 1) * DAY_MS;
  return [day, day + DAY_MS];
}

/** The Monday of the week in which the fourth of January is. */
function firstMonday(year: number): number {
  const fourth = Date.UTC(year, 0, 4);
  return fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * DAY_MS;
}
