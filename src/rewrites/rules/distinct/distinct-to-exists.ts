import { bodyOf, isNode } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { conjuncts, existence, replace, withWhere } from '../../build.js';
import { innerItems, mentions, partsBeside } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { factsOf, seen } from '../../facts.js';
import { hasBareStar, mayGiveRows } from '../../shapes.js';
import { copiesGone, tellsApart, wayOf } from '../../told-apart.js';
import type { Way } from '../../told-apart.js';
import { originsIn } from '../../view.js';
import type { Query, Source } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly way: Way;
  readonly kept: readonly Source[];
  readonly dropped: readonly TreeNode[];
  readonly own: readonly TreeNode[];
  readonly others: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'distinct/distinct-to-exists',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT DISTINCT a.* FROM a JOIN b ON ...`, which shows nothing of b, becomes `SELECT a.* FROM a WHERE EXISTS (SELECT 1 FROM b WHERE ...)`; GROUP BY without an aggregate, and `count(DISTINCT a.id)`, alike. Without a key of a in the output DISTINCT stays.',
    why: 'The join makes a row for each partner, and DISTINCT sorts or hashes all of them; EXISTS stops at the first.',
    limits:
      'All joins are inner ones; no HAVING. DISTINCT, or GROUP BY, goes where it names a unique key of every table that is kept.',
    sources: ['PostgreSQL manual, "Subquery Expressions", section "EXISTS"'],
  },
  triggers: ['rows/many-rows-deduplicated', 'join/join-filter-discards'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      const way = wayOf(query);
      const from = way && !hasBareStar(body) ? innerItems(body) : null;
      const other = ['havingClause', 'windowClause', 'lockingClause'];
      if (!way || !from || from.items.length < 2 || other.some((name) => body[name] !== undefined)) return [];
      if (mayGiveRows(view.catalog, body['targetList'])) return [];
      const kept = query.sources.filter((source) => mentions(view, query, partsBeside(body), source));
      const dropped = from.items.filter((item) => !kept.some((source) => source.item === item));
      if (kept.length === 0 || dropped.length === 0 || query.sources.length !== from.items.length) return [];
      const all = [...from.on, body['whereClause']].flatMap(conjuncts);
      const named = all.map((one) => originsIn(view, query, one));
      if (named.includes(null) || dropped.some((item) => !bodyOf(item, 'RangeVar'))) return [];
      const isOwn = (i: number): boolean =>
        named[i]?.every(({ source, query: from_ }) => from_ !== query || kept.includes(source)) === true;
      const [own, others] = [all.filter((_, i) => isOwn(i)), all.filter((_, i) => !isOwn(i))];
      return [{ query, way, kept, dropped, own, others }];
    }),
  requires: ({ query, way, kept }, facts) => [
    seen('all joins are inner ones, and nothing is shown of the tables that are only looked for'),
    ...(tellsApart({ query, way, kept }, facts) ?? [
      seen('copies of a row are still told apart afterwards, so that it does not matter how many there are'),
    ]),
  ],
  rewrite: ({ query, way, kept, dropped, own, others }, view) => {
    const exists = existence(withWhere({ fromClause: dropped }, others), true);
    const shown = tellsApart({ query, way, kept }, factsOf(view.catalog)) ? copiesGone(query.body, way) : query.body;
    const body = withWhere({ ...shown, fromClause: kept.map(({ item }) => item).filter(isNode) }, [...own, exists]);
    return replace(view.statement.tree, query.body, { SelectStmt: body });
  },
  example: {
    schema: `
      CREATE TABLE customer (id bigint PRIMARY KEY, name text NOT NULL);
      CREATE TABLE purchase (id bigint PRIMARY KEY, customer_id bigint NOT NULL, amount int NOT NULL);`,
    data: `
      INSERT INTO customer SELECT n, 'customer ' || n FROM generate_series(1, 300) AS n;
      INSERT INTO purchase SELECT n, 1 + n % 290, n % 77 FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON purchase (customer_id);
      VACUUM ANALYZE;`,
    statement: 'SELECT DISTINCT c.id, c.name FROM customer AS c JOIN purchase AS p ON p.customer_id = c.id',
    gain: { rows: 20, why: 'the joined rows are sorted and hashed in memory; the tables are read either way' },
  },
  unsoundTwin: {
    why: 'without a key in the output two customers of one name become one',
    statement: 'SELECT DISTINCT c.name FROM customer AS c JOIN purchase AS p ON p.customer_id = c.id',
    to: 'SELECT c.name FROM customer AS c WHERE EXISTS (SELECT 1 FROM purchase AS p WHERE p.customer_id = c.id)',
  },
});
