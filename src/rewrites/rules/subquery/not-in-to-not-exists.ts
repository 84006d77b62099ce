import { bodyOf, list, names, typed, walk } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { columnOf, conjuncts, existence, expression, replace, withWhere } from '../../build.js';
import { isSelfContained } from '../../correlation.js';
import { defineRewrite } from '../../define.js';
import { factsOf, seen } from '../../facts.js';
import type { Fact, Facts } from '../../facts.js';
import { isPlain } from '../../shapes.js';
import { conditionsOf, heldNotNull } from '../../truth.js';
import { originOf, queryOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  /** The body of the NOT, or of the `<> ALL`. */
  readonly whole: TreeNode;
  readonly inner: Query;
  readonly outerColumn: ColumnOrigin;
  readonly innerColumn: ColumnOrigin;
  /** It is a condition, and the subquery names nothing outside: whether it has any row is one question for all rows. */
  readonly alone: boolean;
}

export default defineRewrite<Site>({
  id: 'subquery/not-in-to-not-exists',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`x NOT IN (SELECT y ...)`, or `x <> ALL (...)`, where y can not be NULL, becomes `NOT EXISTS (... AND y = x)`; where x may be NULL, `AND (x IS NOT NULL OR NOT EXISTS (...))` beside it.',
    why: 'PostgreSQL can not turn NOT IN into a join, because of NULL. A subquery that does not fit work_mem is read from beginning to end for each row; NOT EXISTS becomes an anti join.',
    limits:
      'y is a NOT NULL column of a table, on no nullable side of an outer join, or WHERE says `IS NOT NULL` of it; x as well, or the whole is one of the conditions of WHERE, and the subquery names nothing outside. The subquery does not group, limit or combine rows. Where the plan shows the subquery hashed, the rewrite is seldom faster: the trial tells.',
    sources: ['PostgreSQL manual, "Subquery Expressions"', 'PostgreSQL source, `subplan_is_hashable` in subselect.c'],
  },
  triggers: ['subquery/unhashed-not-in'],
  match: (view) => {
    const conditions = conditionsOf(view);
    return view.queries.flatMap((query) =>
      [...walk(query.body)].flatMap(({ type, body }) => {
        const sublink = notIn(type, body);
        if (!sublink) return [];
        const inner = queryOf(view, bodyOf(sublink['subselect'], 'SelectStmt') ?? undefined);
        const target = inner ? bodyOf(list(inner.body, 'targetList')[0], 'ResTarget') : null;
        if (!inner || inner.parent !== query || !target || !isPlain(inner.body)) return [];
        const outerColumn = originOf(query, sublink['testexpr']);
        const innerColumn = originOf(inner, target['val']);
        if (!outerColumn || innerColumn?.query !== inner) return [];
        const isCondition = conditions.some(({ node }) => typed(node)?.body === body);
        const alone = isCondition && isSelfContained(view, inner, [{ SelectStmt: inner.body }]);
        return [{ whole: body, inner, outerColumn, innerColumn, alone }];
      }),
    );
  },
  requires: ({ outerColumn, innerColumn, alone }, facts) => [
    outsideFact({ outerColumn, alone }, facts),
    heldNotNull(innerColumn) ?? facts.notNull(innerColumn),
    seen('the subquery neither groups, limits nor combines rows'),
  ],
  rewrite: ({ whole, inner, outerColumn, innerColumn }, view) => {
    const facts = factsOf(view.catalog);
    if (inner.sources.some((source) => source.alias === outerColumn.source.alias)) return null;
    const equal = expression('$1 = $2', [
      columnOf(innerColumn.source.alias, innerColumn.name),
      columnOf(outerColumn.source.alias, outerColumn.name),
    ]);
    const { sortClause: _, ...body } = inner.body;
    const select = withWhere(body, [...conjuncts(body['whereClause']), equal]);
    const none = existence(select, false);
    if ((heldNotNull(outerColumn) ?? facts.notNull(outerColumn)).holds)
      return replace(view.statement.tree, whole, none);
    // NULL is in no list, and not in an empty one all the same.
    const column = columnOf(outerColumn.source.alias, outerColumn.name);
    const either = expression('$1 IS NOT NULL OR $2', [column, existence(body, false)]);
    return replace(view.statement.tree, whole, { BoolExpr: { boolop: 'AND_EXPR', args: [none, either] } });
  },
  example: {
    schema: `
      CREATE TABLE visitor (id bigint PRIMARY KEY, email text NOT NULL);
      CREATE TABLE unwanted (email text NOT NULL, why text NOT NULL);`,
    data: `
      INSERT INTO visitor SELECT n, repeat('v', 400) || n FROM generate_series(1, 200) AS n;
      INSERT INTO unwanted SELECT repeat('v', 400) || n * 7, 'spam' FROM generate_series(1, 30000) AS n;
      ANALYZE;`,
    statement: 'SELECT id FROM visitor WHERE email NOT IN (SELECT email FROM unwanted)',
    gain: { rows: 10, why: 'the subquery is kept in memory, so that reading it again and again touches no buffer' },
  },
  unsoundTwin: {
    why: 'the column of the subquery may be NULL, and one NULL there leaves out every row',
    schema: `
      CREATE TABLE visitor (id bigint PRIMARY KEY, email text NOT NULL);
      CREATE TABLE unwanted (email text, why text NOT NULL);`,
  },
});

function outsideFact({ outerColumn, alone }: Pick<Site, 'outerColumn' | 'alone'>, facts: Facts): Fact {
  const fact = heldNotNull(outerColumn) ?? facts.notNull(outerColumn);
  return alone && !fact.holds ? seen('a row without a value is asked for whether the subquery has any row') : fact;
}

function notIn(type: string, body: TreeNode): TreeNode | null {
  if (type === 'SubLink') {
    return body['subLinkType'] === 'ALL_SUBLINK' && names(list(body, 'operName')).join('.') === '<>' ? body : null;
  }
  const inside = type === 'BoolExpr' && body['boolop'] === 'NOT_EXPR' ? bodyOf(list(body, 'args')[0], 'SubLink') : null;
  return inside?.['subLinkType'] === 'ANY_SUBLINK' && list(inside, 'operName').length === 0 ? inside : null;
}
