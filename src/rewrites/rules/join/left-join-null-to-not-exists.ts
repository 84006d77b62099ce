import { bodyOf, isNode, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { conjuncts, existence, replace, withWhere } from '../../build.js';
import { mentions, partsBeside } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { hasBareStar } from '../../shapes.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly join: TreeNode;
  readonly test: TreeNode;
  readonly origin: ColumnOrigin;
}

export default defineRewrite<Site>({
  id: 'join/left-join-null-to-not-exists',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`a LEFT JOIN b ON ... WHERE b.c IS NULL`, where c is NOT NULL in its table, becomes `a WHERE NOT EXISTS (SELECT 1 FROM b WHERE ...)`.',
    why: 'PostgreSQL sees an anti join only where c is compared by the join itself; else every pair of rows is joined and then thrown away.',
    limits: 'b is a table and the outermost join of FROM, and is named only in ON and in that test; `*` would show it.',
    sources: ['PostgreSQL source, `reduce_outer_joins` in prepjointree.c'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const [item, more] = list(query.body, 'fromClause');
      const join = bodyOf(item, 'JoinExpr');
      const own = query.sources.find((source) => source.item === join?.['rarg']);
      const able = join?.['jointype'] === 'JOIN_LEFT' && !more && isNode(join['quals']) && join['alias'] === undefined;
      if (!join || !able || !own?.table || hasBareStar(query.body) || query.type !== 'SelectStmt') return [];
      const all = conjuncts(query.body['whereClause']);
      return all.flatMap((test) => {
        const origin = originOf(query, nullTested(test));
        const rest = all.filter((one) => one !== test);
        if (origin?.source !== own || mentions(view, query, [...partsBeside(query.body), ...rest], own)) return [];
        return [{ query, join, test, origin }];
      });
    }),
  requires: ({ origin }, facts) => [
    facts.notNull({ ...origin, source: { ...origin.source, nullable: false } }),
    seen(`${origin.source.alias} is named in its join and in the test alone`),
  ],
  rewrite: ({ query, join, test }, view) => {
    const none = existence({ fromClause: [join['rarg']], whereClause: join['quals'] }, false);
    const rest = conjuncts(query.body['whereClause']).filter((one) => one !== test);
    const body = withWhere({ ...query.body, fromClause: [join['larg']] }, [...rest, none]);
    return replace(view.statement.tree, query.body, { SelectStmt: body });
  },
  example: {
    schema: `
      CREATE TABLE customer (id bigint PRIMARY KEY, name text NOT NULL);
      CREATE TABLE purchase (id bigint PRIMARY KEY, customer_id bigint REFERENCES customer, paid boolean);`,
    data: `
      INSERT INTO customer SELECT n, 'customer ' || n FROM generate_series(1, 200) AS n;
      INSERT INTO purchase SELECT n, 1 + n % 190, n % 3 = 0 FROM generate_series(1, 60000) AS n;
      CREATE INDEX ON purchase (customer_id);
      VACUUM ANALYZE;`,
    statement:
      'SELECT c.id, c.name FROM customer AS c LEFT JOIN purchase AS p ON p.customer_id = c.id WHERE p.id IS NULL',
    gain: {
      rows: 5,
      why: 'the anti join stops at the first partner of each row, and reads the rest of the index not at all',
    },
  },
  unsoundTwin: {
    why: 'the tested column may be NULL in a row that did join',
    statement:
      'SELECT c.id, c.name FROM customer AS c LEFT JOIN purchase AS p ON p.customer_id = c.id WHERE p.paid IS NULL',
  },
});

function nullTested(test: TreeNode): TreeValue {
  const body = bodyOf(test, 'NullTest');
  return body?.['nulltesttype'] === 'IS_NULL' ? body['arg'] : null;
}
