import { bodyOf } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { quoteLiteral } from '../../../base/quote.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { bothWays, operation, stringConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
  readonly rest: string;
}

export default defineRewrite<Site>({
  id: 'sargable/concatenation-to-column',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`c || '.com' = 'example.com'` becomes `c = 'example'`, and `'AB-' || c = 'AB-12'` becomes `c = '12'`.",
    why: 'An index on `c` can not serve a condition on what is made of it.',
    limits:
      'One text or varchar column beside one literal, compared by `=` with a literal that begins or ends with it. The database has no collation of its own.',
    sources: ['PostgreSQL manual, "String Functions and Operators"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) =>
      bothWays(node).flatMap(({ operator, left, right }) => {
        const joined = operation(left);
        const whole = stringConstant(right);
        if (operator !== '=' || joined?.operator !== '||' || whole === null) return [];
        const columnFirst = bodyOf(joined.left, 'ColumnRef') !== null;
        const [column, other] = columnFirst ? [joined.left, joined.right] : [joined.right, joined.left];
        const part = bodyOf(other, 'A_Const') ? stringConstant(other) : null;
        const origin = originOf(query, column);
        if (!origin || !['text', 'varchar'].includes(origin.column?.baseType ?? '') || part === null) return [];
        if (!(columnFirst ? whole.endsWith(part) : whole.startsWith(part))) return [];
        const rest = columnFirst ? whole.slice(0, whole.length - part.length) : whole.slice(part.length);
        return [{ condition: node, column, origin, rest }];
      }),
    ),
  requires: ({ origin }, facts) => [
    facts.textsAsWritten(),
    seen(`${origin.name} is ${origin.column?.type}, which is not padded with blanks`),
  ],
  rewrite: ({ condition, column, rest }, view) =>
    replace(view.statement.tree, condition, expression(`$1 = ${quoteLiteral(rest)}`, [column])),
  example: {
    schema: 'CREATE TABLE site (id bigint PRIMARY KEY, name text NOT NULL, title text);',
    data: `
      INSERT INTO site SELECT n, 'site' || n, repeat('t', 60) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON site (name);
      ANALYZE;`,
    statement: "SELECT id, title FROM site WHERE name || '.com' = 'site77.com'",
    gain: { buffers: 50 },
  },
  unsoundTwin: {
    why: 'the column ends before the literal begins: what is left over is another text',
    statement: "SELECT id, title FROM site WHERE name || 'b' = 'ab'",
    to: "SELECT id, title FROM site WHERE name LIKE 'a%'",
  },
});
