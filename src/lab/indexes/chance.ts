import type { NoiseFloor } from '../../model/measurement.js';
import { buffersOf, ranOnce } from './case-record.js';
import type { PlanFigures } from './case-record.js';

/**
 * How many times as long a statement may take where one of its plans ran once only: that may be chance. The noise floor is that of medians of pairs that
 * ran side by side; single runs, minutes apart, spread about three times as far.
 */
export function onceTolerance(noise: NoiseFloor | null): number {
  return Math.min(MOST, Math.max(ONCE, Math.exp(SPREAD * (noise?.timeLogRatio ?? 0))));
}

/** What a statement may take of what it took: `once` where it ran once only and does not touch more blocks to match; what is allowed in any case where `once` is 1. */
export function toleranceFor(
  bare: readonly PlanFigures[],
  withIndexes: readonly PlanFigures[],
  { allowed, once }: { readonly allowed: number; readonly once: number },
): number {
  if (once <= 1 || ![...bare, ...withIndexes].some(ranOnce)) return allowed;
  return Math.max(allowed, isMore(bare, withIndexes, allowed) ? ONCE : once);
}

/** Whether blocks speak against it as well, which are the same each time; of what was cut off nobody knows. */
function isMore(bare: readonly PlanFigures[], withIndexes: readonly PlanFigures[], allowed: number): boolean {
  const [before, after] = [bare, withIndexes].map((all) => all.map(buffersOf));
  if (!before || !after || [...before, ...after].includes(null)) return true;
  return sum(after) > sum(before) * allowed + SLACK_BLOCKS * after.length;
}

function sum(values: readonly (number | null)[]): number {
  return values.reduce<number>((total, one) => total + (one ?? 0), 0);
}

/** Four blocks are one descent of a btree. */
export const SLACK_BLOCKS = 4;
/** Single runs of one plan on a machine with company: 1.25 times as long was seen among 89 statements. */
const ONCE = 1.5;
const SPREAD = 3;
/** Whatever the noise: so much slower is out of the question (`timeoutFor`). */
const MOST = 3;
