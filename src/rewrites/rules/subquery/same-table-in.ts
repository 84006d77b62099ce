import { bodyOf, list } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { columnOf, conjuncts, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { missing } from '../../facts.js';
import { isPlain } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { mapColumns } from '../../columns.js';
import { sameRelation } from '../../../model/catalog.js';
import { onlyTable, ownConditions } from '../../loose-scan.js';
import { originOf, queryOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly outer: ColumnOrigin;
  readonly inner: Query;
  readonly conditions: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'subquery/same-table-in',
  minMajor: 14,
  maxMajor: 17,
  docs: {
    what: '`FROM t WHERE id IN (SELECT id FROM t WHERE p)`, where id is a key, becomes `FROM t WHERE p`.',
    why: 'Both are the same row of the same table, which is read and joined twice. From 18 on the planner sees it by itself.',
    limits: 'The subquery is plain, of that one table, and has a WHERE; id is unique and NOT NULL.',
    sources: ['PostgreSQL source, "Self-Join Elimination" in analyzejoins.c (18), which does it for joins'],
  },
  triggers: [],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) => {
      const sublink = bodyOf(node, 'SubLink');
      const inner = sublink ? queryOf(view, bodyOf(sublink['subselect'], 'SelectStmt') ?? undefined) : undefined;
      if (sublink?.['subLinkType'] !== 'ANY_SUBLINK' || list(sublink, 'operName').length > 0 || !inner) return [];
      const outer = originOf(query, sublink['testexpr']);
      const source = onlyTable(inner);
      const [target, more] = list(inner.body, 'targetList');
      const shown = originOf(inner, bodyOf(target, 'ResTarget')?.['val']);
      const conditions = source ? ownConditions(view, inner, source) : null;
      if (!source?.table || !outer?.source.table || more || !conditions?.length || !isPlain(inner.body)) return [];
      const same = sameRelation(source.table, outer.source.table) && shown?.name === outer.name;
      const whole = [source.item, outer.source.item].every((item) => bodyOf(item, 'RangeVar')?.['inh'] === true);
      return same && whole && shown.source === source && outer.query === query
        ? [{ condition: node, outer, inner, conditions }]
        : [];
    }),
  requires: ({ outer }, facts) => [
    outer.source.table ? facts.unique(outer.source.table, [outer.name]) : missing('it is not a table with a key'),
  ],
  rewrite: ({ condition, outer, inner, conditions }, view) => {
    const own = conditions.map(
      (one) => mapColumns(view, inner, one, ({ name }) => columnOf(outer.source.alias, name)) as TreeNode,
    );
    const [only, more] = own;
    const to = only && !more ? only : { BoolExpr: { boolop: 'AND_EXPR', args: own.flatMap(conjuncts) } };
    return replace(view.statement.tree, condition, to);
  },
  example: {
    schema: 'CREATE TABLE job (id bigint PRIMARY KEY, queue int, payload text);',
    data: `
      INSERT INTO job SELECT n, n % 20, repeat('p', 80) FROM generate_series(1, 20000) AS n;
      ANALYZE;`,
    statement: 'SELECT payload FROM job WHERE id IN (SELECT j.id FROM job AS j WHERE j.queue = 7)',
    gain: { buffers: 1.8 },
  },
  unsoundTwin: {
    why: 'the column is no key: another row of that value may fulfil the condition',
    statement: 'SELECT payload FROM job WHERE queue IN (SELECT j.queue FROM job AS j WHERE j.id = 7)',
  },
});
