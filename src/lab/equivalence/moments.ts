import { quoteLiteral } from '../../base/quote.js';
import type { Constant } from './constants.js';
import type { Candidates } from './values.js';

/** More would leave too little for each. */
const MOST_SUMS = 4;
/** Years, and months or days, of which days are made. */
const MOST_PARTS = 3;

/** Values of a date, timestamp or timestamptz: what the constants are and what can be made of them with the statement's intervals. */
export function times(
  constants: readonly Constant[],
  { now, zoned }: { readonly now: boolean; readonly zoned: boolean },
): Candidates {
  const plain = [
    '2000-01-01',
    '2000-01-02',
    '2000-02-29',
    '2000-03-01',
    '2000-01-01 12:34:56',
    '1999-12-31 23:59:59.999999',
  ];
  const intervals = constants.filter((one) => one.kind === 'interval').map((one) => one.text);
  const given = constants.flatMap(({ kind, text }) => {
    if (kind === 'string' && /^\d{4}-\d\d?-\d\d?/.test(text)) return [text];
    if (kind === 'string' && /^\d{4}-\d\d?$/.test(text)) return [`${text}-01`];
    const [, year, quarter] = /^([12]\d{3}).{0,2}Q([1-4])$/.exec(text) ?? [];
    if (year !== undefined) return [`${year}-${twoDigits(Number(quarter) * 3 - 2)}-01`];
    const [, first, month, day = '01'] = /^([12]\d{3})(0[1-9]|1[0-2])(0[1-9]|1\d|2[0-8])?$/.exec(text) ?? [];
    if (first !== undefined) return [`${first}-${month}-${day}`];
    if (/^(1[6-9]|2[0-2])\d\d$/.test(text)) return [`${text}-01-01`];
    if (kind === 'number' && /^\d{9,10}$/.test(text)) return [secondsAsTime(Number(text))];
    return [];
  });
  const steps = ['1 day', '1 microsecond', '1 month', '1 year', '1 hour', '12 hours', ...intervals];
  const shifted = (base: string, by = steps): readonly string[] =>
    by.flatMap((step) => ['+', '-'].map((sign) => `${base} ${sign} interval ${quoteLiteral(step)}`));
  const bases = given.map((text) => `${zoned ? 'timestamptz' : 'timestamp'} ${quoteLiteral(text)}`);
  // `date '2024-02-29' - interval '18 years'` is as much what a column is compared with as a literal is.
  const sums = bases.flatMap((base) => shifted(base, intervals));
  // Where there is nothing but intervals, noons before the clock goes forward (zones.ts).
  const noons = zoned && intervals.length > 0 && given.length === 0 ? ["'2000-03-25 12:00'", "'2000-04-01 12:00'"] : [];
  const exact = [
    ...given.map((text) => quoteLiteral(text)),
    ...dated(constants),
    ...sums.slice(0, MOST_SUMS),
    ...noons,
  ];
  // A sum that is cut to the last day of a month is that of the days after, too.
  const months = intervals.filter((one) => /mon|year/i.test(one)).map((one) => `interval ${quoteLiteral(one)}`);
  const near = bases.flatMap((base) => [
    ...shifted(base),
    ...months.map((one) => `${base} - ${one} + interval '1 day'`),
  ]);
  // `date '2025-06-01' - born` in days, or as an age in years.
  const apart = wholes(constants)
    .slice(0, MOST_PARTS)
    .flatMap((number) =>
      bases
        .slice(0, MOST_PARTS)
        .flatMap((base) =>
          ['day', ...(number <= MOST_YEARS ? ['year'] : [])].flatMap((unit) =>
            ['1 day', '0', '-1 day', '10 days'].map(
              (step) => `${base} - interval '${number} ${unit}' + interval '${step}'`,
            ),
          ),
        ),
    );
  // Moments as far from each other as an interval says, over a day of 23 hours too.
  const paired = intervals
    .slice(0, MOST_PARTS)
    .flatMap((step) =>
      ["'2000-01-01'", ...(zoned ? ["'2000-03-25 12:00'"] : [])].flatMap((base) =>
        ['0', '1 microsecond', '-30 minutes'].map(
          (more) =>
            `${zoned ? 'timestamptz' : 'timestamp'} ${base} + interval ${quoteLiteral(step)} + interval '${more}'`,
        ),
      ),
    );
  const current = now ? ['now()', ...shifted('now()'), ...twice(intervals)] : [];
  return {
    group: 'time',
    plain: [...plain, ...(zoned ? ['2000-03-25 12:00'] : [])].map((one) => quoteLiteral(one)),
    exact: [...new Set([...exact, ...current.slice(0, 1)])],
    near: [...new Set([...near, ...current, ...fields(constants), ...apart, ...paired])],
  };
}

