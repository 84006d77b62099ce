import type { LabPlan } from '../lab/trial/lab-plan.js';
import type { PreparedQuestion } from '../lab/plan-modes/measure.js';
import { groupBy } from '../base/group.js';
import type { Workload } from '../model/workload.js';
import { writes } from '../sql/kind.js';
import { parameterCount } from '../sql/parameters.js';
import { parseStatement } from '../sql/parse.js';

/** A statement that runs longer with plans made for its values has other troubles; a generic plan that is cut off here is slow enough. */
const TIMEOUT_MS = 2000;
/** For all rounds of one set of values. */
const SET_BUDGET_MS = 1000;

/** The reads with parameters, as a program would prepare them, with the sets of values that the lab ran them with. */
export function preparedQuestions(
  { statements }: Workload,
  plans: readonly LabPlan[],
  check: () => void,
): readonly PreparedQuestion[] {
  const ran = groupBy(plans, ({ fingerprint }) => fingerprint);
  return statements.flatMap(({ fingerprint, name, sql, kind }) => {
    const parameters = parameterCount(sql);
    // A set may hold more values than an accepted rewrite has parameters left.
    const sets = (ran.get(fingerprint) ?? []).map(({ parameterClass, values }) => ({
      parameterClass,
      values: values.slice(0, parameters),
    }));
    if (kind !== 'select' || sets.length === 0 || parameters === 0) return [];
    if (writes(parseStatement(sql))) return [];
    return [{ fingerprint, name, sql, sets, timeoutMs: TIMEOUT_MS, budgetMs: SET_BUDGET_MS, check }];
  });
}
