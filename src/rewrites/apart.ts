import { bodyOf, isNode, textOf } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { columnOf, conjuncts, derived, output, withWhere } from './build.js';
import { freshAlias } from './columns.js';
import { shownColumns } from './pages.js';
import { isPlain, wholeConstant } from './shapes.js';
import type { Query, Source, StatementView } from './view.js';

/** The first rows of a query of one table in some order, as literals say how many. */
export interface FirstRows {
  readonly query: Query;
  readonly source: Source;
  /** What it shows, each under a name of its own. */
  readonly targets: readonly TreeNode[];
  /** LIMIT and OFFSET together. */
  readonly rows: number;
}

/** Some of the rows, in an order of their own. */
export interface Part {
  readonly condition: TreeNode;
  /** `SortBy` nodes; none where the rows are in no order. */
  readonly sort: readonly TreeNode[];
  /** The values of the whole query's sort keys. */
  readonly keys: readonly TreeNode[];
}

/** Reads a plain query of one table with ORDER BY and a literal LIMIT; null for any other. */
export function firstRows(view: StatementView, query: Query, source: Source): FirstRows | null {
  const { limitCount, limitOffset, ...rest } = query.body;
  if (query.type !== 'SelectStmt' || query.body['limitOption'] !== 'LIMIT_OPTION_COUNT' || !isPlain(rest)) return null;
  const targets = shownColumns(view, query, source);
  const [count, offset] = [wholeConstant(limitCount), limitOffset === undefined ? 0 : wholeConstant(limitOffset)];
  if (!targets || count === null || offset === null) return null;
  const names = targets.map(nameOf);
  return names.includes(null) || new Set(names).size < names.length
    ? null
    : { query, source, targets, rows: count + offset };
}

/** The same rows, of which each part gives its own first ones; `order` are the `SortBy` nodes of the whole query. */
export function fromParts(
  view: StatementView,
  { query, targets, rows }: FirstRows,
  order: readonly TreeNode[],
  [first, second]: readonly [Part, Part],
): TreeNode {
  const page = freshAlias(view, 'page');
  const { limitCount, limitOffset, limitOption, sortClause: _, whereClause, ...rest } = query.body;
  const arm = ({ condition, sort, keys }: Part): TreeNode => ({
    ...withWhere({ ...rest, targetList: [...targets, ...keys.map((key, i) => output(key, `${page}_${i + 1}`))] }, [
      ...conjuncts(whereClause),
      condition,
    ]),
    ...(sort.length > 0 ? { sortClause: sort.map((item) => ({ SortBy: item })) } : {}),
    limitCount: { A_Const: { ival: { ival: rows } } },
    limitOption: 'LIMIT_OPTION_COUNT',
  });
  const union = {
    op: 'SETOP_UNION',
    all: true,
    limitOption: 'LIMIT_OPTION_DEFAULT',
    larg: arm(first),
    rarg: arm(second),
  };
  return {
    SelectStmt: {
      targetList: targets.map((one) => output(columnOf(page, nameOf(one) ?? ''), nameOf(one) ?? '')),
      fromClause: [derived(union, page)],
      sortClause: order.map((item, i) => ({ SortBy: { ...item, node: columnOf(page, `${page}_${i + 1}`) } })),
      ...(isNode(limitCount) ? { limitCount } : {}),
      ...(isNode(limitOffset) ? { limitOffset } : {}),
      limitOption: limitOption ?? null,
      op: 'SETOP_NONE',
    },
  };
}

function nameOf(target: TreeNode): string | null {
  return textOf(bodyOf(target, 'ResTarget') ?? {}, 'name');
}
