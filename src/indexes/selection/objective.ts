import { OBJECTIVE_SCALE } from './programmes.js';
import type { SelectionObjective } from './selection-types.js';

/** One statement's weight and present cost. */
export interface WeighedCost {
  readonly calls: number;
  /** In the planner's unit, as the database is; null for one that was not asked. */
  readonly cost: number | null;
  /** Mean time of a call as measured, milliseconds; null where it was not. */
  readonly meanMs: number | null;
}

/**
 * What each statement's cost is worth, so that all of them add up to 100 at present. Statements weigh by their calls and
 * measured time, or by calls and cost where not all of them were measured. A plain sum lets one statement hide all others;
 * `robust` does not: it is the logarithm of the costs that counts most, by measured time or else by calls alone, and no
 * statement weighs more than a tenth before the weights are made to add up.
 */
export function statementValues(
  statements: readonly WeighedCost[],
  objective: SelectionObjective,
): ((cost: number) => number)[] {
  const measured = isMeasured(statements);
  const weightOf = ({ calls, cost, meanMs }: WeighedCost): number => calls * (measured ? (meanMs ?? 0) : (cost ?? 0));
  const total = statements.reduce((sum, one) => sum + weightOf(one), 0);
  const share = (one: WeighedCost): number => (total > 0 ? weightOf(one) / total : 1 / statements.length);
  if (objective === 'sum') {
    return statements.map((one) => {
      const worth = OBJECTIVE_SCALE * share(one);
      return (cost) => (worth * cost) / Math.max(Number.MIN_VALUE, one.cost ?? 0);
    });
  }
  const weights = capped(statements.map(share));
  // An absurd estimate must not decide by itself what the others are worth.
  const logWeights = measured
    ? weights
    : capped(statements.map(({ calls }) => calls / Math.max(1, totalCalls(statements))));
  const scale = OBJECTIVE_SCALE / (LOG_RANGE + 1);
  return statements.map((one, at) => {
    const weight = weights[at] ?? 0;
    const logWeight = logWeights[at] ?? 0;
    const present = one.cost;
    if (present === null) return () => scale * logWeight * LOG_RANGE;
    return (cost) => {
      const ratio = cost / Math.max(Number.MIN_VALUE, present);
      return scale * (logWeight * Math.max(0, LOG_RANGE + Math.log(ratio)) + weight * ratio);
    };
  });
}

/** Whether statements weigh by their time: all of them have to be measured. */
export function isMeasured(statements: readonly Pick<WeighedCost, 'meanMs'>[]): boolean {
  return statements.every(({ meanMs }) => meanMs !== null && meanMs > 0);
}

function totalCalls(statements: readonly WeighedCost[]): number {
  return statements.reduce((sum, { calls }) => sum + calls, 0);
}

/** Shares of which none is above the limit, made to add up to 1. */
function capped(shares: readonly number[]): readonly number[] {
  const low = shares.map((one) => Math.min(MOST_SHARE, one));
  const all = low.reduce((sum, one) => sum + one, 0);
  return low.map((one) => (all > 0 ? one / all : 1 / low.length));
}

/** No statement weighs more before the weights are made to add up. */
const MOST_SHARE = 0.1;
/** Falls beyond a millionth of the present cost are all the same. */
const LOG_RANGE = Math.log(1e6);

/**
 * By how much of the `robust` objective (0 to 1) the best choice may be missed for what the costs of statements are not known, beside what
 * they hold by their calls: their part of the plain sum, and that of the others, which it would make lighter.
 */
export const UNKNOWN_SUM_SHARE = 2 / (LOG_RANGE + 1);
