import { list } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { onlyTable, ownConditions } from '../../loose-scan.js';
import { callsAggregate } from '../../shapes.js';
import { orderOf, topRowsFacts, topRowsOf } from '../../top-rows.js';
import type { TopRows } from '../../top-rows.js';
import { sortOriginOf } from '../../view.js';

export default defineRewrite<TopRows>({
  id: 'grouping/distinct-on-to-lateral',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT DISTINCT ON (g) ... FROM t ORDER BY g, o` becomes a step through the values of g in an index, with a LATERAL subquery that takes the first row of each.',
    why: 'DISTINCT ON reads every row of every group. With few groups and an index on (g, o), one descent for each finds its first row.',
    limits:
      'One table with conditions on it alone; g is NOT NULL and leads an index; g and the sort keys together are unique, so that it is certain which row is the first. With many small groups the original is the faster form: the trial tells.',
    sources: ['PostgreSQL wiki, "Loose indexscan"', 'PostgreSQL manual, "SELECT", section "DISTINCT Clause"'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      const source = query.type === 'SelectStmt' ? onlyTable(query) : null;
      const [on, more] = list(body, 'distinctClause');
      const order = orderOf(list(body, 'sortClause'), (key) => sortOriginOf(query, key));
      const other = [
        'groupClause',
        'havingClause',
        'withClause',
        'windowClause',
        'lockingClause',
        'limitOffset',
        'limitCount',
      ];
      if (!source || more || !order || other.some((name) => body[name] !== undefined)) return [];
      if (list(body, 'targetList').some(callsAggregate)) return [];
      const group = sortOriginOf(query, on);
      const conditions = ownConditions(view, query, source);
      const own = order.every(({ origin }) => origin.source === source);
      if (group?.source !== source || !conditions || order[0]?.origin.name !== group.name || !own) return [];
      return [{ query, source, group, order: order.map(({ item }) => item), conditions, ties: false }];
    }),
  requires: (site, facts) => topRowsFacts(site, facts),
  rewrite: (site, view) => {
    const { distinctClause: _, ...body } = site.query.body;
    const to = topRowsOf(view, site, { body, count: expression('1'), sorted: true });
    return to === null ? null : replace(view.statement.tree, site.query.body, { SelectStmt: to });
  },
  example: {
    schema:
      'CREATE TABLE reading (id bigint PRIMARY KEY, sensor int NOT NULL, at timestamptz NOT NULL, value int); CREATE INDEX ON reading (sensor, at DESC, id DESC);',
    data: `
      INSERT INTO reading SELECT n, n % 10, timestamptz '2024-01-01' + n * interval '1 minute', n % 77 FROM generate_series(1, 40000) AS n;
      ANALYZE;`,
    statement: 'SELECT DISTINCT ON (sensor) sensor, at, value FROM reading ORDER BY sensor, at DESC, id DESC',
    gain: { buffers: 4 },
  },
  unsoundTwin: {
    why: 'a group that is NULL is no value that the index steps to',
    schema:
      'CREATE TABLE reading (id bigint PRIMARY KEY, sensor int, at timestamptz NOT NULL, value int); CREATE INDEX ON reading (sensor, at);',
  },
});
