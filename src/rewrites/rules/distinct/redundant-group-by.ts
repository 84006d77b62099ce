import { bodyOf, list } from '../../../sql/tree.js';
import { replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { missing } from '../../facts.js';
import type { Fact } from '../../facts.js';
import { callsAggregate } from '../../shapes.js';
import { originOf } from '../../view.js';
import type { Query } from '../../view.js';

interface Site {
  readonly query: Query;
}

export default defineRewrite<Site>({
  id: 'distinct/redundant-group-by',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT id, name FROM t GROUP BY id, name` without any aggregate, where `id` is a key, becomes `SELECT id, name FROM t`.',
    why: 'The planner sorts or hashes every row although each is a group of its own; with LIMIT it can not stop early.',
    limits:
      'Every source is a table with a unique key among the columns of GROUP BY; no HAVING, no window function, no grouping sets.',
    sources: ['PostgreSQL manual, "The GROUP BY and HAVING Clauses"'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      const groups = list(body, 'groupClause');
      const plain = groups.length > 0 && groups.every((one) => bodyOf(one, 'ColumnRef'));
      const other = ['havingClause', 'windowClause', 'distinctClause', 'lockingClause'];
      if (!plain || other.some((name) => body[name] !== undefined) || query.sources.length === 0) return [];
      if ([...list(body, 'targetList'), ...list(body, 'sortClause')].some(callsAggregate)) return [];
      return groups.every((one) => originOf(query, one)?.query === query) ? [{ query }] : [];
    }),
  requires: ({ query }, facts) => {
    const [first, ...others] = query.sources.map((source): Fact => {
      const columns = list(query.body, 'groupClause').flatMap((one) => {
        const origin = originOf(query, one);
        return origin?.source === source ? [origin.name] : [];
      });
      return source.table && !source.nullable
        ? facts.unique(source.table, columns)
        : missing(`${source.alias} is not a table with a key, or an outer join may fill it with NULL`);
    });
    return [first ?? missing('there is no table in FROM'), ...others];
  },
  rewrite: ({ query }, view) => {
    const { groupClause: _, ...body } = query.body;
    return replace(view.statement.tree, query.body, { SelectStmt: body });
  },
  example: {
    schema: 'CREATE TABLE book (id bigint PRIMARY KEY, author_id bigint NOT NULL, title text NOT NULL);',
    data: `
      INSERT INTO book SELECT n, n % 1000, repeat('t', 40) || n FROM generate_series(1, 40000) AS n;
      VACUUM ANALYZE book;`,
    statement: 'SELECT b.title, b.id FROM book AS b GROUP BY b.title, b.id',
    gain: { rows: 1.2, why: 'sorting or hashing every row once more touches no shared buffer' },
  },
  unsoundTwin: {
    why: 'no key is grouped by: several rows are one group',
    statement: 'SELECT b.title, b.author_id FROM book AS b GROUP BY b.title, b.author_id LIMIT 10',
  },
});
