import { outputName } from '../sql/output-name.js';
import { bodyOf, isNode, list, mapTree, textOf, treeText, walk } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { allOf, columnOf, derived, expression, output, replace, withWhere } from './build.js';
import { freshAlias } from './columns.js';
import { correlationOf } from './correlation.js';
import type { Correlation } from './correlation.js';
import { callsAggregate, hasBareStar, holdsSubquery, SHAPING_CLAUSES } from './shapes.js';
import { orderOf } from './top-rows.js';
import { originOf, queryOf, sortOriginOf } from './view.js';
import type { Query, StatementView } from './view.js';

/** A subquery in the output of another query, or in its ORDER BY, that looks something up for each of its rows. */
export interface Lookup {
  readonly sublink: TreeNode;
  readonly inner: Query;
  readonly value: TreeNode;
  readonly correlation: Correlation;
  /** It is `ARRAY(SELECT ...)`, of which `value` makes the same array of a group. */
  readonly isArray: boolean;
}

/** The scalar subqueries in the output and the ORDER BY of a query that depend on it by equality alone; none where a further source in FROM would change what the query means. */
export function lookupsIn(view: StatementView, query: Query): readonly Lookup[] {
  const { body } = query;
  if (query.type !== 'SelectStmt' || hasBareStar(body) || list(body, 'fromClause').length === 0) return [];
  if (body['groupClause'] !== undefined || body['havingClause'] !== undefined) return [];
  // DISTINCT wants its ORDER BY word by word in the output.
  const sorts = body['distinctClause'] === undefined ? list(body, 'sortClause') : [];
  return [...list(body, 'targetList'), ...sorts].flatMap((item) =>
    [...walk(item)].flatMap(({ type, body: sublink }): readonly Lookup[] => {
      const select = type === 'SubLink' ? bodyOf(sublink['subselect'], 'SelectStmt') : null;
      const inner = select ? queryOf(view, select) : undefined;
      const isArray = sublink['subLinkType'] === 'ARRAY_SUBLINK';
      if (!(isArray || sublink['subLinkType'] === 'EXPR_SUBLINK') || inner?.parent !== query) return [];
      const [only, more] = list(inner.body, 'targetList');
      const value = isArray ? arrayOf(inner) : bodyOf(only, 'ResTarget')?.['val'];
      if (!isNode(value) || more || SHAPING_CLAUSES.some((name) => inner.body[name] !== undefined)) return [];
      const correlation = correlationOf(view, inner, [value]);
      return correlation ? [{ sublink, inner, value, correlation, isArray }] : [];
    }),
  );
}

/** `array_agg(x ORDER BY o)`, for `SELECT x ... ORDER BY o` of a column that is no array itself; null where the order is not by columns. */
function arrayOf(inner: Query): TreeNode | null {
  const value = bodyOf(list(inner.body, 'targetList')[0], 'ResTarget')?.['val'];
  const column = originOf(inner, value)?.column;
  const order = orderOf(list(inner.body, 'sortClause'), (key) => sortOriginOf(inner, key));
  const [first, more] = list(inner.body, 'targetList');
  if (!isNode(value) || !column || column.baseType.startsWith('_') || !order || !first || more) return null;
  const call = bodyOf(expression('array_agg($1)', [value]), 'FuncCall');
  return call && { FuncCall: { ...call, agg_order: order.map(({ item }) => ({ SortBy: item })) } };
}

