import { parseStatement } from '../sql/parse.js';
import { bodyOf, isNode, list, textOf, typed } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';

/** Makes an expression from SQL in which `$1, $2, ...` stand for trees: `expression('$1 >= $2', [a, b])`. The trees go in as they are, their own parameters untouched. */
export function expression(template: string, parts: readonly TreeNode[] = []): TreeNode {
  const target = bodyOf(list(query(`SELECT ${template}`, parts), 'targetList')[0], 'ResTarget');
  return (target?.['val'] ?? {}) as TreeNode;
}

/** Makes the body of a SELECT the same way; a table named `_1` in FROM stands for a FROM item. */
export function query(template: string, parts: readonly TreeNode[] = []): TreeNode {
  return bodyOf(fill(parseStatement(template).tree, parts), 'SelectStmt') ?? {};
}

/** A column by its qualified name. */
export function columnOf(alias: string, name: string): TreeNode {
  return { ColumnRef: { fields: [{ String: { sval: alias } }, { String: { sval: name } }] } };
}

/** An output column of a SELECT. */
export function output(value: TreeNode, name?: string): TreeNode {
  return { ResTarget: name === undefined ? { val: value } : { name, val: value } };
}

/** EXISTS, or NOT EXISTS, of the rows of a SELECT, whatever its output was. */
export function existence(select: TreeNode, isAny: boolean): TreeNode {
  const body = {
    limitOption: 'LIMIT_OPTION_DEFAULT',
    op: 'SETOP_NONE',
    ...select,
    targetList: [output(expression('1'))],
  };
  const exists: TreeNode = { SubLink: { subLinkType: 'EXISTS_SUBLINK', subselect: { SelectStmt: body } } };
  return isAny ? exists : { BoolExpr: { boolop: 'NOT_EXPR', args: [exists] } };
}

/** A subquery as a FROM item. */
export function derived(body: TreeNode, alias: string, lateral = false): TreeNode {
  return {
    RangeSubselect: { ...(lateral ? { lateral } : {}), subquery: { SelectStmt: body }, alias: { aliasname: alias } },
  };
}

/** The AND-ed conditions of a WHERE; none for an absent one. */
export function conjuncts(where: TreeValue): readonly TreeNode[] {
  const both = bodyOf(where, 'BoolExpr');
  if (both && both['boolop'] === 'AND_EXPR') return list(both, 'args').flatMap(conjuncts);
  return isNode(where) ? [where] : [];
}

/** The OR-ed alternatives of a condition: itself where there is no OR. */
export function disjuncts(condition: TreeNode): readonly TreeNode[] {
  const either = bodyOf(condition, 'BoolExpr');
  if (either && either['boolop'] === 'OR_EXPR')
    return list(either, 'args').flatMap((one) => disjuncts(one as TreeNode));
  return [condition];
}

/** The conditions in one; undefined for none. Flat, as the parser writes it. */
export function allOf(conditions: readonly TreeNode[]): TreeNode | undefined {
  const flat = conditions.flatMap(conjuncts);
  return flat.length > 1 ? { BoolExpr: { boolop: 'AND_EXPR', args: flat } } : flat[0];
}

/** The body with another WHERE, or none. */
export function withWhere(body: TreeNode, conditions: readonly TreeNode[]): TreeNode {
  const { whereClause: _, ...rest } = body;
  const where = allOf(conditions);
  return where === undefined ? rest : { ...rest, whereClause: where };
}

/**
 * A copy of a tree in which one node is another: `target` is the node's body or its wrapper, by identity; `by` a wrapper such as `{ SubLink: {...} }`.
 * A body that stands in no wrapper, such as an arm of UNION, is given a body.
 */
export function replace(tree: TreeNode, target: TreeNode, by: TreeNode): TreeNode {
  return swap(tree, target, by) as TreeNode;
}

/** What holds no change stays the same object, so that further nodes of it can be replaced. */
function swap(tree: TreeValue, target: TreeNode, by: TreeNode): TreeValue {
  if (Array.isArray(tree)) {
    const items = tree as readonly TreeValue[];
    const swapped = items.map((item) => swap(item, target, by));
    return swapped.some((item, i) => item !== items[i]) ? swapped : tree;
  }
  if (!isNode(tree)) return tree;
  const node = typed(tree);
  if (tree === target || node?.body === target) return by;
  const swapped = Object.entries(tree).map(([name, item]): readonly [string, TreeValue] => [
    name,
    item === target && !typed(target) ? (typed(by)?.body ?? by) : swap(item, target, by),
  ]);
  return swapped.some(([name, item]) => item !== tree[name]) ? Object.fromEntries(swapped) : tree;
}

/** The same tree with every AND in an AND, and every OR in an OR, taken up into it. */
export function flattened(tree: TreeNode): TreeNode {
  return flat(tree) as TreeNode;
}

function flat(value: TreeValue): TreeValue {
  if (Array.isArray(value)) return (value as readonly TreeValue[]).map(flat);
  if (!isNode(value)) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, flat(item)]));
  const both = bodyOf(copy, 'BoolExpr');
  if (!both || both['boolop'] === 'NOT_EXPR') return copy;
  const args = list(both, 'args').flatMap((arg) => {
    const inner = bodyOf(arg, 'BoolExpr');
    return inner && inner['boolop'] === both['boolop'] ? list(inner, 'args') : [arg];
  });
  return { BoolExpr: { ...both, args } };
}

function fill(value: TreeValue, parts: readonly TreeNode[]): TreeValue {
  if (Array.isArray(value)) return (value as readonly TreeValue[]).map((item) => fill(item, parts));
  if (!isNode(value)) return value;
  const node = typed(value);
  if (node?.type === 'ParamRef') return parts[Number(node.body['number'] ?? 0) - 1] ?? value;
  const name = node?.type === 'RangeVar' ? /^_(\d)$/.exec(textOf(node.body, 'relname') ?? '') : null;
  if (name) return parts[Number(name[1]) - 1] ?? value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, parts)]));
}
