import type { TreeNode } from '../../../sql/tree.js';
import { replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { contains, literalText, pathOf, writtenAsText } from '../../documents.js';
import { seen } from '../../facts.js';
import { bothWays, operation } from '../../shapes.js';
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
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) =>
      bothWays(node).flatMap(({ operator, left, right }) => {
        const text = literalText(right);
        const read = operator === '=' && operation(left)?.operator === '->>' ? pathOf(left) : null;
        if (!read || text === null || originOf(query, read.column)?.column?.baseType !== 'jsonb') return [];
        return [{ condition: node, ...read, text }];
      }),
    ),
  requires: ({ text }) => [writtenAsText([text]), seen('the condition stands where NULL is as good as false')],
  rewrite: ({ condition, column, path, text }, view) =>
    replace(view.statement.tree, condition, contains(column, path, text)),
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
