import { bodyOf, isNode, list } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { columnOf, conjuncts, derived, output, query as selectOf, replace, withWhere } from './build.js';
import { columnsUsed, freshAlias } from './columns.js';
import type { Query, Source, StatementView } from './view.js';

/** A query of one table, and columns of it that make groups. */
export interface Grouped {
  readonly query: Query;
  readonly source: Source;
  readonly keys: readonly string[];
}

/**
 * The statement in which the table is a subquery that computes an aggregate of a column over each group's rows as a window function. `conditions` writes the WHERE, given the
 * window's column and the conditions as they are. Null where a name of the output can not be looked up.
 */
export function withWindow(
  view: StatementView,
  { query, source, keys }: Grouped,
  call: TreeNode,
  conditions: (column: TreeNode, all: readonly TreeNode[]) => readonly TreeNode[],
): TreeNode | null {
  const used = columnsUsed(view, query, source);
  if (used === null) return null;
  const name = freshAlias(view, 'of_group');
  const argument = bodyOf(list(call, 'args')[0], 'ColumnRef') ?? {};
  const column = bodyOf(list(argument, 'fields').at(-1), 'String')?.['sval'] as string;
  const [shown] = list(selectOf('SELECT count(*) OVER (PARTITION BY 1)'), 'targetList');
  const over = bodyOf(bodyOf(shown, 'ResTarget')?.['val'], 'FuncCall')?.['over'];
  if (!isNode(over)) return null;
  const partitionClause = keys.map((key) => columnOf(source.alias, key));
  const window = { FuncCall: { ...call, args: [columnOf(source.alias, column)], over: { ...over, partitionClause } } };
  const inside = {
    ...selectOf('SELECT 1'),
    targetList: [...used.map((one) => output(columnOf(source.alias, one), one)), output(window, name)],
    fromClause: [source.item],
  };
  const where = conditions(columnOf(source.alias, name), conjuncts(query.body['whereClause']));
  const body = withWhere({ ...query.body, fromClause: [derived(inside, source.alias)] }, where);
  return replace(view.statement.tree, query.body, { SelectStmt: body });
}
