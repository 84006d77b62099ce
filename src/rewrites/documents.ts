import { quoteLiteral } from '../base/quote.js';
import { bodyOf } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { expression } from './build.js';
import { missing, seen } from './facts.js';
import type { Fact } from './facts.js';
import { castOf, operation, stringConstant } from './shapes.js';

/** Whether `->>` gives one of these texts for a JSON text alone: it writes numbers, truth values, objects and arrays as texts too. */
export function writtenAsText(texts: readonly string[]): Fact {
  return texts.some((text) => /^\s*(-?[\d.]|true$|false$|[{[])/.test(text))
    ? missing('a number, a truth value, an object or an array may be written as the text that is compared')
    : seen('no number, truth value, object or array is written as the text that is compared');
}

/** A literal text, cast to text or not at all: another type may cut or pad it. */
export function literalText(value: TreeValue): string | null {
  const cast = castOf(value);
  const isText = cast ? ['text', 'varchar'].includes(cast.type) : bodyOf(value, 'A_Const') !== null;
  return isText ? stringConstant(value) : null;
}

/** `column @> '{"a": {"b": text}}'`. */
export function contains(column: TreeNode, path: readonly string[], text: string): TreeNode {
  const document = path.reduceRight<unknown>((value, key) => ({ [key]: value }), text);
  return expression(`$1 @> ${quoteLiteral(JSON.stringify(document))}`, [column]);
}

/** The keys, outermost first, down to a column; null for anything else. */
export function pathOf(value: TreeNode): { readonly column: TreeNode; readonly path: readonly string[] } | null {
  if (bodyOf(value, 'ColumnRef')) return { column: value, path: [] };
  const step = operation(value);
  const key = step && bodyOf(step.right, 'A_Const') ? stringConstant(step.right) : null;
  if (!step || key === null || !['->', '->>'].includes(step.operator)) return null;
  const before = pathOf(step.left);
  return before ? { column: before.column, path: [...before.path, key] } : null;
}
