import type { Catalog } from '../model/catalog.js';
import type { ParsedStatement } from '../sql/parse.js';
import { outputName } from '../sql/output-name.js';
import { bodyOf, isNode, list } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { columnOf, conjuncts, expression, replace, withWhere } from './build.js';
import { mapColumns } from './columns.js';
import { factsOf } from './facts.js';
import { columnOfSource, onlyTable } from './loose-scan.js';
import { BARE_CLAUSES, bothWays, functionName } from './shapes.js';
import { withBody } from './repeated.js';
import { originOf, originsIn, queryOf, viewOf } from './view.js';
import type { ColumnOrigin, Query, Source, StatementView } from './view.js';

/**
 * `SELECT ... FROM (SELECT t.*, max(x) OVER (PARTITION BY g) AS m FROM t) AS s WHERE s.x = s.m` with `rank() OVER (PARTITION BY g ORDER BY x DESC) AS m` and `s.m = 1`, for rules
 * that look for the first rows of groups; min alike. What else is said of m is said of x, which is the same there. Null where there is none.
 */
export function extremesRanked(statement: ParsedStatement, catalog: Catalog): ParsedStatement | null {
  const view = viewOf(statement, catalog);
  for (const query of view.queries) {
    for (const source of query.sources) {
      const body = query.type === 'SelectStmt' && !source.nullable ? ranked(view, query, source) : null;
      const parsed = withBody(statement, query, body);
      if (parsed) return parsed;
    }
  }
  return null;
}

/** Of these the equal values are the same, so that either column can be shown. */
const EXACT = new Set(['int2', 'int4', 'int8', 'date', 'timestamp', 'timestamptz', 'uuid']);

function ranked(view: StatementView, query: Query, source: Source): TreeNode | null {
  const item = bodyOf(source.item, 'RangeSubselect');
  const inner = item ? queryOf(view, bodyOf(item['subquery'], 'SelectStmt') ?? undefined) : undefined;
  const table = inner ? onlyTable(inner) : null;
  if (!inner || !table || !Object.keys(inner.body).every((name) => BARE_CLAUSES.has(name))) return null;
  const all = conjuncts(query.body['whereClause']);
  for (const condition of all) {
    for (const { operator, left, right } of bothWays(condition)) {
      const [value, extreme] = [originOf(query, left), originOf(query, right)];
      if (operator !== '=' || value?.source !== source || extreme?.source !== source) continue;
      const call = targetOf(inner, extreme);
      const column = columnOfSource(inner, table, targetOf(inner, value)?.['val']);
      const window = call && column ? rankOf(view, inner, call['val'], column) : null;
      if (!window || !column || !call || !EXACT.has(column.column?.baseType ?? '')) continue;
      const rest = all.filter((one) => one !== condition);
      return written(view, { query, source, value, extreme }, { call, window, rest });
    }
  }
  return null;
}

function targetOf(inner: Query, { source, name }: ColumnOrigin): TreeNode | null {
  const targets = list(inner.body, 'targetList');
  if (source.columns?.length !== targets.length || targets.some((one) => outputName(one) === '*')) return null;
  return bodyOf(targets[source.columns.indexOf(name)], 'ResTarget');
}

/** `rank() OVER (PARTITION BY g ORDER BY x DESC)`, for `max(x) OVER (PARTITION BY g)` of the column; null for anything else, and where x may be NULL. */
function rankOf({ catalog }: StatementView, inner: Query, value: TreeValue, column: ColumnOrigin): TreeNode | null {
  const call = bodyOf(value, 'FuncCall');
  const over = call?.['over'];
  const name = call ? functionName(call) : '';
  if (!call || !isNode(over) || !['min', 'max'].includes(name) || call['agg_filter'] !== undefined) return null;
  if (call['agg_distinct'] !== undefined) return null;
  const [argument, more] = list(call, 'args');
  const named = over['name'] !== undefined || over['refname'] !== undefined || over['orderClause'] !== undefined;
  const origin = originOf(inner, argument);
  if (more || named || origin?.source !== column.source || origin.name !== column.name) return null;
  if (!factsOf(catalog).notNull(column).holds) return null;
  const direction = name === 'max' ? 'DESC' : 'ASC';
  const template = expression(`rank() OVER (PARTITION BY 1 ORDER BY $1 ${direction})`, [
    columnOf(column.source.alias, column.name),
  ]);
  const rank = bodyOf(template, 'FuncCall') ?? {};
  const window = rank['over'] as TreeNode;
  return { FuncCall: { ...rank, over: { ...window, partitionClause: over['partitionClause'] ?? [] } } };
}

interface Place {
  readonly query: Query;
  readonly source: Source;
  readonly value: ColumnOrigin;
  readonly extreme: ColumnOrigin;
}

function written(
  view: StatementView,
  { query, source, value, extreme }: Place,
  { call, window, rest }: { readonly call: TreeNode; readonly window: TreeNode; readonly rest: readonly TreeNode[] },
): TreeNode | null {
  const { fromClause, whereClause: _, ...others } = query.body;
  const parts = Object.values(others).filter((part) => typeof part === 'object');
  if (list({ fromClause: fromClause ?? [] }, 'fromClause').length !== 1) return null;
  if (originsIn(view, query, [...parts, ...rest]) === null) return null;
  const same = (tree: TreeValue): TreeValue =>
    mapColumns(view, query, tree, (origin) =>
      origin.source === source && origin.name === extreme.name ? columnOf(source.alias, value.name) : null,
    );
  const targets = list(query.body, 'targetList').map((item) => {
    const name = outputName(item);
    return { ResTarget: { ...bodyOf(same(item), 'ResTarget'), ...(name === '?column?' ? {} : { name }) } };
  });
  const from = replace({ List: { items: fromClause ?? [] } }, call, {
    ResTarget: { ...call, name: extreme.name, val: window },
  });
  const first = expression('$1 = 1', [columnOf(source.alias, extreme.name)]);
  const mapped = Object.fromEntries(Object.entries(others).map(([name, part]) => [name, same(part)]));
  const conditions = rest.map((one) => same(one)).filter(isNode);
  return withWhere({ ...mapped, targetList: targets, fromClause: list(bodyOf(from, 'List') ?? {}, 'items') }, [
    first,
    ...conditions,
  ]);
}
