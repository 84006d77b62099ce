import { outputName } from '../../../sql/output-name.js';
import { bodyOf, list, textOf } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import {
  columnOf,
  conjuncts,
  derived,
  expression,
  output,
  query as selectOf,
  replace,
  withWhere,
} from '../../build.js';
import { freshAlias, namedTargets } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { isRowNumber, isWholeCount } from '../../numbered.js';
import { keysOf } from '../../row-keys.js';
import { bothWays, callsIn, isConstant, listed, mayGiveRows, SHAPING_CLAUSES, wholeConstant } from '../../shapes.js';
import { orderOf } from '../../top-rows.js';
import type { SortKey } from '../../top-rows.js';
import { originOf, originsIn, queryOf } from '../../view.js';
import type { Query, Source, StatementView } from '../../view.js';

interface Site {
  readonly outer: Query;
  readonly inner: Query;
  readonly order: readonly SortKey[];
  readonly page: Page;
}

/** The rows from `after` on, without it, until `last`. */
interface Page {
  readonly after: TreeNode;
  readonly last: TreeNode;
  /** Conditions that say no more than that; with parameters, which may be NULL, they stay. */
  readonly spent: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'order/row-number-to-limit',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT * FROM (SELECT ..., row_number() OVER (ORDER BY x, id) AS n FROM t) AS s WHERE n BETWEEN 101 AND 110` takes the ten rows by `ORDER BY x, id LIMIT 10 OFFSET 100`, and numbers those alone; `n <= 10` alike, and `count(*) OVER ()` beside it becomes a count by itself.',
    why: 'The window sorts and numbers every row. The planner does not know that few of them are wanted, and neither takes an index for its order nor keeps the first rows alone while it sorts.',
    limits:
      'The order tells all rows apart, so that it is certain which has which number; no other window function, GROUP BY, DISTINCT or LIMIT in the subquery. The bounds are literals or parameters.',
    sources: ['PostgreSQL manual, "Window Functions"', 'M. Winand: SQL Performance Explained, "Partial Results"'],
  },
  triggers: ['subquery/window-discards', 'memory/sort-on-disk'],
  match: (view) =>
    view.queries.flatMap((outer) =>
      outer.sources.flatMap((source): readonly Site[] => {
        const item = bodyOf(source.item, 'RangeSubselect');
        const inner = item ? queryOf(view, bodyOf(item['subquery'], 'SelectStmt') ?? undefined) : undefined;
        const numbered = inner && outer.type === 'SelectStmt' && !source.nullable ? numberedOf(view, inner) : null;
        const page = numbered ? pageOf(outer, source, numbered.at) : null;
        return inner && numbered && page ? [{ outer, inner, order: numbered.order, page }] : [];
      }),
    ),
  requires: ({ inner, order }, facts) =>
    keysOf(
      inner,
      inner.sources.map((source) => ({
        source,
        columns: order.flatMap(({ origin }) => (origin.source === source ? [origin.name] : [])),
      })),
      facts,
    ),
  rewrite: ({ outer, inner, order, page }, view) => {
    const targets = namedTargets(inner.body).map((one) => bodyOf(one, 'ResTarget') ?? {});
    const names = targets.map((one) => textOf(one, 'name'));
    if (names.includes(null) || new Set(names).size < names.length) return null;
    const alias = freshAlias(view, 'page');
    const key = freshAlias(view, 'key');
    if (names.some((name) => name?.startsWith(`${key}_`))) return null;
    const sortClause = order.map(({ item }) => ({ SortBy: item }));
    const rows = {
      ...inner.body,
      targetList: [
        ...targets.filter((one) => !isWindow(one['val'])).map(plain),
        ...order.map(({ item }, i) => output(item['node'] as TreeNode, `${key}_${i + 1}`)),
      ],
      sortClause,
      ...limitOf(page),
      limitOption: 'LIMIT_OPTION_COUNT',
    };
    const keys = order.map(({ item }, i) => ({ SortBy: { ...item, node: columnOf(alias, `${key}_${i + 1}`) } }));
    const shown = targets.map((one) => {
      const name = textOf(one, 'name') ?? '';
      if (isWholeCount(one['val'])) return output(countOf(inner.body), name);
      return output(isRowNumber(one['val']) ? numberOf(one['val'], keys, page) : columnOf(alias, name), name);
    });
    const body = {
      ...selectOf('SELECT 1'),
      targetList: shown.map((one) => plain(bodyOf(one, 'ResTarget') ?? {})),
      fromClause: [derived(rows, alias)],
    };
    const rest = conjuncts(outer.body['whereClause']).filter((one) => !page.spent.includes(one));
    const changed = withWhere(outer.body, rest);
    return replace(view.statement.tree, outer.body, replace({ SelectStmt: changed }, inner.body, { SelectStmt: body }));
  },
  example: {
    schema:
      'CREATE TABLE article (id bigint PRIMARY KEY, shop int NOT NULL, price int NOT NULL, title text); CREATE INDEX ON article (price, id);',
    data: `
      INSERT INTO article SELECT n, n % 4, (n::bigint * 7919) % 40009, repeat('t', 100) FROM generate_series(1, 40000) AS n;
      VACUUM ANALYZE;`,
    statement:
      'SELECT s.id, s.title, s.n FROM (SELECT id, title, row_number() OVER (ORDER BY price, id) AS n FROM article WHERE shop = 3) AS s WHERE s.n BETWEEN 21 AND 30 ORDER BY s.n',
    gain: { buffers: 3 },
  },
  unsoundTwin: {
    why: 'before the row of number 21 there are twenty, and not one more',
    to: 'SELECT s.id, s.title, s.n FROM (SELECT page.id, page.title, row_number() OVER (ORDER BY page.key_1, page.key_2) + 20 AS n FROM (SELECT id, title, article.price AS key_1, article.id AS key_2 FROM article WHERE shop = 3 ORDER BY article.price, article.id LIMIT 10 OFFSET 21) AS page) AS s ORDER BY s.n',
  },
});

/** An output column, without the name that it has by itself. */
function plain({ name, ...target }: TreeNode): TreeNode {
  return outputName({ ResTarget: target }) === name ? { ResTarget: target } : { ResTarget: { ...target, name } };
}

interface Numbered {
  /** Where the number stands in the output. */
  readonly at: number;
  readonly order: readonly SortKey[];
}

/** A SELECT that shows rows with their number in some order, and at most their count beside it; null for any other. */
function numberedOf(view: StatementView, inner: Query): Numbered | null {
  const { body } = inner;
  if (OTHER.some((name) => body[name] !== undefined) || list(body, 'fromClause').length === 0) return null;
  const values = list(body, 'targetList').map((item) => bodyOf(item, 'ResTarget')?.['val']);
  const at = values.findIndex(isRowNumber);
  const windows = values.flatMap(callsIn).filter(({ body: call }) => call['over'] !== undefined);
  const known = values.filter(isWindow);
  if (at < 0 || windows.length !== known.length || values.filter(isRowNumber).length > 1) return null;
  if (mayGiveRows(view.catalog, values) || originsIn(view, inner, body) === null) return null;
  const over = bodyOf(values[at], 'FuncCall')?.['over'] as TreeNode;
  const order = orderOf(list(over, 'orderClause'), (key) => originOf(inner, key));
  return order?.every(({ origin }) => origin.query === inner) === true ? { at, order } : null;
}

function isWindow(value: TreeValue): boolean {
  return isRowNumber(value) || isWholeCount(value);
}

/** What one condition says of the number; a bound is null where it is neither a literal nor a parameter, and is not there where it sets none. */
interface Bounds {
  readonly one: TreeNode;
  readonly after?: TreeNode | null;
  readonly last?: TreeNode | null;
}

/** The bounds that WHERE sets to a column of a source; null where it sets no upper one. */
function pageOf(outer: Query, source: Source, at: number): Page | null {
  const isIt = (value: TreeNode): boolean => {
    const origin = originOf(outer, value);
    return origin?.source === source && source.columns?.indexOf(origin.name) === at;
  };
  const found = conjuncts(outer.body['whereClause']).flatMap((one) => boundsIn(one, isIt));
  const after = found.flatMap((one) => (one.after === undefined ? [] : [one.after]));
  const last = found.flatMap((one) => (one.last === undefined ? [] : [one.last]));
  const [end] = last;
  const start = after.length === 0 ? { A_Const: { ival: {} } } : after[0];
  if (!end || !start || last.length > 1 || after.length > 1) return null;
  const [least, most] = [wholeConstant(start), wholeConstant(end)];
  if (least === null || most === null) return { after: start, last: end, spent: [] };
  return least < most ? { after: start, last: end, spent: found.map(({ one }) => one) } : null;
}

function boundsIn(one: TreeNode, isIt: (value: TreeNode) => boolean): readonly Bounds[] {
  const between = listed(one, 'AEXPR_BETWEEN');
  const [low, high] = between && isIt(between.left) ? between.items : [];
  if (low && high) return [{ one, after: bound(low, -1), last: bound(high, 0) }];
  return bothWays(one).flatMap(({ operator, left, right }): readonly Bounds[] => {
    if (!isIt(left)) return [];
    if (operator === '=') return [{ one, after: bound(right, -1), last: bound(right, 0) }];
    if (operator === '>' || operator === '>=') return [{ one, after: bound(right, operator === '>' ? 0 : -1) }];
    return operator === '<' || operator === '<=' ? [{ one, last: bound(right, operator === '<' ? -1 : 0) }] : [];
  });
}

/** A bound and `step`, not below 0; of a parameter that is NULL, 0. Null for what is neither a whole literal nor a parameter. */
function bound(value: TreeNode, step: 0 | -1): TreeNode | null {
  const whole = wholeConstant(value);
  if (whole !== null) return { A_Const: { ival: { ival: Math.max(whole + step, 0) } } };
  if (!isConstant(value) || !bodyOf(value, 'ParamRef')) return null;
  return expression(step === 0 ? 'greatest($1::bigint, 0)' : 'greatest($1::bigint, 1) - 1', [value]);
}

function limitOf({ after, last }: Page): TreeNode {
  const [start, end] = [wholeConstant(after), wholeConstant(last)];
  const count =
    start !== null && end !== null
      ? { A_Const: { ival: { ival: end - start } } }
      : start === 0
        ? last
        : expression('greatest($1 - $2, 0)', [last, after]);
  return { limitCount: count, ...(start === 0 ? {} : { limitOffset: after }) };
}

function numberOf(value: TreeValue, keys: readonly TreeNode[], { after }: Page): TreeNode {
  const call = bodyOf(value, 'FuncCall') ?? {};
  const own = { FuncCall: { ...call, over: { ...(call['over'] as TreeNode), orderClause: keys } } };
  return wholeConstant(after) === 0 ? own : expression('$1 + $2', [own, after]);
}

/** The count of the rows of a query, whatever it shows. */
function countOf({ fromClause, whereClause }: TreeNode): TreeNode {
  const select = withWhere({ ...selectOf('SELECT count(*)'), fromClause }, conjuncts(whereClause));
  return { SubLink: { subLinkType: 'EXPR_SUBLINK', subselect: { SelectStmt: select } } };
}

const OTHER = [...SHAPING_CLAUSES, 'sortClause', 'valuesLists', 'larg'];
