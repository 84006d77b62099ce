import { bodyOf, list, textOf } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { heldNotNull } from '../../truth.js';
import { sortOriginOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly key: TreeNode;
  readonly origin: ColumnOrigin;
}

export default defineRewrite<Site>({
  id: 'order/nulls-order',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`ORDER BY c DESC NULLS LAST` and `c ASC NULLS FIRST`, where c is not NULL, become `ORDER BY c DESC` and `c ASC`.',
    why: 'A plain btree index has NULLs at the other end, and the planner does not look at NOT NULL: it sorts.',
    limits:
      'The column is a NOT NULL column of a table, on no nullable side of an outer join, or WHERE compares it or says `IS NOT NULL` of it.',
    sources: ['PostgreSQL manual, "Indexes and ORDER BY"'],
  },
  triggers: ['rows/top-n-over-many'],
  match: (view) =>
    view.queries.flatMap((query) =>
      list(query.body, 'sortClause').flatMap((item) => {
        const key = bodyOf(item, 'SortBy');
        const origin = key ? sortOriginOf(query, key['node']) : null;
        if (!key || !origin) return [];
        const order = `${textOf(key, 'sortby_dir')} ${textOf(key, 'sortby_nulls')}`;
        const needless = [
          'SORTBY_DESC SORTBY_NULLS_LAST',
          'SORTBY_ASC SORTBY_NULLS_FIRST',
          'SORTBY_DEFAULT SORTBY_NULLS_FIRST',
        ];
        return needless.includes(order) ? [{ key, origin }] : [];
      }),
    ),
  requires: ({ origin }, facts) => [heldNotNull(origin) ?? facts.notNull(origin)],
  rewrite: ({ key }, view) =>
    replace(view.statement.tree, key, { SortBy: { ...key, sortby_nulls: 'SORTBY_NULLS_DEFAULT' } }),
  example: {
    schema: 'CREATE TABLE post (id bigint PRIMARY KEY, score int NOT NULL, title text);',
    data: `
      INSERT INTO post SELECT n, n * 7919 % 40000, repeat('t', 60) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON post (score);
      ANALYZE;`,
    statement: 'SELECT id, title FROM post ORDER BY score DESC NULLS LAST LIMIT 10',
    gain: { buffers: 20 },
  },
  unsoundTwin: {
    why: 'the column may be NULL, and those rows would come first',
    schema: 'CREATE TABLE post (id bigint PRIMARY KEY, score int, title text);',
  },
});
