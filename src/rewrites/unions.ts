import { field, walk } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import type { StatementView } from './view.js';

/** The bodies of every UNION of two plain queries, by identity; without ALL, or else with it too. */
export function unions({ statement, queries }: StatementView, orAll = false): readonly TreeNode[] {
  const isQuery = (body: TreeNode | null): boolean => queries.some((one) => one.body === body);
  return [...walk(statement.tree)].flatMap(({ type, body }) =>
    type === 'SelectStmt' &&
    body['op'] === 'SETOP_UNION' &&
    (orAll || body['all'] !== true) &&
    isQuery(field(body, 'larg')) &&
    isQuery(field(body, 'rarg'))
      ? [body]
      : [],
  );
}
