import { sameRelation } from '../../../model/catalog.js';
import { bodyOf, isNode, list, names } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { expression, output, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { onlyTable, ORDERED } from '../../loose-scan.js';
import { isPlain } from '../../shapes.js';
import { conditionsOf, heldNotNull } from '../../truth.js';
import { originOf, queryOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly operator: string;
  readonly isAll: boolean;
  readonly left: ColumnOrigin;
  readonly tested: TreeNode;
  readonly inner: Query;
  readonly value: ColumnOrigin;
  /** The subquery reads the outer row's own table whole, so that it has rows. */
  readonly hasRows: boolean;
}

export default defineRewrite<Site>({
  id: 'subquery/all-to-extreme',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`x >= ALL (SELECT y ...)` becomes `x >= (SELECT max(y) ...)`, and `x > ANY (SELECT y ...)` becomes `x > (SELECT min(y) ...)`; `<` and `<=` the other way round.',
    why: 'PostgreSQL holds x against every y of the subquery, for each row; the greatest of them is found once, from the end of an index if there is one.',
    limits:
      'In WHERE, HAVING and ON. ALL needs that neither x nor y can be NULL, and keeps every row where the subquery has none. The types are such that a btree orders them.',
    sources: ['PostgreSQL manual, "Subquery Expressions", sections "ANY/SOME" and "ALL"'],
  },
  triggers: [],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }): readonly Site[] => {
      const sublink = bodyOf(node, 'SubLink');
      const kind = sublink?.['subLinkType'];
      const operator = sublink ? (names(list(sublink, 'operName')).at(-1) ?? '') : '';
      const tested = sublink?.['testexpr'];
      const inner = sublink ? queryOf(view, bodyOf(sublink['subselect'], 'SelectStmt') ?? undefined) : undefined;
      if (!isNode(tested) || !inner || !['<', '<=', '>', '>='].includes(operator) || !isPlain(inner.body)) return [];
      const [target, more] = list(inner.body, 'targetList');
      const value = originOf(inner, bodyOf(target, 'ResTarget')?.['val']);
      const left = originOf(query, tested);
      if (more || value?.query !== inner || !left || left.query !== query) return [];
      const isAll = kind === 'ALL_SUBLINK';
      if (!isAll && kind !== 'ANY_SUBLINK') return [];
      return [{ condition: node, operator, isAll, left, tested, inner, value, hasRows: readsOwnTable(inner, left) }];
    }),
  requires: ({ isAll, left, value }, facts) => {
    const type = value.column?.baseType ?? '';
    return [
      hasExtremes(type) && left.column?.baseType === type
        ? seen(`${value.name} and ${left.name} are ${type}, which a btree orders`)
        : missing('the two sides are not columns of one type that a btree orders'),
      ...(isAll
        ? [heldNotNull(left) ?? facts.notNull(left), heldNotNull(value) ?? facts.notNull(value)]
        : [seen('a NULL among the values makes no comparison true, and an aggregate passes over it')]),
    ];
  },
  rewrite: ({ condition, operator, isAll, tested, inner, hasRows }, view) => {
    const isGreater = operator.startsWith('>');
    const [target] = list(inner.body, 'targetList');
    const value = bodyOf(target, 'ResTarget')?.['val'] as TreeNode;
    const { sortClause: _, ...rest } = inner.body;
    const select = { ...rest, targetList: [output(expression(`${isGreater === isAll ? 'max' : 'min'}($1)`, [value]))] };
    const extreme: TreeNode = { SubLink: { subLinkType: 'EXPR_SUBLINK', subselect: { SelectStmt: select } } };
    const form = isAll && !hasRows ? `($1 ${operator} $2) IS NOT FALSE` : `$1 ${operator} $2`;
    return replace(view.statement.tree, condition, expression(form, [tested, extreme]));
  },
  example: {
    schema: 'CREATE TABLE article (id bigint PRIMARY KEY, price numeric(10, 2) NOT NULL, title text);',
    data: `
      INSERT INTO article SELECT n, n / 100.0, repeat('t', 60) FROM generate_series(1, 3000) AS n;
      CREATE INDEX ON article (price);
      ANALYZE;`,
    statement: 'SELECT id, title FROM article WHERE price >= ALL (SELECT price FROM article)',
    gain: { buffers: 5 },
  },
  unsoundTwin: {
    why: 'one NULL among the values leaves out every row, and max() passes over it',
    schema: 'CREATE TABLE article (id bigint PRIMARY KEY, price numeric(10, 2), title text);',
    statement: 'SELECT id, title FROM article WHERE price >= ALL (SELECT price FROM article)',
  },
});

/** Whether the subquery reads every row of the table that the tested column is of. */
function readsOwnTable(inner: Query, { source }: ColumnOrigin): boolean {
  const own = onlyTable(inner);
  const whole = inner.body['whereClause'] === undefined && bodyOf(own?.item, 'RangeVar')?.['inh'] === true;
  return whole && own?.table != null && source.table !== null && sameRelation(own.table, source.table);
}

/** Types of which every major from 14 on has min() and max(). */
function hasExtremes(type: string): boolean {
  return ORDERED.has(type) && type !== 'uuid';
}
