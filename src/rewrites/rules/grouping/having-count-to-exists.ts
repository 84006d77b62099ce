import { bodyOf, isNode, list } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { conjuncts, existence, replace, withWhere } from '../../build.js';
import { mentions } from '../../columns.js';
import { asksForAny } from '../../counts.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { callsAggregate, functionName, hasBareStar, mayGiveRows } from '../../shapes.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query, Source } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly join: TreeNode;
  readonly outer: Source;
  readonly inner: Source;
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
    what: '`SELECT a.id FROM a LEFT JOIN b ON ... GROUP BY a.id HAVING count(b.id) = 0` becomes `SELECT a.id FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE ...)`; `> 0`, and with JOIN, becomes EXISTS.',
    why: 'The join makes a row for each partner, all of which are grouped and counted; EXISTS stops at the first.',
    limits:
      'Two tables; GROUP BY has a key of the first one, the output shows nothing of the second, and HAVING is that one condition. The counted column is never NULL in its table.',
    sources: ['PostgreSQL manual, "Subquery Expressions", section "EXISTS"'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) =>
    view.queries.flatMap((query): readonly Site[] => {
      const { body } = query;
      const [item, more] = list(body, 'fromClause');
      const join = bodyOf(item, 'JoinExpr');
      const [condition, another] = conjuncts(body['havingClause']);
      const asked = condition && !another ? asksForAny(condition) : null;
      if (query.type !== 'SelectStmt' || !join || more || !asked || hasBareStar(body)) return [];
      if (['windowClause', 'lockingClause', 'distinctClause'].some((name) => body[name] !== undefined)) return [];
      const isLeft = join['jointype'] === 'JOIN_LEFT';
      const plain = (isLeft || join['jointype'] === 'JOIN_INNER') && join['isNatural'] !== true;
      const [outer, inner] = [join['larg'], join['rarg']].map((side) => query.sources.find((one) => one.item === side));
      if (!plain || !isNode(join['quals']) || join['alias'] !== undefined || !outer?.table || !inner?.table) return [];
      const shown = [body['targetList'], body['sortClause']];
      const parts = [...shown, body['groupClause'], body['whereClause']];
      if (callsAggregate(shown) || mayGiveRows(view.catalog, shown) || mentions(view, query, parts, inner)) return [];
      const call = bodyOf(asked.counted, 'FuncCall');
      const other = ['over', 'agg_filter', 'agg_order'];
      if (!call || functionName(call) !== 'count' || other.some((name) => call[name] !== undefined)) return [];
      const counted = originOf(query, list(call, 'args')[0]);
      if (call['agg_star'] === true ? isLeft : counted?.source !== inner) return [];
      return [{ query, join, outer, inner, isAny: asked.isAny, counted, isLeft }];
    }),
  requires: ({ query, outer, inner, counted, isAny, isLeft }, facts) => {
    const columns = list(query.body, 'groupClause').flatMap((group) => {
      const origin = originOf(query, group);
      return origin?.source === outer ? [origin.name] : [];
    });
    return [
      isAny || isLeft ? seen('a group has at least one row') : missing('an inner join gives no row without a partner'),
      outer.table ? facts.unique(outer.table, columns) : missing(`${outer.alias} is not a table with a key`),
      counted
        ? facts.notNull({ ...counted, source: { ...inner, nullable: false } })
        : seen('count(*) counts every pair of rows'),
    ];
  },
  rewrite: ({ query, join, isAny }, view) => {
    const asked = existence({ fromClause: [join['rarg']], whereClause: join['quals'] }, isAny);
    const { havingClause: _, groupClause: __, ...rest } = query.body;
    const body = withWhere({ ...rest, fromClause: [join['larg']] }, [...conjuncts(rest['whereClause']), asked]);
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
