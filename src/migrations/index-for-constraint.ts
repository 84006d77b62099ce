import { quoteIdent } from '../base/quote.js';
import { list } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { written } from './relation.js';
import type { Relation } from './relation.js';
import { keysOf } from './shapes.js';

/** The concurrent build of the index that a UNIQUE or PRIMARY KEY constraint would build; null for one that needs another kind of index or storage parameters. */
export function uniqueIndex(relation: Relation, name: string, constraint: TreeNode): string | null {
  if (constraint['without_overlaps'] === true || list(constraint, 'options').length > 0) return null;
  const columns = (keys: readonly string[]): string => keys.map(quoteIdent).join(', ');
  const included = keysOf(constraint, 'including');
  const space = constraint['indexspace'];
  return [
    `CREATE UNIQUE INDEX CONCURRENTLY ${quoteIdent(name)} ON ${written(relation)} (${columns(keysOf(constraint))})`,
    ...(included.length > 0 ? [`INCLUDE (${columns(included)})`] : []),
    ...(constraint['nulls_not_distinct'] === true ? ['NULLS NOT DISTINCT'] : []),
    ...(typeof space === 'string' ? [`TABLESPACE ${quoteIdent(space)}`] : []),
  ].join(' ');
}

/** `DEFERRABLE INITIALLY DEFERRED`, with a space before it, as the constraint has it. */
export function deferral(constraint: TreeNode): string {
  const deferrable = constraint['deferrable'] === true ? ' DEFERRABLE' : '';
  return constraint['initdeferred'] === true ? `${deferrable} INITIALLY DEFERRED` : deferrable;
}

/** Takes the build back, also one that was interrupted; nothing is left to do where the constraint took the index along. */
export function dropIndex({ schema }: Relation, name: string): string {
  return `DROP INDEX CONCURRENTLY IF EXISTS ${written({ schema, name })}`;
}
