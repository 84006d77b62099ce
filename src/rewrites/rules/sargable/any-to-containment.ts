import { bodyOf, isNode } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { ARRAYS, containing, isElement, ownContainment } from '../../arrays.js';
import { replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { isConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly array: TreeNode;
  readonly origin: ColumnOrigin;
  readonly value: TreeNode;
}

export default defineRewrite<Site>({
  id: 'sargable/any-to-containment',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`x = ANY (tags)`, where `tags` is a column, becomes `tags @> ARRAY[x]`.',
    why: 'A GIN index on the array serves `@>`; none serves `= ANY` of a column.',
    limits:
      'In WHERE, HAVING and ON, where NULL is as good as false; x is a constant or parameter. For integers the extension intarray, which has another `@>`, is not there.',
    sources: ['PostgreSQL manual, "Array Functions and Operators"', 'PostgreSQL manual, "GIN Indexes"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) => {
      const body = bodyOf(node, 'A_Expr');
      const [value, array] = [body?.['lexpr'], body?.['rexpr']];
      const origin = body?.['kind'] === 'AEXPR_OP_ANY' ? originOf(query, array) : null;
      if (!origin || !isNode(value) || !isNode(array) || !isConstant(value)) return [];
      return ARRAYS.has(origin.column?.baseType ?? '') &&
        isElement(origin, value) &&
        JSON.stringify(body?.['name']).includes('"="')
        ? [{ condition: node, array, origin, value }]
        : [];
    }),
  requires: ({ origin }, facts) => [
    seen('the condition stands where NULL is as good as false'),
    ownContainment(origin, facts),
  ],
  rewrite: ({ condition, array, origin, value }, view) =>
    replace(view.statement.tree, condition, containing(array, origin, value)),
  example: {
    schema: 'CREATE TABLE article (id bigint PRIMARY KEY, tags text[] NOT NULL, title text);',
    data: `
      INSERT INTO article SELECT n, ARRAY['t' || n % 1000, 'u' || n % 7], repeat('t', 60) FROM generate_series(1, 20000) AS n;
      CREATE INDEX ON article USING gin (tags);
      VACUUM ANALYZE article;`,
    statement: "SELECT id FROM article WHERE 't77' = ANY (tags)",
    gain: { buffers: 5 },
  },
  unsoundTwin: {
    why: 'an array that is contained in another need not be the other way round',
    to: "SELECT id FROM article WHERE tags <@ ARRAY['t77']::text[]",
  },
});
