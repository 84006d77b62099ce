import type { Catalog } from '../model/catalog.js';
import { tryParseStatement } from '../sql/parse.js';
import type { ParsedStatement } from '../sql/parse.js';
import { bodyOf, isNode, list, walk } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { conjuncts, replace } from './build.js';
import { bothWays, listed } from './shapes.js';
import { originOf, viewOf } from './view.js';
import type { Query } from './view.js';
import { writeBack } from './write-back.js';

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
  const text = tree === statement.tree ? null : writeBack(statement, tree);
  return text === null ? null : tryParseStatement(text);
}

/** The bodies of the joins, outermost first. What an inner join asks in ON, a row has to fulfil as well. */
function needlesslyOuter(query: Query, asked: TreeNode[]): readonly TreeNode[] {
  const spine = list(query.body, 'fromClause').flatMap(spineOf);
  const found: TreeNode[] = [];
  for (const join of spine) {
    const items = new Set<TreeValue>([...walk(join['rarg'])].flatMap(({ body }) => [body]));
    const own = query.sources.filter(({ item }) => items.has(Object.values(item)[0]));
    const isAsked = (condition: TreeNode): boolean =>
      columnsAsked(condition).some((column) => {
        const origin = originOf(query, column);
        return origin?.query === query && own.includes(origin.source);
      });
    if (join['jointype'] === 'JOIN_INNER') asked.push(...conjuncts(join['quals']));
    if (join['jointype'] !== 'JOIN_LEFT' || !asked.some(isAsked)) continue;
    asked.push(...conjuncts(join['quals']));
    found.push(join);
  }
  return found;
}

/** The joins down the left side of a FROM item, outermost first, as far as none above may fill them with NULL. */
function spineOf(item: TreeValue): readonly TreeNode[] {
  const join = bodyOf(item, 'JoinExpr');
  if (join?.['jointype'] !== 'JOIN_INNER' && join?.['jointype'] !== 'JOIN_LEFT') return [];
  if (join['alias'] !== undefined || join['isNatural'] === true || list(join, 'usingClause').length > 0) return [];
  return [join, ...spineOf(join['larg'])];
}

/** The columns that a condition leaves no NULL in. */
function columnsAsked(condition: TreeNode): readonly TreeNode[] {
  const test = bodyOf(condition, 'NullTest');
  if (test) return test['nulltesttype'] === 'IS_NOT_NULL' && isNode(test['arg']) ? [test['arg']] : [];
  const among = listed(condition, 'AEXPR_BETWEEN') ?? listed(condition, 'AEXPR_IN');
  return among ? [among.left] : bothWays(condition).map(({ left }) => left);
}
