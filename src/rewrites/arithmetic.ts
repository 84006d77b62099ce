import { bodyOf, isNode, names, list, typed } from '../sql/tree.js';
import type { TreeValue } from '../sql/tree.js';
import { callsIn, isFixed } from './shapes.js';

/** Aggregates that are NULL over no rows (manual, "Aggregate Functions"). */
const EMPTY_IS_NULL = new Set(['sum', 'avg', 'min', 'max', 'bool_and', 'bool_or', 'every', 'bit_and', 'bit_or']);

/** Of those, the ones that put the rows together in their order: alike only where they say one. */
const IN_ORDER = new Set(['string_agg', 'array_agg', 'json_agg', 'jsonb_agg']);

/** Functions that are NULL as soon as one argument is (`pg_proc.proisstrict`), of those that statements commonly call on an aggregate. */
const STRICT = new Set(
  'round floor ceil ceiling trunc abs sqrt upper lower btrim to_char date_trunc date_part extract length power mod'.split(
    ' ',
  ),
);

/** The first call in an expression that is not known to be NULL over no rows; null where each is. */
export function notNullOverNothing(value: TreeValue): string | null {
  for (const { name, body } of outerCalls(value)) {
    if (STRICT.has(name) && list(body, 'args').some(isNullOverNothing)) continue;
    if (!EMPTY_IS_NULL.has(name) && !(IN_ORDER.has(name) && list(body, 'agg_order').length > 0)) return name;
  }
  return null;
}

/** The calls in an expression that are in no other call. */
function outerCalls(value: TreeValue): ReturnType<typeof callsIn> {
  if (Array.isArray(value)) return (value as readonly TreeValue[]).flatMap(outerCalls);
  const [first] = callsIn(value);
  if (!isNode(value) || !first) return [];
  return bodyOf(value, 'FuncCall') ? [first] : Object.values(value).flatMap(outerCalls);
}

/** Calls, numbers, casts and what `inside` accepts under `+ - * /`: NULL as soon as one of the calls is. */
export function isArithmetic(value: TreeValue, inside: (value: TreeValue) => boolean = () => false): boolean {
  const node = typed(value);
  if (!node) return false;
  if (node.type === 'A_Const' || inside(value)) return true;
  if (node.type === 'TypeCast') return isArithmetic(node.body['arg'], inside);
  if (node.type === 'FuncCall') return node.body['over'] === undefined;
  if (node.type !== 'A_Expr' || node.body['kind'] !== 'AEXPR_OP') return false;
  const operator = names(list(node.body, 'name')).at(-1) ?? '';
  return (
    ['+', '-', '*', '/'].includes(operator) &&
    isArithmetic(node.body['lexpr'], inside) &&
    isArithmetic(node.body['rexpr'], inside)
  );
}

/** What an aggregate of the output gives over no rows: a literal as SQL, NULL for an arithmetic of sums and the like; undefined where that is not known. */
export function valueOverNothing(value: TreeValue): TreeValue | null | undefined {
  const call = bodyOf(value, 'FuncCall');
  if (call && callsIn(value)[0]?.name === 'count') return { A_Const: { ival: {} } };
  const [first, second, more] = list(bodyOf(value, 'CoalesceExpr') ?? {}, 'args');
  if (first && second && !more) return isNullOverNothing(first) && isFixed(second) ? second : undefined;
  return isNullOverNothing(value) ? null : undefined;
}

function isNullOverNothing(value: TreeValue): boolean {
  return isArithmetic(value) && callsIn(value).length > 0 && notNullOverNothing(value) === null;
}
