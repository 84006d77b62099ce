import type { Catalog } from '../model/catalog.js';
import { columnPath } from '../sql/scope.js';
import { outputName } from '../sql/output-name.js';
import type { ParsedStatement } from '../sql/parse.js';
import { bodyOf, isNode, list } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { columnOf, conjuncts, withWhere } from './build.js';
import { mapColumns } from './columns.js';
import { callsIn, isPlain, mayGiveRows } from './shapes.js';
import { repeated, withBody } from './repeated.js';
import { originsIn, queryOf, viewOf } from './view.js';
import type { ColumnOrigin, Query, Source, StatementView } from './view.js';

/** More subqueries than this stay where they are. */
const MOST = 8;

/**
 * The statement with the subqueries in FROM that only choose columns and rows taken up into the query around them, as PostgreSQL itself plans them (`pull_up_simple_subquery` of
 * prepjointree.c): rules that look for tables then find them. Null where there is none. One that an outer join may fill with NULL stays, and one whose names would mean another thing outside.
 */
export function pulledUp(statement: ParsedStatement, catalog: Catalog): ParsedStatement | null {
  return repeated(statement, MOST, (current) => withoutOne(current, catalog));
}

function withoutOne(statement: ParsedStatement, catalog: Catalog): ParsedStatement | null {
  const view = viewOf(statement, catalog);
  for (const query of view.queries) {
    for (const source of query.sources) {
      const inner = simpleIn(view, query, source);
      const body = inner ? takenUp(view, { query, source, inner }) : null;
      const parsed = withBody(statement, query, body);
      if (parsed) return parsed;
    }
  }
  return null;
}

/** The query in a FROM item that can be taken up; null for any other item. */
function simpleIn(view: StatementView, query: Query, source: Source): Query | null {
  const item = bodyOf(source.item, 'RangeSubselect');
  const inner = item ? queryOf(view, bodyOf(item['subquery'], 'SelectStmt') ?? undefined) : undefined;
  if (!item || !inner || query.type !== 'SelectStmt' || item['lateral'] === true || source.nullable) return null;
  const sorted = inner.body['sortClause'] !== undefined && !ignoresOrder(query.body);
  if (!isPlain(inner.body) || sorted || mayGiveRows(view.catalog, inner.body['targetList'])) return null;
  const targets = list(inner.body, 'targetList');
  const hasNames = source.columns?.length === targets.length && new Set(source.columns).size === targets.length;
  if (!hasNames || list(inner.body, 'fromClause').length === 0 || /"A_Star"/.test(JSON.stringify(targets))) return null;
  const ownNames = new Set(inner.sources.map(({ alias }) => alias));
  const others = view.queries.filter((one) => isWithin(one, query) && !isWithin(one, inner));
  const isTaken = others.some(({ sources }) => sources.some((one) => one !== source && ownNames.has(one.alias)));
  const joins = JSON.stringify([query.body['fromClause'], inner.body['fromClause']]);
  return isTaken || ownNames.has('') || /"usingClause"|"isNatural":true/.test(joins) ? null : inner;
}

/** Aggregates of all rows that are the same in whatever order those come. */
function ignoresOrder(body: TreeNode): boolean {
  const calls = callsIn(body['targetList']);
  const other = ['groupClause', 'havingClause', 'sortClause', 'distinctClause'].some(
    (name) => body[name] !== undefined,
  );
  const steady = ['count', 'min', 'max', 'bool_and', 'bool_or'];
  return (
    !other && calls.length > 0 && calls.every((one) => steady.includes(one.name) && one.body['over'] === undefined)
  );
}

function isWithin(query: Query | null, outer: Query): boolean {
  return query !== null && (query === outer || isWithin(query.parent, outer));
}

