import type { ParsedStatement } from '../sql/parse.js';
import { isNode, list, mapTree, names } from '../sql/tree.js';
import type { TreeNode, TypedNode } from '../sql/tree.js';
import { withTree } from './repeated.js';

/** The statement with `x = ANY (SELECT ...)` as `x IN (SELECT ...)`, which PostgreSQL's grammar makes the same tree of but for a name: rules that read IN find it. Null where there is none. */
export function spelledIn(statement: ParsedStatement): ParsedStatement | null {
  const tree = mapTree(statement.tree, asIn) as TreeNode;
  return withTree(statement, tree);
}

function asIn({ type, body }: TypedNode): TreeNode | null {
  const isAny = type === 'SubLink' && body['subLinkType'] === 'ANY_SUBLINK';
  if (!isAny || names(list(body, 'operName')).join('.') !== '=' || !isNode(body['subselect'])) return null;
  const { operName: _, subselect, ...rest } = body;
  return { SubLink: { ...rest, subselect: mapTree(subselect, asIn) } };
}
