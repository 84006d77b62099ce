import { bodyOf, isNode, list, walk } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { existence } from '../../build.js';
import { withNames } from '../../columns.js';
import { asksForAny, uncastCount } from '../../counts.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { functionName } from '../../shapes.js';
import { originOf, queryOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly comparison: TreeNode;
  readonly inner: Query;
  readonly isAny: boolean;
  /** Null for count(*). */
  readonly counted: ColumnOrigin | null;
}

export default defineRewrite<Site>({
  id: 'subquery/count-to-exists',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`(SELECT count(*) ...) > 0` becomes `EXISTS (...)`, and `= 0` becomes `NOT EXISTS (...)`; `(SELECT max(c) ...) IS NOT NULL` and `IS NULL`, of min alike.',
    why: 'The count reads every row of the subquery; EXISTS stops at the first, and can become a semi join.',
    limits:
      'count(x), min(x) and max(x) only where x is a NOT NULL column; the subquery has no GROUP BY, HAVING, LIMIT or OFFSET.',
    sources: ['PostgreSQL manual, "Subquery Expressions", section "EXISTS"'],
  },
  triggers: ['subquery/subplan-per-row', 'rows/many-rows-deduplicated'],
  match: (view) =>
    view.queries.flatMap((query) =>
      [...walk(query.body)].flatMap((node) => {
        const found = askedFor(node);
        const sublink = bodyOf(found?.counted, 'SubLink');
        if (!found || sublink?.['subLinkType'] !== 'EXPR_SUBLINK') return [];
        const inner = queryOf(view, bodyOf(sublink['subselect'], 'SelectStmt') ?? undefined);
        if (!inner || inner.parent !== query || !isCallOnly(inner.body, found.by)) return [];
        const call = callOf(inner.body) ?? {};
        const each = call['agg_star'] === true || isLiteral(list(call, 'args')[0]);
        const counted = each ? null : originOf(inner, list(call, 'args')[0]);
        if (!each && counted === null) return [];
        return [{ comparison: node.body, inner, isAny: found.isAny, counted }];
      }),
    ),
  requires: ({ counted }, facts) => [
    counted ? facts.notNull(counted) : seen('every row is counted, and the count is never NULL'),
  ],
  rewrite: ({ comparison, inner, isAny }, view) => {
    const { sortClause: _, ...body } = inner.body;
    return withNames(view.statement.tree, comparison, existence(body, isAny));
  },
  example: {
    schema: `
      CREATE TABLE customer (id bigint PRIMARY KEY, name text NOT NULL);
      CREATE TABLE purchase (id bigint PRIMARY KEY, customer_id bigint REFERENCES customer, paid boolean);`,
    data: `
      INSERT INTO customer SELECT n, 'customer ' || n FROM generate_series(1, 300) AS n;
      INSERT INTO purchase SELECT n, 1 + n % 300, n % 3 = 0 FROM generate_series(1, 60000) AS n;
      CREATE INDEX ON purchase (customer_id);
      ANALYZE;`,
    statement:
      'SELECT c.id, c.name FROM customer AS c WHERE (SELECT count(*) FROM purchase AS p WHERE p.customer_id = c.id) > 0',
    gain: { buffers: 5 },
  },
  unsoundTwin: {
    why: 'the counted column may be NULL: rows are there, and none is counted',
    statement:
      'SELECT c.id, c.name FROM customer AS c WHERE (SELECT count(p.paid) FROM purchase AS p WHERE p.customer_id = c.id) > 0',
  },
});

/** What is asked of a subquery, and the aggregates whose result says it. */
function askedFor({
  type,
  body,
}: {
  readonly type: string;
  readonly body: TreeNode;
}): { readonly counted: TreeNode; readonly isAny: boolean; readonly by: readonly string[] } | null {
  if (type === 'NullTest' && isNode(body['arg']))
    return { counted: body['arg'], isAny: body['nulltesttype'] === 'IS_NOT_NULL', by: ['min', 'max'] };
  const found = type === 'A_Expr' ? asksForAny({ A_Expr: body }) : null;
  return found && { ...found, by: ['count'] };
}

/** A literal that is not NULL. */
function isLiteral(value: TreeValue): boolean {
  const constant = bodyOf(value, 'A_Const');
  return constant !== null && constant['isnull'] === undefined;
}

/** The aggregate that a subquery shows, a count cast to a whole type as well: what EF Core sends. */
function callOf(body: TreeNode): TreeNode | null {
  const value = bodyOf(list(body, 'targetList')[0], 'ResTarget')?.['val'] ?? null;
  return bodyOf(uncastCount(value), 'FuncCall');
}

function isCallOnly(body: TreeNode, names: readonly string[]): boolean {
  const call = callOf(body);
  const clauses = [
    'groupClause',
    'havingClause',
    'limitCount',
    'limitOffset',
    'distinctClause',
    'withClause',
    'windowClause',
    'lockingClause',
  ];
  return (
    call !== null &&
    names.includes(functionName(call)) &&
    call['over'] === undefined &&
    call['agg_filter'] === undefined &&
    list(body, 'targetList').length === 1 &&
    list(body, 'fromClause').length > 0 &&
    clauses.every((name) => body[name] === undefined)
  );
}
