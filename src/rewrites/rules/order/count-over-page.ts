import { bodyOf, list } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { expression, output, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { isWholeCount } from '../../numbered.js';
import { callsIn } from '../../shapes.js';
import type { Query } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly target: TreeNode;
}

export default defineRewrite<Site>({
  id: 'order/count-over-page',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT ..., count(*) OVER () FROM ... LIMIT n` becomes `SELECT ..., (SELECT count(*) FROM ...) FROM ... LIMIT n`.',
    why: 'The window keeps every row, with all its columns, before the first is given; the count by itself can be made from an index, and the page stops early.',
    limits:
      'count(*) OVER () is an output column of its own and the only window function; no GROUP BY, DISTINCT or CTE. On a page without rows no count is shown in either form.',
    sources: ['PostgreSQL manual, "Window Functions"'],
  },
  triggers: ['subquery/window-discards'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      const other = ['groupClause', 'havingClause', 'distinctClause', 'windowClause', 'withClause', 'lockingClause'];
      if (query.type !== 'SelectStmt' || body['limitCount'] === undefined || query.sources.length === 0) return [];
      if (other.some((name) => body[name] !== undefined)) return [];
      const windows = callsIn(body['targetList']).filter(({ body: call }) => call['over'] !== undefined);
      const target = list(body, 'targetList').find((item) => isWholeCount(bodyOf(item, 'ResTarget')?.['val']));
      const own = bodyOf(target, 'ResTarget');
      return own && windows.length === 1 && callsIn(body['sortClause']).length === 0 ? [{ query, target: own }] : [];
    }),
  requires: () => [seen('the count is of the same rows: those of FROM and WHERE, before LIMIT')],
  rewrite: ({ query, target }, view) => {
    const { fromClause, whereClause } = query.body;
    const select = {
      targetList: [output(expression('count(*)'))],
      fromClause,
      ...(whereClause === undefined ? {} : { whereClause }),
      limitOption: 'LIMIT_OPTION_DEFAULT',
      op: 'SETOP_NONE',
    };
    const sublink = { SubLink: { subLinkType: 'EXPR_SUBLINK', subselect: { SelectStmt: select } } };
    return replace(view.statement.tree, target, { ResTarget: { name: 'count', ...target, val: sublink } });
  },
  example: {
    schema: 'CREATE TABLE post (id bigint PRIMARY KEY, author int NOT NULL, title text NOT NULL);',
    data: `
      INSERT INTO post SELECT n, n % 50, repeat('t', 200) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON post (author, id);
      VACUUM ANALYZE post;`,
    statement: 'SELECT id, title, count(*) OVER () AS total FROM post WHERE author = 7 ORDER BY id LIMIT 10',
    gain: { buffers: 10 },
  },
  unsoundTwin: {
    why: 'the count is of all rows that WHERE leaves, not of the page',
    statement: 'SELECT id, title, count(*) OVER () AS total FROM post WHERE author = 7 ORDER BY id LIMIT 2',
    to: 'SELECT p.*, count(*) OVER () AS total FROM (SELECT id, title FROM post WHERE author = 7 ORDER BY id LIMIT 2) AS p ORDER BY id',
  },
});
