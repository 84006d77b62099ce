import { bodyOf, isNode, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { conjuncts, existence, expression, output, replace, withWhere } from '../../build.js';
import { innerItems, mentions, partsBeside } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { factsOf, seen } from '../../facts.js';
import type { Fact, Facts } from '../../facts.js';
import { callsAggregate, functionName, hasBareStar, isPlainCall, mayGiveRows } from '../../shapes.js';
import { originOf, originsIn } from '../../view.js';
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
    const { distinctClause: _, groupClause: __, ...rest } = query.body;
    const single = way.count ? { ...rest, targetList: [countOf(list(rest, 'targetList')[0])] } : rest;
    const shown = tellsApart({ query, way, kept }, factsOf(view.catalog)) ? single : query.body;
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

/** What keeps a row of the kept tables from coming twice. */
interface Way {
  /** The values that are told apart. */
  readonly values: readonly TreeValue[];
  /** Whether they are only counted. */
  readonly count: boolean;
}

/** The keys by which what is told apart holds one row of each table that is kept; null where it may hold several. */
function tellsApart({ query, way, kept }: Pick<Site, 'query' | 'way' | 'kept'>, facts: Facts): readonly Fact[] | null {
  const keys = kept.flatMap((source) => {
    const columns = way.values.flatMap((value) => {
      const origin = originOf(query, value);
      return origin?.source === source ? [origin.name] : [];
    });
    return source.table ? facts.unique(source.table, columns) : [];
  });
  return keys.length === kept.length && keys.every(({ holds }) => holds) ? keys : null;
}

/** DISTINCT; GROUP BY columns without an aggregate; or `count(DISTINCT column)` alone. Null for anything else. */
function wayOf({ body, type }: Query): Way | null {
  const distinct = list(body, 'distinctClause');
  const groups = list(body, 'groupClause');
  const targets = list(body, 'targetList').map((item) => bodyOf(item, 'ResTarget')?.['val']);
  if (type !== 'SelectStmt') return null;
  if (distinct.length > 0) {
    const whole = distinct.length === 1 && Object.keys(distinct[0] as object).length === 0;
    return whole && groups.length === 0 && !targets.some(callsAggregate) ? { values: targets, count: false } : null;
  }
  if (groups.length > 0) {
    const plain = groups.every((one) => bodyOf(one, 'ColumnRef'));
    return plain && ![...targets, body['sortClause']].some(callsAggregate) ? { values: groups, count: false } : null;
  }
  const call = targets.length === 1 ? bodyOf(targets[0], 'FuncCall') : null;
  const isCount =
    call !== null &&
    functionName(call) === 'count' &&
    call['agg_distinct'] === true &&
    isPlainCall(call) &&
    ['sortClause', 'limitCount', 'limitOffset'].every((name) => body[name] === undefined);
  return isCount && list(call, 'args').length === 1 ? { values: list(call, 'args'), count: true } : null;
}

function countOf(target: TreeValue): TreeNode {
  const name = bodyOf(target, 'ResTarget')?.['name'];
  return output(expression('count(*)'), typeof name === 'string' ? name : undefined);
}
