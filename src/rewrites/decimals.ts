import { bodyOf, field, textOf } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { wholeConstant } from './shapes.js';
import type { ColumnOrigin } from './view.js';

/** An exact decimal: `units / 10^scale`. */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

/** The numeric or whole literal of a tree, of at most 18 digits; null for anything else. */
export function decimalConstant(value: TreeValue): Decimal | null {
  const whole = wholeConstant(value);
  if (whole !== null) return { units: BigInt(whole), scale: 0 };
  const given = field({ constant: bodyOf(value, 'A_Const') ?? {} }, 'constant')?.['fval'];
  const written = /^(-?)(\d{1,15})\.?(\d{0,9})$/.exec(
    given === undefined ? '' : (textOf(given as TreeNode, 'fval') ?? ''),
  );
  if (!written) return null;
  const [, sign = '', digits = '', fraction = ''] = written;
  return digits.length + fraction.length > MOST_DIGITS
    ? null
    : { units: BigInt(`${sign}${digits}${fraction}`), scale: fraction.length };
}

const MOST_DIGITS = 18;

/** The largest decimal of that scale that is not above a fraction, and whether it is the fraction itself. The denominator is positive. */
export function floorAt(scale: number, numerator: bigint, denominator: bigint): Decimal & { readonly exact: boolean } {
  const scaled = numerator * 10n ** BigInt(scale);
  const cut = scaled / denominator;
  const exact = cut * denominator === scaled;
  return { units: exact || scaled >= 0n ? cut : cut - 1n, scale, exact };
}

/** As SQL. */
export function decimalText({ units, scale }: Decimal): string {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  const whole = digits.slice(0, digits.length - scale);
  return `${units < 0n ? '-' : ''}${whole}${scale > 0 && fraction !== '' ? `.${fraction}` : ''}`;
}

/** How many digits a column has at most, and how many of them after the point: of whole numbers and of `numeric(p, s)`; null for any other. */
export function digitsOf({ column }: ColumnOrigin): { readonly all: number; readonly scale: number } | null {
  const whole = column ? WHOLE[column.baseType] : undefined;
  if (whole !== undefined) return { all: whole, scale: 0 };
  const typed = column?.baseType === 'numeric' ? /^numeric\((\d+),(\d+)\)$/.exec(column.type) : null;
  const [all, scale] = [Number(typed?.[1]), Number(typed?.[2])];
  return typed && scale <= all ? { all, scale } : null;
}

const WHOLE: Readonly<Record<string, number>> = { int2: 5, int4: 10, int8: 19 };

/** Whether a column holds whole numbers. */
export function isWhole({ column }: ColumnOrigin): boolean {
  return column !== null && WHOLE[column.baseType] !== undefined;
}
