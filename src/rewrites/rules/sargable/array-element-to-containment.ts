import { bodyOf, isNode, list, treeText } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { allOf, expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { bothWays, stringConstant, wholeConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly origin: ColumnOrigin;
  /** What the condition implies. */
  readonly contains: TreeNode;
}

export default defineRewrite<Site>({
  id: 'sargable/array-element-to-containment',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`tags[1] = 'x'`, where `tags` is a column, gets `tags @> ARRAY['x']` beside it.",
    why: 'A GIN index on the array serves `@>`; none serves one of its elements.',
    limits: 'The column is an array of texts or whole numbers, the value a literal, and the position a number.',
    sources: ['PostgreSQL manual, "Array Functions and Operators"', 'PostgreSQL manual, "GIN Indexes"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) => {
    const conditions = conditionsOf(view);
    const present = new Set(conditions.map(({ node }) => treeText(node)));
    return conditions.flatMap(({ query, node }) =>
      bothWays(node).flatMap(({ operator, left, right }) => {
        const body = operator === '=' ? bodyOf(left, 'A_Indirection') : null;
        const [only, more] = body ? list(body, 'indirection') : [];
        const index = bodyOf(only, 'A_Indices');
        const column = body?.['arg'];
        const origin = isNode(column) ? originOf(query, column) : null;
        const type = /^(text|character varying|integer|bigint)\[\]$/.exec(origin?.column?.type ?? '')?.[1];
        if (!index || more || !isNode(column) || !origin || type === undefined) return [];
        const isText = type === 'text' || type === 'character varying';
        const isValue =
          bodyOf(right, 'A_Const') !== null && (isText ? stringConstant(right) : wholeConstant(right)) !== null;
        if (index['is_slice'] === true || wholeConstant(index['uidx']) === null || !isValue) return [];
        const contains = expression(`$1 @> ARRAY[$2]::${type}[]`, [column, right]);
        return present.has(treeText(contains)) ? [] : [{ condition: node, origin, contains }];
      }),
    );
  },
  requires: ({ origin }) => [seen(`an element of ${origin.name} is contained in it`)],
  rewrite: ({ condition, contains }, view) => {
    const both = allOf([contains, condition]);
    return both ? replace(view.statement.tree, condition, both) : null;
  },
  example: {
    schema: 'CREATE TABLE article (id bigint PRIMARY KEY, tags text[]);',
    data: `
      INSERT INTO article SELECT n, ARRAY['t' || n % 1000, 'u' || n % 7] FROM generate_series(1, 20000) AS n;
      CREATE INDEX ON article USING gin (tags);
      VACUUM ANALYZE article;`,
    statement: "SELECT id FROM article WHERE tags[1] = 't77'",
    gain: { buffers: 5 },
  },
  unsoundTwin: {
    why: 'the array may hold the value at another place',
    to: "SELECT id FROM article WHERE tags @> ARRAY['t77']",
  },
});
