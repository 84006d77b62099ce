import { bodyOf } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { quoteLiteral } from '../../../base/quote.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { bothWays, operation, stringConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly column: TreeNode;
  readonly path: readonly string[];
  readonly text: string;
}

export default defineRewrite<Site>({
  id: 'sargable/jsonb-text-to-containment',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: `\`body ->> 'kind' = 'order'\` becomes \`body @> '{"kind": "order"}'\`; \`body -> 'a' ->> 'b' = 'c'\` alike.`,
    why: 'A GIN index on the document serves `@>` for every key; `->>` needs an index for each.',
    limits:
      'The column is jsonb and the text a literal that no number, truth value, object or array is written as: `->>` writes those as texts too, and `@>` tells them apart. The keys are literals.',
    sources: ['PostgreSQL manual, "JSON Types", section "jsonb Indexing"'],
  },
  triggers: ['rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) =>
      bothWays(node).flatMap(({ operator, left, right }) => {
        const text = stringConstant(right);
        const read = operator === '=' && operation(left)?.operator === '->>' ? pathOf(left) : null;
        if (!read || text === null || originOf(query, read.column)?.column?.baseType !== 'jsonb') return [];
        return [{ condition: node, ...read, text }];
      }),
    ),
  requires: ({ text }) => [
    /^\s*(-?[\d.]|true$|false$|[{[])/.test(text)
      ? missing('a number, a truth value, an object or an array may be written as the text that is compared')
      : seen('no number, truth value, object or array is written as the text that is compared'),
    seen('the condition stands where NULL is as good as false'),
  ],
  rewrite: ({ condition, column, path, text }, view) => {
    const document = path.reduceRight<unknown>((value, key) => ({ [key]: value }), text);
    const to = expression(`$1 @> ${quoteLiteral(JSON.stringify(document))}`, [column]);
    return replace(view.statement.tree, condition, to);
  },
  example: {
    schema: 'CREATE TABLE event (id bigint PRIMARY KEY, body jsonb NOT NULL);',
    data: `
      INSERT INTO event SELECT n, jsonb_build_object('kind', 'k' || n % 1000, 'text', repeat('t', 60)) FROM generate_series(1, 20000) AS n;
      CREATE INDEX ON event USING gin (body);
      VACUUM ANALYZE event;`,
    statement: "SELECT id FROM event WHERE body ->> 'kind' = 'k77'",
    gain: { buffers: 5 },
  },
  unsoundTwin: {
    why: 'the number 7 is written like the text 7',
    statement: "SELECT id FROM event WHERE body ->> 'kind' = '7'",
  },
});

/** The keys, outermost first, down to a column; null for anything else. */
function pathOf(value: TreeNode): { readonly column: TreeNode; readonly path: readonly string[] } | null {
  if (bodyOf(value, 'ColumnRef')) return { column: value, path: [] };
  const step = operation(value);
  const key = step && bodyOf(step.right, 'A_Const') ? stringConstant(step.right) : null;
  if (!step || key === null || !['->', '->>'].includes(step.operator)) return null;
  const before = pathOf(step.left);
  return before ? { column: before.column, path: [...before.path, key] } : null;
}
