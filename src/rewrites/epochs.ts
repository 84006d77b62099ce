import { bodyOf, isNode, list, textOf } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { expression } from './build.js';
import { decimalConstant, isWhole } from './decimals.js';
import { intervalConstant, isMoment, isNow, isToday } from './intervals.js';
import { castOf, functionName, operation, stringConstant, wholeConstant } from './shapes.js';
import { originOf } from './view.js';
import type { ColumnOrigin, Query } from './view.js';

/** A time with time zone that is made of a column of whole seconds since 1970, or of parts of a second. */
export interface EpochTime {
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
  readonly perSecond: number;
  /** The column is divided by a whole number first, which leaves whole seconds. */
  readonly isCut: boolean;
}

/** Reads `to_timestamp(c)`, `to_timestamp(c / 1000)`, `to_timestamp(c / 1000.0)` and `timestamptz 'epoch' + c * interval '1 second'`; null for anything else. */
export function epochTime(query: Query, value: TreeNode): EpochTime | null {
  const call = bodyOf(value, 'FuncCall');
  const [seconds, more] = call && functionName(call) === 'to_timestamp' ? list(call, 'args') : [];
  if (isNode(seconds) && more === undefined) return secondsOf(query, seconds);
  const sum = operation(value);
  const start = sum?.operator === '+' ? castOf(sum.left) : null;
  if (!sum || start?.type !== 'timestamptz' || stringConstant(start.value)?.trim().toLowerCase() !== 'epoch')
    return null;
  return elapsedOf(query, sum.right);
}

function secondsOf(query: Query, value: TreeNode): EpochTime | null {
  const cast = castOf(value);
  const own = wholeColumn(query, cast && EXACT.has(cast.type) ? cast.value : value);
  if (own) return { ...own, perSecond: 1, isCut: false };
  if (!cast) return partsOf(query, value);
  // A quotient of whole numbers is whole itself, whatever it is cast to; another one would be rounded to a whole number.
  const quotient = partsOf(query, cast.value);
  return quotient && (quotient.isCut ? EXACT : FRACTIONS).has(cast.type) ? quotient : null;
}

/** `c / 1000`, `c / 1000.0`, `c::float8 / 1000` and `c * 0.001`. */
function partsOf(query: Query, value: TreeNode): EpochTime | null {
  const parts = operation(value);
  const cast = castOf(parts?.left);
  const isFraction = cast !== null && FRACTIONS.has(cast.type);
  const own = parts ? wholeColumn(query, isFraction ? cast.value : parts.left) : null;
  if (!parts || !own) return null;
  const given = castOf(parts.right);
  const by = decimalConstant(given && FRACTIONS.has(given.type) ? given.value : parts.right);
  const isCut = !isFraction && given === null && wholeConstant(parts.right) !== null;
  // 0.001 is no double, and neither is a product of it.
  const isDouble = [cast, given].some((one) => one?.type === 'float8');
  if (!by || (parts.operator === '*' && (isCut || isDouble))) return null;
  const perSecond = PARTS.find((one) => {
    const tenfold = 10n ** BigInt(by.scale);
    return parts.operator === '/' ? by.units === BigInt(one) * tenfold : by.units * BigInt(one) === tenfold;
  });
  return perSecond !== undefined && ['/', '*'].includes(parts.operator) ? { ...own, perSecond, isCut } : null;
}

/** `c * interval '1 second'`, either way round, and `make_interval(secs => c)`. */
function elapsedOf(query: Query, value: TreeNode): EpochTime | null {
  const call = bodyOf(value, 'FuncCall');
  const named = bodyOf(call && functionName(call) === 'make_interval' ? list(call, 'args')[0] : null, 'NamedArgExpr');
  const made =
    named && textOf(named, 'name') === 'secs' && call && list(call, 'args').length === 1 ? named['arg'] : null;
  const product = operation(value);
  const [one, other] = product?.operator === '*' ? [product.left, product.right] : [];
  const second = (unit: TreeNode | undefined): boolean => {
    const interval = intervalConstant(unit);
    return interval?.seconds === 1 && interval.exact;
  };
  const column = made ?? (second(other) ? one : second(one) ? other : null);
  const own = isNode(column) ? wholeColumn(query, column) : null;
  return own && { ...own, perSecond: 1, isCut: false };
}

function wholeColumn(query: Query, value: TreeNode): Pick<EpochTime, 'column' | 'origin'> | null {
  const origin = originOf(query, value);
  return origin && isWhole(origin) && origin.column?.baseType !== 'int2' ? { column: value, origin } : null;
}

const PARTS = [1000, 1_000_000];
const FRACTIONS = new Set(['float8', 'numeric']);
const EXACT = new Set(['float8', 'numeric', 'int8']);

/**
 * A finite time that is the same for every row, as a timestamptz: a literal with a year, now(), today, and what is so many days or so before or after them. Null for anything else.
 * `isNear`: it is between 1971 and 2099 for certain, where a double tells the microseconds since 1970 apart.
 */
export function momentOf(value: TreeNode): { readonly node: TreeNode; readonly isNear: boolean } | null {
  if (isNow(value)) return { node: value, isNear: true };
  if (isMoment(value)) return { node: value, isNear: isNearYear(stringConstant(value)) };
  const text = LOCAL.has(castOf(value)?.type) ? stringConstant(value) : null;
  if (text !== null && /^\s*\d{4}-\d/.test(text))
    return { node: expression('$1::timestamptz', [value]), isNear: isNearYear(text) };
  const day = dayOf(value);
  if (day) return { node: expression('$1::timestamptz', [day]), isNear: true };
  const call = bodyOf(value, 'FuncCall');
  const [unit, moment, more] = call && functionName(call) === 'date_trunc' ? list(call, 'args') : [];
  if (isNode(moment) && !more && UNITS.has(stringConstant(unit) ?? '') && isNow(moment))
    return { node: value, isNear: true };
  const sum = operation(value);
  const interval = sum && ['+', '-'].includes(sum.operator) ? intervalConstant(sum.right) : null;
  const isSoon =
    sum && interval && interval.seconds <= FORTY_YEARS && (isNow(sum.left) || bodyOf(sum.left, 'FuncCall'));
  return isSoon && momentOf(sum.left)?.isNear ? { node: value, isNear: true } : null;
}

/** Literals that become the instant of that local time. */
const LOCAL: ReadonlySet<string | undefined> = new Set([undefined, 'date', 'timestamp']);

const UNITS = new Set(['minute', 'hour', 'day', 'week', 'month', 'quarter', 'year']);

/** `current_date`, and so many days before or after it. */
function dayOf(value: TreeNode): TreeNode | null {
  const sum = operation(value);
  if (!sum) return isToday(value) ? value : null;
  const days = ['+', '-'].includes(sum.operator) ? wholeConstant(sum.right) : null;
  return days !== null && Math.abs(days) < MOST_DAYS && isToday(sum.left) ? value : null;
}

const MOST_DAYS = 14_400;
const FORTY_YEARS = 40 * 360 * 86_400;

function isNearYear(text: string | null): boolean {
  const year = Number(/^\s*(\d{4})-/.exec(text ?? '')?.[1] ?? 0);
  return year > 1970 && year < 2100 && !/bc/i.test(text ?? '');
}
