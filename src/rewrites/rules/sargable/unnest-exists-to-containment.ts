import { bodyOf, isNode, list } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import {
  ARRAYS,
  elementValues,
  holdsOne,
  isColumnOf,
  isElement,
  ownContainment,
  unnested,
  unnestItem,
} from '../../arrays.js';
import { replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { isConstant, isPlain } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly array: TreeNode;
  readonly origin: ColumnOrigin;
  readonly values: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'sargable/unnest-exists-to-containment',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`EXISTS (SELECT FROM unnest(tags) AS t WHERE t = 'x')` and `'x' IN (SELECT unnest(tags))` become `tags @> ARRAY['x']`; `t IN ('x', 'y')` becomes `tags && ARRAY['x', 'y']`.",
    why: 'A GIN index on the array serves `@>` and `&&`; a subquery over its elements runs once for each row.',
    limits:
      'tags is a column, and the elements are compared by = with constants or parameters alone. In WHERE, HAVING and ON, where NULL is as good as false. For integers the extension intarray is not there.',
    sources: ['PostgreSQL manual, "Array Functions and Operators"', 'PostgreSQL manual, "GIN Indexes"'],
  },
  triggers: ['scan/rows-discarded', 'subquery/subplan-per-row'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) => {
      const found = elementsOf(node);
      const origin = found ? originOf(query, found.array) : null;
      return found &&
        origin &&
        ARRAYS.has(origin.column?.baseType ?? '') &&
        found.values.every((one) => isElement(origin, one))
        ? [{ condition: node, origin, ...found }]
        : [];
    }),
  requires: ({ origin }, facts) => [
    seen('the condition stands where NULL is as good as false'),
    ownContainment(origin, facts),
  ],
  rewrite: ({ condition, array, origin, values }, view) =>
    replace(view.statement.tree, condition, holdsOne(array, origin, values)),
  example: {
    schema: 'CREATE TABLE article (id bigint PRIMARY KEY, tags text[], title text);',
    data: `
      INSERT INTO article SELECT n, ARRAY['t' || n % 1000, 'u' || n % 7], repeat('t', 60) FROM generate_series(1, 20000) AS n;
      CREATE INDEX ON article USING gin (tags);
      VACUUM ANALYZE article;`,
    statement: "SELECT id FROM article WHERE EXISTS (SELECT 1 FROM unnest(tags) AS t WHERE t IN ('t77', 't78'))",
    gain: { buffers: 4 },
  },
  unsoundTwin: {
    why: 'where there is no array, no element is in it, while whether it contains one is not known',
    statement: "SELECT id FROM article WHERE NOT EXISTS (SELECT 1 FROM unnest(tags) AS t WHERE t = 't77')",
    to: "SELECT id FROM article WHERE NOT (tags @> ARRAY['t77']::text[])",
  },
});

/** The array whose elements are looked at, and the values of which one has to be there. */
function elementsOf(node: TreeNode): Pick<Site, 'array' | 'values'> | null {
  const sublink = bodyOf(node, 'SubLink');
  const select = bodyOf(sublink?.['subselect'], 'SelectStmt');
  if (!sublink || !select) return null;
  if (sublink['subLinkType'] === 'ANY_SUBLINK') {
    const value = sublink['testexpr'];
    const array = sublink['operName'] === undefined ? unnested(select) : null;
    return array && isNode(value) && isConstant(value) ? { array, values: [value] } : null;
  }
  const [item, more] = list(select, 'fromClause');
  const own = unnestItem(item);
  const where = select['whereClause'];
  if (sublink['subLinkType'] !== 'EXISTS_SUBLINK' || !own || more || !isPlain(select) || !isNode(where)) return null;
  const values = elementValues(where, (value) => isColumnOf(own, value));
  return values.length > 0 ? { array: own.array, values } : null;
}
