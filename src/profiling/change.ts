import { WizardError } from '../base/errors.js';
import { deparseGuarded } from '../sql/deparse.js';
import { parameterCount } from '../sql/parameters.js';
import { parseStatement } from '../sql/parse.js';
import { bodyOf, columnName, field, list, mapTree, textOf } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { quoteIdent } from '../base/quote.js';
import type { ShapeFacts } from './facts.js';

/** An INSERT that leaves the row alone which is there already. Null where it can not be written. */
export function conflictForm(facts: ShapeFacts, columns: readonly string[]): string | null {
  const target = columns.map(quoteIdent).join(', ');
  const clause = field(
    parseStatement(`INSERT INTO t VALUES (1) ON CONFLICT (${target}) DO NOTHING`).body,
    'onConflictClause',
  );
  return written(facts, (tree) => {
    const body = bodyOf(tree, 'InsertStmt');
    return body && clause ? { InsertStmt: { ...body, onConflictClause: clause } } : null;
  });
}

/** The page behind the last row of the one before, without OFFSET. Null where the order is not of plain columns in one direction. */
export function keysetForm(facts: ShapeFacts): string | null {
  const order = facts.select ? list(facts.select, 'sortClause').map((item) => bodyOf(item, 'SortBy') ?? {}) : [];
  const columns = order.map((item) => columnName(item['node']));
  const descending = order.map((item) => textOf(item, 'sortby_dir') === 'SORTBY_DESC');
  if (order.length === 0 || columns.includes(null) || new Set(descending).size > 1) return null;
  return written(facts, (tree) => {
    const body = bodyOf(tree, 'SelectStmt') ?? {};
    const { limitOffset, ...rest } = body;
    if (limitOffset === undefined) return null;
    const row = (items: readonly TreeValue[]): TreeNode =>
      items.length === 1 ? (items[0] as TreeNode) : { RowExpr: { args: items, row_format: 'COERCE_IMPLICIT_CAST' } };
    const after: TreeNode = {
      A_Expr: {
        kind: 'AEXPR_OP',
        name: [{ String: { sval: descending[0] === true ? '<' : '>' } }],
        lexpr: row(order.map((item) => item['node'])),
        rexpr: row(order.map(() => ({ ParamRef: {} }))),
      },
    };
    const where = body['whereClause'];
    const both = { BoolExpr: { boolop: 'AND_EXPR', args: [where, after] } };
    return { SelectStmt: { ...rest, whereClause: where === undefined ? after : both } };
  });
}

/** The changed tree as SQL, with a parameter in the place of each constant and of each `ParamRef` without number. */
export function written(facts: ShapeFacts, change: (tree: TreeNode) => TreeNode | null): string | null {
  if (!facts.parsed) return null;
  try {
    let number = parameterCount(facts.parsed.sql);
    const tree = change(facts.parsed.tree);
    const bare = mapTree(tree, ({ type, body }) => {
      if (type !== 'A_Const' && (type !== 'ParamRef' || body['number'] !== undefined)) return null;
      number += 1;
      return { ParamRef: { number } };
    });
    return tree ? deparseGuarded(bare as TreeNode) : null;
  } catch (thrown) {
    if (thrown instanceof WizardError) return null;
    throw thrown;
  }
}
