import { bodyOf, isNode, list, treeText } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { ARRAYS, containing, isElement, ownContainment } from '../../arrays.js';
import { replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { bothWays, functionName, isConstant, stringConstant, wholeConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly contained: TreeNode;
  readonly origin: ColumnOrigin;
  readonly value: TreeNode;
  /** Whether the condition asks where the element stands, so that it has to stay beside. */
  readonly kept: boolean;
}

export default defineRewrite<Site>({
  id: 'sargable/array-position-to-containment',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`array_position(tags, 'x') IS NOT NULL` becomes `tags @> ARRAY['x']`; `array_position(tags, 'x') > 0` and the like get it beside them.",
    why: 'A GIN index on the array serves `@>`; none serves a function of it.',
    limits:
      'In WHERE, HAVING and ON; the element is a literal and not NULL. On an array of several dimensions array_position fails, and `@>` does not. For integers the extension intarray, which has another `@>`, is not there.',
    sources: ['PostgreSQL manual, "Array Functions and Operators"', 'PostgreSQL manual, "GIN Indexes"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) => {
    const conditions = conditionsOf(view);
    const present = new Set(conditions.map(({ node }) => treeText(node)));
    return conditions.flatMap(({ query, node }) => {
      const test = bodyOf(node, 'NullTest');
      const isSet = test?.['nulltesttype'] === 'IS_NOT_NULL';
      const compared = bothWays(node).find(
        ({ operator, right }) => ['>', '>=', '='].includes(operator) && (wholeConstant(right) ?? -1) >= 0,
      );
      const call = bodyOf(isSet ? test['arg'] : compared?.left, 'FuncCall');
      const [array, value, from] = call && functionName(call) === 'array_position' ? list(call, 'args') : [];
      const origin = originOf(query, array);
      if (!origin || !isNode(array) || !isNode(value) || from !== undefined || !isConstant(value)) return [];
      if (!ARRAYS.has(origin.column?.baseType ?? '') || !isElement(origin, value)) return [];
      const contained = containing(array, origin, value);
      return present.has(treeText(contained)) ? [] : [{ condition: node, contained, origin, value, kept: !isSet }];
    });
  },
  requires: ({ origin, value }, facts) => [
    stringConstant(value) !== null || wholeConstant(value) !== null
      ? seen('the element is a literal, and not NULL')
      : missing('the element may be NULL, which array_position finds and @> does not'),
    ownContainment(origin, facts),
  ],
  rewrite: ({ condition, contained, kept }, view) => {
    const both = { BoolExpr: { boolop: 'AND_EXPR', args: [contained, condition] } };
    return replace(view.statement.tree, condition, kept ? both : contained);
  },
  example: {
    schema: 'CREATE TABLE article (id bigint PRIMARY KEY, tags text[] NOT NULL, title text);',
    data: `
      INSERT INTO article SELECT n, ARRAY['t' || n % 1000, 'u' || n % 7], repeat('t', 60) FROM generate_series(1, 20000) AS n;
      CREATE INDEX ON article USING gin (tags);
      VACUUM ANALYZE article;`,
    statement: "SELECT id FROM article WHERE array_position(tags, 't77') IS NOT NULL",
    gain: { buffers: 5 },
  },
  unsoundTwin: {
    why: 'the element may stand in another place than the first',
    statement: "SELECT id FROM article WHERE array_position(tags, 't77') = 1",
    to: "SELECT id FROM article WHERE tags @> ARRAY['t77']::text[]",
  },
});
