import { outputName } from '../../../sql/output-name.js';
import { columnPath } from '../../../sql/scope.js';
import { bodyOf, isNode, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import {
  allOf,
  columnOf,
  conjuncts,
  derived,
  expression,
  output,
  query as selectOf,
  replace,
  withWhere,
} from '../../build.js';
import { freshAlias, mapColumns } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { looseScan, onlyTable, ownConditions, pinned, steppable, withRecursive } from '../../loose-scan.js';
import {
  bothWays,
  callsIn,
  functionName,
  isFixed,
  isPlainCall,
  keepsOrder,
  mayGiveRows,
  wholeConstant,
} from '../../shapes.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query, Source, StatementView } from '../../view.js';

/** What is asked of the column of a group: its least or greatest value, in a comparison; null for the truth of a boolean itself. */
interface Asked {
  readonly column: ColumnOrigin;
  readonly greatest: boolean;
  readonly compared: { readonly operator: string; readonly value: TreeNode } | null;
  readonly negated: boolean;
}

interface Site extends Asked {
  readonly query: Query;
  readonly source: Source;
  readonly group: ColumnOrigin;
  readonly conditions: readonly TreeNode[];
  readonly rest: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'grouping/having-extreme-to-loose-scan',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT k, count(*) FROM t GROUP BY k HAVING max(at) < v` finds the k by a step through their values in an index, each with one look at the last of its rows, and groups the rows of those alone; min, `>`, `bool_and(at < v)`, `NOT bool_or(...)`, and bool_and and bool_or of a boolean column alike.',
    why: 'PostgreSQL groups all rows before it asks HAVING; what the least or greatest value of a group is, an index on (k, at) says at once.',
    limits:
      'One table with conditions on it alone, grouped by one NOT NULL column that leads an index; the value is the same for every row. With many groups, or where most of them are asked for, the original is the faster form: the trial tells.',
    sources: ['PostgreSQL manual, "SELECT", section "HAVING Clause"', 'PostgreSQL wiki, "Loose indexscan"'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) => view.queries.flatMap((query) => siteOf(view, query) ?? []),
  requires: ({ query, group, conditions, column, compared }, facts) => [
    steppable(facts.catalog, group, pinned(query, conditions)),
    facts.notNull(group),
    compared === null || ORDERED.has(column.column?.baseType ?? '')
      ? seen('a group whose values are all NULL has no least or greatest one, and is asked for in neither form')
      : missing(`${column.name} is not known to be of a type that min and max order as it is compared`),
  ],
  rewrite: ({ query, source, group, conditions, rest, ...asked }, view) => {
    const alias = freshAlias(view, 'such');
    const renamed = (tree: TreeNode): TreeNode =>
      mapColumns(view, query, tree, (origin) =>
        origin.source === source ? columnOf(alias, origin.name) : null,
      ) as TreeNode;
    const own = conditions.map(renamed);
    const item = { RangeVar: { ...bodyOf(source.item, 'RangeVar'), alias: { aliasname: alias } } };
    const inner = { ...group, source: { ...source, alias, item } };
    const scan = looseScan(view, inner, own);
    const value = columnOf(scan.name, scan.column);
    const equal = expression('$1 = $2', [columnOf(alias, group.name), value]);
    const lookup = { ...lookupOf(asked, alias), fromClause: [item] };
    const of = bodyOf({ SelectStmt: lookup }, 'SelectStmt') ?? {};
    const present = conjuncts(of['whereClause']);
    const found: TreeNode = {
      SubLink: {
        subLinkType: 'EXPR_SUBLINK',
        subselect: { SelectStmt: withWhere(lookup, [...own, equal, ...present]) },
      },
    };
    const holds = asked.compared
      ? expression(`$1 ${asked.compared.operator} $2`, [found, asked.compared.value])
      : found;
    const tested = asked.negated ? expression('NOT $1', [holds]) : holds;
    const select = selectOf(`SELECT 1 FROM ${scan.name}`, []);
    const where = [expression('$1 IS NOT NULL', [value]), tested];
    const name = freshAlias(view, 'found');
    const shown = shownOf(query, { group, rest, value, name });
    const each = expression('$1 = $2', [columnOf(source.alias, group.name), value]);
    const having = allOf(rest);
    const { sortClause: _, limitCount, limitOffset, havingClause: __, ...shape } = query.body;
    const groups = {
      ...withWhere(shape, [...conditions, each]),
      targetList: shown.inside,
      limitOption: 'LIMIT_OPTION_DEFAULT',
      ...(having === undefined ? {} : { havingClause: having }),
    };
    const lateral = shown.inside.length === 0 ? [] : [derived(groups, name, true)];
    const body = {
      ...withWhere(select, where),
      targetList: shown.targets,
      fromClause: [...list(select, 'fromClause'), ...lateral],
      ...(shown.order.length === 0 ? {} : { sortClause: shown.order }),
      ...(limitCount === undefined ? {} : { limitCount, limitOption: query.body['limitOption'] }),
      ...(limitOffset === undefined ? {} : { limitOffset, limitOption: query.body['limitOption'] }),
    };
    return replace(view.statement.tree, query.body, { SelectStmt: withRecursive(body, scan.cte) });
  },
  example: {
    schema: `
      CREATE TABLE visit (id bigint PRIMARY KEY, customer int NOT NULL, at date, cost int, note text);
      CREATE INDEX ON visit (customer, at);`,
    data: `
      INSERT INTO visit SELECT n, n / 800, date '2020-01-01' + CASE WHEN n / 800 = 7 THEN 0 ELSE n % 800 END, n % 77, repeat('n', 200) FROM generate_series(1, 40000) AS n;
      VACUUM ANALYZE visit;`,
    statement: "SELECT customer, count(*), sum(cost) FROM visit GROUP BY customer HAVING max(at) < '2020-06-01'",
    gain: { buffers: 1.5 },
  },
  unsoundTwin: {
    why: 'a row before the day says nothing of the others of its group',
    to: "SELECT customer, count(*), sum(cost) FROM visit WHERE at < '2020-06-01' GROUP BY customer",
  },
});

/** What the new form shows and is ordered by: the values of the scan alone, or columns of the groups that are found, which then have to give them. */
function shownOf(
  query: Query,
  { group, rest, value, name }: Pick<Site, 'group' | 'rest'> & { readonly value: TreeNode; readonly name: string },
): {
  readonly targets: readonly TreeNode[];
  readonly order: readonly TreeNode[];
  readonly inside: readonly TreeNode[];
} {
  const targets = list(query.body, 'targetList');
  const values = targets.map((item) => bodyOf(item, 'ResTarget')?.['val']);
  const sorts = list(query.body, 'sortClause').map((item) => bodyOf(item, 'SortBy') ?? {});
  const isGroup = (one: TreeValue): boolean => {
    const origin = originOf(query, one);
    return origin?.source === group.source && origin.name === group.name;
  };
  const places = sorts.map(({ node }) => {
    const { path } = columnPath(bodyOf(node, 'ColumnRef') ?? {});
    const named = path.length === 1 ? targets.findIndex((item) => outputName(item) === path[0]) : -1;
    return named >= 0 ? named : (wholeConstant(node) ?? 0) - 1;
  });
  if (
    rest.length === 0 &&
    values.every(isGroup) &&
    sorts.every(({ node }, i) => (places[i] ?? -1) >= 0 || isGroup(node))
  ) {
    return {
      targets: targets.map((item) => output(value, outputName(item))),
      order: sorts.map((sort) => ({ SortBy: { ...sort, node: value } })),
      inside: [],
    };
  }
  const hidden = sorts.flatMap(({ node }, i) => ((places[i] ?? -1) >= 0 || !isNode(node) ? [] : [{ node, i }]));
  return {
    targets: targets.map((item, i) => output(columnOf(name, `shown_${i + 1}`), outputName(item))),
    order: sorts.map((sort, i) => {
      const at = places[i] ?? -1;
      return { SortBy: { ...sort, node: columnOf(name, at >= 0 ? `shown_${at + 1}` : `order_${i + 1}`) } };
    }),
    inside: [
      ...values.map((one, i) => output(one as TreeNode, `shown_${i + 1}`)),
      ...hidden.map(({ node, i }) => output(node, `order_${i + 1}`)),
    ],
  };
}

/** Types whose values a btree orders as min, max and comparisons do. */
const ORDERED = new Set(['int2', 'int4', 'int8', 'numeric', 'date', 'timestamp', 'timestamptz']);

/** The query of a group's least or greatest value. Of a boolean the first in order: there is no min of it. */
function lookupOf({ column, greatest, compared }: Asked, alias: string): TreeNode {
  const value = columnOf(alias, column.name);
  if (compared) return selectOf(`SELECT ${greatest ? 'max' : 'min'}($1)`, [value]);
  return selectOf(`SELECT $1 WHERE $1 IS NOT NULL ORDER BY $1 ${greatest ? 'DESC' : 'ASC'} LIMIT 1`, [value]);
}

function siteOf(view: StatementView, query: Query): Site | null {
  const { body } = query;
  const source = query.type === 'SelectStmt' ? onlyTable(query) : null;
  const [by, more] = list(body, 'groupClause');
  const group = originOf(query, by);
  const all = conjuncts(body['whereClause']);
  if (!source || !group || more || group.source !== source || bodyOf(source.item, 'RangeVar')?.['inh'] !== true)
    return null;
  if (all.some((one) => bodyOf(one, 'SubLink')) || OTHER.some((name) => body[name] !== undefined)) return null;
  if (mayGiveRows(view.catalog, body['targetList'])) return null;
  // A window function sees all groups, which each have a query of their own then.
  const shown = [body['targetList'], body['sortClause']].flatMap(callsIn);
  if (shown.some(({ body: call }) => call['over'] !== undefined)) return null;
  const conditions = ownConditions(view, query, source);
  if (!conditions) return null;
  const having = conjuncts(body['havingClause']);
  for (const condition of having) {
    const asked = askedBy(query, condition);
    if (asked?.column.source !== source || asked.column.name === group.name) continue;
    return { query, source, group, conditions, rest: having.filter((one) => one !== condition), ...asked };
  }
  return null;
}

/** Reads `max(c) < v`, `bool_and(c < v)`, `bool_and(c)`, and NOT of bool_or. */
function askedBy(query: Query, condition: TreeNode): Asked | null {
  const not = bodyOf(condition, 'BoolExpr');
  const negated = not?.['boolop'] === 'NOT_EXPR';
  const inside = negated ? list(not, 'args')[0] : condition;
  const truth = bodyOf(inside, 'FuncCall');
  if (truth) return ofTruth(query, truth, negated);
  if (negated) return null;
  for (const { operator, left, right } of bothWays(condition)) {
    const call = bodyOf(left, 'FuncCall');
    const name = call ? functionName(call) : '';
    const column = call && ['min', 'max'].includes(name) ? argumentOf(query, call) : null;
    // For the other direction one row is enough, which is the business of another rule.
    const able = name === 'max' ? /^<=?$/.test(operator) : /^>=?$/.test(operator);
    if (column && able && isFixed(right))
      return { column, greatest: name === 'max', compared: { operator, value: right }, negated: false };
  }
  return null;
}

/** All of a group are below a value where the greatest is; none is above it where the greatest is not. */
function ofTruth(query: Query, call: TreeNode, negated: boolean): Asked | null {
  const every = ['bool_and', 'every'].includes(functionName(call));
  if (negated ? functionName(call) !== 'bool_or' : !every) return null;
  const column = argumentOf(query, call);
  if (column) return { column, greatest: negated, compared: null, negated };
  const [argument, more] = isPlainCall(call) && call['agg_distinct'] === undefined ? list(call, 'args') : [];
  for (const { operator, left, right } of more ? [] : bothWays(argument)) {
    const own = originOf(query, left);
    if (!own || !/^[<>]=?$/.test(operator) || !isFixed(right) || !keepsOrder(own.column?.baseType, right)) continue;
    // NOT (some above) is: the greatest is not above.
    const greatest = negated === operator.startsWith('>');
    return { column: own, greatest, compared: { operator, value: right }, negated };
  }
  return null;
}

function argumentOf(query: Query, call: TreeNode): ColumnOrigin | null {
  const [argument, more]: readonly TreeValue[] = list(call, 'args');
  return isPlainCall(call) && call['agg_distinct'] === undefined && !more && isNode(argument)
    ? originOf(query, argument)
    : null;
}

const OTHER = ['withClause', 'windowClause', 'lockingClause', 'distinctClause'];
