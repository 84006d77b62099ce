import { bodyOf, list, textOf } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { columnOf, derived, expression, output, query as selectOf, withWhere } from './build.js';
import { freshAlias, namedTargets } from './columns.js';
import { missing, seen } from './facts.js';
import type { Fact, Facts } from './facts.js';
import { columnOfSource, looseScan, pinned, steppable, withRecursive } from './loose-scan.js';
import { mayGiveRows } from './shapes.js';
import { heldNotNull } from './truth.js';
import type { ColumnOrigin, Query, Source, StatementView } from './view.js';

/** The first rows of each group of one table. */
export interface TopRows {
  readonly query: Query;
  readonly source: Source;
  readonly group: ColumnOrigin;
  /** `SortBy` nodes: the order within a group. */
  readonly order: readonly TreeNode[];
  readonly conditions: readonly TreeNode[];
  /** Rows that the order does not tell from the last one are among the first as well. */
  readonly ties: boolean;
}

/** What both forms need: groups that an index steps through, none of them NULL, and an order that leaves no choice, or ties of which all are taken. */
export function topRowsFacts(
  { query, source, group, order, conditions, ties }: TopRows,
  facts: Facts,
): readonly [Fact, ...Fact[]] {
  const keys = order.flatMap((item) => columnOfSource(query, source, item['node'])?.name ?? []);
  return [
    steppable(facts.catalog, group, pinned(query, conditions)),
    heldNotNull(group) ?? facts.notNull(group),
    ties
      ? seen('all rows of one rank are taken')
      : source.table
        ? facts.unique(source.table, [group.name, ...keys])
        : missing(`${source.alias} is not a table with a key`),
  ];
}

/** Groups by a loose scan, and for each the first rows of `body`: a SELECT of the same table, conditions included. `count` is LIMIT's. */
export function topRowsOf(
  view: StatementView,
  { source, group, order, conditions, ties }: TopRows,
  { body, count, sorted }: { readonly body: TreeNode; readonly count: TreeValue; readonly sorted: boolean },
): TreeNode | null {
  const scan = looseScan(view, group, conditions);
  const alias = freshAlias(view, 'top');
  if (mayGiveRows(view.catalog, body['targetList'])) return null;
  const targets = namedTargets(body);
  const names = targets.map((one) => textOf(bodyOf(one, 'ResTarget') ?? {}, 'name'));
  if (names.some((name) => name === null) || new Set(names).size < names.length) return null;
  const equal = expression('$1 = $2', [columnOf(source.alias, group.name), columnOf(scan.name, scan.column)]);
  const hidden = sorted ? order.map((item, i) => output(item['node'] as TreeNode, `order_${i + 1}`)) : [];
  const inner = {
    ...withWhere({ ...body, fromClause: [source.item] }, [...conditions, equal]),
    targetList: [...targets, ...hidden],
    sortClause: order.map((item) => ({ SortBy: item })),
    limitCount: count,
    limitOption: ties ? 'LIMIT_OPTION_WITH_TIES' : 'LIMIT_OPTION_COUNT',
  };
  const shape = selectOf(`SELECT 1 FROM ${scan.name} WHERE $1 IS NOT NULL`, [columnOf(scan.name, scan.column)]);
  const select = {
    ...shape,
    targetList: names.map((name) => output(columnOf(alias, name ?? ''), name ?? '')),
    fromClause: [...list(shape, 'fromClause'), derived(inner, alias, true)],
    ...(sorted
      ? { sortClause: order.map((item, i) => ({ SortBy: { ...item, node: columnOf(alias, `order_${i + 1}`) } })) }
      : {}),
  };
  return withRecursive(select, scan.cte);
}

/** The `SortBy` nodes of a list, each by a column under a name that can mean nothing else; null where one is by anything else. `originOf` says what a key names. */
export function orderOf(
  items: readonly TreeValue[],
  origin: (key: TreeValue) => ColumnOrigin | null,
): readonly SortKey[] | null {
  const keys = items.flatMap((item) => {
    const sort = bodyOf(item, 'SortBy');
    const from = sort && list(sort, 'useOp').length === 0 ? origin(sort['node']) : null;
    return sort && from ? [{ origin: from, item: { ...sort, node: columnOf(from.source.alias, from.name) } }] : [];
  });
  return keys.length > 0 && keys.length === items.length ? keys : null;
}

/** A column with the `SortBy` node that names it. */
export interface SortKey {
  readonly origin: ColumnOrigin;
  readonly item: TreeNode;
}
