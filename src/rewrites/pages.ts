import { bodyOf, columnName, list } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { columnOf, output } from './build.js';
import { columnOfSource } from './loose-scan.js';
import { hasBareStar } from './shapes.js';
import { orderOf } from './top-rows.js';
import { originsIn } from './view.js';
import type { Query, Source, StatementView } from './view.js';

/** The target list of a query of one table with `*` written out, so that a further item of FROM shows nothing; null where it can not be told what it names. */
export function shownColumns(view: StatementView, query: Query, source: Source): readonly TreeNode[] | null {
  const targets = list(query.body, 'targetList');
  if (hasBareStar(query.body)) {
    return targets.length === 1 && source.columns
      ? source.columns.map((name) => output(columnOf(source.alias, name), name))
      : null;
  }
  const known = originsIn(view, query, targets) !== null;
  return known ? targets.filter((one): one is TreeNode => bodyOf(one, 'ResTarget') !== null) : null;
}

/** The sort keys of a query of one table, each a column of it; null where one is anything else, such as another expression shown under that name, which ORDER BY means first. */
export function sortedBy(query: Query, source: Source): readonly SortKey[] | null {
  const keys = orderOf(list(query.body, 'sortClause'))?.map((item) => {
    const origin = columnOfSource(query, source, item['node']);
    const shown = list(query.body, 'targetList').map((one) => bodyOf(one, 'ResTarget') ?? {});
    const other = shown.some(
      (one) =>
        one['name'] === columnName(item['node']) && columnOfSource(query, source, one['val'])?.name !== origin?.name,
    );
    return origin && !other ? { name: origin.name, item } : null;
  });
  const known = keys?.filter((one) => one !== null) ?? [];
  return keys && known.length === keys.length ? known : null;
}

/** A column with the `SortBy` node that names it. */
export interface SortKey {
  readonly name: string;
  readonly item: TreeNode;
}

/** The same order, each column under a name that can mean nothing else. */
export function orderBy(alias: string, keys: readonly SortKey[]): readonly TreeNode[] {
  return keys.map(({ name, item }) => ({ SortBy: { ...item, node: columnOf(alias, name) } }));
}