/** More years than these are none of an age. */
const MOST_YEARS = 130;

/** Whole numbers of a statement that may count days or years. */
function wholes(constants: readonly Constant[]): readonly number[] {
  const numbers = constants.flatMap(({ kind, text }) =>
    kind === 'number' && /^\d{1,3}$/.test(text) ? [Number(text)] : [],
  );
  return [...new Set(numbers)].filter((number) => number > 1);
}

/** What so many seconds since 1970 are. */
function secondsAsTime(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')}+00`;
}

/** The whole second since 1970 of a written time, read as UTC where it says no zone of its own; null for what is none. */
export function timeAsSeconds(text: string): number | null {
  const [, day, time = '00:00', zone = '+00'] = /^(\d{4}-\d\d-\d\d)(?:[ T]([\d:.]+))?([+-]\d\d)?/.exec(text) ?? [];
  const ms = day === undefined ? Number.NaN : Date.parse(`${day}T${time}${zone}:00`);
  return Number.isNaN(ms) ? null : Math.floor(ms / 1000);
}

/** Moments whose month, day of the week, day or hour is a number of the statement. 2000-01-02 was a Sunday. */
function fields(constants: readonly Constant[]): readonly string[] {
  const numbers = constants.flatMap(({ kind, text }) =>
    kind === 'number' && /^\d{1,2}$/.test(text) ? [Number(text)] : [],
  );
  return numbers.flatMap((number) => [
    ...(number >= 1 && number <= 12 ? [`'2000-${twoDigits(number)}-15'`] : []),
    ...(number <= 7 ? [`'2000-01-${twoDigits(number + 2)}'`] : []),
    ...(number >= 1 && number <= 31 ? [`'2000-01-${twoDigits(number)}'`] : []),
    ...(number <= 23 ? [`'2000-01-01 ${twoDigits(number)}:30'`] : []),
  ]);
}

/** Days that a statement puts together of numbers: `extract(year FROM c) = 2023 AND extract(month FROM c) = 5 AND extract(day FROM c) = 17`, the quarter or the week of a year, and their first days. */
function dated(constants: readonly Constant[]): readonly string[] {
  const among = (form: RegExp): readonly number[] =>
    [...new Set(constants.flatMap(({ text }) => (form.test(text) ? [Number(text)] : [])))].slice(0, MOST_PARTS);
  const days = among(/^(0?[1-9]|[12]\d)$/);
  const weeks = among(/^(0?[1-9]|[1-4]\d|5[0-3])$/);
  // The fourth of January is in the first week of the year.
  const inWeek = (year: number, week: number): string =>
    `'${new Date(Date.UTC(year, 0, 4 + (week - 1) * 7)).toISOString().slice(0, 10)}'`;
  return among(/^(1[6-9]|2[0-2])\d\d$/).flatMap((year) => [
    ...weeks.map((week) => inWeek(year, week)),
    ...days.flatMap((month) => [
      ...(month <= 12 ? ['01', ...days.map(twoDigits)].map((day) => `'${year}-${twoDigits(month)}-${day}'`) : []),
      ...(month <= 4 ? [`'${year}-${twoDigits(month * 3 - 1)}-15'`] : []),
    ]),
  ]);
}

function twoDigits(part: number): string {
  return String(part).padStart(2, '0');
}

/** The edge of `now() - i` and what lies next to it. */
function twice(intervals: readonly string[]): readonly string[] {
  return intervals.flatMap((step) =>
    ['+', '-'].flatMap((sign) => [
      `now() ${sign} interval ${quoteLiteral(step)} + interval '1 microsecond'`,
      `now() ${sign} interval ${quoteLiteral(step)} - interval '1 microsecond'`,
    ]),
  );
}
