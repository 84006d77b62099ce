import { bodyOf, walk } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { existence } from '../../build.js';
import { withNames } from '../../columns.js';
import { countedRows } from '../../counted.js';
import { asksForSeveral } from '../../counts.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { queryOf } from '../../view.js';

interface Site {
  readonly comparison: TreeNode;
  /** The subquery with the rows alone that are counted. */
  readonly rows: TreeNode;
  readonly least: number;
  readonly isAny: boolean;
}

export default defineRewrite<Site>({
  id: 'subquery/count-above-to-exists',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`(SELECT count(*) ...) > 3`, whether there are four rows, becomes `EXISTS (... OFFSET 3)`; `>=` alike, `<` and `<=` become NOT EXISTS; FILTER and `c IS NOT NULL` of `count(c)` become conditions.',
    why: 'The count reads every row of the subquery; with OFFSET it stops at the fourth.',
    limits:
      'A literal number of two rows and more; `count(DISTINCT c)` counts no rows. The subquery has no GROUP BY, HAVING, LIMIT or OFFSET. Where few rows are counted, both forms read them: the trial tells.',
    sources: ['PostgreSQL manual, "Subquery Expressions", section "EXISTS"', 'PostgreSQL manual, "LIMIT and OFFSET"'],
  },
  triggers: ['subquery/subplan-per-row', 'rows/many-rows-deduplicated'],
  match: (view) =>
    view.queries.flatMap((query) =>
      [...walk(query.body)].flatMap(({ type, body }) => {
        const found = type === 'A_Expr' ? asksForSeveral({ A_Expr: body }) : null;
        const sublink = bodyOf(found?.counted, 'SubLink');
        if (!found || sublink?.['subLinkType'] !== 'EXPR_SUBLINK') return [];
        const inner = queryOf(view, bodyOf(sublink['subselect'], 'SelectStmt') ?? undefined);
        const rows = inner?.parent === query ? countedRows(view, inner, ['count']) : null;
        return rows && !rows.isDistinct
          ? [{ comparison: body, rows: rows.body, least: found.least, isAny: found.isAny }]
          : [];
      }),
    ),
  requires: ({ least }) => [
    seen(`there is a row after ${least - 1} others just where ${least} are counted: the count is never NULL`),
  ],
  rewrite: ({ comparison, rows, least, isAny }, view) => {
    const limitOffset = { A_Const: { ival: { ival: least - 1 } } };
    const enough = { ...rows, limitOffset, limitOption: 'LIMIT_OPTION_COUNT' };
    return withNames(view.statement.tree, comparison, existence(enough, isAny));
  },
  example: {
    schema: `
      CREATE TABLE customer (id bigint PRIMARY KEY, name text NOT NULL);
      CREATE TABLE purchase (id bigint PRIMARY KEY, customer_id bigint REFERENCES customer, paid boolean);`,
    data: `
      INSERT INTO customer SELECT n, 'customer ' || n FROM generate_series(1, 200) AS n;
      INSERT INTO purchase SELECT n, 1 + n % 200, n % 3 = 0 FROM generate_series(1, 60000) AS n;
      CREATE INDEX ON purchase (customer_id);
      VACUUM ANALYZE;`,
    statement:
      'SELECT c.id, c.name FROM customer AS c WHERE (SELECT count(*) FROM purchase AS p WHERE p.customer_id = c.id AND p.paid) >= 5',
    gain: { buffers: 5 },
  },
  unsoundTwin: {
    why: 'five rows are four others and one more',
    to: 'SELECT c.id, c.name FROM customer AS c WHERE EXISTS (SELECT 1 FROM purchase AS p WHERE p.customer_id = c.id AND p.paid OFFSET 5)',
  },
});
