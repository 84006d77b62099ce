import { bodyOf, list, names, treeText } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import {
  bothWays,
  castOf,
  functionName,
  listed,
  operation,
  stringConstant,
  wholeConstant,
  WHOLE_NUMBERS,
} from './shapes.js';

/** A condition on a part of a time: `extract(month FROM c) BETWEEN low AND high`. */
export interface TimePart {
  readonly column: TreeNode;
  readonly unit: Unit;
  /** Both included. */
  readonly low: number;
  readonly high: number;
}

/** Days, written as dates: from the first, until before the last. */
export interface DayRange {
  readonly from: string;
  readonly until: string;
}

type Unit = 'year' | 'isoyear' | 'quarter' | 'month' | 'week' | 'day';

/** The greatest number of each part. */
const GREATEST: Readonly<Record<Unit, number>> = {
  year: 9998,
  isoyear: 9998,
  quarter: 4,
  month: 12,
  week: 53,
  day: 31,
};

/** Reads a condition on a part; null for anything else, and where the numbers do not follow one another. */
export function partOf(condition: TreeNode): TimePart | null {
  const between = listed(condition, 'AEXPR_BETWEEN');
  const among = listed(condition, 'AEXPR_IN');
  const several = between ?? among;
  if (several) {
    const extracted = extractedFrom(several.left);
    const numbers = several.items.map(wholeConstant).filter((one) => one !== null);
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    const follow = between ? numbers.length === 2 : new Set(numbers).size === high - low + 1;
    const given = numbers.length === several.items.length && (!between || numbers[0] === low);
    return extracted && follow && given ? { ...extracted, low, high } : null;
  }
  for (const { operator, left, right } of bothWays(condition)) {
    const extracted = extractedFrom(left);
    const number = wholeConstant(right);
    if (!extracted || number === null) continue;
    const greatest = GREATEST[extracted.unit];
    const bounds: Readonly<Record<string, readonly [number, number]>> = {
      '=': [number, number],
      '>=': [number, greatest],
      '>': [number + 1, greatest],
      '<=': [1, number],
      '<': [1, number - 1],
    };
    const [low, high] = bounds[operator] ?? [];
    if (low !== undefined && high !== undefined) return { ...extracted, low, high };
  }
  return null;
}

/** The days that parts of one column say together, and which parts those are; null where they are not one year and a range in it. */
export function rangeOf(
  parts: readonly TimePart[],
): { readonly range: DayRange; readonly units: readonly Unit[] } | null {
  const of = (unit: Unit): TimePart | null => joint(parts.filter((one) => one.unit === unit));
  const [year, quarter, month, day] = [of('year'), of('quarter'), of('month'), of('day')];
  const weeks = weeksIn(of('isoyear') ?? year, of('week'));
  if (weeks) return weeks;
  if (!year || year.low !== year.high || year.low < 1000 || year.high > GREATEST.year || !(quarter ?? month))
    return null;
  const first = Math.max(month?.low ?? 1, quarter ? quarter.low * 3 - 2 : 1, 1);
  const last = Math.min(month?.high ?? 12, quarter ? quarter.high * 3 : 12, 12);
  if (first > last) return null;
  const units: readonly Unit[] = [
    'year',
    ...(quarter ? ['quarter' as const] : []),
    ...(month ? ['month' as const] : []),
  ];
  if (!day || first !== last) return { range: monthsOf(year.low, first, last), units };
  const length = new Date(Date.UTC(year.low, first, 0)).getUTCDate();
  const [from, to] = [Math.max(day.low, 1), Math.min(day.high, length)];
  return from > to ? null : { range: daysOf(year.low, first, { from, to }), units: [...units, 'day'] };
}

/** Weeks of one year of ISO 8601; of a calendar year those alone that lie in it whole. */
function weeksIn(year: TimePart | null, week: TimePart | null): ReturnType<typeof rangeOf> {
  if (!year || !week || year.low !== year.high || year.low < 1000 || year.low > GREATEST.year) return null;
  const monday = mondayOf(year.low);
  const last = (mondayOf(year.low + 1) - monday) / WEEK_MS;
  const [first, until] = [Math.max(week.low, 1), Math.min(week.high, last)];
  const isWhole = year.unit === 'isoyear' || (first > 1 && until < 52);
  if (first > until || !isWhole) return null;
  const range = { from: iso(monday + (first - 1) * WEEK_MS), until: iso(monday + until * WEEK_MS) };
  return { range, units: [year.unit, 'week'] };
}

const WEEK_MS = 7 * 86_400_000;

/** The Monday of the week with the fourth of January, the first of the year. */
function mondayOf(year: number): number {
  const fourth = new Date(Date.UTC(year, 0, 4));
  return fourth.getTime() - ((fourth.getUTCDay() + 6) % 7) * 86_400_000;
}

/** `make_date(extract(year FROM c)::int, extract(month FROM c)::int, 1)`, or with the day, held at a date; null for anything else. */
export function madeDate(
  value: TreeNode,
  text: string,
): { readonly column: TreeNode; readonly range: DayRange } | null {
  const call = bodyOf(value, 'FuncCall');
  const args = call && functionName(call) === 'make_date' ? list(call, 'args') : [];
  const [year, month] = args.map(extractedFrom);
  const written = /^([1-9]\d{3})-(\d\d)-(\d\d)$/.exec(text);
  if (!written || year?.unit !== 'year' || month?.unit !== 'month' || !isSame([year, month])) return null;
  const [y, m, d] = written.slice(1).map(Number) as [number, number, number];
  const day = extractedFrom(args[2]);
  if (!day && wholeConstant(args[2]) === 1 && d === 1) return held(year.column, [y, m]);
  return day?.unit === 'day' && isSame([year, day]) ? held(year.column, [y, m, d]) : null;
}

