import { deparseSync } from 'pgsql-deparser';
import { WizardError } from '../base/errors.js';
import { parseStatement } from './parse.js';
import { bodyOf, isNode, mapTree, treeText } from './tree.js';
import type { TreeNode } from './tree.js';

/**
 * Writes a statement's tree as SQL, and proves it: the text is parsed again and must give the same tree.
 * Throws `sql/deparse` otherwise: the deparser loses `GROUP BY DISTINCT` and others in silence.
 */
export function deparseGuarded(tree: TreeNode): string {
  const sql = write(tree);
  const again = reparse(sql);
  if (again === null || treeText(again) !== treeText(tree)) {
    throw new WizardError('sql/deparse', 'The statement can not be written back without changing its meaning.');
  }
  return sql;
}

/** Writes one expression as SQL on one line, under the same guard. Throws `sql/deparse`. */
export function deparseExpression(expression: TreeNode): string {
  const tree: TreeNode = {
    SelectStmt: {
      targetList: [{ ResTarget: { val: expression } }],
      limitOption: 'LIMIT_OPTION_DEFAULT',
      op: 'SETOP_NONE',
    },
  };
  return deparseGuarded(tree).replace(/^SELECT\s+/, '');
}

function write(tree: TreeNode): string {
  try {
    return withTies(deparseSync(markTies(tree), { pretty: false }));
  } catch (thrown) {
    throw new WizardError('sql/deparse', 'The statement can not be written back.', { cause: thrown });
  }
}

/** The deparser writes `LIMIT n` in place of `FETCH FIRST n ROWS WITH TIES`: the number stands in a call of this name until it has written. */
const TIES = 'wizard_with_ties';

function markTies(tree: TreeNode): TreeNode {
  if (!treeText(tree).includes('LIMIT_OPTION_WITH_TIES')) return tree;
  const mark = (value: TreeNode): TreeNode =>
    mapTree(value, (node) => {
      const body = bodyOf({ [node.type]: node.body }, 'SelectStmt');
      const count = body?.['limitOption'] === 'LIMIT_OPTION_WITH_TIES' ? body['limitCount'] : null;
      if (!body || !isNode(count)) return null;
      const call = {
        FuncCall: { funcname: [{ String: { sval: TIES } }], args: [count], funcformat: 'COERCE_EXPLICIT_CALL' },
      };
      const { limitCount: _, ...rest } = body;
      return { SelectStmt: { ...mark(rest), limitCount: call, limitOption: 'LIMIT_OPTION_COUNT' } };
    }) as TreeNode;
  return mark(tree);
}

function withTies(sql: string): string {
  return sql.replaceAll(new RegExp(String.raw`LIMIT ${TIES}\((\d+|\$\d+)\)`, 'g'), 'FETCH FIRST $1 ROWS WITH TIES');
}

function reparse(sql: string): TreeNode | null {
  try {
    return parseStatement(sql).tree;
  } catch {
    return null;
  }
}
