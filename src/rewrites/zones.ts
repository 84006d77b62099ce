import { bodyOf, isNode, list } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { functionName, stringConstant } from './shapes.js';

/** Zones that are UTC itself. */
export const UTC = /^(Etc\/)?(UTC|GMT|Zulu)$/i;

/** `c AT TIME ZONE 'z'`: a zone by its name in the tz database, none of which is 16 hours or more from UTC at any time; POSIX forms may be. */
export function zoned(value: TreeValue): { readonly zone: string; readonly value: TreeNode } | null {
  const call = bodyOf(value, 'FuncCall');
  const [zone, of] = call && functionName(call) === 'timezone' ? list(call, 'args') : [];
  const name = stringConstant(zone) ?? '';
  return isNode(of) && (UTC.test(name) || /^[A-Z][A-Za-z_]+(\/[A-Z][A-Za-z_-]+){1,2}$/.test(name))
    ? { zone: name, value: of }
    : null;
}
