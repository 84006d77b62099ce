import { bodyOf, list } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { functionName, stringConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly column: TreeNode;
  readonly path: TreeNode;
  readonly operator: '@?' | '@@';
}

export default defineRewrite<Site>({
  id: 'sargable/jsonpath-to-operator',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`jsonb_path_exists(body, '$.a ? (@ == 5)')` becomes `body @? '$.a ? (@ == 5)'`, and `jsonb_path_match(body, '$.a == 5')` becomes `body @@ '$.a == 5'`.",
    why: 'A GIN index on the document serves the operators; none serves a function of it.',
    limits:
      'The path is a literal of keys and one comparison with a string or a number in the lax mode, which fails for no document: the operators hide errors that the functions report.',
    sources: [
      'PostgreSQL manual, "JSON Functions and Operators"',
      'PostgreSQL manual, "JSON Types", section "jsonb Indexing"',
    ],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) => {
      const call = bodyOf(node, 'FuncCall');
      const [column, path, more] = call ? list(call, 'args') : [];
      const form = call ? PATHS[functionName(call)] : undefined;
      if (!call || !form || more || !bodyOf(path, 'A_Const') || !form.path.test(stringConstant(path) ?? '')) return [];
      return originOf(query, column)?.column?.baseType === 'jsonb'
        ? [{ condition: node, column: column as TreeNode, path: path as TreeNode, operator: form.operator }]
        : [];
    }),
  requires: () => [seen('the path is one comparison of a member, which gives no error for any document')],
  rewrite: ({ condition, column, path, operator }, view) =>
    replace(view.statement.tree, condition, expression(`$1 ${operator} $2`, [column, path])),
  example: {
    schema: 'CREATE TABLE event (id bigint PRIMARY KEY, body jsonb NOT NULL);',
    data: `
      INSERT INTO event SELECT n, jsonb_build_object('kind', 'k' || n % 1000, 'text', repeat('t', 60)) FROM generate_series(1, 20000) AS n;
      CREATE INDEX ON event USING gin (body);
      VACUUM ANALYZE event;`,
    statement: `SELECT id FROM event WHERE jsonb_path_exists(body, '$.kind ? (@ == "k77")')`,
    gain: { buffers: 5 },
  },
  unsoundTwin: {
    why: 'whether there is a result is another question than whether it is true',
    statement: `SELECT id FROM event WHERE jsonb_path_exists(body, '$.kind == "k77"')`,
    to: `SELECT id FROM event WHERE body @@ '$.kind == "k77"'`,
  },
});

const KEYS = String.raw`\$(\.[A-Za-z_]\w*|\[\*\])*`;
const COMPARED = String.raw`\s*(==|<|<=|>|>=)\s*("[^"\\]*"|-?\d+(\.\d+)?)\s*`;

const PATHS: Readonly<Record<string, { readonly operator: Site['operator']; readonly path: RegExp }>> = {
  jsonb_path_exists: {
    operator: '@?',
    path: new RegExp(String.raw`^${KEYS}\s*(\?\s*\(\s*@(\.[A-Za-z_]\w*)*${COMPARED}\)\s*)?$`),
  },
  jsonb_path_match: { operator: '@@', path: new RegExp(`^${KEYS}${COMPARED}$`) },
};
