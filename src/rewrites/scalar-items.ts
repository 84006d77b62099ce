import type { Catalog } from '../model/catalog.js';
import type { ParsedStatement } from '../sql/parse.js';
import { bodyOf, isNode, list } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { conjuncts, replace, withWhere } from './build.js';
import { mentions, partsBeside } from './columns.js';
import { isSelfContained } from './correlation.js';
import { repeated, withBody } from './repeated.js';
import { callsAggregate, isAlways, isBare, mayGiveRows } from './shapes.js';
import { originOf, originsIn, queryOf, viewOf } from './view.js';
import type { Query, Source, StatementView } from './view.js';

/** More subqueries than this stay in FROM. */
const MOST = 4;

/**
 * `FROM t, LATERAL (SELECT count(*) AS n FROM x WHERE x.k = t.k) AS c WHERE c.n > 0` as `FROM t WHERE (SELECT count(*) FROM x WHERE x.k = t.k) > 0`, for rules that look for that: an aggregate without
 * GROUP BY gives one row, and its value is named once. Null where there is none.
 */
export function scalarsAsked(statement: ParsedStatement, catalog: Catalog): ParsedStatement | null {
  return repeated(statement, MOST, (current) => withoutOne(current, catalog));
}

function withoutOne(statement: ParsedStatement, catalog: Catalog): ParsedStatement | null {
  const view = viewOf(statement, catalog);
  for (const query of view.queries) {
    for (const source of query.type === 'SelectStmt' ? query.sources : []) {
      const parsed = withBody(statement, query, asked(view, query, source));
      if (parsed) return parsed;
    }
  }
  return null;
}

function asked(view: StatementView, query: Query, source: Source): TreeNode | null {
  const inner = singleValue(view, query, source);
  const from = list(query.body, 'fromClause');
  const left = from.map((item) => (isNode(item) ? without(item, source.item) : null));
  const at = left.findIndex((one) => one !== null);
  const found = left[at];
  if (!inner || !found || source.alias === '') return null;
  const conditions = [...conjuncts(query.body['whereClause']), ...found.quals];
  const naming = conditions.filter((one) => mentions(view, query, [one], source));
  const [condition, more] = naming;
  const fromClause = from.flatMap((item, i) => (i === at ? (found.item ?? []) : item));
  if (!condition || more || fromClause.length === 0) return null;
  if (mentions(view, query, [...partsBeside(query.body), ...fromClause.map(quals)], source)) return null;
  const references = columnsIn(condition).filter((one) => originOf(query, one)?.source === source);
  const [reference, another] = references;
  if (!reference || another || named(view, query, condition, source) !== 1) return null;
  const sublink = { SubLink: { subLinkType: 'EXPR_SUBLINK', subselect: { SelectStmt: inner.body } } };
  const where = conditions.map((one) => (one === condition ? replace(one, reference, sublink) : one));
  return withWhere({ ...query.body, fromClause }, where);
}

/** The query in a FROM item which gives one row of one aggregate, whatever its rows are; null for any other. */
function singleValue(view: StatementView, query: Query, source: Source): Query | null {
  const item = bodyOf(source.item, 'RangeSubselect');
  const inner = item ? queryOf(view, bodyOf(item['subquery'], 'SelectStmt') ?? undefined) : undefined;
  const [target, more] = inner ? list(inner.body, 'targetList') : [];
  if (!item || !inner || more || !isBare(inner.body) || source.columns?.length !== 1) return null;
  if (!callsAggregate(target) || mayGiveRows(view.catalog, target)) return null;
  if (originsIn(view, inner, inner.body) === null) return null;
  const parts = Object.values(inner.body).filter((part): part is TreeNode => typeof part === 'object');
  return item['lateral'] === true || isSelfContained(view, inner, parts) ? inner : null;
}

interface Left {
  /** Null where the item was all there is. */
  readonly item: TreeNode | null;
  /** Conditions of the join that is gone. */
  readonly quals: readonly TreeNode[];
}

/** A FROM item without one that stands in it and that no outer join may fill with NULL; null where it does not stand in it, or otherwise. */
function without(item: TreeNode, target: TreeNode): Left | null {
  if (item === target) return { item: null, quals: [] };
  const join = bodyOf(item, 'JoinExpr');
  const type = join?.['jointype'];
  if (!join || join['alias'] !== undefined || (type !== 'JOIN_INNER' && type !== 'JOIN_LEFT')) return null;
  if (join['isNatural'] === true || list(join, 'usingClause').length > 0) return null;
  const { larg, rarg } = join;
  if (!isNode(larg) || !isNode(rarg)) return null;
  if (rarg === target) {
    const isTrue = isAlways(join['quals']);
    if (type === 'JOIN_LEFT' && !isTrue) return null;
    return { item: larg, quals: isTrue ? [] : conjuncts(join['quals']) };
  }
  const left = without(larg, target);
  if (left?.item) return { ...left, item: { JoinExpr: { ...join, larg: left.item } } };
  const right = type === 'JOIN_INNER' ? without(rarg, target) : null;
  return right?.item ? { ...right, item: { JoinExpr: { ...join, rarg: right.item } } } : null;
}

/** What stands after ON in an item, and whatever else may name another one. */
function quals(item: TreeValue): TreeValue {
  const join = bodyOf(item, 'JoinExpr');
  if (join) return [join['quals'], quals(join['larg']), quals(join['rarg'])];
  return bodyOf(item, 'RangeVar') ? null : item;
}

/** The column references of an expression that are not in a nested query. */
function columnsIn(value: TreeValue): readonly TreeNode[] {
  if (Array.isArray(value)) return (value as readonly TreeValue[]).flatMap(columnsIn);
  if (!isNode(value) || 'SelectStmt' in value) return [];
  return bodyOf(value, 'ColumnRef') ? [value] : Object.values(value).flatMap(columnsIn);
}

/** How often a condition names a source, nested queries included. */
function named(view: StatementView, query: Query, condition: TreeNode, source: Source): number {
  return (originsIn(view, query, condition) ?? []).filter((origin) => origin.source === source).length;
}
