import { columnPath } from '../sql/scope.js';
import type { ParsedStatement } from '../sql/parse.js';
import { bodyOf, isNode, list } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import type { Catalog } from '../model/catalog.js';
import { columnOf, output } from './build.js';
import { viewOf } from './view.js';
import type { Query } from './view.js';
import { withTree } from './repeated.js';

/** The statement with `*` and `a.*` written out as the columns that the catalog has now, for rules that add to FROM. Null where there is none, or one that can not be told. EXISTS keeps its own. */
export function starless(statement: ParsedStatement, catalog: Catalog): ParsedStatement | null {
  const { queries } = viewOf(statement, catalog);
  const written = new Map<TreeValue, readonly TreeNode[]>();
  for (const query of queries) {
    const targets = list(query.body, 'targetList');
    if (query.role === 'sublink' || !targets.some((item) => starOf(item) !== null)) continue;
    const columns = targets.map((item) => columnsOf(query, item));
    if (columns.includes(null) || hasMergedColumns(query.body)) return null;
    written.set(
      targets[0],
      columns.flatMap((one) => one ?? []),
    );
  }
  if (written.size === 0) return null;
  return withTree(statement, withLists(statement.tree, written) as TreeNode);
}

/** The path before a star: none for a bare one. Null for any other target. */
function starOf(item: TreeValue): readonly string[] | null {
  const reference = bodyOf(bodyOf(item, 'ResTarget')?.['val'], 'ColumnRef');
  const { path, star } = reference ? columnPath(reference) : { path: [], star: false };
  return star ? path : null;
}

/** What stands in a target's place; null where it is a star that can not be told. */
function columnsOf(query: Query, item: TreeValue): readonly TreeNode[] | null {
  const path = starOf(item);
  if (path === null) return isNode(item) ? [item] : null;
  const sources = query.sources.filter(({ alias }) => path.length === 0 || alias === path.at(-1));
  const isTold = sources.length > 0 && sources.every(({ columns, alias }) => columns !== null && alias !== '');
  return isTold
    ? sources.flatMap(({ alias, columns }) => (columns ?? []).map((name) => output(columnOf(alias, name))))
    : null;
}

/** USING and NATURAL show a column of two tables once, and first. */
function hasMergedColumns(body: TreeNode): boolean {
  return /"usingClause"|"isNatural":true/.test(JSON.stringify(body['fromClause'] ?? []));
}

/** A copy in which each list that begins with one of these items, by identity, is another. */
function withLists(value: TreeValue, lists: ReadonlyMap<TreeValue, readonly TreeNode[]>): TreeValue {
  if (Array.isArray(value)) {
    const items = value as readonly TreeValue[];
    return (lists.get(items[0]) ?? items).map((item) => withLists(item, lists));
  }
  if (!isNode(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withLists(item, lists)]));
}
