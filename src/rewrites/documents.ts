import { quoteLiteral } from '../base/quote.js';
import { bodyOf, isNode, list } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { expression } from './build.js';
import { missing, seen } from './facts.js';
import type { Fact } from './facts.js';
import { castOf, functionName, operation, stringConstant } from './shapes.js';

/** Whether `->>` gives one of these texts for a JSON text alone: it writes numbers, truth values, objects and arrays as texts too. */
export function writtenAsText(texts: readonly string[]): Fact {
  return texts.some((text) => /^(-?\d+(\.\d+)?$|true$|false$|[{[])/.test(text))
    ? missing('a number, a truth value, an object or an array may be written as the text that is compared')
    : seen('no number, truth value, object or array is written as the text that is compared');
}

/** The JSON scalars that `->>` writes as a text: itself, and the number or truth value that is written so; null where it may be an object or an array. */
export function scalarsWritten(text: string): readonly unknown[] | null {
  if (/^[{[]/.test(text)) return null;
  if (text === 'true' || text === 'false') return [text === 'true', text];
  if (!/^-?\d+(\.\d+)?$/.test(text)) return [text];
  // JavaScript writes such a number as it was read.
  return /^-?(0|[1-9]\d{0,14})$/.test(text) && text !== '-0' ? [Number(text), text] : null;
}

/** A literal text, cast to text or not at all: another type may cut or pad it. */
export function literalText(value: TreeValue): string | null {
  const cast = castOf(value);
  const isText = cast ? ['text', 'varchar'].includes(cast.type) : bodyOf(value, 'A_Const') !== null;
  return isText ? stringConstant(value) : null;
}

/** `column @> '{"a": {"b": value}}'`. */
export function contains(column: TreeNode, path: readonly string[], scalar: unknown): TreeNode {
  const document = path.reduceRight<unknown>((value, key) => ({ [key]: value }), scalar);
  return expression(`$1 @> ${quoteLiteral(JSON.stringify(document))}`, [column]);
}

/** The keys, outermost first, down to a column; null for anything else. */
export function pathOf(value: TreeNode): { readonly column: TreeNode; readonly path: readonly string[] } | null {
  if (bodyOf(value, 'ColumnRef')) return { column: value, path: [] };
  const subscripted = bodyOf(value, 'A_Indirection');
  if (subscripted) return subscriptsOf(subscripted);
  const step = operation(value);
  const key = step && bodyOf(step.right, 'A_Const') ? stringConstant(step.right) : null;
  if (!step || key === null || !['->', '->>'].includes(step.operator)) return null;
  const before = pathOf(step.left);
  return before ? { column: before.column, path: [...before.path, key] } : null;
}

/** `document['a']['b']`, whose keys do not count the items of an array. */
function subscriptsOf(body: TreeNode): ReturnType<typeof pathOf> {
  const keys = list(body, 'indirection').map((one) => {
    const index = bodyOf(one, 'A_Indices');
    return index && index['is_slice'] !== true ? stringConstant(index['uidx']) : null;
  });
  const { arg } = body;
  const before = isNode(arg) && keys.every(isKey) ? pathOf(arg) : null;
  return before && { column: before.column, path: [...before.path, ...keys.filter(isKey)] };
}

/** What `->>`, `#>>` and jsonb_extract_path_text() read as text: the keys down to a column; null for anything else, and for keys that may count the items of an array. */
export function textPathOf(value: TreeNode): ReturnType<typeof pathOf> {
  const step = operation(value);
  if (step?.operator === '->>') return pathOf(value);
  const call = bodyOf(value, 'FuncCall');
  const [document, ...args] = call ? list(call, 'args') : [];
  const base = step?.operator === '#>>' ? step.left : document;
  const isCall = call !== null && functionName(call) === 'jsonb_extract_path_text';
  const keys = step?.operator === '#>>' ? keysOf(literalPath(step.right)) : isCall ? args.map(stringConstant) : [];
  if (!isNode(base) || keys.length === 0 || !keys.every(isKey)) return null;
  const before = pathOf(base);
  return before ? { column: before.column, path: [...before.path, ...keys] } : null;
}

function literalPath(value: TreeNode): string {
  return stringConstant(castOf(value)?.value ?? value) ?? '';
}

function keysOf(text: string): readonly string[] {
  const inside = /^\{([^{}"\\]+)\}$/.exec(text)?.[1];
  return inside === undefined ? [] : inside.split(',').map((key) => key.trim());
}

function isKey(key: string | null): key is string {
  return key !== null && key !== '' && !/^-?\d+$/.test(key) && key.toLowerCase() !== 'null';
}
