import { bodyOf, isNode, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { contains, literalText, pathOf, writtenAsText } from '../../documents.js';
import { seen } from '../../facts.js';
import { listed, operation } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly column: TreeNode;
  readonly path: readonly string[];
  readonly texts: readonly string[];
}

export default defineRewrite<Site>({
  id: 'sargable/jsonb-text-in-to-containment',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: `\`body ->> 'kind' IN ('a', 'b')\` becomes \`body @> '{"kind": "a"}' OR body @> '{"kind": "b"}'\`; \`= ANY (ARRAY['a', 'b'])\` alike.`,
    why: 'A GIN index on the document serves each `@>`, and a bitmap puts them together; `->>` needs an index of its own.',
    limits:
      'The column is jsonb; two to twenty literals, none of which a number, truth value, object or array is written as. The keys are literals.',
    sources: ['PostgreSQL manual, "JSON Types", section "jsonb Indexing"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) => {
      const among = listed(node, 'AEXPR_IN') ?? anyOf(node);
      const read = among && operation(among.left)?.operator === '->>' ? pathOf(among.left) : null;
      const texts = among?.items.map(literalText).filter((text) => text !== null) ?? [];
      if (!among || !read || texts.length !== among.items.length || texts.length < 2 || texts.length > MOST) return [];
      return originOf(query, read.column)?.column?.baseType === 'jsonb' ? [{ condition: node, ...read, texts }] : [];
    }),
  requires: ({ texts }) => [writtenAsText(texts), seen('the condition stands where NULL is as good as false')],
  rewrite: ({ condition, column, path, texts }, view) => {
    const args = [...new Set(texts)].map((text) => contains(column, path, text));
    const [only, more] = args;
    const either = more || !only ? { BoolExpr: { boolop: 'OR_EXPR', args } } : only;
    return replace(view.statement.tree, condition, either);
  },
  example: {
    schema: 'CREATE TABLE event (id bigint PRIMARY KEY, body jsonb NOT NULL);',
    data: `
      INSERT INTO event SELECT n, jsonb_build_object('kind', 'k' || n % 1000, 'text', repeat('t', 60)) FROM generate_series(1, 20000) AS n;
      CREATE INDEX ON event USING gin (body);
      VACUUM ANALYZE event;`,
    statement: "SELECT id FROM event WHERE body ->> 'kind' IN ('k77', 'k88')",
    gain: { buffers: 4 },
  },
  unsoundTwin: {
    why: 'the truth value true is written like the text true',
    statement: "SELECT id FROM event WHERE body ->> 'kind' IN ('true', 'k88')",
  },
});

/** Beyond it a bitmap of so many scans is hardly the better plan. */
const MOST = 20;

function anyOf(node: TreeNode): { readonly left: TreeNode; readonly items: readonly TreeValue[] } | null {
  const body = bodyOf(node, 'A_Expr');
  const array = bodyOf(body?.['rexpr'], 'A_ArrayExpr');
  const equal = JSON.stringify(body?.['name']) === JSON.stringify([{ String: { sval: '=' } }]);
  return body?.['kind'] === 'AEXPR_OP_ANY' && equal && array && isNode(body['lexpr'])
    ? { left: body['lexpr'], items: list(array, 'elements') }
    : null;
}
