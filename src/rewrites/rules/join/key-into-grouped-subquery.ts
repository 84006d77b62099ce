import { columnPath } from '../../../sql/scope.js';
import { bodyOf, isNode, list, treeText, walk } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { columnOf, conjuncts, expression, replace, withWhere } from '../../build.js';
import { innerItems } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { factsOf, missing, seen } from '../../facts.js';
import { onlyTable } from '../../loose-scan.js';
import {
  bothWays,
  callsIn,
  functionName,
  givesRows,
  hasBareStar,
  hasGroupingSets,
  isBare,
  isPlain,
  wholeConstant,
} from '../../shapes.js';
import { originOf, queryOf } from '../../view.js';
import type { ColumnOrigin, Query, Source, StatementView } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly source: Source;
  readonly inner: Query;
  /** The subquery in `inner` that puts the rows together, where `inner` only chooses of its rows; null where that is `inner` itself. */
  readonly via: Wrapped | null;
  readonly key: TreeNode;
  readonly keyOrigin: ColumnOrigin | null;
  readonly outside: ColumnOrigin;
  /** FROM and the conditions of inner joins, the subquery last; null where it stays in its outer join. */
  readonly from: { readonly items: readonly TreeNode[]; readonly on: readonly TreeNode[] } | null;
}

