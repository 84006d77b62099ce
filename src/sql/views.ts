import { tryParseStatement } from './parse.js';
import type { ParsedStatement } from './parse.js';
import { bodyOf, field, mapTree, textOf, typed, walk } from './tree.js';
import type { TreeNode, TreeValue } from './tree.js';

/** The query of a view by the name that the statement writes; null for what is no view, or whose query is not known. */
export type QueryOf = (schema: string | null, name: string) => string | null;

/**
 * The statement with each view that it reads as a subquery, views in views too, as PostgreSQL rewrites it. Views that it writes to stay. The text stays the statement's own;
 * without views the statement itself is given.
 */
export function expandViews(statement: ParsedStatement, queryOf: QueryOf): ParsedStatement {
  const tree = expanded(statement.tree, queryOf, 0) as TreeNode;
  const node = typed(tree);
  return node === null || tree === statement.tree ? statement : { ...statement, tree, body: node.body };
}

/** Deeper than this views are read as relations. */
const MOST_DEEP = 8;

function expanded(tree: TreeValue, queryOf: QueryOf, depth: number): TreeValue {
  if (depth === MOST_DEEP) return tree;
  const nodes = walk(tree);
  const ctes = new Set(nodes.filter((one) => one.type === 'CommonTableExpr').map((one) => textOf(one.body, 'ctename')));
  const queryOfRelation = (relation: TreeNode): TreeNode | null => {
    const [schema, name] = [textOf(relation, 'schemaname'), textOf(relation, 'relname') ?? ''];
    if (schema === null && ctes.has(name)) return null;
    const sql = queryOf(schema, name);
    const parsed = sql === null ? null : tryParseStatement(sql);
    return parsed?.type === 'SelectStmt' ? parsed.tree : null;
  };
  if (!nodes.some((one) => one.type === 'RangeVar' && queryOfRelation(one.body) !== null)) return tree;
  return mapTree(tree, ({ type, body }) => {
    // FOR UPDATE OF names an alias.
    if (type === 'LockingClause') return { LockingClause: body };
    const query = type === 'RangeVar' ? queryOfRelation(body) : null;
    if (query === null) return null;
    const subquery = expanded(query, queryOf, depth + 1);
    const alias = field(body, 'alias') ?? { aliasname: textOf(body, 'relname') };
    return { RangeSubselect: { subquery: bodyOf(subquery, 'SelectStmt') === null ? query : subquery, alias } };
  });
}
