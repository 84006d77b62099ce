import type { Catalog } from '../model/catalog.js';
import type { ParsedStatement } from '../sql/parse.js';
import { bodyOf, isNode, list, textOf, typed, walk } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { conjuncts, disjuncts, replace } from './build.js';
import { bothWays } from './shapes.js';
import { originOf, viewOf } from './view.js';
import type { Query } from './view.js';
import { withTree } from './repeated.js';

/**
 * The statement with each LEFT JOIN as a plain one whose other side a condition asks for, as PostgreSQL itself plans it (`reduce_outer_joins` of prepjointree.c): what ORMs send for
 * `includes(...).where(...)`. Null where there is none.
 */
export function innerJoined(statement: ParsedStatement, catalog: Catalog): ParsedStatement | null {
  let tree = statement.tree;
  for (const query of viewOf(statement, catalog).queries) {
    if (query.type !== 'SelectStmt') continue;
    const asked = [...conjuncts(query.body['whereClause'])];
    for (const join of needlesslyOuter(query, asked))
      tree = replace(tree, join, { JoinExpr: { ...join, jointype: 'JOIN_INNER' } });
  }
  return withTree(statement, tree);
}

/** The bodies of the joins, outermost first. What an inner join asks in ON, a row has to fulfil as well. */
function needlesslyOuter(query: Query, asked: TreeNode[]): readonly TreeNode[] {
  const spine = list(query.body, 'fromClause').flatMap(spineOf);
  const found: TreeNode[] = [];
  for (const join of spine) {
    const items = new Set<TreeValue>([...walk(join['rarg'])].flatMap(({ body }) => [body]));
    const own = query.sources.filter(({ item }) => items.has(Object.values(item)[0]));
    const isOwn = (column: TreeNode): boolean => {
      const origin = originOf(query, column);
      return origin?.query === query && own.includes(origin.source);
    };
    // Where the join finds no partner all its columns are NULL at once: each alternative may ask for another.
    const isAsked = (condition: TreeNode): boolean =>
      disjuncts(condition).every((one) => conjuncts(one).some((part) => columnsAsked(part).some(isOwn)));
    if (join['jointype'] === 'JOIN_INNER') asked.push(...conjuncts(join['quals']));
    if (join['jointype'] !== 'JOIN_LEFT' || !asked.some(isAsked)) continue;
    asked.push(...conjuncts(join['quals']));
    found.push(join);
  }
  return found;
}

/** The joins down the left side of a FROM item, outermost first, as far as none above may fill them with NULL. */
export function spineOf(item: TreeValue): readonly TreeNode[] {
  const join = bodyOf(item, 'JoinExpr');
  if (join?.['jointype'] !== 'JOIN_INNER' && join?.['jointype'] !== 'JOIN_LEFT') return [];
  if (join['alias'] !== undefined || join['isNatural'] === true || list(join, 'usingClause').length > 0) return [];
  return [join, ...spineOf(join['larg'])];
}

/** The columns that a condition leaves no NULL in: those of strict operators, and what is true or false itself. */
export function columnsAsked(condition: TreeNode): readonly TreeNode[] {
  const { type, body } = typed(condition) ?? { type: '', body: {} };
  if (type === 'ColumnRef') return [condition];
  if (type === 'BoolExpr') return body['boolop'] === 'NOT_EXPR' ? list(body, 'args').filter(isColumn) : [];
  if (type === 'NullTest') return body['nulltesttype'] === 'IS_NOT_NULL' ? [body['arg']].filter(isColumn) : [];
  if (type === 'BooleanTest')
    return ['IS_TRUE', 'IS_FALSE'].includes(textOf(body, 'booltesttype') ?? '') ? [body['arg']].filter(isColumn) : [];
  const kind = type === 'A_Expr' ? (textOf(body, 'kind') ?? '') : '';
  if (STRICT.has(kind)) return [body['lexpr']].filter(isColumn);
  return bothWays(condition)
    .map(({ left }) => left)
    .filter(isColumn);
}

/** `BETWEEN`, `IN` and `NOT IN` a list, `LIKE` and the like: NULL, or false, where the left side is NULL. */
const STRICT = new Set(['AEXPR_BETWEEN', 'AEXPR_NOT_BETWEEN', 'AEXPR_IN', 'AEXPR_LIKE', 'AEXPR_ILIKE']);

function isColumn(value: TreeValue): value is TreeNode {
  return isNode(value) && bodyOf(value, 'ColumnRef') !== null;
}
