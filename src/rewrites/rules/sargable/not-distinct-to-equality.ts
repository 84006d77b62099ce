import { bodyOf, isNode } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { castOf, isConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly column: TreeNode;
  readonly value: TreeNode;
  readonly mayBeNull: boolean;
}

export default defineRewrite<Site>({
  id: 'sargable/not-distinct-to-equality',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`c IS NOT DISTINCT FROM v` becomes `c = v` for a literal v, and `c = v OR (c IS NULL AND v IS NULL)` for a parameter.',
    why: 'No index serves IS NOT DISTINCT FROM; both forms of `=` and IS NULL have one.',
    limits: 'In WHERE, HAVING and ON, where NULL is as good as false; a column against a constant.',
    sources: ['PostgreSQL manual, "Comparison Functions and Operators"', 'PostgreSQL manual, "Operator Classes"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) => {
      const body = bodyOf(node, 'A_Expr');
      if (body?.['kind'] !== 'AEXPR_NOT_DISTINCT') return [];
      return [
        [body['lexpr'], body['rexpr']],
        [body['rexpr'], body['lexpr']],
      ].flatMap(([column, value]) => {
        if (!originOf(query, column) || !isNode(column) || !isNode(value) || !isConstant(value)) return [];
        const inner = castOf(value)?.value ?? value;
        if (bodyOf(inner, 'A_Const')?.['isnull'] !== undefined) return [];
        return [{ condition: node, column, value, mayBeNull: bodyOf(inner, 'A_Const') === null }];
      });
    }),
  requires: ({ mayBeNull }) => [
    seen('the condition stands where NULL is as good as false'),
    seen(mayBeNull ? 'the case that both are NULL is written out' : 'the literal is not NULL'),
  ],
  rewrite: ({ condition, column, value, mayBeNull }, view) => {
    const form = mayBeNull ? '$1 = $2 OR ($1 IS NULL AND $2 IS NULL)' : '$1 = $2';
    return replace(view.statement.tree, condition, expression(form, [column, value]));
  },
  example: {
    schema: 'CREATE TABLE job (id bigint PRIMARY KEY, queue int, payload text);',
    data: `
      INSERT INTO job SELECT n, nullif(n % 500, 0), repeat('p', 80) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON job (queue);
      ANALYZE;`,
    statement: 'SELECT id, payload FROM job WHERE queue IS NOT DISTINCT FROM 7',
    gain: { buffers: 4 },
  },
  unsoundTwin: {
    why: 'a parameter may be NULL, and then the rows with NULL are asked for',
    statement: 'SELECT id, payload FROM job WHERE queue IS NOT DISTINCT FROM $1',
    to: 'SELECT id, payload FROM job WHERE queue = $1',
  },
});
