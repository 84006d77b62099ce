import { deparseSync } from 'pgsql-deparser';
import { WizardError } from '../base/errors.js';
import { parseStatement } from './parse.js';
import { treeText } from './tree.js';
import type { TreeNode } from './tree.js';

/**
 * Writes a statement's tree as SQL, and proves it: the text is parsed again and must give the same tree.
 * Throws `sql/deparse` otherwise: the deparser loses `GROUP BY DISTINCT`, `WITH TIES` and others in silence.
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
    return deparseSync(tree, { pretty: false });
  } catch (thrown) {
    throw new WizardError('sql/deparse', 'The statement can not be written back.', { cause: thrown });
  }
}

function reparse(sql: string): TreeNode | null {
  try {
    return parseStatement(sql).tree;
  } catch {
    return null;
  }
}
