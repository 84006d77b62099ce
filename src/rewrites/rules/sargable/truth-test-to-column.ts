import { bodyOf, isNode, textOf } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { factsOf, seen } from '../../facts.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
  /** What the column must not be. */
  readonly not: 'true' | 'false';
}

export default defineRewrite<Site>({
  id: 'sargable/truth-test-to-column',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`c IS NOT FALSE` and `c IS NOT TRUE` become `c` and `NOT c`, and, where c may be NULL, `c OR c IS NULL` and `NOT c OR c IS NULL`.',
    why: 'An index on `c`, and a partial one `WHERE c`, serve the plain column; of these tests they serve `IS TRUE` and `IS FALSE` alone.',
    limits: 'In WHERE, HAVING and ON; c is a boolean column of a table.',
    sources: ['PostgreSQL source, `match_boolean_index_clause` in indxpath.c'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) => {
      const test = bodyOf(node, 'BooleanTest');
      const not = NOT[(test && textOf(test, 'booltesttype')) ?? ''];
      const origin = test ? originOf(query, test['arg']) : null;
      const column = test?.['arg'];
      if (not === undefined || origin?.column?.baseType !== 'bool' || !isNode(column)) return [];
      return [{ condition: node, column, origin, not }];
    }),
  requires: ({ origin }, facts) => {
    const set = facts.notNull(origin);
    return [set.holds ? set : seen(`where ${origin.name} is NULL the test holds, and so it is asked for as well`)];
  },
  rewrite: ({ condition, column, origin, not }, view) => {
    const value = not === 'false' ? '$1' : 'NOT $1';
    const form = factsOf(view.catalog).notNull(origin).holds ? value : `${value} OR $1 IS NULL`;
    return replace(view.statement.tree, condition, expression(form, [column]));
  },
  example: {
    schema: 'CREATE TABLE letter (id bigint PRIMARY KEY, urgent boolean NOT NULL, text text);',
    data: `
      INSERT INTO letter SELECT n, n % 500 = 0, repeat('t', 80) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON letter (urgent);
      ANALYZE;`,
    statement: 'SELECT id, text FROM letter WHERE urgent IS NOT FALSE',
    gain: { buffers: 4 },
  },
  unsoundTwin: {
    why: 'what is unknown is not false either',
    schema: 'CREATE TABLE letter (id bigint PRIMARY KEY, urgent boolean, text text);',
    to: 'SELECT id, text FROM letter WHERE urgent',
  },
});

const NOT: Readonly<Record<string, Site['not']>> = { IS_NOT_FALSE: 'false', IS_NOT_TRUE: 'true' };
