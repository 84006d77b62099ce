import { list, typed, walk } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { existence, replace } from '../../build.js';
import { withNames } from '../../columns.js';
import { asksForAny } from '../../counts.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { functionName } from '../../shapes.js';
import type { Query } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly comparison: TreeNode;
  readonly isAny: boolean;
}

export default defineRewrite<Site>({
  id: 'aggregate/count-only-to-exists',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT count(*) > 0 FROM t WHERE ...` becomes `SELECT EXISTS (SELECT 1 FROM t WHERE ...)`; `= 0`, and the same within CASE, alike.',
    why: 'The count reads every row; EXISTS stops at the first.',
    limits:
      'The output is one column with one count(*), and that is compared with 0 or 1. No GROUP BY, HAVING, ORDER BY or LIMIT.',
    sources: ['PostgreSQL manual, "Subquery Expressions", section "EXISTS"'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      const [target, more] = list(body, 'targetList');
      if (query.type !== 'SelectStmt' || more || list(body, 'fromClause').length === 0) return [];
      if (OTHER.some((name) => body[name] !== undefined)) return [];
      const nodes = [...walk(target)];
      const others = nodes.filter(
        ({ type, body: node }) => ['ColumnRef', 'SubLink'].includes(type) || (type === 'FuncCall' && !isCount(node)),
      );
      const counts = nodes.filter(({ type, body: node }) => type === 'FuncCall' && isCount(node));
      if (others.length > 0 || counts.length !== 1) return [];
      return nodes.flatMap(({ type, body: node }) => {
        const found = type === 'A_Expr' ? asksForAny({ A_Expr: node }) : null;
        const call = typed(found?.counted)?.body;
        return found && call && isCount(call) ? [{ query, comparison: node, isAny: found.isAny }] : [];
      });
    }),
  requires: () => [seen('without GROUP BY there is one row of output, also over no rows; count(*) is never NULL')],
  rewrite: ({ query, comparison, isAny }, view) => {
    const { targetList: _, ...rest } = query.body;
    const { withClause, ...inner } = rest;
    const to = existence(inner, isAny);
    const shown = withNames({ targetList: query.body['targetList'] }, comparison, to);
    const outer = { limitOption: 'LIMIT_OPTION_DEFAULT', op: 'SETOP_NONE', ...(withClause ? { withClause } : {}) };
    return replace(view.statement.tree, query.body, { SelectStmt: { ...outer, ...shown } });
  },
  example: {
    schema: 'CREATE TABLE task (id bigint PRIMARY KEY, state text NOT NULL, title text);',
    data: `
      INSERT INTO task SELECT n, 'open', repeat('t', 60) FROM generate_series(1, 20000) AS n;
      ANALYZE;`,
    statement: "SELECT count(*) > 0 AS waiting FROM task WHERE state = 'open'",
    gain: { buffers: 50 },
  },
  unsoundTwin: {
    why: 'a count above 1 wants two rows',
    statement: "SELECT count(*) > 1 AS waiting FROM task WHERE state = 'open'",
    to: "SELECT EXISTS (SELECT 1 FROM task WHERE state = 'open') AS waiting",
  },
});

const OTHER = [
  'groupClause',
  'havingClause',
  'sortClause',
  'limitCount',
  'limitOffset',
  'distinctClause',
  'windowClause',
  'lockingClause',
];

function isCount(call: TreeNode): boolean {
  return (
    functionName(call) === 'count' &&
    call['agg_star'] === true &&
    call['over'] === undefined &&
    call['agg_filter'] === undefined
  );
}