export default defineRewrite<Site>({
  id: 'join/key-into-grouped-subquery',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: 'A join `s.k = a.id` with `(SELECT k, sum(x) ... GROUP BY k) AS s` becomes LATERAL, with `k = a.id` within the subquery; the same with a window function PARTITION BY k (the best row of each k, with LIMIT where a number of rows is asked for), and with DISTINCT.',
    why: 'PostgreSQL computes the subquery for every k before it joins, however few of them the other side asks for.',
    limits:
      'k is a key of GROUP BY, of each PARTITION BY or of DISTINCT, and of the type of the other column; the subquery has no LIMIT and no grouping sets. It stands in inner joins or right of a LEFT JOIN. Where nothing narrows the other side (no other condition, no LIMIT), and it has a tenth of the rows that are grouped or more, it is not offered; where it still asks for most k, the original is the faster form: the trial tells.',
    sources: ['PostgreSQL manual, "LATERAL Subqueries"'],
  },
  triggers: ['rows/many-rows-deduplicated', 'subquery/window-discards'],
  match: (view) =>
    view.queries.flatMap((query) => {
      if (query.type !== 'SelectStmt') return [];
      const inside = hasBareStar(query.body) ? null : innerItems(query.body);
      return query.sources.flatMap((source) => {
        const item = bodyOf(source.item, 'RangeSubselect');
        const inner = item ? queryOf(view, bodyOf(item['subquery'], 'SelectStmt') ?? undefined) : undefined;
        if (!item || !inner || item['lateral'] === true) return [];
        const via = isPartitioned(inner.body) ? null : wrappedIn(view, inner);
        if (!via && !isPartitioned(inner.body)) return [];
        const left = leftJoinOf(query.body, source.item);
        const conditions = left
          ? conjuncts(left['quals'])
          : [...(inside?.on ?? []), query.body['whereClause']].flatMap(conjuncts);
        if (!left && !inside) return [];
        const found = conditions.flatMap((one) => keyOf(query, one, { source, inner, via }) ?? []);
        const able = found.find(({ outside }) => !left || isWithin(left['larg'], outside.source.item));
        const site = able && !left ? { ...able, outside: keyAmongEquals(view, query, able.outside, conditions) } : able;
        if (!site || (asksForMost(site, via?.inner ?? inner) && !isNarrowed(query, source, inside?.on ?? [])))
          return [];
        const items = inside?.items.filter((one) => one !== source.item) ?? [];
        const from = left ? null : { items: [...items, source.item], on: inside?.on ?? [] };
        return [{ query, source, inner, via, ...site, from }];
      });
    }),
  requires: ({ keyOrigin, outside }) => {
    const type = outside.column?.type;
    return [
      type !== undefined && keyOrigin?.column?.type === type
        ? seen(`both sides are ${type}, so that grouping and comparing call the same values equal`)
        : missing('the two sides are not known to be columns of one type'),
      seen('a whole group, partition or set of equal rows is left out, or none of it'),
    ];
  },
  rewrite: ({ query, source, inner, via, key, outside, from }, view) => {
    const grouped = via?.inner ?? inner;
    if ([...inner.sources, ...grouped.sources].some(({ alias }) => alias === outside.source.alias)) return null;
    const condition = expression('$1 = $2', [key, columnOf(outside.source.alias, outside.name)]);
    const own = withWhere(grouped.body, [...conjuncts(grouped.body['whereClause']), condition]);
    const around = [
      ...(from?.on ?? conjuncts(leftJoinOf(query.body, source.item)?.['quals'])),
      query.body['whereClause'],
    ];
    const all = via ? [inner.body['whereClause']] : around;
    const numbered = via ? { query: inner, source: via.source, inner: grouped } : { query, source, inner };
    const first = { ...own, ...firstRows(view, numbered, all.flatMap(conjuncts)) };
    const body = via ? replace(inner.body, grouped.body, { SelectStmt: first }) : first;
    const item = bodyOf(source.item, 'RangeSubselect') ?? {};
    const lateral = { RangeSubselect: { ...item, lateral: true, subquery: { SelectStmt: body } } };
    const outer = from
      ? withWhere({ ...query.body, fromClause: from.items }, [...from.on, ...conjuncts(query.body['whereClause'])])
      : query.body;
    return replace(view.statement.tree, query.body, { SelectStmt: replace(outer, source.item, lateral) });
  },
  example: {
    schema: `
      CREATE TABLE customer (id bigint PRIMARY KEY, name text NOT NULL);
      CREATE TABLE purchase (id bigint PRIMARY KEY, customer_id bigint, amount int NOT NULL);`,
    data: `
      INSERT INTO customer SELECT n, 'customer ' || n FROM generate_series(1, 3000) AS n;
      INSERT INTO purchase SELECT n, 1 + n % 3000, n % 77 FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON customer (name); CREATE INDEX ON purchase (customer_id);
      ANALYZE;`,
    statement:
      "SELECT c.id, s.total FROM customer AS c JOIN (SELECT customer_id, sum(amount) AS total FROM purchase GROUP BY customer_id) AS s ON s.customer_id = c.id WHERE c.name LIKE 'customer 7'",
    gain: { buffers: 10 },
  },
  unsoundTwin: {
    why: 'the rows are numbered across all keys, so that leaving some out changes the numbers of the others',
    statement:
      'SELECT c.id, s.n FROM customer AS c JOIN (SELECT customer_id, row_number() OVER (ORDER BY id) AS n FROM purchase) AS s ON s.customer_id = c.id',
    to: 'SELECT c.id, s.n FROM customer AS c JOIN LATERAL (SELECT customer_id, row_number() OVER (ORDER BY id) AS n FROM purchase WHERE customer_id = c.id) AS s ON s.customer_id = c.id',
  },
});

/** A look-up for each key reads some blocks, in which a scan finds more rows than this. */
const ROWS_A_KEY = 10;

/** Whether the statistics say that the table beside the subquery has nearly as many rows as the one that it groups. */
function asksForMost({ outside }: Pick<Site, 'outside'>, inner: Query): boolean {
  const [keys, rows] = [outside.source.table?.rowsEstimated, onlyTable(inner)?.table?.rowsEstimated];
  return keys != null && rows != null && keys * ROWS_A_KEY > rows && rows > 0;
}

