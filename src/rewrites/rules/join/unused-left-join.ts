import { bodyOf, isNode, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { conjuncts, replace } from '../../build.js';
import { mentions, partsBeside } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { bothWays, callsAggregate, callsIn, hasBareStar, isFixed, mayGiveRows } from '../../shapes.js';
import { originOf } from '../../view.js';
import type { Query, Source } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly source: Source;
  readonly join: TreeNode;
  /** Copies of a row would be counted. */
  readonly counts: boolean;
  /** Columns that ON holds at one value for each row of the left side. */
  readonly keys: readonly string[];
}

export default defineRewrite<Site>({
  id: 'join/unused-left-join',
  minMajor: 14,
  maxMajor: null,
  together: true,
  docs: {
    what: '`SELECT DISTINCT a.x FROM a LEFT JOIN b ON ...`, which uses nothing of b, becomes `SELECT DISTINCT a.x FROM a`; GROUP BY, with no aggregate or with min, max and `count(DISTINCT ...)`, alike; any aggregate where b is joined by its key.',
    why: 'The planner drops a LEFT JOIN only where the other side is unique; several partners of a row make copies, which DISTINCT then sorts or hashes away. Where it does drop one, it has already decided that the columns of ON are needed, and reads the table where an index would do.',
    limits:
      'b is a table that stands alone on the right of a LEFT JOIN and is named in its ON and nowhere else. No DISTINCT ON, no window function, no `*`.',
    sources: ['PostgreSQL source, `join_is_removable` of analyzejoins.c'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const counts = !ignoresCopies(query.body);
      if (query.type !== 'SelectStmt' || (counts && !isAggregated(query.body)) || hasBareStar(query.body)) return [];
      if (mayGiveRows(view.catalog, query.body['targetList'])) return [];
      const joins = joinsOf(query.body);
      return joins.flatMap((join) => {
        const source = query.sources.find(({ item }) => item === join['rarg']);
        const isLeft = join['jointype'] === 'JOIN_LEFT' && join['isNatural'] !== true && join['alias'] === undefined;
        if (!source?.table || !isLeft || list(join, 'usingClause').length > 0) return [];
        const elsewhere = [
          ...partsBeside(query.body),
          query.body['whereClause'],
          ...joins.filter((other) => other !== join).map((other) => other['quals']),
          ...query.sources.filter((other) => !other.table).map((other) => other.item),
        ];
        const keys = conjuncts(join['quals']).flatMap((one) =>
          bothWays(one).flatMap(({ operator, left, right }) => {
            const [own, other] = [originOf(query, left), originOf(query, right)];
            return operator === '=' && own?.source === source && (other ? other.source !== source : isFixed(right))
              ? [own.name]
              : [];
          }),
        );
        return mentions(view, query, elsewhere, source) ? [] : [{ query, source, join, counts, keys }];
      });
    }),
  requires: ({ source, counts, keys }, facts) => [
    seen(`nothing of ${source.alias} is used but in its own ON, and a LEFT JOIN leaves out no row`),
    counts && source.table
      ? facts.unique(source.table, keys, true)
      : seen('copies of a row change nothing of what is shown'),
  ],
  rewrite: ({ join }, view) => (isNode(join['larg']) ? replace(view.statement.tree, join, join['larg']) : null),
  example: {
    schema: `
      CREATE TABLE customer (id bigint PRIMARY KEY, city text NOT NULL);
      CREATE TABLE purchase (id bigint PRIMARY KEY, customer_id bigint NOT NULL, amount int NOT NULL);`,
    data: `
      INSERT INTO customer SELECT n, 'city ' || n % 50 FROM generate_series(1, 1000) AS n;
      INSERT INTO purchase SELECT n, 1 + n % 1000, n % 77 FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON purchase (customer_id);
      VACUUM ANALYZE;`,
    statement: 'SELECT DISTINCT c.city FROM customer AS c LEFT JOIN purchase AS p ON p.customer_id = c.id',
    gain: { buffers: 5 },
  },
  unsoundTwin: {
    why: 'an inner join leaves out the rows without a partner',
    statement: 'SELECT DISTINCT c.city FROM customer AS c JOIN purchase AS p ON p.customer_id = c.id',
    to: 'SELECT DISTINCT c.city FROM customer AS c',
  },
});

/** Aggregates over all rows, or of groups: whoever shows the rows themselves gets no less of the planner. */
function isAggregated(body: TreeNode): boolean {
  const away = ['windowClause', 'lockingClause', 'distinctClause'].some((name) => body[name] !== undefined);
  return !away && callsAggregate(body['targetList']);
}

/** Aggregates that copies of a row do not change. */
const UNMOVED = new Set(['min', 'max', 'bool_and', 'bool_or', 'every', 'bit_and', 'bit_or']);

/** DISTINCT, or GROUP BY or aggregates of which none counts copies. */
function ignoresCopies(body: TreeNode): boolean {
  const distinct = list(body, 'distinctClause');
  const whole = distinct.length === 1 && Object.keys(distinct[0] as object).length === 0;
  if (body['windowClause'] !== undefined || body['lockingClause'] !== undefined) return false;
  if (distinct.length > 0 && !whole) return false;
  const shown: readonly TreeValue[] = [body['targetList'], body['havingClause'], body['sortClause']];
  const calls = shown.flatMap(callsIn);
  const isSteady = calls.every(({ name, body: call }) => isUnmoved(name, call));
  const aggregates = calls.filter(({ name, body: call }) => call['agg_distinct'] === true || UNMOVED.has(name));
  const groups = list(body, 'groupClause').length > 0;
  return isSteady && (whole || groups || aggregates.length > 0);
}

function isUnmoved(name: string, call: TreeNode): boolean {
  if (call['over'] !== undefined) return false;
  if (call['agg_distinct'] === true || UNMOVED.has(name)) return true;
  return PLAIN.has(name);
}

/** Functions of one row that are no aggregates. */
const PLAIN = new Set([
  'lower',
  'upper',
  'trim',
  'btrim',
  'date_trunc',
  'extract',
  'date_part',
  'abs',
  'round',
  'length',
  'concat',
  'left',
  'right',
]);

function joinsOf(body: TreeNode): readonly TreeNode[] {
  const visit = (item: TreeValue): readonly TreeNode[] => {
    const join = bodyOf(item, 'JoinExpr');
    return join ? [join, ...visit(join['larg']), ...visit(join['rarg'])] : [];
  };
  return list(body, 'fromClause').flatMap(visit);
}
