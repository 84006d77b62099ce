import { tryParseStatement } from '../sql/parse.js';
import type { ParsedStatement } from '../sql/parse.js';
import { bodyOf, field, list, names, textOf, walk } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { replace } from './build.js';
import { writeBack } from './write-back.js';

/**
 * The statement with each CTE that is read once in its reader's place, as PostgreSQL itself plans it (manual, "WITH Queries", section "Common Table Expression Materialization"): what
 * rules look for in FROM is then found under WITH as well. Null where there is none. One that says MATERIALIZED, writes or is recursive stays.
 */
export function inlined(statement: ParsedStatement): ParsedStatement | null {
  const clause = field(statement.body, 'withClause');
  if (!clause || clause['recursive'] === true) return null;
  const clauses = [...walk(statement.tree)].filter(({ body }) => field(body, 'withClause') !== null);
  if (clauses.length !== 1) return null;
  let tree = statement.tree;
  let rest = list(clause, 'ctes');
  for (const one of rest.toReversed()) {
    const cte = bodyOf(one, 'CommonTableExpr') ?? {};
    const readers = readersOf(tree, textOf(cte, 'ctename'));
    const [reader, another] = readers;
    if (!reader || another || !isPlain(cte)) continue;
    const given = list(cte, 'aliascolnames');
    const alias = field(reader, 'alias');
    const columns = alias && names(list(alias, 'colnames')).length > 0 ? list(alias, 'colnames') : given;
    const item = {
      subquery: cte['ctequery'],
      alias: {
        aliasname: (alias && textOf(alias, 'aliasname')) ?? textOf(cte, 'ctename') ?? '',
        ...(columns.length > 0 ? { colnames: columns } : {}),
      },
    };
    rest = rest.filter((other) => other !== one);
    tree = replace(tree, reader, { RangeSubselect: item });
  }
  if (tree === statement.tree) return null;
  const left = [...walk(tree)].find(({ body }) => field(body, 'withClause') !== null);
  if (!left) return null;
  const { withClause: own, ...body } = left.body;
  const kept = rest.map((one) => {
    const name = textOf(bodyOf(one, 'CommonTableExpr') ?? {}, 'ctename');
    return list(own as TreeNode, 'ctes').find(
      (now) => textOf(bodyOf(now, 'CommonTableExpr') ?? {}, 'ctename') === name,
    );
  });
  const whole = kept.length === 0 ? body : { ...body, withClause: { ...(own as TreeNode), ctes: kept as never } };
  const text = writeBack(statement, replace(tree, left.body, { [left.type]: whole }));
  return text === null ? null : tryParseStatement(text);
}

function isPlain(cte: TreeNode): boolean {
  const { ctematerialized } = cte;
  return bodyOf(cte['ctequery'], 'SelectStmt') !== null && ctematerialized !== 'CTEMaterializeAlways';
}

/** The bodies of the FROM items that may read a CTE of this name. */
function readersOf(tree: TreeNode, name: string | null): readonly TreeNode[] {
  return [...walk(tree)].flatMap(({ type, body }) =>
    type === 'RangeVar' && body['relname'] === name && body['schemaname'] === undefined ? [body] : [],
  );
}
