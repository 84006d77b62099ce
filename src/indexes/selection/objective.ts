import { OBJECTIVE_SCALE } from './programmes.js';
import type { SelectionObjective } from './selection-types.js';

/** One statement's weight and present cost. */
export interface WeighedCost {
  readonly calls: number;
  /** In the planner's unit, as the database is. */
  readonly cost: number;
}

/**
 * What each statement's cost is worth, so that all of them add up to 100 at present. A plain sum lets one statement
 * with an absurd estimate hide all others; `robust` does not.
 */
export function statementValues(
  statements: readonly WeighedCost[],
  objective: SelectionObjective,
): ((cost: number) => number)[] {
  const total = statements.reduce((sum, { calls, cost }) => sum + calls * cost, 0);
  const share = ({ calls, cost }: WeighedCost): number => (total > 0 ? (calls * cost) / total : 1 / statements.length);
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
      return scale * (Math.max(0, LOG_RANGE + Math.log(ratio)) / statements.length + weight * ratio);
    };
  });
}

/** No statement weighs more in the sum. */
const MOST_SHARE = 0.1;
/** Falls beyond a millionth of the present cost are all the same. */
const LOG_RANGE = Math.log(1e6);
