import { bodyOf, isNode, list } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { columnOf, output } from './build.js';
import { mapColumns, namedTargets } from './columns.js';
import { hasBareStar, mayGiveRows } from './shapes.js';
import { orderOf } from './top-rows.js';
import type { SortKey } from './top-rows.js';
import { originsIn, sortOriginOf } from './view.js';
import type { Query, Source, StatementView } from './view.js';

/**
 * The target list of a query of one table with `*` written out and every column under its table's name, so that a further item of FROM shows nothing and is named by nothing.
 * Null where it can not be told what it names, and where a row may become several or none.
 */
export function shownColumns(view: StatementView, query: Query, source: Source): readonly TreeNode[] | null {
  const targets = list(query.body, 'targetList');
  if (hasBareStar(query.body)) {
    return targets.length === 1 && source.columns
      ? source.columns.map((name) => output(columnOf(source.alias, name), name))
      : null;
  }
  if (originsIn(view, query, targets) === null || mayGiveRows(view.catalog, targets)) return null;
  const named = targets.every((one) => bodyOf(one, 'ResTarget') !== null) ? namedTargets(query.body) : [];
  return named
    .map((one) =>
      mapColumns(view, query, one, (origin) => (origin.source === source ? columnOf(source.alias, origin.name) : null)),
    )
    .filter(isNode);
}

/** The sort keys of a query of one table, each a column of it; null where one is anything else, such as another expression shown under that name, which ORDER BY means first. */
export function sortedBy(query: Query, source: Source): readonly SortKey[] | null {
  const keys = orderOf(list(query.body, 'sortClause'), (key) => sortOriginOf(query, key));
  return keys?.every(({ origin }) => origin.source === source) === true ? keys : null;
}

/** The same order, for ORDER BY. */
export function orderBy(keys: readonly SortKey[]): readonly TreeNode[] {
  return keys.map(({ item }) => ({ SortBy: item }));
}

/** What several queries show in one place, each seen from its own. */
export type Shown = readonly { readonly query: Query; readonly value: TreeValue }[];

/** Whether that is compared under one collation in all of them, as in their union: there is no text in it, or it is of one column of one table, of which the catalog need not say the collation. */
export function hasOneCollation(view: StatementView, shown: Shown): boolean {
  const texts = shown.flatMap(({ query, value }) =>
    (originsIn(view, query, value) ?? []).flatMap(({ source, name, column }) =>
      column !== null && !COLLATED.has(column.baseType) ? [] : `${source.table?.oid ?? source.alias}.${name}`,
    ),
  );
  return new Set(texts).size <= 1;
}

const COLLATED = new Set(['text', 'varchar', 'bpchar', 'name', 'citext']);
