import { field, treeText } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { conjuncts, replace, withWhere } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { withoutDuplicates } from '../../duplicates.js';
import { seen } from '../../facts.js';
import { isPlain } from '../../shapes.js';
import { queryOf } from '../../view.js';
import type { Query } from '../../view.js';
import { unions } from '../../unions.js';

interface Site {
  readonly union: TreeNode;
  readonly left: Query;
  readonly alternatives: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'union/union-to-or',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT ... FROM t WHERE p UNION SELECT ... FROM t WHERE q`, alike but for WHERE, becomes `SELECT ... FROM t WHERE p OR q`.',
    why: 'The tables are read once in place of twice, and nothing is sorted or hashed to find what came twice.',
    limits: 'Both queries show the same columns of the same tables, a unique key of each among them.',
    sources: ['PostgreSQL manual, "Combining Queries (UNION, INTERSECT, EXCEPT)"'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) =>
    unions(view).flatMap((union) => {
      const [left, right] = [queryOf(view, field(union, 'larg')), queryOf(view, field(union, 'rarg'))];
      if (!left || !right || !isPlain(left.body) || !isPlain(right.body)) return [];
      const bare = ({ body }: Query): string => treeText({ ...body, whereClause: null });
      const [p, q] = [left.body['whereClause'], right.body['whereClause']];
      if (bare(left) !== bare(right) || p === undefined || q === undefined) return [];
      if (left.body['sortClause'] !== undefined) return [];
      return [{ union, left, alternatives: [p as TreeNode, q as TreeNode] }];
    }),
  requires: ({ left }, facts) => [seen('the two queries are alike but for WHERE'), withoutDuplicates(left, facts)],
  rewrite: ({ union, left, alternatives }, view) => {
    const either = { BoolExpr: { boolop: 'OR_EXPR', args: alternatives } };
    const kept = Object.fromEntries(
      Object.entries(union).filter(([name]) =>
        ['sortClause', 'limitCount', 'limitOffset', 'limitOption', 'withClause'].includes(name),
      ),
    );
    const body = withWhere({ ...left.body, ...kept }, conjuncts(either));
    return replace(view.statement.tree, union, { SelectStmt: body });
  },
  example: {
    schema: 'CREATE TABLE post (id bigint PRIMARY KEY, author int, editor int, title text NOT NULL);',
    data: `
      INSERT INTO post SELECT n, n % 90, n % 70, repeat('p', 80) FROM generate_series(1, 30000) AS n;
      ANALYZE;`,
    statement: 'SELECT id, title FROM post WHERE author = 7 UNION SELECT id, title FROM post WHERE editor = 7',
    gain: { buffers: 1.8 },
  },
  unsoundTwin: {
    why: 'without a key in the output, rows that are alike become one by UNION alone',
    statement: 'SELECT title FROM post WHERE author = 7 UNION SELECT title FROM post WHERE editor = 7',
  },
});