function takenUp(
  view: StatementView,
  { query, source, inner }: { readonly query: Query; readonly source: Source; readonly inner: Query },
): TreeNode | null {
  const { body } = query;
  const shown = JSON.stringify(body['targetList'] ?? []);
  // What is known by names that can not be told, or shown by a star, stays.
  if (/"A_Star"/.test(shown) || body['lockingClause'] !== undefined) return null;
  const parts = Object.entries(body).filter(([, part]) => typeof part === 'object');
  if (originsIn(view, query, Object.fromEntries(parts)) === null) return null;
  if (originsIn(view, inner, inner.body) === null) return null;
  const qualified = (tree: TreeValue): TreeValue =>
    mapColumns(view, inner, tree, (origin) => columnOf(origin.source.alias, origin.name));
  const values = list(inner.body, 'targetList').map((item) => qualified(bodyOf(item, 'ResTarget')?.['val']));
  const valueOf = (origin: ColumnOrigin): TreeNode | null => {
    const value = origin.source === source ? values[source.columns?.indexOf(origin.name) ?? -1] : null;
    return isNode(value) ? value : null;
  };
  const names = new Set(list(body, 'targetList').map(outputName));
  const changed = Object.fromEntries(
    Object.entries(body).map(([name, part]): readonly [string, TreeValue] => {
      if (name === 'targetList') return [name, list(body, name).map((item) => named(view, query, item, valueOf))];
      if (name === 'sortClause' || name === 'distinctClause')
        return [
          name,
          list(body, name).map((item) => (isOutput(item, names) ? item : mapped(view, query, item, valueOf))),
        ];
      return [name, name === 'fromClause' ? part : mapped(view, query, part, valueOf)];
    }),
  );
  const from = inner.body['fromClause'] as readonly TreeNode[];
  const item = from
    .map((one) => qualified(one) as TreeNode)
    .reduce((larg, rarg) => ({ JoinExpr: { jointype: 'JOIN_INNER', larg, rarg } }));
  const fromClause = list(body, 'fromClause').map((one) => withItem(view, query, one, { source, item, valueOf }));
  const where = [...conjuncts(qualified(inner.body['whereClause'])), ...conjuncts(changed['whereClause'] ?? null)];
  return withWhere({ ...changed, fromClause }, where);
}

function mapped(
  view: StatementView,
  query: Query,
  tree: TreeValue,
  valueOf: (origin: ColumnOrigin) => TreeNode | null,
): TreeValue {
  return mapColumns(view, query, tree, valueOf);
}

/** An output column that keeps its name. */
function named(
  view: StatementView,
  query: Query,
  item: TreeValue,
  valueOf: (origin: ColumnOrigin) => TreeNode | null,
): TreeValue {
  const target = bodyOf(mapped(view, query, item, valueOf), 'ResTarget') ?? {};
  const name = outputName(item);
  return target['name'] === undefined && outputName({ ResTarget: target }) !== name
    ? { ResTarget: { name, ...target } }
    : { ResTarget: target };
}

/** Whether a sort key is the bare name of an output column, which means that before any column of FROM. */
function isOutput(item: TreeValue, names: ReadonlySet<string>): boolean {
  const key = bodyOf(item, 'SortBy')?.['node'] ?? item;
  const { path } = columnPath(bodyOf(key, 'ColumnRef') ?? {});
  return path.length === 1 && names.has(path[0] ?? '');
}

/** A FROM item in which the subquery's tables stand in its place. */
function withItem(
  view: StatementView,
  query: Query,
  tree: TreeValue,
  by: { readonly source: Source; readonly item: TreeNode; readonly valueOf: (origin: ColumnOrigin) => TreeNode | null },
): TreeValue {
  if (tree === by.source.item) return by.item;
  const join = bodyOf(tree, 'JoinExpr');
  if (!join) return mapped(view, query, tree, by.valueOf);
  const sides = { larg: withItem(view, query, join['larg'], by), rarg: withItem(view, query, join['rarg'], by) };
  const quals = join['quals'] === undefined ? {} : { quals: mapped(view, query, join['quals'], by.valueOf) };
  return { JoinExpr: { ...join, ...sides, ...quals } };
}