/** The query with the lookups in its FROM, each once however often it stands there; `read` makes what is shown of the value. */
export function joinLookups(
  view: StatementView,
  query: Query,
  lookups: readonly Lookup[],
  how: { readonly grouped: boolean; readonly read: (lookup: Lookup, value: TreeNode) => TreeNode },
): TreeNode {
  const base = freshAlias(view, how.grouped ? 'totals' : 'found');
  let from = list(query.body, 'fromClause')
    .filter(isNode)
    .reduce((larg, rarg) => ({ JoinExpr: { jointype: 'JOIN_INNER', larg, rarg } }));
  const { sortClause } = query.body;
  let targets: TreeNode = {
    targetList: namedBySublink(query.body),
    ...(sortClause === undefined ? {} : { sortClause }),
  };
  joinsOf(lookups, how.grouped).forEach(({ same, where, values: aggregates }, g) => {
    const alias = g === 0 ? base : `${base}_${g + 1}`;
    const [first] = same;
    if (!first) return;
    const { inner, correlation } = first;
    const keys = correlation.pairs.map(({ inside }, i) => output(inside, `key_${i + 1}`));
    const values = aggregates.map((value, i) => output(value, `value_${i + 1}`));
    const select = {
      ...withWhere(inner.body, where),
      targetList: [...keys, ...values],
      ...(how.grouped ? { groupClause: correlation.pairs.map(({ inside }) => inside) } : {}),
    };
    const { sortClause: _, ...unsorted } = select as TreeNode;
    const links = correlation.pairs.map(({ outside }, i) =>
      expression('$1 = $2', [columnOf(alias, `key_${i + 1}`), outside]),
    );
    const quals = links.length === 1 ? links[0] : { BoolExpr: { boolop: 'AND_EXPR', args: links } };
    from = { JoinExpr: { jointype: 'JOIN_LEFT', larg: from, rarg: derived(unsorted, alias), quals } };
    same.forEach((lookup, i) => {
      targets = replace(targets, lookup.sublink, how.read(lookup, columnOf(alias, `value_${i + 1}`)));
    });
  });
  const body = { ...query.body, ...targets, fromClause: [from] };
  return replace(view.statement.tree, query.body, { SelectStmt: body });
}

interface Joined {
  readonly same: readonly Lookup[];
  /** The conditions of the subquery that is joined. */
  readonly where: readonly TreeNode[];
  /** Of each lookup. */
  readonly values: readonly TreeNode[];
}

/** The lookups that one join answers: of the same rows, or, where they are grouped, of different rows of the same tables, which FILTER tells apart. */
function joinsOf(lookups: readonly Lookup[], grouped: boolean): readonly Joined[] {
  const groups = new Map<string, Lookup[]>();
  for (const lookup of lookups) {
    const { inner, correlation } = lookup;
    const filtered = grouped && !lookup.isArray && !/"SubLink"/.test(treeText(correlation.rest));
    const rows = treeText([
      inner.body['fromClause'],
      ...(filtered ? correlation.pairs.map(({ inside, outside }) => [inside, outside]) : [inner.body['whereClause']]),
    ]);
    groups.set(rows, [...(groups.get(rows) ?? []), lookup]);
  }
  return [...groups.values()].map((same) => {
    const texts = same.map(({ correlation }) => new Set(correlation.rest.map((one) => treeText(one))));
    const isCommon = (one: TreeNode): boolean => texts.every((all) => all.has(treeText(one)));
    const own = same.map(({ correlation }) => correlation.rest.filter((one) => !isCommon(one)));
    const common = same[0]?.correlation.rest.filter(isCommon) ?? [];
    const alternatives = new Map(own.map((one) => [treeText(one), allOf(one)]));
    const args = [...alternatives.values()].filter((one) => one !== undefined);
    const any = args.length > 1 && args.length === alternatives.size ? [{ BoolExpr: { boolop: 'OR_EXPR', args } }] : [];
    return {
      same,
      where: [...common, ...any],
      values: same.map(({ value }, i) => filteredBy(value, allOf(own[i] ?? []))),
    };
  });
}

/** The value of aggregates over those rows alone that fulfil a condition. */
function filteredBy(value: TreeNode, condition: TreeNode | undefined): TreeNode {
  if (condition === undefined) return value;
  return mapTree(value, ({ type, body }) => {
    if (type !== 'FuncCall' || !callsAggregate({ FuncCall: { ...body, args: [] } })) return null;
    const filter = allOf([...(isNode(body['agg_filter']) ? [body['agg_filter']] : []), condition]);
    return { FuncCall: { ...body, agg_filter: filter ?? condition } };
  }) as TreeNode;
}

/** The target list in which each item with a subquery is given the name that it has by itself. */
function namedBySublink(body: TreeNode): readonly TreeNode[] {
  return list(body, 'targetList').map((item) => {
    const target = bodyOf(item, 'ResTarget') ?? {};
    const shown = outputName(item);
    const isBare = bodyOf(target['val'], 'SubLink') !== null;
    const keeps = isBare || (shown !== '?column?' && holdsSubquery(target['val']));
    const name = textOf(target, 'name') ?? (keeps ? shown : null);
    return { ResTarget: { ...target, ...(name === null ? {} : { name }) } };
  });
}
