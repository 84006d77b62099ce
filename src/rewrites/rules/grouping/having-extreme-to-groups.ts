import { bodyOf, isNode, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { columnOf, conjuncts, expression, output, query as selectOf, replace, withWhere } from '../../build.js';
import { freshAlias, mapColumns } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { onlyTable, ownConditions } from '../../loose-scan.js';
import { bothWays, functionName, isFixed, isPlainCall } from '../../shapes.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query, Source, StatementView } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly source: Source;
  readonly groups: readonly ColumnOrigin[];
  /** What a row fulfils by which its group fulfils HAVING: `c >= v` for `max(c) >= v`. */
  readonly row: TreeNode;
  readonly conditions: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'grouping/having-extreme-to-groups',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT k, count(*) FROM t GROUP BY k HAVING max(at) >= v` gets `k IN (SELECT k FROM t WHERE at >= v)` in WHERE; `min(at) < v` alike.',
    why: 'PostgreSQL groups all rows before it asks HAVING; which groups have such a row, an index finds.',
    limits:
      'One table with conditions on it alone, grouped by NOT NULL columns of it; the value is the same for every row. Where most groups have such a row, the original is the faster form: the trial tells.',
    sources: ['PostgreSQL manual, "SELECT", section "HAVING Clause"'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) => view.queries.flatMap((query) => siteOf(view, query) ?? []),
  requires: ({ groups }, facts) => [
    seen('a group has such a greatest or least value where one of its rows has such a value'),
    ...groups.map((group) => facts.notNull(group)),
  ],
  rewrite: ({ query, source, groups, row, conditions }, view) => {
    const alias = freshAlias(view, 'such');
    const renamed = (tree: TreeNode): TreeNode =>
      mapColumns(view, query, tree, (origin) =>
        origin.source === source ? columnOf(alias, origin.name) : null,
      ) as TreeNode;
    const select = withWhere(
      {
        ...selectOf('SELECT 1'),
        targetList: groups.map(({ name }) => output(columnOf(alias, name))),
        fromClause: [{ RangeVar: { ...bodyOf(source.item, 'RangeVar'), alias: { aliasname: alias } } }],
      },
      [...conditions, row].map(renamed),
    );
    const columns = groups.map(({ name }) => columnOf(source.alias, name));
    const places = columns.map((_, i) => `$${i + 1}`).join(', ');
    const testexpr = expression(columns.length > 1 ? `(${places})` : places, columns);
    const among = { SubLink: { subLinkType: 'ANY_SUBLINK', testexpr, subselect: { SelectStmt: select } } };
    const body = withWhere(query.body, [...conjuncts(query.body['whereClause']), among]);
    return replace(view.statement.tree, query.body, { SelectStmt: body });
  },
  example: {
    schema: 'CREATE TABLE visit (id bigint PRIMARY KEY, customer int NOT NULL, at date NOT NULL, cost int, note text);',
    data: `
      INSERT INTO visit SELECT n, n / 20, date '2020-01-01' + n / 20, n % 77, repeat('n', 200) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON visit (at); CREATE INDEX ON visit (customer);
      VACUUM ANALYZE visit;`,
    statement: "SELECT customer, count(*), sum(cost) FROM visit GROUP BY customer HAVING max(at) >= '2025-06-20'",
    gain: { buffers: 3 },
  },
  unsoundTwin: {
    why: 'the other rows of the group are counted as well',
    to: "SELECT customer, count(*), sum(cost) FROM visit WHERE at >= '2025-06-20' GROUP BY customer",
  },
});

function siteOf(view: StatementView, query: Query): Site | null {
  const { body } = query;
  const source = query.type === 'SelectStmt' ? onlyTable(query) : null;
  const item = bodyOf(source?.item, 'RangeVar');
  const groups = list(body, 'groupClause').map((one) => originOf(query, one));
  const known = groups.filter((one) => one !== null).filter((one) => one.source === source);
  const where = conjuncts(body['whereClause']);
  // A group that WHERE already looks up is read by that.
  if (!source?.table || item?.['inh'] !== true || known.length === 0 || known.length < groups.length) return null;
  if (where.some((one) => bodyOf(one, 'SubLink'))) return null;
  const conditions = ownConditions(view, query, source);
  if (!conditions || !list(body, 'targetList').some((one) => !isGroup(query, one, known))) return null;
  for (const condition of conjuncts(body['havingClause'])) {
    for (const { operator, left, right } of bothWays(condition)) {
      const call = bodyOf(left, 'FuncCall');
      const [argument, more] = call ? list(call, 'args') : [];
      const name = call ? functionName(call) : '';
      const able = (name === 'max' && /^>=?$/.test(operator)) || (name === 'min' && /^<=?$/.test(operator));
      if (!call || !able || !isPlainCall(call) || more || !isNode(argument) || !isFixed(right)) continue;
      if (originOf(query, argument)?.source !== source) continue;
      return { query, source, groups: known, row: expression(`$1 ${operator} $2`, [argument, right]), conditions };
    }
  }
  return null;
}

function isGroup(query: Query, target: TreeValue, groups: readonly ColumnOrigin[]): boolean {
  const shown = originOf(query, bodyOf(target, 'ResTarget')?.['val']);
  return groups.some(({ name }) => shown?.name === name);
}
