import { columnName, field, list, names, walk } from '../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../sql/tree.js';

/** What statements do with a column, which says how its values are best spread: `grouped` by it, so that a group is large where they are alike; `spread` where different ones are counted; `summed` where they are added up, and may cancel each other. */
export type ColumnRole = 'grouped' | 'spread' | 'summed' | 'other';

/** Reads the roles by column name. */
export function rolesOf(trees: readonly TreeNode[]): (name: string) => ColumnRole {
  const grouped = new Set<string>();
  const spread = new Set<string>();
  const summed = new Set<string>();
  const note = (value: TreeValue, into: Set<string>): void => {
    for (const { type, body } of walk(value)) {
      const name = type === 'ColumnRef' ? columnName({ ColumnRef: body }) : null;
      if (name !== null) into.add(name);
    }
  };
  for (const { type, body } of trees.flatMap((tree) => [...walk(tree)])) {
    if (type === 'SelectStmt') note(list(body, 'groupClause'), grouped);
    const window = type === 'FuncCall' ? field(body, 'over') : type === 'WindowDef' ? body : null;
    if (window) note(list(window, 'partitionClause'), grouped);
    if (type === 'FuncCall' && body['agg_distinct'] === true) note(list(body, 'args'), spread);
    if (type === 'FuncCall' && SUMS.has(names(list(body, 'funcname')).at(-1) ?? '')) note(list(body, 'args'), summed);
  }
  return (name) =>
    spread.has(name) ? 'spread' : grouped.has(name) ? 'grouped' : summed.has(name) ? 'summed' : 'other';
}

/** Aggregates of which values of different signs may make nothing. */
const SUMS = new Set(['sum', 'avg']);
