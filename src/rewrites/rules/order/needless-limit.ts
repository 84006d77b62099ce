import { bodyOf, walk } from '../../../sql/tree.js';
import { conjuncts, replace } from '../../build.js';
import { innerItems } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { factsOf } from '../../facts.js';
import { bothWays } from '../../shapes.js';
import { isLimitedOnly, singleRow, withoutLimit } from '../../single-row.js';
import { originOf } from '../../view.js';
import type { Query } from '../../view.js';

export default defineRewrite<Query>({
  id: 'order/needless-limit',
  minMajor: 14,
  maxMajor: null,
  together: true,
  docs: {
    what: '`JOIN LATERAL (SELECT b.* FROM b WHERE b.id = a.b_id LIMIT 1000) AS x ON true`, where `b.id` is unique, loses the LIMIT, and an ORDER BY with it; a subquery of IN alike.',
    why: 'The planner takes a subquery into the join only where it has no LIMIT, and else runs it for each row of the other side.',
    limits:
      'The subquery reads tables by inner joins, and its conditions hold a key of each at one value; LIMIT is a literal of 1 or more, OFFSET absent or 0; no FETCH WITH TIES.',
    sources: ['PostgreSQL source, `is_simple_subquery` of prepjointree.c'],
  },
  triggers: [],
  match: (view) => {
    const facts = factsOf(view.catalog);
    return view.queries.filter((query) => {
      const among = query.role === 'from' || isAsked(query);
      return among && isLimitedOnly(query, facts) && isAskedByValue(query);
    });
  },
  requires: (query, facts) => singleRow(query, facts),
  rewrite: (query, view) => replace(view.statement.tree, query.body, { SelectStmt: withoutLimit(query) }),
  example: {
    schema: `
      CREATE TABLE batch (id int PRIMARY KEY, product int NOT NULL, owner int NOT NULL);
      CREATE TABLE image (id int PRIMARY KEY, batch_id int NOT NULL, url text NOT NULL);`,
    data: `
      INSERT INTO batch SELECT n, n % 500, n % 90 FROM generate_series(1, 5000) AS n;
      INSERT INTO image SELECT n, 1 + n % 5000, 'image ' || n FROM generate_series(1, 20000) AS n;
      CREATE INDEX ON batch (product); CREATE INDEX ON image (batch_id);
      VACUUM ANALYZE;`,
    statement:
      'SELECT i.id, b.owner FROM image AS i JOIN LATERAL (SELECT x.* FROM batch AS x WHERE x.product = 7 AND x.id = i.batch_id LIMIT 1000 OFFSET 0) AS b ON true',
    gain: { buffers: 10 },
  },
  unsoundTwin: {
    why: 'a value that is no key may have more rows than LIMIT lets through',
    schema: `
      CREATE TABLE batch (id int, product int NOT NULL, owner int NOT NULL);
      CREATE TABLE image (id int PRIMARY KEY, batch_id int NOT NULL, url text NOT NULL);`,
    statement:
      'SELECT i.id, b.owner FROM image AS i JOIN LATERAL (SELECT x.* FROM batch AS x WHERE x.product = 7 AND x.id = i.batch_id ORDER BY x.owner LIMIT 1) AS b ON true',
  },
});

/** Whether a condition holds a column of it equal to one of a query around it: any other LIMIT is meant as one. */
function isAskedByValue(query: Query): boolean {
  const all = [...(innerItems(query.body)?.on ?? []), query.body['whereClause']].flatMap(conjuncts);
  return all.flatMap(bothWays).some(({ operator, left, right }) => {
    const [own, other] = [originOf(query, left), originOf(query, right)];
    return operator === '=' && own?.query === query && other !== null && other.query !== query;
  });
}

/** Whether it is the subquery of `IN`, `NOT IN` or `= ANY`. */
function isAsked({ body, parent }: Query): boolean {
  const text = parent ? [...walk(parent.body)] : [];
  return text.some(
    ({ type, body: link }) =>
      type === 'SubLink' && link['subLinkType'] === 'ANY_SUBLINK' && bodyOf(link['subselect'], 'SelectStmt') === body,
  );
}
