import { bodyOf, isNode, list } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { conjuncts, expression, withWhere } from './build.js';
import { uncastCount } from './counts.js';
import { cannotFail } from './failures.js';
import { factsOf } from './facts.js';
import { functionName, SHAPING_CLAUSES } from './shapes.js';
import { isScalar, originOf } from './view.js';
import type { Query, StatementView } from './view.js';

/** The subquery whose rows an aggregate without GROUP BY takes in, as the rows that it counts: those that its FILTER leaves, and in which what is counted is not NULL. */
export interface CountedRows {
  readonly body: TreeNode;
  /** Each value is counted once, however many rows have it. */
  readonly isDistinct: boolean;
}

/** Reads `SELECT count(x) FROM ...`, or another of the aggregates named; null for anything else. */
export function countedRows(view: StatementView, inner: Query, aggregates: readonly string[]): CountedRows | null {
  const call = callOf(inner.body);
  if (!call || !aggregates.includes(functionName(call)) || call['over'] !== undefined) return null;
  if (list(inner.body, 'targetList').length !== 1 || list(inner.body, 'fromClause').length === 0) return null;
  if (SHAPING_CLAUSES.some((name) => inner.body[name] !== undefined)) return null;
  const [counted] = list(call, 'args');
  const each = call['agg_star'] === true || isLiteral(counted);
  const set = each ? [] : setIn(view, inner, counted);
  const { agg_filter: filter } = call;
  // Beside WHERE it may be computed for rows that WHERE leaves out.
  if (set === null || (isNode(filter) && !cannotFail(inner, filter))) return null;
  const { sortClause: _, ...rest } = inner.body;
  const where = [...conjuncts(rest['whereClause']), ...conjuncts(filter), ...set];
  return { body: withWhere(rest, where), isDistinct: call['agg_distinct'] === true };
}

/** What says that a counted column is not NULL: nothing where it never is. Null where `IS NOT NULL` may mean another thing, as it does of a row of several columns. */
function setIn(view: StatementView, inner: Query, counted: TreeValue): readonly TreeNode[] | null {
  const origin = originOf(inner, counted);
  if (!origin?.column || !isNode(counted)) return null;
  if (factsOf(view.catalog).notNull(origin).holds) return [];
  return isScalar(origin) ? [expression('$1 IS NOT NULL', [counted])] : null;
}

/** The aggregate that a subquery shows, a count cast to a whole type as well: what EF Core sends. */
function callOf(body: TreeNode): TreeNode | null {
  const value = bodyOf(list(body, 'targetList')[0], 'ResTarget')?.['val'] ?? null;
  return bodyOf(uncastCount(value), 'FuncCall');
}

/** A literal that is not NULL. */
function isLiteral(value: TreeValue): boolean {
  const constant = bodyOf(value, 'A_Const');
  return constant !== null && constant['isnull'] === undefined;
}
