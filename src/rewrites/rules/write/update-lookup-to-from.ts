import { bodyOf, field, isNode, list, treeText } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { columnOf, conjuncts, replace, withWhere } from '../../build.js';
import { mapColumns } from '../../columns.js';
import { correlationOf } from '../../correlation.js';
import type { Correlation } from '../../correlation.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { onlyTable } from '../../loose-scan.js';
import { isPlain } from '../../shapes.js';
import { originOf, queryOf } from '../../view.js';
import type { Query, Source, StatementView } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly target: Source;
  readonly from: Source;
  readonly inner: Query;
  readonly correlation: Correlation;
  readonly lookups: readonly { readonly sublink: TreeNode; readonly inner: Query; readonly value: TreeNode }[];
  /** The EXISTS that asks for the same row; null where there is none. */
  readonly exists: TreeNode | null;
}

export default defineRewrite<Site>({
  id: 'write/update-lookup-to-from',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`UPDATE t SET x = (SELECT b.x FROM b WHERE b.id = t.b_id) WHERE EXISTS (SELECT FROM b WHERE b.id = t.b_id)` becomes `UPDATE t SET x = b.x FROM b WHERE b.id = t.b_id`; several such columns share the join.',
    why: 'Each subquery runs once for every row that is written; a join may be hashed, and reads b once.',
    limits:
      'The subqueries read one table by equality with a key of it, under one alias. That there is such a row says the EXISTS, or a validated foreign key on NOT NULL columns. No RETURNING. Where another session changes the column that is looked up by between the reading and the writing of a row, READ COMMITTED leaves that row out of UPDATE ... FROM, while the subquery is asked again.',
    sources: ['PostgreSQL manual, "UPDATE"', 'PostgreSQL manual, "Scalar Subqueries"'],
  },
  triggers: ['subquery/subplan-per-row'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      const [target, more] = query.sources;
      if (query.type !== 'UpdateStmt' || !target?.table || more) return [];
      if (AWAY.some((name) => body[name] !== undefined)) return [];
      const found = list(body, 'targetList').flatMap((item) => {
        const sublink = bodyOf(bodyOf(item, 'ResTarget')?.['val'], 'SubLink');
        const inner = sublink?.['subLinkType'] === 'EXPR_SUBLINK' ? innerOf(view, query, sublink) : null;
        const value = inner ? bodyOf(list(inner.query.body, 'targetList')[0], 'ResTarget')?.['val'] : null;
        return sublink && inner && isNode(value) ? [{ ...inner, sublink, value }] : [];
      });
      const [first, ...others] = found;
      if (!first || others.some((one) => rowOf(one.query) !== rowOf(first.query))) return [];
      if (first.source.alias === target.alias) return [];
      const exists = conjuncts(body['whereClause']).find((one) => {
        const asked = bodyOf(one, 'SubLink');
        const select = bodyOf(asked?.['subselect'], 'SelectStmt');
        const same = select && isPlain(select) && rowOfBody(select) === rowOf(first.query);
        return asked?.['subLinkType'] === 'EXISTS_SUBLINK' && same === true;
      });
      return [
        {
          query,
          target,
          from: first.source,
          inner: first.query,
          correlation: first.correlation,
          lookups: found.map((one) => ({ sublink: one.sublink, inner: one.query, value: one.value })),
          exists: exists ?? null,
        },
      ];
    }),
  requires: ({ target, from, inner, correlation, exists }, facts) => {
    const pairs = correlation.pairs.map(({ inside, outside }) => ({
      own: originOf(inner, inside),
      other: originOf(inner, outside),
    }));
    const columns = pairs.flatMap(({ own }) => own?.name ?? []);
    const links = pairs.flatMap(({ other }) => other ?? []);
    const there =
      correlation.rest.length === 0 && from.table && target.table
        ? [
            facts.foreignKey(
              target.table,
              links.map(({ name }) => name),
              from.table,
              columns,
            ),
            ...links.map((link) => facts.notNull(link)),
          ]
        : [missing('the subquery has other conditions, and a row may have none')];
    return [
      from.table ? facts.unique(from.table, columns, true) : missing(`${from.alias} is not a table with a key`),
      ...(exists ? [seen('rows for which the subquery finds nothing are left out by EXISTS')] : there),
    ];
  },
  rewrite: ({ query, target, from, inner, lookups, exists }, view) => {
    const qualified = (scope: Query, tree: TreeValue): TreeValue =>
      mapColumns(view, scope, tree, (origin) => {
        if (origin.source === target) return columnOf(target.alias, origin.name);
        return origin.query === scope ? columnOf(from.alias, origin.name) : null;
      });
    const targetList = list(query.body, 'targetList').map((item) => {
      const lookup = lookups.find(({ sublink }) => sublink === bodyOf(bodyOf(item, 'ResTarget')?.['val'], 'SubLink'));
      const own = bodyOf(item, 'ResTarget') ?? {};
      const val = lookup ? qualified(lookup.inner, lookup.value) : qualified(query, own['val']);
      return { ResTarget: { ...own, val } };
    });
    const links = conjuncts(inner.body['whereClause']).map((one) => qualified(inner, one) as TreeNode);
    const rest = conjuncts(query.body['whereClause']).filter((one) => one !== exists);
    const own = rest.map((one) => qualified(query, one) as TreeNode);
    const body = withWhere({ ...query.body, targetList, fromClause: [from.item] }, [...links, ...own]);
    return replace(view.statement.tree, query.body, { UpdateStmt: body });
  },
  example: {
    schema: `
      CREATE TABLE price (product_id int PRIMARY KEY, amount int, currency text);
      CREATE TABLE item (id bigint PRIMARY KEY, product_id int, amount int, currency text);`,
    data: `
      INSERT INTO price SELECT n, n % 77, 'EUR' FROM generate_series(1, 3000) AS n;
      INSERT INTO item SELECT n, n % 4000, 0 FROM generate_series(1, 10000) AS n;
      ANALYZE;`,
    statement:
      'UPDATE item SET amount = (SELECT p.amount FROM price AS p WHERE p.product_id = item.product_id), currency = (SELECT p.currency FROM price AS p WHERE p.product_id = item.product_id) WHERE EXISTS (SELECT 1 FROM price AS p WHERE p.product_id = item.product_id)',
    gain: { buffers: 1.5 },
  },
  unsoundTwin: {
    why: 'rows without a price are given NULL, and by the join are left as they are',
    statement: 'UPDATE item SET amount = (SELECT p.amount FROM price AS p WHERE p.product_id = item.product_id)',
  },
});

const AWAY = ['returningClause', 'fromClause', 'withClause'];

interface Inner {
  readonly query: Query;
  readonly source: Source;
  readonly correlation: Correlation;
}

function innerOf(view: StatementView, query: Query, sublink: TreeNode): Inner | null {
  const inner = queryOf(view, bodyOf(sublink['subselect'], 'SelectStmt') ?? undefined);
  const source = inner ? onlyTable(inner) : null;
  const [only, more] = list(inner?.body ?? {}, 'targetList');
  if (!inner || inner.parent !== query || !source || !isPlain(inner.body) || more) return null;
  const value = bodyOf(only, 'ResTarget')?.['val'];
  const correlation = isNode(value) ? correlationOf(view, inner, [value]) : null;
  return correlation && field(inner.body, 'sortClause') === null ? { query: inner, source, correlation } : null;
}

/** Which row a subquery finds: equal for those that find the same. */
function rowOf({ body }: Query): string {
  return rowOfBody(body);
}

function rowOfBody(body: TreeNode): string {
  return treeText([body['fromClause'], body['whereClause']]);
}
