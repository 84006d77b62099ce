import type { ParsedStatement } from '../sql/parse.js';
import { bodyOf, field, list, textOf, walk } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { replace } from './build.js';
import { withTree } from './repeated.js';

/**
 * The statement with each CTE that is read once in its reader's place, as PostgreSQL itself plans it (manual, "WITH Queries", section "Common Table Expression Materialization"): what
 * rules look for in FROM is then found under WITH as well. Null where there is none. One that says MATERIALIZED, writes or is recursive stays.
 */
export function inlined(statement: ParsedStatement): ParsedStatement | null {
  const clauses = [...walk(statement.tree)].filter(({ body }) => field(body, 'withClause') !== null);
  if (clauses.length !== 1) return null;
  let tree = statement.tree;
  for (let next = withoutOne(tree); next !== null; next = withoutOne(tree)) tree = next;
  return withTree(statement, tree);
}

/** The tree with the last CTE that can be in its reader's place there; null where there is none. */
function withoutOne(tree: TreeNode): TreeNode | null {
  const owner = [...walk(tree)].find(({ body }) => field(body, 'withClause') !== null);
  const clause = owner ? field(owner.body, 'withClause') : null;
  if (!owner || !clause || clause['recursive'] === true) return null;
  const all = list(clause, 'ctes');
  for (const one of all.toReversed()) {
    const cte = bodyOf(one, 'CommonTableExpr') ?? {};
    const name = textOf(cte, 'ctename');
    const [reader, another] = readersOf(tree, name);
    // In it and before it the name means a table.
    const earlier = readersOf(all.slice(0, all.indexOf(one) + 1), name);
    if (!reader || another || earlier.length > 0 || !isPlain(cte)) continue;
    const others = all.filter((other) => other !== one);
    const { withClause: _, ...rest } = owner.body;
    const body = others.length === 0 ? rest : { ...rest, withClause: { ...clause, ctes: others } };
    const item = { RangeSubselect: itemOf(cte, reader) };
    return replace(replace(tree, owner.body, { [owner.type]: body }), reader, item);
  }
  return null;
}

function itemOf(cte: TreeNode, reader: TreeNode): TreeNode {
  const alias = field(reader, 'alias');
  const own = alias ? list(alias, 'colnames') : [];
  const columns = [...own, ...list(cte, 'aliascolnames').slice(own.length)];
  const aliasname = (alias && textOf(alias, 'aliasname')) ?? textOf(cte, 'ctename') ?? '';
  return {
    subquery: cte['ctequery'] ?? null,
    alias: columns.length > 0 ? { aliasname, colnames: columns } : { aliasname },
  };
}

function isPlain(cte: TreeNode): boolean {
  const { ctematerialized } = cte;
  return bodyOf(cte['ctequery'], 'SelectStmt') !== null && ctematerialized !== 'CTEMaterializeAlways';
}

/** The bodies of the FROM items that may read a CTE of this name. */
function readersOf(tree: TreeValue, name: string | null): readonly TreeNode[] {
  return [...walk(tree)].flatMap(({ type, body }) =>
    type === 'RangeVar' && body['relname'] === name && body['schemaname'] === undefined ? [body] : [],
  );
}
