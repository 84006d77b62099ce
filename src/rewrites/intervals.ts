import { bodyOf } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { castOf, functionName, isFixed, stringConstant } from './shapes.js';

/** A literal interval of one unit. */
export interface IntervalConstant {
  /** As intervals are compared: a day of 24 hours, a month of 30 days. */
  readonly seconds: number;
  /** In hours, minutes or seconds: as long wherever it is added. */
  readonly exact: boolean;
  /** In days or weeks: as long wherever it is added to a time without time zone. */
  readonly days: boolean;
}

/** Reads `interval '7 days'`; null for anything else, several units included. */
export function intervalConstant(value: TreeValue): IntervalConstant | null {
  const cast = castOf(value);
  const text = cast?.type === 'interval' ? stringConstant(cast.value) : null;
  const written = /^\s*(\d{1,6})\s*(second|sec|minute|min|hour|day|week|month|mon|year)s?\s*$/i.exec(text ?? '');
  const unit = (written?.[2] ?? '').toLowerCase();
  const seconds = SECONDS[unit];
  if (!written || seconds === undefined) return null;
  return { seconds: Number(written[1]) * seconds, exact: seconds <= HOUR, days: unit === 'day' || unit === 'week' };
}

/** Whether it is the time of the transaction or of the statement, with time zone. */
export function isNow(value: TreeNode): boolean {
  if (!isFixed(value)) return false;
  const call = bodyOf(value, 'FuncCall');
  if (call) return ['now', 'transaction_timestamp', 'statement_timestamp'].includes(functionName(call));
  return bodyOf(value, 'SQLValueFunction')?.['op'] === 'SVFOP_CURRENT_TIMESTAMP';
}

/** Whether it is a literal time with time zone, which is finite: one that is written with a year. */
export function isMoment(value: TreeNode): boolean {
  const cast = castOf(value);
  return cast?.type === 'timestamptz' && /^\s*\d{4}-\d/.test(stringConstant(cast.value) ?? '');
}

/** Whether it is `current_date`. */
export function isToday(value: TreeNode): boolean {
  return bodyOf(value, 'SQLValueFunction')?.['op'] === 'SVFOP_CURRENT_DATE';
}

const HOUR = 3600;
const DAY = 24 * HOUR;
/** `interval_cmp_value` of PostgreSQL's timestamp.c; a year has twelve months of 30 days there. */
const SECONDS: Readonly<Record<string, number>> = {
  second: 1,
  sec: 1,
  minute: 60,
  min: 60,
  hour: HOUR,
  day: DAY,
  week: 7 * DAY,
  month: 30 * DAY,
  mon: 30 * DAY,
  year: 360 * DAY,
};
