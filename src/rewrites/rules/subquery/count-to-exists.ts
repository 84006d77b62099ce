import { bodyOf, list, walk } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { existence } from '../../build.js';
import { withNames } from '../../columns.js';
import { asksForAny } from '../../counts.js';
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
    what: '`(SELECT count(*) ...) > 0` becomes `EXISTS (...)`, and `= 0` becomes `NOT EXISTS (...)`.',
    why: 'The count reads every row of the subquery; EXISTS stops at the first, and can become a semi join.',
    limits: 'count(x) only where x is a NOT NULL column; the subquery has no GROUP BY, HAVING, LIMIT or OFFSET.',
    sources: ['PostgreSQL manual, "Subquery Expressions", section "EXISTS"'],
  },
  triggers: ['subquery/subplan-per-row', 'rows/many-rows-deduplicated'],
  match: (view) =>
    view.queries.flatMap((query) =>
      [...walk(query.body)].flatMap((node) => {
        if (node.type !== 'A_Expr') return [];
        const found = asksForAny({ A_Expr: node.body });
        const sublink = bodyOf(found?.counted, 'SubLink');
        if (!found || sublink?.['subLinkType'] !== 'EXPR_SUBLINK') return [];
        const inner = queryOf(view, bodyOf(sublink['subselect'], 'SelectStmt') ?? undefined);
        if (!inner || inner.parent !== query || !isCountOnly(inner.body)) return [];
        const call = bodyOf(bodyOf(list(inner.body, 'targetList')[0], 'ResTarget')?.['val'], 'FuncCall') ?? {};
        const counted = call['agg_star'] === true ? null : originOf(inner, list(call, 'args')[0]);
        if (call['agg_star'] !== true && counted === null) return [];
        return [{ comparison: node.body, inner, isAny: found.isAny, counted }];
      }),
    ),
  requires: ({ counted }, facts) => [
    counted ? facts.notNull(counted) : seen('count(*) counts every row and is never NULL'),
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

function isCountOnly(body: TreeNode): boolean {
  const call = bodyOf(bodyOf(list(body, 'targetList')[0], 'ResTarget')?.['val'], 'FuncCall');
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
    functionName(call) === 'count' &&
    call['over'] === undefined &&
    call['agg_filter'] === undefined &&
    list(body, 'targetList').length === 1 &&
    list(body, 'fromClause').length > 0 &&
    clauses.every((name) => body[name] === undefined)
  );
}
