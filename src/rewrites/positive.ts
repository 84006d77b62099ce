import type { ParsedStatement } from '../sql/parse.js';
import { isNode, list, names, textOf, typed } from '../sql/tree.js';
import type { TreeNode, TreeValue, TypedNode } from '../sql/tree.js';
import { mapUnderNames } from './columns.js';
import { withTree } from './repeated.js';

/**
 * The statement with NOT taken into its conditions: `NOT (a <> b OR c < d)` as `a = b AND c >= d`, which is NULL just where the other is. Null where no NOT goes away. What is
 * compared are single values: rows, lists and subqueries stay under their NOT.
 */
export function positive(statement: ParsedStatement): ParsedStatement | null {
  const tree = mapUnderNames(statement.tree, withoutNot) as TreeNode;
  return withTree(statement, tree);
}

function withoutNot({ type, body }: TypedNode): TreeNode | null {
  const denied = type === 'BoolExpr' && body['boolop'] === 'NOT_EXPR' ? opposite(list(body, 'args')[0]) : null;
  return denied && (mapUnderNames(denied, withoutNot) as TreeNode);
}

/** What says that a condition is false; null where it has no such form. */
function opposite(value: TreeValue): TreeNode | null {
  const node = typed(value);
  if (node?.type === 'BoolExpr') {
    const args = list(node.body, 'args');
    if (node.body['boolop'] === 'NOT_EXPR') return isNode(args[0]) ? args[0] : null;
    const denied = args.map((one) => opposite(one) ?? { BoolExpr: { boolop: 'NOT_EXPR', args: [one] } });
    const boolop = node.body['boolop'] === 'AND_EXPR' ? 'OR_EXPR' : 'AND_EXPR';
    return args.some((one) => opposite(one) !== null) ? { BoolExpr: { boolop, args: denied } } : null;
  }
  const kind = node?.type === 'A_Expr' ? DENIED[textOf(node.body, 'kind') ?? ''] : undefined;
  if (node && kind !== undefined) return { A_Expr: { ...node.body, kind } };
  if (node?.type !== 'A_Expr' || node.body['kind'] !== 'AEXPR_OP') return null;
  const [name, schema] = names(list(node.body, 'name')).toReversed();
  const other = OPPOSITE[name ?? ''];
  const single = [node.body['lexpr'], node.body['rexpr']].every((side) => isNode(side) && !isRow(side));
  if (other === undefined || schema !== undefined || !single) return null;
  return { A_Expr: { ...node.body, name: [{ String: { sval: other } }] } };
}

function isRow(value: TreeValue): boolean {
  return ['RowExpr', 'List', 'SubLink'].includes(typed(value)?.type ?? '');
}

/** IS DISTINCT FROM and its opposite are never NULL, of rows as of single values. */
const DENIED: Readonly<Record<string, string>> = {
  AEXPR_DISTINCT: 'AEXPR_NOT_DISTINCT',
  AEXPR_NOT_DISTINCT: 'AEXPR_DISTINCT',
};

/** Negators of the comparisons of every type of PostgreSQL (`pg_operator.oprnegate`). */
const OPPOSITE: Readonly<Record<string, string>> = {
  '=': '<>',
  '<>': '=',
  '<': '>=',
  '>=': '<',
  '>': '<=',
  '<=': '>',
};
