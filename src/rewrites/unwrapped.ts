import type { ParsedStatement } from '../sql/parse.js';
import { columnPath } from '../sql/scope.js';
import { bodyOf, field, list, textOf } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { replace } from './build.js';
import { withTree } from './repeated.js';

/** `SELECT * FROM (a UNION b) AS s ORDER BY x LIMIT n`, as programs write it, as `a UNION b ORDER BY x LIMIT n`. Null for anything else. */
export function unwrapped(statement: ParsedStatement): ParsedStatement | null {
  const { body } = statement;
  const [item, more] = list(body, 'fromClause');
  const sub = bodyOf(item, 'RangeSubselect');
  const union = bodyOf(sub?.['subquery'], 'SelectStmt');
  const alias = field(sub ?? {}, 'alias');
  if (statement.type !== 'SelectStmt' || more || !union || sub?.['lateral'] === true || !isStar(body, alias))
    return null;
  if (union['op'] === undefined || union['op'] === 'SETOP_NONE') return null;
  if (alias && list(alias, 'colnames').length > 0) return null;
  if (Object.keys(body).some((name) => !KEPT.has(name)) || LIMITING.some((name) => union[name] !== undefined))
    return null;
  const keys = list(body, 'sortClause').map((one) => {
    const { path, star } = columnPath(bodyOf(bodyOf(one, 'SortBy')?.['node'], 'ColumnRef') ?? {});
    return star || path.length === 0 || path.length > 2 ? null : path.at(-1);
  });
  if (keys.includes(null)) return null;
  const sortClause = list(body, 'sortClause').map((one, i) => ({
    SortBy: { ...bodyOf(one, 'SortBy'), node: { ColumnRef: { fields: [{ String: { sval: keys[i] ?? '' } }] } } },
  }));
  const { limitCount, limitOffset, limitOption } = body;
  const own = {
    ...union,
    ...(sortClause.length > 0 ? { sortClause } : {}),
    ...(limitCount === undefined ? {} : { limitCount }),
    ...(limitOffset === undefined ? {} : { limitOffset }),
    ...(limitOption === undefined ? {} : { limitOption }),
  };
  return withTree(statement, replace(statement.tree, body, { SelectStmt: own }));
}

const KEPT = new Set(['targetList', 'fromClause', 'sortClause', 'limitCount', 'limitOffset', 'limitOption', 'op']);
const LIMITING = ['sortClause', 'limitCount', 'limitOffset', 'lockingClause', 'withClause'];

function isStar(body: TreeNode, alias: TreeNode | null): boolean {
  const [only, more] = list(body, 'targetList');
  const { path, star } = columnPath(bodyOf(bodyOf(only, 'ResTarget')?.['val'], 'ColumnRef') ?? {});
  return star && !more && (path.length === 0 || path.at(-1) === (alias && textOf(alias, 'aliasname')));
}
