import { bodyOf, list, names } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { columnOf, expression, output, query as selectOf, replace } from '../../build.js';
import { namedTargets } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { factsOf, missing, seen } from '../../facts.js';
import {
  columnOfSource,
  looseScan,
  onlyTable,
  ownConditions,
  pinned,
  steppable,
  withRecursive,
} from '../../loose-scan.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly origin: ColumnOrigin;
  readonly conditions: readonly TreeNode[];
  readonly counts: boolean;
}

export default defineRewrite<Site>({
  id: 'distinct/loose-scan',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT DISTINCT c FROM t` and `SELECT count(DISTINCT c) FROM t` become a recursive query that steps from each value of c to the next in an index.',
    why: 'PostgreSQL reads every row to find the different values; with few of them, a descent of the index for each is far less.',
    limits:
      'One table, one column that leads an index, or follows columns that WHERE holds at one value; conditions on that table alone. With many different values the original is the faster form: the trial tells. NULL is shown as DISTINCT shows it.',
    sources: ['PostgreSQL wiki, "Loose indexscan"'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      const source = query.type === 'SelectStmt' ? onlyTable(query) : null;
      const [target, more] = list(body, 'targetList');
      const value = bodyOf(target, 'ResTarget')?.['val'];
      const other = ['groupClause', 'havingClause', 'withClause', 'windowClause', 'lockingClause', 'limitOffset'];
      if (!source || more || other.some((name) => body[name] !== undefined)) return [];
      const conditions = ownConditions(view, query, source);
      const call = bodyOf(value, 'FuncCall');
      const counts = call?.['agg_distinct'] === true && names(list(call, 'funcname')).at(-1) === 'count';
      const distinct = list(body, 'distinctClause');
      const whole = distinct.length === 1 && Object.keys(distinct[0] as object).length === 0;
      const plain = counts ? call['agg_filter'] === undefined && list(call, 'args').length === 1 : whole;
      const origin = columnOfSource(query, source, counts ? list(call, 'args')[0] : value);
      if (!conditions || !plain || !origin || (counts && distinct.length > 0)) return [];
      return counts && body['sortClause'] !== undefined ? [] : [{ query, origin, conditions, counts }];
    }),
  requires: ({ query, origin, conditions, counts }, facts) => {
    const keys = list(query.body, 'sortClause');
    const key = bodyOf(bodyOf(keys[0], 'SortBy')?.['node'], 'ColumnRef');
    const sorted = keys.length === 0 || (keys.length === 1 && key !== null);
    return [
      steppable(facts.catalog, origin, pinned(query, conditions)),
      sorted ? seen('the order is by that column, or there is none') : missing('the order is by another expression'),
      counts ? seen('count(DISTINCT) leaves NULL out') : seen('NULL is given once where there is any'),
    ];
  },
  rewrite: ({ query, origin, conditions, counts }, view) => {
    const scan = looseScan(view, origin, conditions);
    const from = `FROM ${scan.name}`;
    const value = columnOf(scan.name, scan.column);
    if (counts) {
      const [target] = namedTargets(query.body);
      const name = (bodyOf(target, 'ResTarget')?.['name'] as string | undefined) ?? 'count';
      const select = { ...selectOf(`SELECT 1 ${from}`), targetList: [output(expression('count($1)', [value]), name)] };
      return replace(view.statement.tree, query.body, { SelectStmt: withRecursive(select, scan.cte) });
    }
    const shown = namedTargets(query.body).map((one) => bodyOf(one, 'ResTarget')?.['name'] as string)[0] ?? origin.name;
    const some = selectOf(`SELECT 1 ${from} WHERE $1 IS NOT NULL`, [value]);
    const own = columnOf(origin.source.alias, origin.name);
    const nulls = selectOf('SELECT $1 FROM _1 WHERE $1 IS NULL LIMIT 1', [own]);
    const nullWhere = { BoolExpr: { boolop: 'AND_EXPR', args: [...conditions, nulls['whereClause']] } };
    const one = {
      ...nulls,
      fromClause: [origin.source.item],
      whereClause: conditions.length > 0 ? nullWhere : nulls['whereClause'],
    };
    const larg = { ...some, targetList: [output(value, shown)] };
    const union = { op: 'SETOP_UNION', all: true, limitOption: 'LIMIT_OPTION_DEFAULT', larg, rarg: one };
    const both = factsOf(view.catalog).notNull(origin).holds ? larg : union;
    const { sortClause, limitCount } = query.body;
    const key = { node: { ColumnRef: { fields: [{ String: { sval: shown } }] } } };
    const sorted = sortClause
      ? {
          sortClause: list(query.body, 'sortClause').map((item) => ({ SortBy: { ...bodyOf(item, 'SortBy'), ...key } })),
        }
      : {};
    const limited = limitCount === undefined ? {} : { limitCount, limitOption: query.body['limitOption'] };
    return replace(view.statement.tree, query.body, {
      SelectStmt: withRecursive({ ...both, ...sorted, ...limited }, scan.cte),
    });
  },
  example: {
    schema:
      'CREATE TABLE event (id bigint PRIMARY KEY, tenant int, kind text NOT NULL, body text); CREATE INDEX ON event (tenant);',
    data: `
      INSERT INTO event SELECT n, nullif(n % 20, 0), 'k', repeat('b', 60) FROM generate_series(1, 40000) AS n;
      VACUUM ANALYZE event;`,
    statement: 'SELECT DISTINCT tenant FROM event ORDER BY tenant DESC',
    gain: {
      rows: 50,
      why: 'an index-only scan of a small table touches few buffers; each value costs a descent of two or three',
    },
  },
  unsoundTwin: {
    why: 'NULL is no value that a comparison steps to, and is lost',
    to: 'WITH RECURSIVE each (tenant) AS ((SELECT tenant FROM event ORDER BY tenant LIMIT 1) UNION ALL SELECT (SELECT e.tenant FROM event AS e WHERE e.tenant > each.tenant ORDER BY e.tenant LIMIT 1) FROM each WHERE tenant IS NOT NULL) SELECT tenant FROM each WHERE tenant IS NOT NULL ORDER BY tenant DESC',
  },
});
