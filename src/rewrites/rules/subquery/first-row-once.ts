import { bodyOf, field, isNode, list, treeText } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { columnOf, conjuncts, derived, output, replace } from '../../build.js';
import { freshAlias, withNames } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { factsOf, missing, seen } from '../../facts.js';
import type { Fact } from '../../facts.js';
import { onlyTable } from '../../loose-scan.js';
import { bothWays, callsAggregate, hasBareStar, isConstant, mayGiveRows, wholeConstant } from '../../shapes.js';
import { originOf, queryOf } from '../../view.js';
import type { Query, StatementView } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly inner: readonly Query[];
  readonly sublinks: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'subquery/first-row-once',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT (SELECT b.x FROM b WHERE ... ORDER BY b.at DESC LIMIT 1), (SELECT b.y FROM b WHERE ... ORDER BY b.at DESC LIMIT 1) FROM a`, several columns of one row, becomes one LEFT JOIN LATERAL.',
    why: 'PostgreSQL runs each subquery for each row of a, although all of them find the same row.',
    limits:
      'The subqueries differ in the shown value alone, read one table, and their order leaves no choice: it holds a unique key of the table, equalities of WHERE counted in.',
    sources: ['PostgreSQL manual, "LATERAL Subqueries"'],
  },
  triggers: ['subquery/subplan-per-row'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      const away = ['groupClause', 'havingClause', 'lockingClause', 'windowClause', 'distinctClause'];
      if (query.type !== 'SelectStmt' || hasBareStar(body) || list(body, 'fromClause').length === 0) return [];
      if (away.some((name) => body[name] !== undefined) || list(body, 'targetList').some(callsAggregate)) return [];
      const groups = new Map<string, { inner: Query[]; sublinks: TreeNode[] }>();
      for (const item of list(body, 'targetList')) {
        const sublink = bodyOf(bodyOf(item, 'ResTarget')?.['val'], 'SubLink');
        const inner = sublink ? firstRowOf(view, query, sublink) : null;
        if (!sublink || !inner) continue;
        const { targetList: _, ...rows } = inner.body;
        const group = groups.get(treeText(rows)) ?? { inner: [], sublinks: [] };
        groups.set(treeText(rows), { inner: [...group.inner, inner], sublinks: [...group.sublinks, sublink] });
      }
      return [...groups.values()].flatMap((group) => (group.inner.length > 1 ? [{ query, ...group }] : []));
    }),
  requires: ({ inner: [first] }, _facts, view) => [
    first ? withoutTies(view, first) : missing('there is no subquery'),
    seen('the subqueries read the same rows in the same order'),
  ],
  rewrite: ({ query, inner, sublinks }, view) => {
    const [first] = inner;
    if (!first) return null;
    const alias = freshAlias(view, 'first');
    const values = inner.flatMap(({ body }, i) => {
      const value = bodyOf(list(body, 'targetList')[0], 'ResTarget')?.['val'];
      return isNode(value) ? [output(value, `value_${i + 1}`)] : [];
    });
    const larg = list(query.body, 'fromClause')
      .filter(isNode)
      .reduce((left, rarg) => ({ JoinExpr: { jointype: 'JOIN_INNER', larg: left, rarg } }));
    const rarg = derived({ ...first.body, targetList: values }, alias, true);
    const quals = { A_Const: { boolval: { boolval: true } } };
    let shown = { targetList: query.body['targetList'] } as TreeNode;
    sublinks.forEach((sublink, i) => {
      shown = withNames(shown, sublink, columnOf(alias, `value_${i + 1}`));
    });
    const body = { ...query.body, ...shown, fromClause: [{ JoinExpr: { jointype: 'JOIN_LEFT', larg, rarg, quals } }] };
    return replace(view.statement.tree, query.body, { SelectStmt: body });
  },
  example: {
    schema: `
      CREATE TABLE customer (id bigint PRIMARY KEY, name text NOT NULL);
      CREATE TABLE purchase (id bigint PRIMARY KEY, customer_id bigint NOT NULL, at timestamptz NOT NULL, amount int, code text);`,
    data: `
      INSERT INTO customer SELECT n, 'customer ' || n FROM generate_series(1, 2000) AS n;
      INSERT INTO purchase SELECT n, 1 + n % 2000, timestamptz '2024-01-01' + n * interval '1 minute', n % 77, 'c' || n FROM generate_series(1, 20000) AS n;
      CREATE INDEX ON purchase (customer_id, at, id);
      VACUUM ANALYZE;`,
    statement:
      'SELECT c.id, (SELECT p.amount FROM purchase AS p WHERE p.customer_id = c.id ORDER BY p.at DESC, p.id DESC LIMIT 1) AS amount, (SELECT p.code FROM purchase AS p WHERE p.customer_id = c.id ORDER BY p.at DESC, p.id DESC LIMIT 1) AS code FROM customer AS c',
    gain: { buffers: 1.5 },
  },
  unsoundTwin: {
    why: 'an inner join leaves out the rows for which nothing is found',
    to: 'SELECT c.id, first.value_1 AS amount, first.value_2 AS code FROM customer AS c CROSS JOIN LATERAL (SELECT p.amount AS value_1, p.code AS value_2 FROM purchase AS p WHERE p.customer_id = c.id ORDER BY p.at DESC, p.id DESC LIMIT 1) AS first',
  },
});

/** The query of `(SELECT ... FROM one table ... ORDER BY columns LIMIT 1)`; null for anything else. */
function firstRowOf(view: StatementView, outer: Query, sublink: TreeNode): Query | null {
  const inner = queryOf(view, bodyOf(sublink['subselect'], 'SelectStmt') ?? undefined);
  if (sublink['subLinkType'] !== 'EXPR_SUBLINK' || inner?.parent !== outer || !onlyTable(inner)) return null;
  const { body } = inner;
  const targets = list(body, 'targetList');
  const away = ['groupClause', 'havingClause', 'distinctClause', 'windowClause', 'lockingClause', 'limitOffset'];
  if (away.some((name) => body[name] !== undefined) || field(body, 'withClause') !== null) return null;
  if (wholeConstant(body['limitCount']) !== 1 || targets.length !== 1 || targets.some(callsAggregate)) return null;
  const ordered = list(body, 'sortClause').every((item) => {
    const key = bodyOf(item, 'SortBy');
    return originOf(inner, key?.['node'])?.query === inner;
  });
  return ordered && !mayGiveRows(view.catalog, targets) && bodyOf(targets[0], 'ResTarget')?.['name'] === undefined
    ? inner
    : null;
}

function withoutTies(view: StatementView, inner: Query): Fact {
  const table = onlyTable(inner)?.table;
  const keys = list(inner.body, 'sortClause').map((item) => bodyOf(item, 'SortBy')?.['node']);
  const columns = [...keys.flatMap((key) => originOf(inner, key)?.name ?? []), ...fixedColumns(inner)];
  return table ? factsOf(view.catalog).unique(table, columns) : missing('the subquery does not read one table');
}

/** Columns that WHERE holds equal to something that is one value for each row outside. */
function fixedColumns(inner: Query): readonly string[] {
  return conjuncts(inner.body['whereClause']).flatMap((condition) =>
    bothWays(condition).flatMap(({ operator, left, right }) => {
      const [own, other] = [originOf(inner, left), originOf(inner, right)];
      const isFixedSide = isConstant(right) || (other !== null && other.query !== inner);
      return operator === '=' && own?.query === inner && isFixedSide ? [own.name] : [];
    }),
  );
}
