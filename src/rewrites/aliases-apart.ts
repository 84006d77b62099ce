import type { Catalog } from '../model/catalog.js';
import { columnPath } from '../sql/scope.js';
import type { ParsedStatement } from '../sql/parse.js';
import { bodyOf, walk } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { columnOf, replace } from './build.js';
import { freshAlias, mapColumns } from './columns.js';
import { repeated, withBody } from './repeated.js';
import { originsIn, viewOf } from './view.js';
import type { Query, Source, StatementView } from './view.js';

/** More tables than this keep their names. */
const MOST = 6;

/**
 * The statement with each table of a subquery that goes by a name of the query around it under a name of its own, so that a rule can name both: what ActiveRecord and Prisma write,
 * `FROM tickets WHERE id IN (SELECT id FROM tickets ...)`. Null where there is none.
 */
export function aliasesApart(statement: ParsedStatement, catalog: Catalog): ParsedStatement | null {
  return repeated(statement, MOST, (current) => withoutOne(current, catalog));
}

function withoutOne(statement: ParsedStatement, catalog: Catalog): ParsedStatement | null {
  const view = viewOf(statement, catalog);
  for (const query of view.queries) {
    if (query.role !== 'sublink' || query.type !== 'SelectStmt') continue;
    const source = query.sources.find(({ alias, table }) => table !== null && isTaken(query.parent, alias));
    const body = source ? renamed(view, query, source) : null;
    const parsed = withBody(statement, query, body);
    if (parsed) return parsed;
  }
  return null;
}

function isTaken(query: Query | null, alias: string): boolean {
  return query !== null && (query.sources.some((one) => one.alias === alias) || isTaken(query.parent, alias));
}

/** The query with its table under a fresh name; null where a name in it can not be looked up, or where the name stands for all columns. */
function renamed(view: StatementView, query: Query, source: Source): TreeNode | null {
  const item = bodyOf(source.item, 'RangeVar');
  const stars = [...walk(query.body)].some(({ type, body }) => {
    const { path, star } = columnPath(type === 'ColumnRef' ? body : {});
    return star && path.length > 0;
  });
  if (!item || stars || originsIn(view, query, query.body) === null) return null;
  const alias = freshAlias(view, source.alias);
  const body = replace({ SelectStmt: query.body }, source.item, {
    RangeVar: { ...item, alias: { ...bodyOf({ Alias: item['alias'] }, 'Alias'), aliasname: alias } },
  });
  return mapColumns(view, query, bodyOf(body, 'SelectStmt'), (origin) =>
    origin.source === source ? columnOf(alias, origin.name) : null,
  ) as TreeNode;
}
