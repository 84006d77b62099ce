import type { ParsedStatement } from '../sql/parse.js';
import { bodyOf, field, isNode, list } from '../sql/tree.js';
import type { TreeNode, TreeValue, TypedNode } from '../sql/tree.js';
import { operation, wholeConstant } from './shapes.js';
import { mapUnderNames } from './columns.js';
import { withTree } from './repeated.js';

/** The statement without what says nothing in its conditions, `1 = 1 AND a`, `(1 = 0 OR a)`, `true AND a`, as programs begin a list of them: rules that read the rest find it. Null where there is none. */
export function constantsFolded(statement: ParsedStatement): ParsedStatement | null {
  const tree = mapUnderNames(statement.tree, folded) as TreeNode;
  return withTree(statement, tree);
}

function folded({ type, body }: TypedNode): TreeNode | null {
  if (type !== 'BoolExpr' || body['boolop'] === 'NOT_EXPR') return null;
  const neutral = body['boolop'] === 'AND_EXPR';
  const args = list(body, 'args').filter(isNode);
  const kept = args.filter((one) => truthOf(one) !== neutral);
  const [first, ...others] = kept.map((one) => mapUnderNames(one, folded)).filter(isNode);
  if (kept.length === args.length || first === undefined) return null;
  return others.length === 0 ? first : { BoolExpr: { ...body, args: [first, ...others] } };
}

/** What a condition of literals says; null for any other. */
function truthOf(condition: TreeValue): boolean | null {
  const literal = field(bodyOf(condition, 'A_Const') ?? {}, 'boolval');
  if (literal) return literal['boolval'] === true;
  const equal = operation(condition);
  const [left, right] =
    equal?.operator === '=' ? [wholeConstant(equal.left), wholeConstant(equal.right)] : [null, null];
  return left === null || right === null ? null : left === right;
}
