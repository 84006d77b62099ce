import type { TreeNode } from '../../../sql/tree.js';
import { bodyOf, treeText } from '../../../sql/tree.js';
import { allOf, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { contains, literalText, pathOf, scalarsWritten, textPathOf, writtenAsText } from '../../documents.js';
import { seen } from '../../facts.js';
import { bothWays, operation, stringConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly column: TreeNode;
  readonly path: readonly string[];
  readonly text: string;
  /** What the member may be; null where it may be an object or an array. */
  readonly scalars: readonly unknown[] | null;
}

export default defineRewrite<Site>({
  id: 'sargable/jsonb-text-to-containment',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: `\`body ->> 'kind' = 'order'\` becomes \`body @> '{"kind": "order"}'\`; \`body -> 'a' ->> 'b' = 'c'\`, \`body #>> '{a,b}' = 'c'\` and \`body -> 'kind' = '"order"'\` and \`body['kind'] = '"order"'\` alike. \`= 'true'\` becomes \`@> '{"kind": true}' OR @> '{"kind": "true"}'\`, and a whole number alike with the original beside it.`,
    why: 'A GIN index on the document serves `@>` for every key; `->>` needs an index for each.',
    limits:
      'The column is jsonb and the text a literal that no object, array or fraction is written as: `->>` writes those as texts too. The keys are literals.',
    sources: ['PostgreSQL manual, "JSON Types", section "jsonb Indexing"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) => {
    const conditions = conditionsOf(view);
    const present = new Set(conditions.map(({ node }) => treeText(node)));
    return conditions.flatMap(({ query, node }) =>
      bothWays(node).flatMap(({ operator, left, right }) => {
        const read = operator === '=' ? textPathOf(left) : null;
        const isMember = operation(left)?.operator === '->' || bodyOf(left, 'A_Indirection') !== null;
        const whole = operator === '=' && isMember ? pathOf(left) : null;
        const found = read ?? whole;
        const text = read ? literalText(right) : scalarOf(stringConstant(right));
        if (
          !found ||
          found.path.length === 0 ||
          text === null ||
          originOf(query, found.column)?.column?.baseType !== 'jsonb'
        )
          return [];
        const scalars = read ? scalarsWritten(text) : [JSON.parse(text) as unknown];
        // A number is contained where it is equal, and 7.0 is written otherwise than 7: the text is asked for too.
        const isThere = (scalars?.length ?? 0) > 1 && present.has(treeText(containing(found, scalars ?? [])));
        return isThere ? [] : [{ condition: node, ...found, scalars, text }];
      }),
    );
  },
  requires: ({ scalars, text }) => [
    scalars === null ? writtenAsText([text]) : seen('what is written so, or equals it, is contained'),
    seen('the condition stands where NULL is as good as false'),
  ],
  rewrite: (site, view) => {
    const { condition, scalars, text } = site;
    const contained = containing(site, scalars ?? [text]);
    const asked = typeof scalars?.[0] === 'number' && scalars.length > 1 ? allOf([contained, condition]) : contained;
    return asked ? replace(view.statement.tree, condition, asked) : null;
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
    why: 'the number 7.5 is written like the text 7.5',
    statement: "SELECT id FROM event WHERE body ->> 'kind' = '7.5'",
  },
});

function containing({ column, path }: Pick<Site, 'column' | 'path'>, scalars: readonly unknown[]): TreeNode {
  const args = scalars.map((scalar) => contains(column, path, scalar));
  return args.length === 1 && args[0] ? args[0] : { BoolExpr: { boolop: 'OR_EXPR', args } };
}

/** A JSON text, truth value or null as it is written, and numbers that JavaScript does not change; null for anything else. */
function scalarOf(literal: string | null): string | null {
  return literal !== null && /^\s*("[^"\\\p{Cc}]*"|true|false|null|-?[1-9]\d{0,14}|0)\s*$/u.test(literal)
    ? literal
    : null;
}
