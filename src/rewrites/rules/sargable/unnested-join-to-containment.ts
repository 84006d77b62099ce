import { treeText } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { ARRAYS, elementValues, holdsOne, isColumnOf, isElement, ownContainment, unnestItem } from '../../arrays.js';
import { conjuncts, replace, withWhere } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly origin: ColumnOrigin;
  readonly containment: TreeNode;
}

export default defineRewrite<Site>({
  id: 'sargable/unnested-join-to-containment',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`FROM a, unnest(a.tags) AS t WHERE t = 'x'` gets `a.tags @> ARRAY['x']` beside the condition; `t IN ('x', 'y')` gets `a.tags && ARRAY['x', 'y']`.",
    why: 'A GIN index on the array serves `@>` and `&&`; without them every array of the table is taken apart.',
    limits:
      'tags is a column, and an element is compared by = or IN with constants or parameters in WHERE. The condition stays: it says how often a row comes. For integers the extension intarray is not there.',
    sources: ['PostgreSQL manual, "Array Functions and Operators"', 'PostgreSQL manual, "GIN Indexes"'],
  },
  triggers: ['scan/rows-discarded', 'join/inner-sequential-scan', 'join/join-filter-discards'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const conditions = conjuncts(query.body['whereClause']);
      const present = new Set(conditions.map((one) => treeText(one)));
      return query.sources.flatMap((source): readonly Site[] => {
        const own = source.nullable ? null : unnestItem(source.item);
        const origin = own ? originOf(query, own.array) : null;
        if (
          !own ||
          !origin ||
          origin.query !== query ||
          origin.source.nullable ||
          !ARRAYS.has(origin.column?.baseType ?? '')
        )
          return [];
        return conditions.flatMap((condition): readonly Site[] => {
          const values = elementValues(
            condition,
            (value) => isColumnOf(own, value) && originOf(query, value)?.source === source,
          );
          if (values.length === 0 || !values.every((one) => isElement(origin, one))) return [];
          const containment = holdsOne(own.array, origin, values);
          return present.has(treeText(containment)) ? [] : [{ query, origin, containment }];
        });
      });
    }),
  requires: ({ origin }, facts) => [
    seen('an element that is equal to a value is in the array'),
    ownContainment(origin, facts),
  ],
  rewrite: ({ query, containment }, view) => {
    const body = withWhere(query.body, [containment, ...conjuncts(query.body['whereClause'])]);
    return replace(view.statement.tree, query.body, { [query.type]: body });
  },
  example: {
    schema: 'CREATE TABLE article (id bigint PRIMARY KEY, tags text[], title text);',
    data: `
      INSERT INTO article SELECT n, ARRAY['t' || n % 1000, 'u' || n % 7], repeat('t', 60) FROM generate_series(1, 20000) AS n;
      CREATE INDEX ON article USING gin (tags);
      VACUUM ANALYZE article;`,
    statement: "SELECT a.id FROM article AS a, unnest(a.tags) AS t WHERE t = 't77'",
    gain: { buffers: 4 },
  },
  unsoundTwin: {
    why: 'an array with both of the values gives two rows',
    statement: "SELECT a.id FROM article AS a, unnest(a.tags) AS t WHERE t IN ('t77', 't78')",
    to: "SELECT a.id FROM article AS a WHERE a.tags && ARRAY['t77', 't78']",
  },
});
