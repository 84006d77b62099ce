import { sameRelation } from '../../../model/catalog.js';
import { bodyOf, isNode, textOf } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { columnOf, derived, expression, output, replace, withWhere, conjuncts } from '../../build.js';
import { freshAlias } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { factsOf, seen } from '../../facts.js';
import { onlyTable } from '../../loose-scan.js';
import { shownColumns, sortedBy } from '../../pages.js';
import type { SortKey } from '../../top-rows.js';
import { isPlain, wholeConstant } from '../../shapes.js';
import { heldNotNull } from '../../truth.js';
import type { Query, Source } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly source: Source;
  readonly order: readonly SortKey[];
  readonly targets: readonly TreeNode[];
  /** LIMIT and OFFSET together. */
  readonly rows: number;
}

export default defineRewrite<Site>({
  id: 'order/nulls-apart',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`ORDER BY c DESC NULLS LAST LIMIT n`, where c may be NULL, takes the first n rows that have a c, and n that have none, and then the first n of both.',
    why: 'A plain btree index has NULLs at the other end, so that the planner sorts the whole table. Both parts come out of the index.',
    limits:
      'One table, with a btree index that begins with c; LIMIT and OFFSET are literals. Where the order leaves a choice among ties, the new form may choose others, as the original may from run to run.',
    sources: ['PostgreSQL manual, "Indexes and ORDER BY"'],
  },
  triggers: ['rows/top-n-over-many'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { limitCount, limitOffset, ...rest } = query.body;
      const source = query.type === 'SelectStmt' && limitCount !== undefined ? onlyTable(query) : null;
      const order = source ? sortedBy(query, source) : null;
      const [first] = order ?? [];
      if (!source?.table || !order || !first || !isPlain(rest) || !isAgainstIndex(first.item)) return [];
      if (heldNotNull(first.origin) || factsOf(view.catalog).notNull(first.origin).holds) return [];
      const { table } = source;
      const indexed = view.catalog.indexes.some(
        (one) =>
          sameRelation(one.table, table) &&
          one.method === 'btree' &&
          one.valid &&
          one.predicate === null &&
          one.keys[0]?.column === first.origin.name,
      );
      const targets = shownColumns(view, query, source);
      const [count, offset] = [wholeConstant(limitCount), limitOffset === undefined ? 0 : wholeConstant(limitOffset)];
      if (!indexed || !targets || count === null || offset === null) return [];
      if (query.body['limitOption'] !== 'LIMIT_OPTION_COUNT') return [];
      const names = targets.map((one) => textOf(bodyOf(one, 'ResTarget') ?? {}, 'name'));
      return names.includes(null) || new Set(names).size < names.length
        ? []
        : [{ query, source, order, targets, rows: count + offset }];
    }),
  requires: ({ order: [first] }) => [
    seen(`${first?.origin.name ?? ''} is NULL in a row or it is not, and the rows in which it is come last`),
  ],
  rewrite: ({ query, order, targets, rows }, view) => {
    const [first, ...others] = order;
    if (!first) return null;
    const page = freshAlias(view, 'page');
    const { limitCount, limitOffset, limitOption, sortClause: _, whereClause, ...rest } = query.body;
    const keys = order.map(({ item }, i) => output(item['node'] as TreeNode, `${page}_${i + 1}`));
    const column = columnOf(first.origin.source.alias, first.origin.name);
    const arm = (condition: string, sort: readonly TreeNode[]): TreeNode => ({
      ...withWhere({ ...rest, targetList: [...targets, ...keys] }, [
        ...conjuncts(whereClause),
        expression(condition, [column]),
      ]),
      ...(sort.length > 0 ? { sortClause: sort.map((item) => ({ SortBy: item })) } : {}),
      limitCount: { A_Const: { ival: { ival: rows } } },
      limitOption: 'LIMIT_OPTION_COUNT',
    });
    const { item } = first;
    const plain = { ...item, sortby_nulls: 'SORTBY_NULLS_DEFAULT' };
    const tail = others.map((one) => one.item);
    const union = {
      op: 'SETOP_UNION',
      all: true,
      limitOption: 'LIMIT_OPTION_DEFAULT',
      larg: arm('$1 IS NOT NULL', [plain, ...tail]),
      rarg: arm('$1 IS NULL', tail),
    };
    const names = targets.map((one) => textOf(bodyOf(one, 'ResTarget') ?? {}, 'name') ?? '');
    return replace(view.statement.tree, query.body, {
      SelectStmt: {
        targetList: names.map((name) => output(columnOf(page, name), name)),
        fromClause: [derived(union, page)],
        sortClause: order.map((one, i) => ({ SortBy: { ...one.item, node: columnOf(page, `${page}_${i + 1}`) } })),
        limitCount,
        ...(isNode(limitOffset) ? { limitOffset } : {}),
        limitOption,
        op: 'SETOP_NONE',
      },
    });
  },
  example: {
    schema:
      'CREATE TABLE post (id bigint PRIMARY KEY, shown_at timestamptz, title text); CREATE INDEX ON post (shown_at);',
    data: `
      INSERT INTO post SELECT n, CASE WHEN n % 10 > 0 THEN timestamptz '2024-01-01' + n * interval '1 minute' END, repeat('t', 60) FROM generate_series(1, 40000) AS n;
      VACUUM ANALYZE post;`,
    statement: 'SELECT id, title FROM post ORDER BY shown_at DESC NULLS LAST LIMIT 10',
    gain: { buffers: 20 },
  },
  unsoundTwin: {
    why: 'where fewer than n rows have a value, those without one follow',
    statement: 'SELECT id, title FROM post ORDER BY shown_at DESC NULLS LAST LIMIT 10',
    to: 'SELECT id, title FROM post WHERE shown_at IS NOT NULL ORDER BY shown_at DESC LIMIT 10',
  },
});

/** Whether a sort key has NULLs where a plain index does not. */
function isAgainstIndex(item: TreeNode): boolean {
  const order = `${textOf(item, 'sortby_dir')} ${textOf(item, 'sortby_nulls')}`;
  return order === 'SORTBY_DESC SORTBY_NULLS_LAST';
}
