import { bodyOf, isNode, list } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { conjuncts, expression, output, replace, withWhere } from '../../build.js';
import { innerItems, mentions, partsBeside } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { callsAggregate, hasBareStar, mayGiveRows } from '../../shapes.js';
import { originOf, originsIn } from '../../view.js';
import type { Query, Source } from '../../view.js';

interface Site {
  readonly query: Query;
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
    what: '`SELECT DISTINCT a.* FROM a JOIN b ON ...`, which shows nothing of b, becomes `SELECT a.* FROM a WHERE EXISTS (SELECT 1 FROM b WHERE ...)`.',
    why: 'The join makes a row for each partner, and DISTINCT sorts or hashes all of them; EXISTS stops at the first.',
    limits:
      'The output has a unique key of every table that is kept; all joins are inner ones; no `*` without a table, no GROUP BY.',
    sources: ['PostgreSQL manual, "Subquery Expressions", section "EXISTS"'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      const distinct = list(body, 'distinctClause');
      const whole = distinct.length === 1 && Object.keys(distinct[0] as object).length === 0;
      const from = whole && !hasBareStar(body) ? innerItems(body) : null;
      const other = ['groupClause', 'havingClause', 'windowClause', 'lockingClause'];
      if (!from || from.items.length < 2 || other.some((name) => body[name] !== undefined)) return [];
      if (list(body, 'targetList').some(callsAggregate) || mayGiveRows(view.catalog, body['targetList'])) return [];
      const kept = query.sources.filter((source) => mentions(view, query, partsBeside(body), source));
      const dropped = from.items.filter((item) => !kept.some((source) => source.item === item));
      if (kept.length === 0 || dropped.length === 0 || query.sources.length !== from.items.length) return [];
      const all = [...from.on, body['whereClause']].flatMap(conjuncts);
      const named = all.map((one) => originsIn(view, query, one));
      if (named.includes(null) || dropped.some((item) => !bodyOf(item, 'RangeVar'))) return [];
      const isOwn = (i: number): boolean =>
        named[i]?.every(({ source, query: from_ }) => from_ !== query || kept.includes(source)) === true;
      return [{ query, kept, dropped, own: all.filter((_, i) => isOwn(i)), others: all.filter((_, i) => !isOwn(i)) }];
    }),
  requires: ({ query, kept }, facts) => [
    seen('all joins are inner ones, and nothing is shown of the tables that are only looked for'),
    ...kept.map(({ table, alias }, i) => {
      const columns = list(query.body, 'targetList').flatMap((item) => {
        const origin = originOf(query, bodyOf(item, 'ResTarget')?.['val']);
        return origin && origin.source === kept[i] ? [origin.name] : [];
      });
      return table ? facts.unique(table, columns) : missing(`${alias} is not a table with a key`);
    }),
  ],
  rewrite: ({ query, kept, dropped, own, others }, view) => {
    const select: TreeNode = withWhere(
      {
        targetList: [output(expression('1'))],
        fromClause: dropped,
        limitOption: 'LIMIT_OPTION_DEFAULT',
        op: 'SETOP_NONE',
      },
      others,
    );
    const exists: TreeNode = { SubLink: { subLinkType: 'EXISTS_SUBLINK', subselect: { SelectStmt: select } } };
    const { distinctClause: _, ...rest } = query.body;
    const body = withWhere({ ...rest, fromClause: kept.map(({ item }) => item).filter(isNode) }, [...own, exists]);
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
  },
});
