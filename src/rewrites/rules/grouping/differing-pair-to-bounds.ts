import { bodyOf, isNode, list, treeText } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { columnOf, conjuncts, expression, replace, withWhere } from '../../build.js';
import { innerItems, mapColumns, mentions, namedTargets } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { bothWays, callsAggregate, hasBareStar, holdsSubquery, mayGiveRows, wholeConstant } from '../../shapes.js';
import { originOf, originsIn } from '../../view.js';
import type { ColumnOrigin, Query, Source, StatementView } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly kept: Source;
  readonly other: Source;
  /** Columns in which both rows are equal. */
  readonly keys: readonly ColumnOrigin[];
  /** The column in which they differ. */
  readonly differing: ColumnOrigin;
  /** Conditions on a row, which both have to meet. */
  readonly conditions: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'grouping/differing-pair-to-bounds',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT DISTINCT a.k FROM t AS a JOIN t AS b ON b.k = a.k AND b.x <> a.x`, which k have two different x, becomes `SELECT k FROM t WHERE k IS NOT NULL GROUP BY k HAVING min(x) <> max(x)`; `<` and `>`, GROUP BY without an aggregate, and `IN (SELECT a.k ...)` alike.',
    why: 'The join pairs each row of a k with each other one, as many as the square of their number, only to leave one of them.',
    limits:
      'One table with itself, by equality of columns and one comparison of the same column; further conditions are the same of both rows; only columns of the equality are shown. x is of a type that min and max order as `<>` compares.',
    sources: ['PostgreSQL manual, "Aggregate Expressions"'],
  },
  triggers: ['rows/many-rows-deduplicated', 'join/join-filter-discards', 'join/inner-sequential-scan'],
  match: (view) => view.queries.flatMap((query) => siteOf(view, query) ?? []),
  requires: ({ differing }, facts) => {
    const type = differing.column?.baseType ?? '';
    return [
      seen(
        'where all values of a group are one, that is both its min and its max; NULL is neither different nor a min',
      ),
      BOUNDS.has(type) || TEXTS.has(type)
        ? seen(`min and max order ${differing.name} as <> compares`)
        : missing(`${differing.name} is not known to be of a type that min and max order as <> compares`),
      ...(TEXTS.has(type) ? [facts.textsAsWritten()] : []),
    ];
  },
  rewrite: ({ query, kept, other, keys, differing, conditions }, view) => {
    const own = (tree: TreeValue): TreeValue =>
      mapColumns(view, query, tree, (origin) => (origin.source === other ? columnOf(kept.alias, origin.name) : null));
    const columns = keys.map(({ name }) => columnOf(kept.alias, name));
    const present = columns.map((column) => expression('$1 IS NOT NULL', [column]));
    const value = columnOf(kept.alias, differing.name);
    const { distinctClause: _, groupClause: __, sortClause, ...rest } = query.body;
    const shown = list(query.body, 'targetList').map(
      (item) => originOf(query, bodyOf(item, 'ResTarget')?.['val'])?.name,
    );
    // Some keys alone may come from several groups: a GROUP BY of all keys shows each of those, all else one of a kind.
    const groups = query.body['distinctClause'] === undefined ? groupsOf(query) : null;
    const all = [shown, groups ?? []].some((named) => keys.every(({ name }) => named.includes(name)));
    const body = {
      ...withWhere(rest, [...conditions, ...present]),
      targetList: namedTargets(query.body).map(own),
      fromClause: [kept.item],
      groupClause: columns,
      havingClause: expression('min($1) <> max($1)', [value]),
      ...(all ? {} : { distinctClause: [{}] }),
      ...(sortClause === undefined ? {} : { sortClause: own(sortClause) }),
    };
    return replace(view.statement.tree, query.body, { SelectStmt: body });
  },
  example: {
    schema:
      'CREATE TABLE delivery (id bigint PRIMARY KEY, order_id int, supplier int, note text); CREATE INDEX ON delivery (order_id);',
    data: `
      INSERT INTO delivery SELECT n, n / 40, n / 60, repeat('n', 40) FROM generate_series(1, 20000) AS n;
      ANALYZE;`,
    statement:
      'SELECT DISTINCT a.order_id FROM delivery AS a JOIN delivery AS b ON b.order_id = a.order_id AND b.supplier <> a.supplier',
    gain: { rows: 10, why: 'the table is small and in memory; what falls is how many pairs of rows are made' },
  },
  unsoundTwin: {
    why: 'rows of a group are several without a different value among them',
    to: 'SELECT a.order_id FROM delivery AS a WHERE a.order_id IS NOT NULL GROUP BY a.order_id HAVING count(*) > 1',
  },
});

const TEXTS = new Set(['text', 'varchar']);
const BOUNDS = new Set(['int2', 'int4', 'int8', 'numeric', 'date', 'timestamp', 'timestamptz']);
const DIFFERING = new Set(['<>', '<', '>']);

function siteOf(view: StatementView, query: Query): Site | null {
  const { body } = query;
  const from = query.type === 'SelectStmt' && !hasBareStar(body) ? innerItems(body) : null;
  const [kept, other, more] = query.sources;
  const inherited = [kept, other].map((source) => bodyOf(source?.item, 'RangeVar')?.['inh']);
  if (!from || !kept?.table || !other?.table || more || kept.table.oid !== other.table.oid || from.items.length !== 2)
    return null;
  if (inherited[0] === undefined || inherited[0] !== inherited[1]) return null;
  if (OTHER.some((name) => body[name] !== undefined)) return null;
  const all = [...from.on, body['whereClause']].flatMap(conjuncts);
  const keys: ColumnOrigin[] = [];
  const differing: ColumnOrigin[] = [];
  const own: TreeNode[] = [];
  const others: TreeNode[] = [];
  for (const condition of all) {
    const pair = pairOf(query, condition, { kept, other });
    if (pair) (pair.equal ? keys : differing).push(pair.column);
    else if (holdsSubquery(condition) || originsIn(view, query, condition) === null) return null;
    else if (!mentions(view, query, [condition], other)) own.push(condition);
    else if (!mentions(view, query, [condition], kept)) others.push(condition);
    else return null;
  }
  const named = (condition: TreeNode): string =>
    treeText(
      mapColumns(view, query, condition, (origin) =>
        [kept, other].includes(origin.source) ? columnOf(kept.alias, origin.name) : null,
      ),
    );
  const alike = JSON.stringify(own.map(named).toSorted()) === JSON.stringify(others.map(named).toSorted());
  const [difference, second] = differing;
  const names = keys.map(({ name }) => name);
  if (!alike || !difference || second || keys.length === 0 || !leavesOne(view, query, names)) return null;
  const targets = list(body, 'targetList').map((item) => originOf(query, bodyOf(item, 'ResTarget')?.['val'])?.name);
  if (body['sortClause'] !== undefined && !keys.every(({ name }) => targets.includes(name))) return null;
  const shown = [body['targetList'], body['groupClause'], body['sortClause'], body['distinctClause']];
  const origins = originsIn(view, query, shown.slice(0, 2));
  const isKey = ({ name, source }: ColumnOrigin): boolean =>
    [kept, other].includes(source) && keys.some((key) => key.name === name);
  if (!origins?.every(isKey) || originsIn(view, query, shown)?.every(isKey) !== true) return null;
  return { query, kept, other, keys, differing: difference, conditions: own };
}

/** Whether of equal rows one is as good as several: DISTINCT, GROUP BY without an aggregate, and what IN and EXISTS ask. */
function leavesOne(view: StatementView, query: Query, keys: readonly string[]): boolean {
  const { body, role } = query;
  const targets = list(body, 'targetList');
  if (callsAggregate(targets) || mayGiveRows(view.catalog, targets)) return false;
  if (!targets.every((item) => bodyOf(bodyOf(item, 'ResTarget')?.['val'], 'ColumnRef'))) return false;
  const [on, ...rest] = list(body, 'distinctClause');
  const distinct = isNode(on) && Object.keys(on).length === 0 && rest.length === 0;
  const groups = groupsOf(query);
  if (groups === null || (isNode(on) && !distinct)) return false;
  if (distinct || (role === 'sublink' && isAmong(view, body))) return true;
  // Groups of more columns than are shown are told apart by what is not shown.
  const shown = targets.map((item) => originOf(query, bodyOf(item, 'ResTarget')?.['val'])?.name);
  return (
    groups.length > 0 && (groups.every((name) => shown.includes(name)) || keys.every((name) => groups.includes(name)))
  );
}

/** The columns of GROUP BY, by name or place; null where there is anything else in it, such as ROLLUP. */
function groupsOf(query: Query): readonly string[] | null {
  const targets = list(query.body, 'targetList').map((item) => bodyOf(item, 'ResTarget')?.['val']);
  const groups = list(query.body, 'groupClause').flatMap((item) => {
    const place = wholeConstant(item);
    return originOf(query, place === null ? item : targets[place - 1])?.name ?? [];
  });
  return groups.length === list(query.body, 'groupClause').length ? groups : null;
}

/** Whether it is asked for in `x IN (...)`. */
function isAmong(view: StatementView, select: TreeNode): boolean {
  const visit = (value: TreeValue): boolean => {
    if (Array.isArray(value)) return (value as readonly TreeValue[]).some(visit);
    if (!isNode(value)) return false;
    const sublink = bodyOf(value, 'SubLink');
    if (sublink && bodyOf(sublink['subselect'], 'SelectStmt') === select)
      return (
        sublink['subLinkType'] === 'ANY_SUBLINK' &&
        select['limitCount'] === undefined &&
        select['limitOffset'] === undefined
      );
    return Object.values(value).some(visit);
  };
  return visit(view.statement.tree);
}

/** `a.k = b.k`, or `a.x <> b.x`, of one column. */
function pairOf(
  query: Query,
  condition: TreeNode,
  { kept, other }: { readonly kept: Source; readonly other: Source },
): { readonly equal: boolean; readonly column: ColumnOrigin } | null {
  for (const { operator, left, right } of bothWays(condition)) {
    const [one, two] = [originOf(query, left), originOf(query, right)];
    if (one?.source !== kept || two?.source !== other || one.name !== two.name) continue;
    if (operator === '=' || DIFFERING.has(operator)) return { equal: operator === '=', column: one };
  }
  return null;
}

const OTHER = ['havingClause', 'withClause', 'windowClause', 'lockingClause'];
