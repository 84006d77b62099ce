import type { Catalog } from '../model/catalog.js';
import { columnPath } from '../sql/scope.js';
import { outputName } from '../sql/output-name.js';
import type { ParsedStatement } from '../sql/parse.js';
import { bodyOf, isNode, list } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { replace } from './build.js';
import { namedTargets } from './columns.js';
import { wholeConstant } from './shapes.js';
import { originOf, viewOf } from './view.js';
import type { Query } from './view.js';
import { withTree } from './repeated.js';

/** The statement in which `GROUP BY 1, month ORDER BY 2`, which name output columns by place or name, say the expressions themselves: what reports and BI tools write. Null where there is none. */
export function withoutOrdinals(statement: ParsedStatement, catalog: Catalog): ParsedStatement | null {
  let tree = statement.tree;
  for (const query of viewOf(statement, catalog).queries) {
    const body = query.type === 'SelectStmt' ? spelledOut(query) : null;
    if (body) tree = replace(tree, query.body, { SelectStmt: body });
  }
  return withTree(statement, tree);
}

function spelledOut(query: Query): TreeNode | null {
  const { body } = query;
  const groups = list(body, 'groupClause');
  if (groups.length === 0 || JSON.stringify(body['targetList']).includes('"A_Star"')) return null;
  const targets = list(body, 'targetList').map((item) => bodyOf(item, 'ResTarget')?.['val']);
  const names = list(body, 'targetList').map(outputName);
  const placed = (value: TreeValue): TreeNode | null => {
    const target = targets[(wholeConstant(value) ?? 0) - 1];
    return isNode(target) && !bodyOf(target, 'A_Const') ? target : null;
  };
  // In GROUP BY a name means a column of FROM before an output column.
  const named = (value: TreeValue): TreeNode | null => {
    const { path } = columnPath(bodyOf(value, 'ColumnRef') ?? {});
    const unknown = query.sources.some(({ columns }) => columns === null);
    const at = path.length === 1 && !unknown && !originOf(query, value) ? names.indexOf(path[0] ?? '') : -1;
    const target = targets[at];
    return isNode(target) && !bodyOf(target, 'A_Const') && names.lastIndexOf(path[0] ?? '') === at ? target : null;
  };
  const groupClause = groups.map((one) => placed(one) ?? named(one) ?? one);
  const sortClause = list(body, 'sortClause').map((item) => {
    const sort = bodyOf(item, 'SortBy');
    const node = sort ? placed(sort['node']) : null;
    return sort && node ? { SortBy: { ...sort, node } } : item;
  });
  const changed =
    groupClause.some((one, i) => one !== groups[i]) || sortClause.some((one, i) => one !== list(body, 'sortClause')[i]);
  return changed
    ? { ...body, targetList: namedTargets(body), groupClause, ...(sortClause.length > 0 ? { sortClause } : {}) }
    : null;
}
