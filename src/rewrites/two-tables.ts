import { bodyOf, list } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { conjuncts } from './build.js';
import { innerItems } from './columns.js';

/** The conditions of a FROM of two items. */
export interface TwoTables {
  readonly conditions: readonly TreeNode[];
  /** Those of them that stand after ON. */
  readonly on: readonly TreeNode[];
  /** It is a LEFT JOIN, which keeps every row of the first. */
  readonly left: boolean;
}

/** Reads `FROM a JOIN b ON ...`, `FROM a, b WHERE ...` and `FROM a LEFT JOIN b ON ...` of plain tables in the last; null for anything else. */
export function twoTables(body: TreeNode): TwoTables | null {
  const where = conjuncts(body['whereClause']);
  const inner = innerItems(body);
  if (inner) {
    const on = inner.on.flatMap(conjuncts);
    return inner.items.length === 2 ? { conditions: [...on, ...where], on, left: false } : null;
  }
  const [item, more] = list(body, 'fromClause');
  const join = bodyOf(item, 'JoinExpr');
  if (!join || more || join['jointype'] !== 'JOIN_LEFT' || join['alias'] !== undefined) return null;
  if (join['isNatural'] === true || list(join, 'usingClause').length > 0) return null;
  if (!bodyOf(join['larg'], 'RangeVar') || !bodyOf(join['rarg'], 'RangeVar')) return null;
  const on = conjuncts(join['quals']);
  return { conditions: [...on, ...where], on, left: true };
}
