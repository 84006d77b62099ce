import { bodyOf, isNode, list, treeText } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { columnOf, conjuncts, existence, expression, replace, withWhere } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { factsOf, missing, seen } from '../../facts.js';
import type { Fact } from '../../facts.js';
import { conditionsOf } from '../../truth.js';
import { originOf, queryOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly inner: Query;
  readonly pairs: readonly { readonly key: TreeNode; readonly inside: ColumnOrigin; readonly outside: ColumnOrigin }[];
}

export default defineRewrite<Site>({
  id: 'subquery/grouped-in-to-exists',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`a.id IN (SELECT k FROM t GROUP BY k HAVING count(*) > 5)` becomes `EXISTS (SELECT 1 FROM t WHERE k = a.id GROUP BY k HAVING count(*) > 5)`; of several columns alike.',
    why: 'PostgreSQL groups every k before it joins, however few of them are asked for.',
    limits:
      'In WHERE, HAVING and ON, not under NOT; the subquery shows keys of its GROUP BY alone, without LIMIT; both sides are columns of one type. Where most k are asked for, the original is the faster form: the trial tells.',
    sources: [
      'PostgreSQL manual, "Subquery Expressions"',
      'PostgreSQL source, `convert_ANY_sublink_to_join` of subselect.c',
    ],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }): readonly Site[] => {
      const sublink = bodyOf(node, 'SubLink');
      const inner = queryOf(view, bodyOf(sublink?.['subselect'], 'SelectStmt') ?? undefined);
      const isIn = sublink?.['subLinkType'] === 'ANY_SUBLINK' && sublink['operName'] === undefined;
      if (!sublink || !isIn || !inner || Object.keys(inner.body).some((name) => !CLAUSES.has(name))) return [];
      const groups = list(inner.body, 'groupClause').map(treeText);
      const targets = list(inner.body, 'targetList').map((item) => bodyOf(item, 'ResTarget')?.['val']);
      const row = bodyOf(sublink['testexpr'], 'RowExpr');
      const tested = row ? list(row, 'args') : [sublink['testexpr']];
      const pairs = targets.flatMap((key, i) => {
        const [inside, outside] = [originOf(inner, key), originOf(query, tested[i])];
        const isKey = isNode(key) && groups.includes(treeText(key));
        return isKey && inside && outside ? [{ key, inside, outside }] : [];
      });
      const hidden = pairs.some(({ outside }) => inner.sources.some(({ alias }) => alias === outside.source.alias));
      const all = pairs.length === targets.length && targets.length === tested.length;
      return groups.length > 0 && all && !hidden ? [{ condition: node, inner, pairs }] : [];
    }),
  requires: ({ pairs }, _, view): readonly [Fact, ...Fact[]] => [
    seen('what is asked for is whether there is such a group, and a whole group is left out or none of it'),
    ...pairs.flatMap(({ inside, outside }) => {
      const type = inside.column?.type;
      if (type === undefined || type !== outside.column?.type)
        return [missing(`${inside.name} and ${outside.name} are not known to be columns of one type`)];
      const same = seen(
        `${inside.name} and ${outside.name} are ${type}, so that grouping and comparing call the same values equal`,
      );
      return ['text', 'varchar', 'bpchar'].includes(inside.column?.baseType ?? '')
        ? [same, factsOf(view.catalog).textsAsWritten()]
        : [same];
    }),
  ],
  rewrite: ({ condition, inner, pairs }, view) => {
    const links = pairs.map(({ key, outside }) =>
      expression('$1 = $2', [key, columnOf(outside.source.alias, outside.name)]),
    );
    const body = withWhere(inner.body, [...conjuncts(inner.body['whereClause']), ...links]);
    const { sortClause: _, ...unsorted } = body;
    return replace(view.statement.tree, condition, existence(unsorted, true));
  },
  example: {
    schema: `
      CREATE TABLE customer (id bigint PRIMARY KEY, name text NOT NULL);
      CREATE TABLE purchase (id bigint PRIMARY KEY, customer_id bigint, amount int NOT NULL);`,
    data: `
      INSERT INTO customer SELECT n, 'customer ' || n FROM generate_series(1, 3000) AS n;
      INSERT INTO purchase SELECT n, 1 + n % 3000, n % 77 FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON customer (name); CREATE INDEX ON purchase (customer_id);
      ANALYZE;`,
    statement:
      "SELECT c.id FROM customer AS c WHERE c.name = 'customer 7' AND c.id IN (SELECT p.customer_id FROM purchase AS p GROUP BY p.customer_id HAVING count(*) > 5)",
    gain: { buffers: 10 },
  },
  unsoundTwin: {
    why: 'without GROUP BY a count of no rows is still a row',
    statement:
      'SELECT c.id FROM customer AS c WHERE c.id IN (SELECT p.customer_id FROM purchase AS p GROUP BY p.customer_id HAVING count(*) < 2)',
    to: 'SELECT c.id FROM customer AS c WHERE EXISTS (SELECT 1 FROM purchase AS p WHERE p.customer_id = c.id HAVING count(*) < 2)',
  },
});

const CLAUSES = new Set([
  'targetList',
  'fromClause',
  'whereClause',
  'groupClause',
  'havingClause',
  'sortClause',
  'limitOption',
  'op',
]);
