import { formatMs } from '../../base/units.js';

/** A logarithmic axis from 0 to 100 percent of a drawing's width. */
export interface LogAxis {
  /** Percent for a value; values outside the range sit on its ends. */
  at(value: number): number;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
}

/** Times below this can not be told apart by the server's clock; also keeps 0 on the axis. Milliseconds. */
const LEAST_MS = 0.001;

/** Room on both ends for the marks, percent. */
const MARGIN = 3;

/** An axis over times in milliseconds, with room on both ends. */
export function timeAxis(valuesMs: readonly number[]): LogAxis {
  const known = valuesMs.filter((value) => Number.isFinite(value)).map((value) => Math.max(LEAST_MS, value));
  const low = known.reduce((least, value) => Math.min(least, value), Infinity);
  const high = known.reduce((most, value) => Math.max(most, value), -Infinity);
  if (known.length === 0) return logAxis(LEAST_MS, 1, formatMs);
  return logAxis(low / 1.15, high * 1.15, formatMs);
}

/** An axis over ratios after / before that always holds 1, with a decade at least on the better side. */
export function ratioAxis(ratios: readonly number[]): LogAxis {
  const known = ratios
    .filter((ratio) => ratio > 0 && Number.isFinite(ratio))
    .map((ratio) => Math.min(1e4, Math.max(1e-6, ratio)));
  return logAxis(Math.min(0.1, ...known) / 1.3, Math.max(3, ...known) * 1.3, ratioLabel);
}

function logAxis(low: number, high: number, label: (value: number) => string): LogAxis {
  const from = Math.log10(low);
  const span = Math.max(0.3, Math.log10(high) - from);
  const at = (value: number): number => {
    const share = (Math.log10(Math.max(value, 1e-12)) - from) / span;
    return MARGIN + Math.min(1, Math.max(0, share)) * (100 - 2 * MARGIN);
  };
  return { at, ticks: tickValues(from, from + span).map((value) => ({ value, label: label(value) })) };
}

/** Powers of ten, thinned to five; on a short axis 2 and 5 of each decade too. */
function tickValues(from: number, to: number): readonly number[] {
  const decades: number[] = [];
  for (let power = Math.ceil(from); power <= to; power += 1) decades.push(10 ** power);
  if (decades.length > 5) {
    const step = Math.ceil(decades.length / 5);
    return decades.filter((value) => Math.round(Math.log10(value)) % step === 0);
  }
  if (decades.length > 2) return decades;
  const finer: number[] = [];
  for (let power = Math.floor(from); power <= to; power += 1)
    finer.push(...[1, 2, 5].map((digit) => digit * 10 ** power));
  return finer.filter((value) => Math.log10(value) >= from && Math.log10(value) <= to);
}

function ratioLabel(ratio: number): string {
  if (ratio === 1) return 'same';
  return ratio < 1 ? `÷${short(1 / ratio)}` : `×${short(ratio)}`;
}

function short(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1000 ? `${value / 1000}k` : String(Number(value.toPrecision(1)));
}
