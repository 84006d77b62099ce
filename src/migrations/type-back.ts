import { quoteIdent } from '../base/quote.js';
import type { Column } from '../model/catalog.js';
import { bodyOf, field, list, names, treeText } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { typeParts, typePartsOfText } from './effects/types.js';
import type { TypeParts } from './effects/types.js';

/**
 * The statement that gives a column its old type back, with the values that it had: only where the new type holds all that the old one did. Null otherwise, and for texts, whose collation the catalog does not say.
 * `definition` is the `ColumnDef` of ALTER COLUMN TYPE.
 */
export function typeBack(column: Column, definition: TreeNode, alter: string): readonly string[] | null {
  const to = typeParts(field(definition, 'typeName'));
  if (!to || column.typeCategory === 'S' || !isPlainCast(column.name, definition)) return null;
  if (!holdsAll(typePartsOfText(column.type), to)) return null;
  if (column.hasDefault && column.defaultAs === null) return null;
  const alterColumn = `ALTER COLUMN ${quoteIdent(column.name)}`;
  const type = `${alterColumn} TYPE ${column.type} USING ${quoteIdent(column.name)}::${column.type}`;
  const clauses =
    column.defaultAs === null
      ? [type]
      : [`${alterColumn} DROP DEFAULT`, type, `${alterColumn} SET DEFAULT ${column.defaultAs}`];
  return [`${alter} ${clauses.join(', ')}`];
}

/** From narrow to wide: each holds all that those before it do. */
const WHOLE = ['int2', 'int4', 'int8', 'numeric'];

/** Whether a value that is cast to the other type and back is the same. Every type writes a text that it reads again. */
function holdsAll(from: TypeParts, to: TypeParts): boolean {
  if (from.array !== to.array) return false;
  if (to.name === 'text') return true;
  const [was, is] = [WHOLE.indexOf(from.name), WHOLE.indexOf(to.name)];
  if (to.modifiers.length === 0) return (was >= 0 && is >= was) || (from.name === 'float4' && to.name === 'float8');
  const [[digits = 0, decimals = 0], [now = 0, nowDecimals = 0]] = [from.modifiers, to.modifiers];
  const isLonger = nowDecimals >= decimals && now - nowDecimals >= digits - decimals;
  return from.name === 'numeric' && to.name === 'numeric' && from.modifiers.length > 0 && isLonger;
}

/** No USING, or one that is nothing but the cast. */
function isPlainCast(name: string, definition: TreeNode): boolean {
  const using = field(definition, 'raw_default');
  if (!using) return true;
  const cast = bodyOf(using, 'TypeCast');
  const reference = cast ? bodyOf(cast['arg'], 'ColumnRef') : null;
  if (!cast || !reference) return false;
  const isSame = names(list(reference, 'fields')).join('.') === name;
  return isSame && treeText(cast['typeName']) === treeText(definition['typeName']);
}
