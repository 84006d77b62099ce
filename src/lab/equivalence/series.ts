import { quoteLiteral } from '../../base/quote.js';
import type { FilledColumn } from './tables.js';
import { valuesOf } from './taken.js';

/** The value of a row in which a column changes from row to row, beginning at `base`. Numbers count up, times follow each other by a step, texts grow; other types go through what they have. */
export function seriesValue(
  column: FilledColumn,
  base: string | undefined,
  row: number,
  step = ONE_DAY,
): string | undefined {
  if (base === undefined || row === 0) return base;
  const number = NUMBER.exec(base)?.[1];
  if (column.group === 'number' && number !== undefined) return `'${plus(number, row)}'`;
  if (column.group === 'text' && QUOTED.test(base)) return `'${base.slice(1, -1)}${row}'`;
  if (column.group === 'time') return `CAST(${base} AS timestamptz) + ${row} * interval ${quoteLiteral(step)}`;
  if (column.group === 'uuid') return `'${String(row).padStart(8, '0')}${base.slice(9)}`;
  const values = valuesOf(column);
  return values[(Math.max(0, values.indexOf(base)) + row) % values.length];
}

/** The same for rows that one statement makes, `s.n` counting them. */
export function bulkSeries(column: FilledColumn, base: string, step = ONE_DAY): string {
  const number = NUMBER.exec(base)?.[1];
  if (column.group === 'number' && number !== undefined) return `(${number}) + s.n`;
  if (column.group === 'text') return `${base} || s.n`;
  if (column.group === 'time') return `CAST(${base} AS timestamptz) + s.n * interval ${quoteLiteral(step)}`;
  if (column.group === 'uuid') return `lpad(to_hex(s.n), 32, '0')::uuid`;
  return base;
}

/** The number of the other sign, where the column may be given it; undefined for 0, and for what is no number. */
export function negated(column: FilledColumn, value: string | undefined): string | undefined {
  const number = NUMBER.exec(value ?? '')?.[1];
  if (column.group !== 'number' || number === undefined || Number(number) === 0) return undefined;
  const other = `'${number.startsWith('-') ? number.slice(1) : `-${number}`}'`;
  return valuesOf(column).includes(other) ? other : undefined;
}

/** How far the times of a series are from each other where no statement says so. */
export const ONE_DAY = '1 day';

const NUMBER = /^'(-?\d+(?:\.\d+)?)'$/;
const QUOTED = /^'.*'$/s;

function plus(number: string, step: number): string {
  if (!number.includes('.')) return String(BigInt(number) + BigInt(step));
  return (Number(number) + step).toFixed((number.split('.')[1] ?? '').length);
}