/** Whether the query asks for some rows alone of what is beside the subquery. */
function isNarrowed({ body, sources }: Query, source: Source, on: readonly TreeNode[]): boolean {
  if (
    body['limitCount'] !== undefined ||
    sources.some(({ item }) => item !== source.item && bodyOf(item, 'RangeVar') === null)
  )
    return true;
  return [...on, body['whereClause']].flatMap(conjuncts).some((one) => {
    const aliases = new Set(
      [...walk(one)].flatMap(({ type, body: node }) =>
        type === 'ColumnRef' ? columnPath(node).path.slice(0, -1) : [],
      ),
    );
    const isLink = bothWays(one).some(({ left, right }) => bodyOf(left, 'ColumnRef') && bodyOf(right, 'ColumnRef'));
    return !isLink && !aliases.has(source.alias);
  });
}

/** Whether a subquery treats the rows of each key by themselves. */
function isPartitioned(body: TreeNode): boolean {
  const away = ['limitCount', 'limitOffset', 'withClause', 'windowClause', 'lockingClause', 'valuesLists'];
  const plain =
    away.every((name) => body[name] === undefined) && (body['op'] === undefined || body['op'] === 'SETOP_NONE');
  return (
    plain &&
    !hasGroupingSets(body) &&
    (['groupClause', 'distinctClause'].some((name) => body[name] !== undefined) || overs(body).length > 0)
  );
}

interface Numbered {
  readonly query: Query;
  readonly source: Source;
  readonly inner: Query;
}

/**
 * ORDER BY and LIMIT of a subquery of one table that numbers the rows of one key in an order without ties, of which the outer query keeps the first ones: then no more of
 * them are read. Nothing for any other.
 */
function firstRows(view: StatementView, { query, source, inner }: Numbered, conditions: readonly TreeNode[]): TreeNode {
  const targets = list(inner.body, 'targetList');
  const [window, another] = overs(inner.body);
  const at = targets.findIndex((item) => {
    const call = bodyOf(bodyOf(item, 'ResTarget')?.['val'], 'FuncCall');
    return call !== null && call['over'] !== undefined && functionName(call) === 'row_number';
  });
  const table = onlyTable(inner);
  const order = list(window ?? {}, 'orderClause');
  const beside = ['groupClause', 'distinctClause', 'sortClause'].some((name) => inner.body[name] !== undefined);
  if (!window || another || at < 0 || !table?.table || beside || targets.some((item) => givesRows(item))) return {};
  const keys = [...list(window, 'partitionClause'), ...order.map((item) => bodyOf(item, 'SortBy')?.['node'])];
  const columns = keys.flatMap((key) => originOf(inner, key)?.name ?? []);
  if (!factsOf(view.catalog).unique(table.table, columns).holds) return {};
  const counts = conditions.flatMap((condition) =>
    bothWays(condition).flatMap(({ operator, left, right }) => {
      const origin = originOf(query, left);
      const most = wholeConstant(right) ?? 0;
      if (origin?.source !== source || source.columns?.indexOf(origin.name) !== at) return [];
      if (operator === '<=' || (operator === '=' && most === 1)) return [most];
      return operator === '<' ? [most - 1] : [];
    }),
  );
  const count = Math.min(...counts);
  return counts.length > 0 && count > 0
    ? { sortClause: order, limitCount: { A_Const: { ival: { ival: count } } }, limitOption: 'LIMIT_OPTION_COUNT' }
    : {};
}

function overs(body: TreeNode): readonly TreeNode[] {
  return callsIn(body['targetList']).flatMap(({ body: call }) => (isNode(call['over']) ? [call['over']] : []));
}

interface Wrapped {
  readonly source: Source;
  readonly inner: Query;
}

/** `SELECT s.x FROM (SELECT x, row_number() OVER (PARTITION BY k ...) AS n FROM t) AS s WHERE s.n <= 1`: the subquery in it, as EF Core sends it. */
function wrappedIn(view: StatementView, query: Query): Wrapped | null {
  const [source, more] = query.sources;
  const item = bodyOf(source?.item, 'RangeSubselect');
  const inner = item ? queryOf(view, bodyOf(item['subquery'], 'SelectStmt') ?? undefined) : undefined;
  if (!source || more || !inner || item?.['lateral'] === true || list(query.body, 'fromClause').length !== 1)
    return null;
  return isBare(query.body) && isPlain(query.body) && isPartitioned(inner.body) ? { source, inner } : null;
}

