import { sameRelation } from '../model/catalog.js';
import { outputName } from '../sql/output-name.js';
import { columnPath } from '../sql/scope.js';
import { bodyOf, isNode, list, treeText } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { mapColumns } from './columns.js';
import { functionName, isAggregate, wholeConstant } from './shapes.js';
import { originOf } from './view.js';
import type { ColumnOrigin, Query, StatementView } from './view.js';

/**
 * The columns that stand beside GROUP BY without being grouped by, which the server refuses, as far as the statement shows. A rewrite may add none: `HAVING extract(year FROM at) = 2026` is right
 * only as long as it is what GROUP BY says.
 */
export function ungroupedColumns(view: StatementView): ReadonlySet<string> {
  return new Set(view.queries.flatMap((query) => (query.type === 'SelectStmt' ? ungrouped(view, query) : [])));
}

function ungrouped(view: StatementView, query: Query): readonly string[] {
  const { body } = query;
  if (body['groupClause'] === undefined && body['havingClause'] === undefined) return [];
  const keys = list(body, 'groupClause')
    .flatMap(keysOf)
    .map((key) => outputOf(query, key) ?? key);
  const texts = new Set(keys.filter((key) => !bodyOf(key, 'ColumnRef')).map((key) => textOf(view, query, key)));
  const columns = keys.flatMap((key) => originOf(query, key) ?? []);
  const isGrouped = (origin: ColumnOrigin): boolean =>
    columns.some((one) => one.source === origin.source && one.name === origin.name) ||
    isOfGroupedKey(view, origin, columns);
  const found: string[] = [];
  const visit = (value: TreeValue, inner: Query): void => {
    if (Array.isArray(value)) return value.forEach((item: TreeValue) => visit(item, inner));
    if (!isNode(value)) return;
    // Within a nested query only a column is known again, not an expression (`check_ungrouped_columns_walker` of parse_agg.c).
    if (inner === query && texts.size > 0 && texts.has(textOf(view, query, value))) return;
    const call = bodyOf(value, 'FuncCall');
    if (inner === query && call && isAggregate(functionName(call)) && call['over'] === undefined) return;
    const origin = bodyOf(value, 'ColumnRef') ? originOf(inner, value) : null;
    if (origin?.query === query && !isGrouped(origin)) found.push(`${origin.source.alias}.${origin.name}`);
    const next = view.queries.find((one) => one.body === value) ?? inner;
    for (const item of Object.values(value)) visit(item, next);
  };
  visit([body['targetList'], body['havingClause'], body['sortClause']], query);
  return found;
}

function keysOf(key: TreeValue): readonly TreeValue[] {
  const set = bodyOf(key, 'GroupingSet');
  return set ? list(set, 'content').flatMap(keysOf) : [key];
}

/** The output column that a key names by its place, or by a name that no column of FROM has. */
function outputOf(query: Query, key: TreeValue): TreeNode | null {
  const targets = list(query.body, 'targetList');
  const { path } = columnPath(bodyOf(key, 'ColumnRef') ?? {});
  const named = path.length === 1 && !originOf(query, key);
  const at = named ? targets.findIndex((item) => outputName(item) === path[0]) : (wholeConstant(key) ?? 0) - 1;
  const value = bodyOf(targets[at], 'ResTarget')?.['val'];
  return isNode(value) ? value : null;
}

/** Whether the primary key of its table is grouped by, on which all its columns depend. */
function isOfGroupedKey(
  { catalog }: StatementView,
  { source }: ColumnOrigin,
  grouped: readonly ColumnOrigin[],
): boolean {
  const { table } = source;
  const own = new Set(grouped.flatMap((one) => (one.source === source ? [one.name] : [])));
  return catalog.constraints.some(
    (one) =>
      one.kind === 'primary' &&
      table !== null &&
      sameRelation(one.table, table) &&
      one.columns.every((column) => own.has(column)),
  );
}

/** An expression with every column under the name of its source, so that `at` and `v.at` are one. */
function textOf(view: StatementView, query: Query, value: TreeValue): string {
  return treeText(
    mapColumns(view, query, value, ({ source, name }) => ({
      ColumnRef: { fields: [{ String: { sval: source.alias } }, { String: { sval: name } }] },
    })),
  );
}
