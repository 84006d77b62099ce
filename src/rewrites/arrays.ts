import { bodyOf, isNode, list, names, textOf } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { expression } from './build.js';
import { missing, seen } from './facts.js';
import type { Fact, Facts } from './facts.js';
import { bothWays, castOf, functionName, isBare, isConstant, listed, wholeConstant } from './shapes.js';
import type { ColumnOrigin } from './view.js';

/** Array types whose `@>` and `&&` compare elements as `=` does. */
export const ARRAYS = new Set(['_int2', '_int4', '_int8', '_text', '_varchar', '_uuid', '_date', '_numeric']);

/** Whether `@>` and `&&` on the column are those of PostgreSQL itself. */
export function ownContainment(origin: ColumnOrigin, { catalog }: Facts): Fact {
  return origin.column?.baseType === '_int4' && catalog.extensions.some(({ name }) => name === 'intarray')
    ? missing('the extension intarray has operators @> and && of its own, which fail on NULL in an array')
    : seen(`@> and && of ${origin.column?.type} compare elements as = does`);
}

/** Whether a constant is one of the array's elements as it stands, or by a cast to their very type: 1.5 is no whole number, and would be rounded to one. */
export function isElement({ column }: ColumnOrigin, value: TreeValue): boolean {
  const type = (column?.baseType ?? '').slice(1);
  const cast = castOf(value);
  const bare = cast?.type === type ? cast.value : value;
  const constant = bodyOf(bare, 'A_Const');
  if (!constant) return bodyOf(bare, 'ParamRef') !== null;
  if (constant['sval'] !== undefined || constant['isnull'] === true) return true;
  const bits = WHOLE_BITS[type];
  return bits === undefined ? type === 'numeric' : Math.abs(wholeConstant(bare) ?? Infinity) < 2 ** (bits - 1);
}

const WHOLE_BITS: Readonly<Record<string, number>> = { int2: 16, int4: 32, int8: 64 };

/** `array @> ARRAY[value]`, with the element as its column has it. */
export function containing(array: TreeNode, { column }: ColumnOrigin, value: TreeNode): TreeNode {
  return expression(`$1 @> ARRAY[$2]::${(column?.baseType ?? '').slice(1)}[]`, [array, value]);
}

/** The array of `SELECT unnest(a)` or `SELECT x FROM unnest(a) AS x`; null where the query does anything else. */
export function unnested(select: TreeNode | null): TreeNode | null {
  if (!select || !isBare(select)) return null;
  const [target, more] = list(select, 'targetList');
  const value = bodyOf(target, 'ResTarget')?.['val'];
  const [item, second] = list(select, 'fromClause');
  if (more || second || select['whereClause'] !== undefined) return null;
  if (item === undefined) return unnestArgument(value);
  const own = unnestItem(item);
  return own && isColumnOf(own, value) ? own.array : null;
}

/** `unnest(a)` in FROM, with the name of its one column. */
export interface UnnestItem {
  readonly array: TreeNode;
  readonly alias: string;
  readonly column: string;
}

/** Reads it; null for anything else, WITH ORDINALITY and several arrays among it. */
export function unnestItem(item: TreeValue): UnnestItem | null {
  const body = bodyOf(item, 'RangeFunction');
  const [only, more] = body ? list(body, 'functions') : [];
  const away = ['ordinality', 'is_rowsfrom', 'coldeflist'];
  if (!body || more || away.some((name) => body[name] !== undefined)) return null;
  const array = unnestArgument(list(bodyOf(only, 'List') ?? {}, 'items')[0]);
  const alias = isNode(body['alias']) ? body['alias'] : {};
  const name = textOf(alias, 'aliasname') ?? 'unnest';
  return array ? { array, alias: name, column: names(list(alias, 'colnames'))[0] ?? name } : null;
}

/** Whether a value is that column. */
export function isColumnOf({ alias, column }: UnnestItem, value: TreeValue): boolean {
  const path = names(list(bodyOf(value, 'ColumnRef') ?? {}, 'fields'));
  return path.at(-1) === column && (path.length === 1 || (path.length === 2 && path[0] === alias));
}

/** The constants of which an element has to be one; none where the condition says something else. */
export function elementValues(
  condition: TreeNode,
  isElementColumn: (value: TreeValue) => boolean,
): readonly TreeNode[] {
  const among = listed(condition, 'AEXPR_IN');
  if (among) return isElementColumn(among.left) && among.items.every(isConstant) ? among.items : [];
  return bothWays(condition).flatMap(({ operator, left, right }) =>
    operator === '=' && isElementColumn(left) && isConstant(right) ? [right] : [],
  );
}

/** That an array of a column's type holds one of the values, as an index on it can serve. */
export function holdsOne(array: TreeNode, { column }: ColumnOrigin, values: readonly TreeNode[]): TreeNode {
  const type = (column?.baseType ?? '').slice(1);
  const items = values.map((_, i) => `$${i + 2}`).join(', ');
  return expression(`$1 ${values.length === 1 ? '@>' : '&&'} ARRAY[${items}]::${type}[]`, [array, ...values]);
}

function unnestArgument(value: TreeValue): TreeNode | null {
  const call = bodyOf(value, 'FuncCall');
  const [array, more] = call && functionName(call) === 'unnest' ? list(call, 'args') : [];
  return isNode(array) && !more ? array : null;
}
