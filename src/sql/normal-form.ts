import { tryParseStatement } from './parse.js';
import { bodyOf, list, mapTree, treeText, typed } from './tree.js';
import type { TreeNode, TypedNode } from './tree.js';

/**
 * A text that is the same for two writings of one expression, as a statement has it and as `pg_get_indexdef` prints it: parentheses, quotes, and the casts that PostgreSQL adds
 * to string constants and to columns of other string types make no difference. Without a parse, the text itself.
 */
export function normalForm(expression: string): string {
  const select = tryParseStatement(`SELECT ${expression}`);
  const target = select ? bodyOf(list(select.body, 'targetList')[0], 'ResTarget') : null;
  return target ? treeText(mapTree(target['val'], withoutCast)) : expression;
}

function withoutCast(node: TypedNode): TreeNode | null {
  if (node.type !== 'TypeCast') return null;
  const inner = typed(node.body['arg']);
  const constant = inner?.type === 'A_Const' && inner.body['sval'] !== undefined;
  const toText = treeText(node.body['typeName']).includes('"text"');
  if (!inner || !(constant || (toText && inner.type === 'ColumnRef'))) return null;
  return { [inner.type]: inner.body };
}
