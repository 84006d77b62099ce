import { outputName } from '../../../sql/output-name.js';
import { columnPath } from '../../../sql/scope.js';
import { bodyOf, isNode, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { firstRows, fromParts } from '../../apart.js';
import type { FirstRows } from '../../apart.js';
import { columnOf, expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { factsOf, seen } from '../../facts.js';
import { leadsIndex, onlyTable } from '../../loose-scan.js';
import { orderOf } from '../../top-rows.js';
import { heldNotNull } from '../../truth.js';
import { originOf, sortOriginOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site extends FirstRows {
  /** The `SortBy` node of COALESCE. */
  readonly key: TreeNode;
  readonly first: ColumnOrigin;
  readonly second: ColumnOrigin;
  /** The further `SortBy` nodes. */
  readonly tail: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'order/coalesce-apart',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`ORDER BY COALESCE(a, b) DESC LIMIT n` takes the first n rows that have an a, by a, and the first n that have none, by b, and then the first n of both.',
    why: 'No index on a or b gives that order, so that the planner sorts the whole table. Both parts come out of an index.',
    limits:
      'One table, with a btree index that begins with a; a and b are columns of one type of numbers or times; LIMIT and OFFSET are literals. Where the order leaves a choice among ties, the new form may choose others, as the original may from run to run. Without an index that gives the rows without an a by b, those are read and sorted.',
    sources: [
      'PostgreSQL manual, "Indexes and ORDER BY"',
      'PostgreSQL manual, "Conditional Expressions", section "COALESCE"',
    ],
  },
  triggers: ['rows/top-n-over-many'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const source = query.body['limitCount'] === undefined ? null : onlyTable(query);
      const [item, ...others] = list(query.body, 'sortClause');
      const key = bodyOf(item, 'SortBy');
      const coalesce =
        key && list(key, 'useOp').length === 0 ? bodyOf(sortedValue(query, key['node']), 'CoalesceExpr') : null;
      const [first, second, more] = list(coalesce ?? {}, 'args').map((one) => originOf(query, one));
      if (!source || !key || !first?.column || !second?.column || more !== undefined) return [];
      if (first.source !== source || second.source !== source || first.name === second.name) return [];
      if (first.column.baseType !== second.column.baseType || !TYPES.has(first.column.baseType)) return [];
      if (heldNotNull(first) || factsOf(view.catalog).notNull(first).holds) return [];
      const sorted = others.length === 0 ? [] : orderOf(others, (one) => sortOriginOf(query, one));
      const found = sorted && leadsIndex(view.catalog, first) ? firstRows(view, query, source) : null;
      return found && sorted ? [{ ...found, key, first, second, tail: sorted.map((one) => one.item) }] : [];
    }),
  requires: ({ first, second }) => [
    seen(`${first.name} is NULL in a row or it is not: COALESCE is ${second.name} there, and else ${first.name}`),
  ],
  rewrite: ({ key, first, second, tail, ...rows }, view) => {
    const [one, other] = [first, second].map(({ source, name }) => columnOf(source.alias, name));
    if (!one || !other) return null;
    const keys = tail.map((item) => item['node'] as TreeNode);
    const set = {
      condition: expression('$1 IS NOT NULL', [one]),
      sort: [{ ...key, node: one, sortby_nulls: 'SORTBY_NULLS_DEFAULT' }, ...tail],
      keys: [one, ...keys],
    };
    const unset = {
      condition: expression('$1 IS NULL', [one]),
      sort: [{ ...key, node: other }, ...tail],
      keys: [other, ...keys],
    };
    return replace(view.statement.tree, rows.query.body, fromParts(view, rows, [key, ...tail], [set, unset]));
  },
  example: {
    schema:
      'CREATE TABLE post (id bigint PRIMARY KEY, edited_at timestamptz, written_at timestamptz NOT NULL, title text); CREATE INDEX ON post (edited_at); CREATE INDEX ON post (written_at);',
    data: `
      INSERT INTO post SELECT n, CASE WHEN n % 3 = 0 THEN timestamptz '2024-01-02' + n * interval '1 minute' END, timestamptz '2024-01-01' + n * interval '1 minute', repeat('t', 60) FROM generate_series(1, 40000) AS n;
      VACUUM ANALYZE post;`,
    statement: 'SELECT id, title FROM post ORDER BY COALESCE(edited_at, written_at) DESC LIMIT 10',
    gain: { buffers: 20 },
  },
  unsoundTwin: {
    why: 'the rows that have no a come by b among those that have one, and not after them',
    to: 'SELECT id, title FROM post ORDER BY edited_at DESC NULLS LAST, written_at DESC LIMIT 10',
  },
});

const TYPES = new Set(['int2', 'int4', 'int8', 'numeric', 'date', 'timestamp', 'timestamptz']);

/** What a sort key stands for: a bare name means an output column of that name first. */
function sortedValue(query: Query, node: TreeValue): TreeValue {
  const { path, star } = columnPath(bodyOf(node, 'ColumnRef') ?? {});
  if (star || path.length !== 1) return isNode(node) ? node : null;
  const shown = list(query.body, 'targetList').find((item) => outputName(item) === path[0]);
  return bodyOf(shown, 'ResTarget')?.['val'] ?? node;
}
