import { bodyOf, isNode, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { conjuncts, existence, replace, withWhere } from '../../build.js';
import { mentions } from '../../columns.js';
import { asksForAny } from '../../counts.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { bothWays, callsAggregate, functionName, hasBareStar, mayGiveRows } from '../../shapes.js';
import { originOf, originsIn } from '../../view.js';
import type { ColumnOrigin, Query, Source, StatementView } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly outer: Source;
  /** What joins the counted table with the outer one, itself among it. */
  readonly joins: readonly TreeNode[];
  readonly isAny: boolean;
  /** What is counted; null for count(*), which with an inner join counts partners. */
  readonly counted: ColumnOrigin | null;
  readonly isLeft: boolean;
}

export default defineRewrite<Site>({
  id: 'grouping/having-count-to-exists',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT a.id FROM a LEFT JOIN b ON ... GROUP BY a.id HAVING count(b.id) = 0` becomes `SELECT a.id FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE ...)`; `> 0`, and with JOIN, becomes EXISTS. Several LEFT JOINs, one from the other, alike.',
    why: 'The join makes a row for each partner, all of which are grouped and counted; EXISTS stops at the first.',
    limits:
      'Two tables, or more by LEFT JOINs; GROUP BY has a key of the first one, the output shows nothing of the others, and HAVING is that one condition. The counted column is never NULL in its table.',
    sources: ['PostgreSQL manual, "Subquery Expressions", section "EXISTS"'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) =>
    view.queries.flatMap((query): readonly Site[] => {
      const { body } = query;
      const [condition, another] = conjuncts(body['havingClause']);
      const asked = condition && !another ? asksForAny(condition) : null;
      const chain = asked && query.type === 'SelectStmt' && !hasBareStar(body) ? chainOf(query) : null;
      if (!asked || !chain) return [];
      if (['windowClause', 'lockingClause', 'distinctClause'].some((name) => body[name] !== undefined)) return [];
      const shown = [body['targetList'], body['sortClause']];
      const parts = [...shown, body['groupClause'], body['whereClause']];
      if (callsAggregate(shown) || mayGiveRows(view.catalog, shown)) return [];
      if (chain.inner.some((source) => mentions(view, query, parts, source))) return [];
      const call = bodyOf(asked.counted, 'FuncCall');
      const other = ['over', 'agg_filter', 'agg_order'];
      if (!call || functionName(call) !== 'count' || other.some((name) => call[name] !== undefined)) return [];
      const counted = originOf(query, list(call, 'args')[0]);
      const { outer, isLeft } = chain;
      if (call['agg_star'] === true)
        return isLeft ? [] : [{ query, outer, joins: chain.joins, isAny: asked.isAny, counted: null, isLeft }];
      const joins = counted ? joinsTo(view, query, chain, counted.source) : null;
      return joins ? [{ query, outer, joins, isAny: asked.isAny, counted, isLeft }] : [];
    }),
  requires: ({ query, outer, counted, isAny, isLeft }, facts) => {
    const columns = list(query.body, 'groupClause').flatMap((group) => {
      const origin = originOf(query, group);
      return origin?.source === outer ? [origin.name] : [];
    });
    return [
      isAny || isLeft ? seen('a group has at least one row') : missing('an inner join gives no row without a partner'),
      outer.table ? facts.unique(outer.table, columns) : missing(`${outer.alias} is not a table with a key`),
      counted
        ? facts.notNull({ ...counted, source: { ...counted.source, nullable: false } })
        : seen('count(*) counts every pair of rows'),
    ];
  },
  rewrite: ({ query, outer, joins, isAny }, view) => {
    const quals = joins.map((join) => join['quals'] as TreeNode);
    const from = joins.map((join) => join['rarg'] as TreeNode);
    const asked = existence(withWhere({ fromClause: from }, quals), isAny);
    const { havingClause: _, groupClause: __, ...rest } = query.body;
    const body = withWhere({ ...rest, fromClause: [outer.item] }, [...conjuncts(rest['whereClause']), asked]);
    return replace(view.statement.tree, query.body, { SelectStmt: body });
  },
  example: {
    schema: `
      CREATE TABLE customer (id bigint PRIMARY KEY, name text NOT NULL);
      CREATE TABLE purchase (id bigint PRIMARY KEY, customer_id bigint, paid boolean);`,
    data: `
      INSERT INTO customer SELECT n, 'customer ' || n FROM generate_series(1, 200) AS n;
      INSERT INTO purchase SELECT n, 1 + n % 190, n % 3 = 0 FROM generate_series(1, 60000) AS n;
      CREATE INDEX ON purchase (customer_id);
      VACUUM ANALYZE;`,
    statement:
      'SELECT c.id, c.name FROM customer AS c LEFT JOIN purchase AS p ON p.customer_id = c.id GROUP BY c.id HAVING count(p.id) = 0',
    gain: { rows: 5, why: 'the anti join stops at the first partner of each row, and groups nothing' },
  },
  unsoundTwin: {
    why: 'the counted column may be NULL in a row that did join',
    statement:
      'SELECT c.id, c.name FROM customer AS c LEFT JOIN purchase AS p ON p.customer_id = c.id GROUP BY c.id HAVING count(p.paid) = 0',
  },
});

interface Chain {
  readonly outer: Source;
  readonly inner: readonly Source[];
  /** In the order in which they are written. */
  readonly joins: readonly TreeNode[];
  readonly isLeft: boolean;
}

/** `a LEFT JOIN b ON ... LEFT JOIN c ON ...` of tables, or one inner join; null for anything else. */
function chainOf(query: Query): Chain | null {
  const [item, more] = list(query.body, 'fromClause');
  const joins: TreeNode[] = [];
  let first: TreeValue = item;
  for (let join = bodyOf(first, 'JoinExpr'); join; join = bodyOf(first, 'JoinExpr')) {
    joins.unshift(join);
    first = join['larg'];
  }
  const sources = [first, ...joins.map((join) => join['rarg'])].map((side) =>
    query.sources.find((one) => one.item === side),
  );
  const [outer, ...inner] = sources.flatMap((one) => (one?.table ? [one] : []));
  const isLeft = joins.every((join) => join['jointype'] === 'JOIN_LEFT');
  const isKnown = isLeft || (joins.length === 1 && joins[0]?.['jointype'] === 'JOIN_INNER');
  const plain = joins.every(
    (join) => join['isNatural'] !== true && join['alias'] === undefined && isNode(join['quals']),
  );
  return outer && !more && isKnown && plain && joins.length > 0 && inner.length === joins.length
    ? { outer, inner, joins, isLeft }
    : null;
}

/** The joins that lead to a table, each by an equality with the one before, which it can not be without; those beside them only repeat rows. Null where they lead elsewhere. */
function joinsTo(
  view: StatementView,
  query: Query,
  { outer, inner, joins }: Chain,
  counted: Source,
): readonly TreeNode[] | null {
  const needed = new Set<TreeNode>();
  let next: Source | undefined = counted;
  while (next && next !== outer) {
    const own: Source = next;
    const join = joins[inner.indexOf(own)];
    const origins = join ? originsIn(view, query, join['quals']) : null;
    if (!join || !origins || needed.has(join)) return null;
    needed.add(join);
    const others = [
      ...new Set(origins.flatMap(({ source, query: from }) => (from === query && source !== own ? [source] : []))),
    ];
    const [before, more] = others;
    const linked = conjuncts(join['quals']).some((one) =>
      bothWays(one).some(
        ({ operator, left, right }) =>
          operator === '=' && originOf(query, left)?.source === own && originOf(query, right)?.source === before,
      ),
    );
    if (more || (before && before !== outer && !linked)) return null;
    next = before;
  }
  return next ? joins.filter((one) => needed.has(one)) : null;
}
