import { quoteLiteral } from '../../../base/quote.js';
import { bodyOf, isNode, treeText } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { pathOf } from '../../documents.js';
import { seen } from '../../facts.js';
import { operation } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly key: string;
  readonly exists: TreeNode;
}

export default defineRewrite<Site>({
  id: 'sargable/jsonb-key-exists',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`body ->> 'error' IS NOT NULL` becomes `body ? 'error' AND body ->> 'error' IS NOT NULL`; `->` alike.",
    why: 'A GIN index on the document (jsonb_ops) serves `?`; IS NOT NULL of what is read out of it is served by none.',
    limits:
      'The column is jsonb, the key a literal; of a longer path the first key is asked for. The old condition stays: `?` holds for an array with that text, and for a key whose value is null, as well. Drivers that take `?` for a parameter want it written `??` (JDBC).',
    sources: ['PostgreSQL manual, "JSON Types", section "jsonb Containment and Existence"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) => {
    const conditions = conditionsOf(view);
    const present = new Set(conditions.map(({ node }) => treeText(node)));
    return conditions.flatMap(({ query, node }) => {
      const test = bodyOf(node, 'NullTest');
      const arg = test?.['nulltesttype'] === 'IS_NOT_NULL' && isNode(test['arg']) ? test['arg'] : null;
      const read = arg && operation(arg) ? pathOf(arg) : null;
      const [key] = read?.path ?? [];
      if (!read || key === undefined || originOf(query, read.column)?.column?.baseType !== 'jsonb') return [];
      const exists = expression(`$1 ? ${quoteLiteral(key)}`, [read.column]);
      return present.has(treeText(exists)) ? [] : [{ condition: node, key, exists }];
    });
  },
  requires: ({ key }) => [
    seen(
      `only of an object with the key '${key}' anything but NULL can be read by that key, and the old condition stays`,
    ),
    seen('the condition stands where NULL is as good as false'),
  ],
  rewrite: ({ condition, exists }, view) =>
    replace(view.statement.tree, condition, { BoolExpr: { boolop: 'AND_EXPR', args: [exists, condition] } }),
  example: {
    schema: 'CREATE TABLE event (id bigint PRIMARY KEY, body jsonb NOT NULL);',
    data: `
      INSERT INTO event SELECT n, jsonb_build_object('text', repeat('t', 60), CASE WHEN n % 1000 = 0 THEN 'error' ELSE 'info' END, n) FROM generate_series(1, 20000) AS n;
      CREATE INDEX ON event USING gin (body);
      VACUUM ANALYZE event;`,
    statement: "SELECT id FROM event WHERE body ->> 'error' IS NOT NULL",
    gain: { buffers: 5 },
  },
  unsoundTwin: {
    why: 'an array with that text has it for ?, and a key may be there with the value null',
    to: "SELECT id FROM event WHERE body ? 'error'",
  },
});
