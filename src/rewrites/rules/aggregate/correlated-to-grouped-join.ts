import { bodyOf, list, walk } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { columnOf, conjuncts, derived, expression, output, replace, withWhere } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import type { Fact } from '../../facts.js';
import { isArithmetic, notNullOverNothing } from '../../arithmetic.js';
import { freshAlias } from '../../columns.js';
import { correlationOf } from '../../correlation.js';
import { uncastCount } from '../../counts.js';
import type { Correlation } from '../../correlation.js';
import { bothWays, callsIn, functionName, hasBareStar, SHAPING_CLAUSES, wholeConstant } from '../../shapes.js';
import { queryOf } from '../../view.js';
import type { Query } from '../../view.js';

interface Site {
  readonly outer: Query;
  readonly inner: Query;
  readonly comparison: TreeNode;
  readonly sublink: TreeNode;
  readonly value: TreeNode;
  readonly correlation: Correlation;
  /** Whether it is a count, of which at least one is asked for. */
  readonly some: boolean;
}

export default defineRewrite<Site>({
  id: 'aggregate/correlated-to-grouped-join',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: 'A condition `x < (SELECT avg(y) FROM ... WHERE k = outer.k)` becomes a join with the aggregate of every `k` at once: `(SELECT k, avg(y) ... GROUP BY k)`.',
    why: 'PostgreSQL runs a correlated subquery once for each row of the outer query; the grouped one runs once.',
    limits:
      'The comparison is one of the AND-ed conditions of WHERE, with the subquery by itself or in an arithmetic. The aggregates are sum, avg, min and max, in arithmetic alone: over no rows they are NULL, and so is the comparison; a count is 0 there, and is taken where at least one is asked for. The correlation is by equality of columns of one type. The outer query has no `*` that would show the join. Where the outer query leaves few rows, the correlated form may be the faster one: only the trial tells.',
    sources: ['W. Kim: On optimizing an SQL-like nested query, ACM TODS 7 (3), 1982', 'PostgreSQL source, subselect.c'],
  },
  triggers: ['subquery/subplan-per-row'],
  match: (view) =>
    view.queries.flatMap((outer) => {
      if (outer.type !== 'SelectStmt' || hasBareStar(outer.body)) return [];
      return conjuncts(outer.body['whereClause']).flatMap((comparison) =>
        bothWays(comparison).flatMap(({ operator, left, right }) => {
          const sublink = only(right);
          const inner = sublink ? queryOf(view, bodyOf(sublink['subselect'], 'SelectStmt') ?? undefined) : undefined;
          if (!sublink || sublink['subLinkType'] !== 'EXPR_SUBLINK' || inner?.parent !== outer) return [];
          const value = bodyOf(list(inner.body, 'targetList')[0], 'ResTarget')?.['val'];
          if (
            SHAPING_CLAUSES.some((name) => inner.body[name] !== undefined) ||
            list(inner.body, 'targetList').length !== 1
          )
            return [];
          if (callsIn(value).length === 0 || !isArithmetic(value)) return [];
          const correlation = correlationOf(view, inner, [value as TreeNode]);
          return correlation
            ? [
                {
                  outer,
                  inner,
                  comparison,
                  sublink,
                  value: value as TreeNode,
                  correlation,
                  some: sublink === bodyOf(right, 'SubLink') && asksForSome(operator, left, value),
                },
              ]
            : [];
        }),
      );
    }),
  requires: ({ value, correlation, some }) => [
    some
      ? seen('no rows are counted as 0, which is not enough, and then the comparison is not true')
      : nullOverNothing(value),
    ...correlation.facts,
  ],
  rewrite: ({ outer, inner, comparison, sublink, value, correlation }, view) => {
    const alias = freshAlias(view, 'grouped');
    const keys = correlation.pairs.map(({ inside }, i) => output(inside, `${alias}_key${i + 1}`));
    const groups = correlation.pairs.map(({ inside }) => inside);
    const grouped = {
      ...withWhere(inner.body, correlation.rest),
      targetList: [...keys, output(value, `${alias}_value`)],
      groupClause: groups,
    };
    const rest = conjuncts(outer.body['whereClause']).filter((one) => one !== comparison);
    const links = correlation.pairs.map(({ outside }, i) =>
      expression('$1 = $2', [columnOf(alias, `${alias}_key${i + 1}`), outside]),
    );
    const compared = replace(comparison, sublink, columnOf(alias, `${alias}_value`));
    const body = withWhere(outer.body, [...rest, ...links, compared]);
    const from = [...list(body, 'fromClause'), derived(grouped, alias)];
    return replace(view.statement.tree, outer.body, { SelectStmt: { ...body, fromClause: from } });
  },
  example: {
    schema: `
      CREATE TABLE part (id bigint PRIMARY KEY, brand int NOT NULL);
      CREATE TABLE line (id bigint PRIMARY KEY, part_id bigint NOT NULL REFERENCES part, quantity int NOT NULL, price numeric);`,
    data: `
      INSERT INTO part SELECT n, n % 5 FROM generate_series(1, 200) AS n;
      INSERT INTO line SELECT n, 1 + n % 200, n % 50, n % 1000 FROM generate_series(1, 20000) AS n;
      ANALYZE;`,
    statement:
      'SELECT sum(l.price) FROM line AS l, part AS p WHERE p.id = l.part_id AND p.brand = 3 AND l.quantity < (SELECT 0.2 * avg(i.quantity) FROM line AS i WHERE i.part_id = p.id)',
    gain: { buffers: 20 },
  },
  unsoundTwin: {
    why: 'a count over no rows is 0 and not NULL, so that rows without a group are lost',
    statement: 'SELECT p.id FROM part AS p WHERE p.brand > (SELECT count(*) FROM line AS i WHERE i.part_id = p.id)',
  },
});

/** The body of the subquery in an arithmetic of constants and columns, which is NULL as soon as the subquery is; null where there is another call or subquery. */
function only(value: TreeNode): TreeNode | null {
  const found = [...walk(value)].filter(({ type }) => type === 'SubLink');
  const [first] = found;
  const inside = (part: TreeValue): boolean => bodyOf(part, 'SubLink') !== null || bodyOf(part, 'ColumnRef') !== null;
  const outside = first && replace(value, first.body, { A_Const: { isnull: true } });
  return first && callsIn(outside ?? null).length === 0 && isArithmetic(value, inside) ? first.body : null;
}

/** `n <= count(...)` with n from 1 on, and the like. The constant is on the left. */
function asksForSome(operator: string, constant: TreeNode, value: TreeValue): boolean {
  const call = bodyOf(uncastCount(value), 'FuncCall');
  const count = wholeConstant(constant);
  if (!call || functionName(call) !== 'count' || call['over'] !== undefined || count === null) return false;
  return (count >= 1 && ['<=', '='].includes(operator)) || (count >= 0 && operator === '<');
}

function nullOverNothing(value: TreeNode): Fact {
  const other = notNullOverNothing(value);
  if (other !== null) return missing(`${other}() is not known to be NULL over no rows`);
  return seen('the aggregate is NULL over no rows, and then the comparison is not true');
}
