import { bodyOf, isNode, list } from '../sql/tree.js';
import type { TreeValue } from '../sql/tree.js';
import { functionName } from './shapes.js';

/** `row_number() OVER (ORDER BY ...)` of all rows. */
export function isRowNumber(value: TreeValue): boolean {
  const call = bodyOf(value, 'FuncCall');
  const over = call?.['over'];
  if (!call || !isNode(over) || functionName(call) !== 'row_number' || call['agg_filter'] !== undefined) return false;
  const plain = ['partitionClause', 'refname', 'name'].every((name) => over[name] === undefined);
  return plain && list(over, 'orderClause').length > 0;
}

/** `count(*) OVER ()`, the number of all rows. */
export function isWholeCount(value: TreeValue): boolean {
  const call = bodyOf(value, 'FuncCall');
  const over = call?.['over'];
  if (!call || !isNode(over) || call['agg_star'] !== true || call['agg_filter'] !== undefined) return false;
  const plain = ['partitionClause', 'orderClause', 'refname', 'name'].every((name) => over[name] === undefined);
  return plain && functionName(call) === 'count';
}
