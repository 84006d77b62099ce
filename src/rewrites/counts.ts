import type { TreeNode, TreeValue } from '../sql/tree.js';
import { bodyOf } from '../sql/tree.js';
import { bothWays, castOf, functionName, wholeConstant } from './shapes.js';

/** Comparisons that ask whether there is any row, or none. */
const ANY: ReadonlyMap<string, boolean> = new Map([
  ['> 0', true],
  ['>= 1', true],
  ['<> 0', true],
  ['= 0', false],
  ['< 1', false],
  ['<= 0', false],
]);

/** Reads a comparison of a count that asks whether there is any row (`isAny`), or none; null for any other. */
export function asksForAny(value: TreeValue): { readonly counted: TreeNode; readonly isAny: boolean } | null {
  for (const { operator, left, right } of bothWays(value)) {
    const isAny = ANY.get(`${operator} ${wholeConstant(right)}`);
    if (isAny !== undefined) return { counted: left, isAny };
  }
  return null;
}

/** Reads a comparison of a count that asks whether there are at least so many rows (`isAny`), or fewer, of two and more; null for any other. */
export function asksForSeveral(
  value: TreeValue,
): { readonly counted: TreeNode; readonly least: number; readonly isAny: boolean } | null {
  for (const { operator, left, right } of bothWays(value)) {
    const bound = wholeConstant(right);
    const above = operator === '>' || operator === '<=';
    const least = (bound ?? 0) + (above ? 1 : 0);
    if (operator !== '=' && operator !== '<>' && least >= 2)
      return { counted: left, least, isAny: operator === '>' || operator === '>=' };
  }
  return null;
}

/** A count without its cast to int or bigint; anything else as it is. */
export function uncastCount(value: TreeValue): TreeValue {
  const cast = castOf(value);
  const call = cast && ['int4', 'int8'].includes(cast.type) ? bodyOf(cast.value, 'FuncCall') : null;
  return cast && call && functionName(call) === 'count' ? cast.value : value;
}
