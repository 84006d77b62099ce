import { bodyOf, isNode, walk } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { existence } from '../../build.js';
import { withNames } from '../../columns.js';
import { countedRows } from '../../counted.js';
import { asksForAny } from '../../counts.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { queryOf } from '../../view.js';

interface Site {
  readonly comparison: TreeNode;
  /** The subquery with the rows alone that are counted. */
  readonly rows: TreeNode;
  readonly isAny: boolean;
}

export default defineRewrite<Site>({
  id: 'subquery/count-to-exists',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`(SELECT count(*) ...) > 0` becomes `EXISTS (...)`, and `= 0` becomes `NOT EXISTS (...)`; `count(c)` of a column that may be NULL gets `c IS NOT NULL` there, and FILTER becomes a condition; `(SELECT max(c) ...) IS NOT NULL` and `IS NULL`, of min alike.',
    why: 'The count reads every row of the subquery; EXISTS stops at the first, and can become a semi join.',
    limits: 'The subquery has no GROUP BY, HAVING, LIMIT or OFFSET; what is counted is a column of a common type.',
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
        const rows = inner?.parent === query ? countedRows(view, inner, found.by) : null;
        return rows ? [{ comparison: node.body, rows: rows.body, isAny: found.isAny }] : [];
      }),
    ),
  requires: () => [
    seen('a row is there just where one is counted: the count is never NULL, and what is counted is not NULL there'),
  ],
  rewrite: ({ comparison, rows, isAny }, view) => withNames(view.statement.tree, comparison, existence(rows, isAny)),
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
    to: 'SELECT c.id, c.name FROM customer AS c WHERE EXISTS (SELECT 1 FROM purchase AS p WHERE p.customer_id = c.id)',
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
