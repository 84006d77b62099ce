import { OBJECTIVE_SCALE } from './programmes.js';
import type { SelectionObjective } from './selection-types.js';

/** One statement's weight and present cost. */
export interface WeighedCost {
  readonly calls: number;
  /** In the planner's unit, as the database is. */
  readonly cost: number;
  /** Mean time of a call as measured, milliseconds; null where it was not. */
  readonly meanMs: number | null;
}

/**
 * What each statement's cost is worth, so that all of them add up to 100 at present. Statements weigh by their calls and
 * measured time, or by calls and cost where not all of them were measured. A plain sum lets one statement hide all others;
 * `robust` does not: none weighs more than a tenth before the weights are made to add up, and it is the logarithm of
 * their costs that counts most.
 */
export function statementValues(
  statements: readonly WeighedCost[],
  objective: SelectionObjective,
): ((cost: number) => number)[] {
  const isMeasured = statements.every(({ meanMs }) => meanMs !== null && meanMs > 0);
  const weightOf = ({ calls, cost, meanMs }: WeighedCost): number => calls * (isMeasured ? (meanMs ?? 0) : cost);
  const total = statements.reduce((sum, one) => sum + weightOf(one), 0);
  const share = (one: WeighedCost): number => (total > 0 ? weightOf(one) / total : 1 / statements.length);
  if (objective === 'sum') {
    return statements.map((one) => {
      const worth = OBJECTIVE_SCALE * share(one);
      return (cost) => (worth * cost) / Math.max(Number.MIN_VALUE, one.cost);
    });
  }
  const capped = statements.map((one) => Math.min(MOST_SHARE, share(one)));
  const all = capped.reduce((sum, one) => sum + one, 0);
  const scale = OBJECTIVE_SCALE / (LOG_RANGE + 1);
  return statements.map((one, at) => {
    const weight = (capped[at] ?? 0) / all;
    return (cost) => {
      const ratio = cost / Math.max(Number.MIN_VALUE, one.cost);
      return scale * weight * (Math.max(0, LOG_RANGE + Math.log(ratio)) + ratio);
    };
  });
}

/** No statement weighs more before the weights are made to add up. */
const MOST_SHARE = 0.1;
/** Falls beyond a millionth of the present cost are all the same. */
const LOG_RANGE = Math.log(1e6);