/** The output column of the subquery that a condition makes equal to a column outside, where it is a key of all that the subquery puts together. */
function keyOf(
  query: Query,
  condition: TreeNode,
  { source, inner, via }: Pick<Site, 'source' | 'inner' | 'via'>,
): Pick<Site, 'key' | 'keyOrigin' | 'outside'> | null {
  for (const { operator, left, right } of bothWays(condition)) {
    const [own, outside] = [originOf(query, left), originOf(query, right)];
    if (operator !== '=' || own?.source !== source || !outside || outside.source === source || outside.query !== query)
      continue;
    const at = source.columns?.indexOf(own.name) ?? -1;
    const targets = list(inner.body, 'targetList');
    const shown = bodyOf(targets[at], 'ResTarget')?.['val'];
    if (at < 0 || targets.length !== source.columns?.length) continue;
    const key = via ? shownBy(via, originOf(inner, shown)) : shown;
    const grouped = via?.inner ?? inner;
    if (!isNode(key) || !bodyOf(key, 'ColumnRef') || !isKey(grouped.body, key)) continue;
    return { key, keyOrigin: originOf(grouped, key), outside };
  }
  return null;
}

/** What a subquery shows under a column's name. */
function shownBy({ source, inner }: Wrapped, column: ColumnOrigin | null): TreeValue {
  const targets = list(inner.body, 'targetList');
  const at = column?.source === source ? (source.columns?.indexOf(column.name) ?? -1) : -1;
  return targets.length === source.columns?.length ? bodyOf(targets[at], 'ResTarget')?.['val'] : null;
}

/** Of the columns that the conditions make equal to one, another that is a key of its table: fewer rows ask for each value. The column itself where there is none. */
function keyAmongEquals(
  { catalog }: StatementView,
  query: Query,
  column: ColumnOrigin,
  conditions: readonly TreeNode[],
): ColumnOrigin {
  const facts = factsOf(catalog);
  const isUnique = ({ source, name }: ColumnOrigin): boolean =>
    source.table !== null && facts.unique(source.table, [name]).holds;
  if (isUnique(column)) return column;
  const equals = conditions.flatMap(bothWays).flatMap(({ operator, left, right }) => {
    const [own, other] = [originOf(query, left), originOf(query, right)];
    const isEqual = operator === '=' && own?.source === column.source && own.name === column.name;
    return isEqual && other && other.query === query && other.column?.type === column.column?.type ? [other] : [];
  });
  return equals.find((other) => other.source !== column.source && isUnique(other)) ?? column;
}

function isKey(body: TreeNode, key: TreeNode): boolean {
  const has = (values: readonly TreeValue[]): boolean => values.some((one) => treeText(one) === treeText(key));
  const distinct = list(body, 'distinctClause');
  const whole = distinct.length === 1 && Object.keys(distinct[0] as object).length === 0;
  const windows = overs(body);
  return (
    (body['groupClause'] === undefined || has(list(body, 'groupClause'))) &&
    (distinct.length === 0 || whole || has(distinct)) &&
    windows.every(
      (over) => has(list(over, 'partitionClause')) && over['refname'] === undefined && over['name'] === undefined,
    )
  );
}

/** The LEFT JOIN right of which an item stands; null where there is none. */
function leftJoinOf(body: TreeNode, item: TreeNode): TreeNode | null {
  for (const node of walk(list(body, 'fromClause'))) {
    if (node.type === 'JoinExpr' && node.body['jointype'] === 'JOIN_LEFT' && node.body['rarg'] === item)
      return node.body;
  }
  return null;
}

function isWithin(tree: TreeValue, item: TreeNode): boolean {
  const join = bodyOf(tree, 'JoinExpr');
  return tree === item || (join !== null && (isWithin(join['larg'], item) || isWithin(join['rarg'], item)));
}
