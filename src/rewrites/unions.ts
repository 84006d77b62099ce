import { field, walk } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import type { StatementView } from './view.js';

/** The bodies of every UNION without ALL of two plain queries, by identity. */
export function unions({ statement, queries }: StatementView): readonly TreeNode[] {
  const isQuery = (body: TreeNode | null): boolean => queries.some((one) => one.body === body);
  return [...walk(statement.tree)].flatMap(({ type, body }) =>
    type === 'SelectStmt' &&
    body['op'] === 'SETOP_UNION' &&
    body['all'] !== true &&
    isQuery(field(body, 'larg')) &&
    isQuery(field(body, 'rarg'))
      ? [body]
      : [],
  );
}
