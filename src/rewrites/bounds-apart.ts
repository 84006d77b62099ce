import type { ParsedStatement } from '../sql/parse.js';
import { bodyOf, isNode, list, mapTree, typed } from '../sql/tree.js';
import type { TreeNode, TypedNode } from '../sql/tree.js';
import { expression } from './build.js';
import { withTree } from './repeated.js';

/** The statement with `x BETWEEN a AND b` as `x >= a AND x <= b`, which is what it means (manual, "Comparison Functions and Operators"): rules that read comparisons find them. Null where there is none. */
export function boundsApart(statement: ParsedStatement): ParsedStatement | null {
  const tree = mapTree(statement.tree, apart) as TreeNode;
  return withTree(statement, tree);
}

function apart({ type, body }: TypedNode): TreeNode | null {
  const { kind } = body;
  if (type !== 'A_Expr' || (kind !== 'AEXPR_BETWEEN' && kind !== 'AEXPR_NOT_BETWEEN')) return null;
  const [low, high] = list(bodyOf(body['rexpr'], 'List') ?? {}, 'items');
  const { lexpr: left } = body;
  if (![left, low, high].every((one) => isNode(one) && !['RowExpr', 'SubLink'].includes(typed(one)?.type ?? '')))
    return null;
  const parts = [left, low, high] as readonly TreeNode[];
  return body['kind'] === 'AEXPR_BETWEEN'
    ? expression('$1 >= $2 AND $1 <= $3', parts)
    : expression('$1 < $2 OR $1 > $3', parts);
}
