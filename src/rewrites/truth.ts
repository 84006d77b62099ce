import { bodyOf, isNode, list, typed } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { conjuncts } from './build.js';
import { seen } from './facts.js';
import type { Fact } from './facts.js';
import { bothWays, hasGroupingSets, listed } from './shapes.js';
import { originOf } from './view.js';
import type { ColumnOrigin, Query, StatementView } from './view.js';

/** A condition of which only the truth matters: where it is NULL, the same happens as where it is false. */
export interface Condition {
  readonly query: Query;
  /** The wrapper, by identity in the statement's tree. */
  readonly node: TreeNode;
}

/** The conditions of WHERE, HAVING and ON, and what AND and OR combine in them, each also by itself. What stands under NOT or in an expression is none. */
export function conditionsOf({ queries }: StatementView): readonly Condition[] {
  return queries.flatMap((query) =>
    [query.body['whereClause'], query.body['havingClause'], ...joinConditions(query.body)]
      .flatMap(combined)
      .map((node) => ({ query, node })),
  );
}

/** What stands after ON in the FROM of a query. */
export function joinConditions(body: TreeNode): readonly TreeValue[] {
  const visit = (item: TreeValue): readonly TreeValue[] => {
    const join = bodyOf(item, 'JoinExpr');
    return join ? [join['quals'], ...visit(join['larg']), ...visit(join['rarg'])] : [];
  };
  return [...list(body, 'fromClause'), ...list(body, 'usingClause')].flatMap(visit);
}

function combined(value: TreeValue): readonly TreeNode[] {
  const node = typed(value);
  if (!node) return [];
  const inside = node.type === 'BoolExpr' && node.body['boolop'] !== 'NOT_EXPR' ? list(node.body, 'args') : [];
  return [value as TreeNode, ...inside.flatMap(combined)];
}

/** What WHERE itself leaves of a column: no row in which it is NULL, since it is asked for or compared. Null where it may leave some. */
export function heldNotNull({ query, source, name }: ColumnOrigin): Fact | null {
  if (hasGroupingSets(query.body)) return null;
  const isIt = (value: TreeValue): boolean => {
    const origin = isNode(value) ? originOf(query, value) : null;
    return origin?.source === source && origin.name === name;
  };
  const held = conjuncts(query.body['whereClause']).some((condition) => {
    const test = bodyOf(condition, 'NullTest');
    if (test) return test['nulltesttype'] === 'IS_NOT_NULL' && isIt(test['arg']);
    const among = listed(condition, 'AEXPR_BETWEEN') ?? listed(condition, 'AEXPR_IN');
    return among ? isIt(among.left) : bothWays(condition).some(({ left }) => isIt(left));
  });
  return held ? seen(`WHERE leaves no row in which ${source.alias}.${name} is NULL`) : null;
}
