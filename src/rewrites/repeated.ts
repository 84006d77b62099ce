import { tryParseStatement, type ParsedStatement } from '../sql/parse.js';
import { treeText } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { replace } from './build.js';
import type { Query } from './view.js';
import { writeBack } from './write-back.js';

/** A statement after a step that was taken as often as it gives another, `most` times at most; null where it never did. */
export function repeated(
  statement: ParsedStatement,
  most: number,
  step: (statement: ParsedStatement) => ParsedStatement | null,
): ParsedStatement | null {
  let current = statement;
  for (let n = 0; n < most; n += 1) {
    const next = step(current);
    if (next === null) break;
    current = next;
  }
  return current === statement ? null : current;
}

/** The statement with a changed tree; null where it says the same, and where it can not be written. */
export function withTree(statement: ParsedStatement, tree: TreeNode): ParsedStatement | null {
  const isSame = tree === statement.tree || treeText(tree) === treeText(statement.tree);
  const text = isSame ? null : writeBack(statement, tree);
  return text === null ? null : tryParseStatement(text);
}

/** The statement with another body for one of its queries; null for none, and where it can not be written. */
export function withBody(statement: ParsedStatement, query: Query, body: TreeNode | null): ParsedStatement | null {
  return body ? withTree(statement, replace(statement.tree, query.body, { SelectStmt: body })) : null;
}