/** `extract(year FROM c)::text || '-' || lpad(extract(month FROM c)::text, 2, '0')`, or by concat(), held at a text; null for anything else, and where the text may be cut in several ways. */
export function concatenated(
  value: TreeNode,
  text: string,
): { readonly column: TreeNode; readonly range: DayRange } | null {
  const pieces = piecesOf(value);
  if (pieces.length < 2) return null;
  const found: Extracted[] = [];
  let pattern = '';
  for (const [at, piece] of pieces.entries()) {
    const literal = stringConstant(piece);
    if (literal !== null) {
      if (!/^[-/.: _]+$/.test(literal)) return null;
      pattern += literal.replaceAll(/[/.]/g, String.raw`\$&`);
      continue;
    }
    const padded = paddedFrom(piece);
    const extracted = padded ?? extractedFrom(uncast(piece));
    // A number without a fixed length ends at a separator, or with the text.
    const isEnded = at + 1 === pieces.length || stringConstant(pieces[at + 1]) !== null || paddedFrom(pieces[at + 1]);
    if (!extracted || !isEnded) return null;
    found.push(extracted);
    pattern +=
      extracted.unit === 'year' ? String.raw`([1-9]\d{3})` : padded ? String.raw`(\d\d)` : String.raw`([1-9]\d?)`;
  }
  const units = found.map(({ unit }) => unit).join(' ');
  const [first] = found;
  const numbers = new RegExp(`^${pattern}$`).exec(text)?.slice(1).map(Number);
  return first && numbers && isSame(found) && ['year month', 'year month day'].includes(units)
    ? held(first.column, numbers)
    : null;
}

interface Extracted {
  readonly column: TreeNode;
  readonly unit: Unit;
}

/** The part of a column that a call gives, cast to a whole number or not. */
function extractedFrom(value: TreeValue): Extracted | null {
  const cast = castOf(value);
  const call = bodyOf(cast && WHOLE_NUMBERS.has(cast.type) ? cast.value : value, 'FuncCall');
  const [unit, column, more] = call && EXTRACTING.has(functionName(call)) ? list(call, 'args') : [];
  const named = stringConstant(unit)?.toLowerCase();
  return isUnit(named) && !more && bodyOf(column, 'ColumnRef') ? { column: column as TreeNode, unit: named } : null;
}

function isUnit(name: string | undefined): name is Unit {
  return name !== undefined && Object.hasOwn(GREATEST, name);
}

const EXTRACTING = new Set(['date_part', 'extract']);
const TEXTS = new Set(['text', 'varchar']);

/** `lpad(extract(month FROM c)::text, 2, '0')`. */
function paddedFrom(value: TreeValue): Extracted | null {
  const call = bodyOf(value, 'FuncCall');
  const [number, length, fill] = call && functionName(call) === 'lpad' ? list(call, 'args') : [];
  const extracted = wholeConstant(length) === 2 && stringConstant(fill) === '0' ? extractedFrom(uncast(number)) : null;
  return extracted?.unit === 'month' || extracted?.unit === 'day' ? extracted : null;
}

function uncast(value: TreeValue): TreeValue {
  const cast = castOf(value);
  return cast && TEXTS.has(cast.type) ? cast.value : value;
}

function piecesOf(value: TreeValue): readonly TreeValue[] {
  const both = operation(value);
  if (both?.operator === '||') return [...piecesOf(both.left), ...piecesOf(both.right)];
  const call = bodyOf(value, 'FuncCall');
  return call && names(list(call, 'funcname')).at(-1) === 'concat' ? list(call, 'args').flatMap(piecesOf) : [value];
}

function isSame(parts: readonly Extracted[]): boolean {
  return new Set(parts.map(({ column }) => treeText(column))).size === 1;
}

function held(
  column: TreeNode,
  [year = 0, month = 0, day]: readonly number[],
): { readonly column: TreeNode; readonly range: DayRange } | null {
  const part = (unit: Unit, number: number): TimePart => ({ column, unit, low: number, high: number });
  const parts = [part('year', year), part('month', month), ...(day === undefined ? [] : [part('day', day)])];
  const found = rangeOf(parts);
  return found && { column, range: found.range };
}

/** What several conditions on one part leave. */
function joint(parts: readonly TimePart[]): TimePart | null {
  const [first] = parts;
  return first
    ? { ...first, low: Math.max(...parts.map(({ low }) => low)), high: Math.min(...parts.map(({ high }) => high)) }
    : null;
}

function monthsOf(year: number, first: number, last: number): DayRange {
  return { from: iso(Date.UTC(year, first - 1, 1)), until: iso(Date.UTC(year, last, 1)) };
}

function daysOf(year: number, month: number, { from, to }: { readonly from: number; readonly to: number }): DayRange {
  return { from: iso(Date.UTC(year, month - 1, from)), until: iso(Date.UTC(year, month - 1, to + 1)) };
}

function iso(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
