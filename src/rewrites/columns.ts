import { outputName } from '../sql/output-name.js';
import { bodyOf, isNode, list, mapTree, treeText, typed, walk } from '../sql/tree.js';
import type { TreeNode, TreeValue, TypedNode } from '../sql/tree.js';
import { output, replace } from './build.js';
import { originOf, originsIn } from './view.js';
import type { ColumnOrigin, Query, Source, StatementView } from './view.js';

/** A name that the statement does not have: `base`, else `base_2`, `base_3`, ... */
export function freshAlias(view: StatementView, base: string): string {
  const text = treeText(view.statement.tree);
  let alias = base;
  for (let n = 2; text.includes(`"${alias}"`); n += 1) alias = `${base}_${n}`;
  return alias;
}

/** A copy of a tree of a query, in which `change` gave another expression for some column references, those in nested queries included. */
export function mapColumns(
  view: StatementView,
  from: Query,
  tree: TreeValue,
  change: (origin: ColumnOrigin) => TreeNode | null,
): TreeValue {
  const visit = (value: TreeValue, query: Query): TreeValue => {
    if (Array.isArray(value)) return (value as readonly TreeValue[]).map((item) => visit(item, query));
    if (!isNode(value)) return value;
    const inner = view.queries.find((one) => one.body === value) ?? query;
    const origin = bodyOf(value, 'ColumnRef') ? originOf(inner, value) : null;
    const changed = origin ? change(origin) : null;
    return changed ?? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, visit(item, inner)]));
  };
  return visit(tree, from);
}

/** The names of the columns of a source that a query uses anywhere; null where the output holds a name that can not be told. */
export function columnsUsed(view: StatementView, query: Query, source: Source): readonly string[] | null {
  if (originsIn(view, query, query.body['targetList']) === null) return null;
  const used = new Set<string>();
  mapColumns(
    view,
    query,
    Object.values(query.body).filter((part) => typeof part === 'object'),
    (origin) => {
      if (origin.source === source) used.add(origin.name);
      return null;
    },
  );
  return [...used];
}

/** Whether trees of a query name a source of it; true as well where that can not be told, as with `*`. */
export function mentions(view: StatementView, query: Query, trees: readonly TreeValue[], source: Source): boolean {
  return trees.some((tree) => originsIn(view, query, tree)?.every((origin) => origin.source !== source) !== true);
}

/** The parts of a SELECT beside FROM and WHERE that hold expressions. */
export function partsBeside(body: TreeNode): readonly TreeValue[] {
  return ['targetList', 'groupClause', 'havingClause', 'sortClause', 'distinctClause', 'windowClause'].map(
    (name) => body[name],
  );
}

/** The target list in which every item that has a name of its own is given it expressly, so that it keeps it. */
export function namedTargets(body: TreeNode): readonly TreeNode[] {
  return list(body, 'targetList').map((item) => {
    const name = outputName(item);
    return { ResTarget: { ...bodyOf(item, 'ResTarget'), ...(name === '?column?' ? {} : { name }) } };
  });
}

/** `replace`, where an output column that is the value itself keeps the name that it has by itself. */
export function withNames(tree: TreeNode, value: TreeNode, by: TreeNode): TreeNode {
  const shown = [...walk(tree)].find(
    ({ type, body }) => type === 'ResTarget' && typed(body['val'])?.body === value && body['name'] === undefined,
  )?.body;
  if (!shown) return replace(tree, value, by);
  const name = outputName({ ResTarget: shown });
  return replace(tree, shown, { ResTarget: outputName(output(by)) === name ? { val: by } : { name, val: by } });
}

/** `mapTree`, where an output column keeps the name that it has by itself: `1 = 1 AND flag` has none, and `flag` has. */
export function mapUnderNames(tree: TreeValue, change: (node: TypedNode) => TreeNode | null): TreeValue {
  const named = (node: TypedNode): TreeNode | null => {
    if (node.type !== 'ResTarget' || node.body['name'] !== undefined) return change(node);
    const val = mapTree(node.body['val'], named);
    const [before, after] = [node.body['val'], val].map((one) => outputName({ ResTarget: { ...node.body, val: one } }));
    return { ResTarget: { ...node.body, ...(before === after ? {} : { name: before }), val } };
  };
  return mapTree(tree, named);
}

/** The items of FROM in one list with the conditions of its inner joins, where there are only tables, subqueries and inner joins; null where there is any other. */
export function innerItems(
  body: TreeNode,
): { readonly items: readonly TreeNode[]; readonly on: readonly TreeNode[] } | null {
  const items: TreeNode[] = [];
  const on: TreeNode[] = [];
  const visit = (item: TreeValue): boolean => {
    const join = bodyOf(item, 'JoinExpr');
    if (!isNode(item)) return false;
    if (!join) return items.push(item) > 0;
    const plain = join['jointype'] === 'JOIN_INNER' && join['isNatural'] !== true && join['alias'] === undefined;
    if (!plain || list(join, 'usingClause').length > 0) return false;
    if (isNode(join['quals'])) on.push(join['quals']);
    return visit(join['larg']) && visit(join['rarg']);
  };
  return list(body, 'fromClause').every(visit) ? { items, on } : null;
}
