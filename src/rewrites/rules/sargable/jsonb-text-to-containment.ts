import type { TreeNode } from '../../../sql/tree.js';
import { replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { contains, literalText, pathOf, textPathOf, writtenAsText } from '../../documents.js';
import { seen } from '../../facts.js';
import { bothWays, operation, stringConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly column: TreeNode;
  readonly path: readonly string[];
  /** A text as `->>` reads it; a JSON scalar as `->` does. */
  readonly text: string;
  readonly isText: boolean;
}

export default defineRewrite<Site>({
  id: 'sargable/jsonb-text-to-containment',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: `\`body ->> 'kind' = 'order'\` becomes \`body @> '{"kind": "order"}'\`; \`body -> 'a' ->> 'b' = 'c'\`, \`body #>> '{a,b}' = 'c'\` and \`body -> 'kind' = '"order"'\` alike.`,
    why: 'A GIN index on the document serves `@>` for every key; `->>` needs an index for each.',
    limits:
      'The column is jsonb and the text a literal that no number, truth value, object or array is written as: `->>` writes those as texts too, and `@>` tells them apart. The keys are literals.',
    sources: ['PostgreSQL manual, "JSON Types", section "jsonb Indexing"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) =>
      bothWays(node).flatMap(({ operator, left, right }) => {
        const read = operator === '=' ? textPathOf(left) : null;
        const whole = operator === '=' && operation(left)?.operator === '->' ? pathOf(left) : null;
        const found = read ?? whole;
        const text = read ? literalText(right) : scalarOf(stringConstant(right));
        if (!found || text === null || originOf(query, found.column)?.column?.baseType !== 'jsonb') return [];
        return [{ condition: node, ...found, text, isText: read !== null }];
      }),
    ),
  requires: ({ text, isText }) => [
    isText ? writtenAsText([text]) : seen('a scalar is contained where it is equal'),
    seen('the condition stands where NULL is as good as false'),
  ],
  rewrite: ({ condition, column, path, text, isText }, view) =>
    replace(view.statement.tree, condition, contains(column, path, isText ? text : (JSON.parse(text) as unknown))),
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

/** A JSON text, truth value or null as it is written, and numbers that JavaScript does not change; null for anything else. */
function scalarOf(literal: string | null): string | null {
  return literal !== null && /^\s*("[^"\\\p{Cc}]*"|true|false|null|-?[1-9]\d{0,14}|0)\s*$/u.test(literal)
    ? literal
    : null;
}
