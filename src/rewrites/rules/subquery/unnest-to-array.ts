import { bodyOf, isNode } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { unnested } from '../../arrays.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { isFixed, mayGiveRows } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';

interface Site {
  readonly condition: TreeNode;
  readonly value: TreeNode;
  readonly array: TreeNode;
}

export default defineRewrite<Site>({
  id: 'subquery/unnest-to-array',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`x IN (SELECT unnest($1::int[]))` and `x IN (SELECT v FROM unnest($1::int[]) AS v)` become `x = ANY ($1::int[])`.',
    why: 'An index serves `= ANY (array)`, also as one of several alternatives; a subquery under OR is asked for every row.',
    limits:
      'The array is the same for every row. In WHERE, HAVING and ON, where NULL is as good as false: with a NULL array the one is false and the other NULL.',
    sources: [
      'PostgreSQL manual, "Row and Array Comparisons"',
      'PostgreSQL manual, "Subquery Expressions", section "IN"',
    ],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ node }) => {
      const sublink = bodyOf(node, 'SubLink');
      const array = unnested(bodyOf(sublink?.['subselect'], 'SelectStmt'));
      const value = sublink?.['testexpr'];
      const isIn = sublink?.['subLinkType'] === 'ANY_SUBLINK' && sublink['operName'] === undefined;
      return isIn &&
        array &&
        isFixed(array) &&
        !mayGiveRows(view.catalog, array) &&
        isNode(value) &&
        bodyOf(value, 'ColumnRef')
        ? [{ condition: node, value, array }]
        : [];
    }),
  requires: () => [
    seen('the array is the same for every row'),
    seen('the condition stands where NULL is as good as false'),
  ],
  rewrite: ({ condition, value, array }, view) =>
    replace(view.statement.tree, condition, expression('$1 = ANY ($2)', [value, array])),
  example: {
    schema: 'CREATE TABLE job (id bigint PRIMARY KEY, owner int, payload text, watchers int[]);',
    data: `
      INSERT INTO job SELECT n, n % 5000, repeat('p', 80) FROM generate_series(1, 20000) AS n;
      CREATE INDEX ON job (owner);
      ANALYZE;`,
    statement: "SELECT id, payload FROM job WHERE owner = 7 OR id IN (SELECT unnest('{4, 5, NULL}'::bigint[]))",
    gain: { buffers: 10 },
  },
  unsoundTwin: {
    why: 'where there is no array nothing is in it, while it is not known what equals one of its elements',
    statement: 'SELECT id FROM job WHERE NOT (owner IN (SELECT unnest(watchers)))',
    to: 'SELECT id FROM job WHERE NOT (owner = ANY (watchers))',
  },
});
