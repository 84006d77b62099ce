import { bodyOf, isNode, list, names, typed, walk } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { functionName } from './shapes.js';

/** Operators of PostgreSQL that give NULL as soon as one side is NULL (`pg_proc.proisstrict`, majors 14 to 18). */
const STRICT = new Set(['+', '-', '*', '/', '%', '=', '<>', '<', '>', '<=', '>=', '~~', '!~~', '~~*', '!~~*']);

const KINDS = ['AEXPR_OP', 'AEXPR_LIKE', 'AEXPR_ILIKE'];

/** What an expression is where every column in it is NULL: `null`, or a literal of it. Undefined where that is not known, or where it has no column. */
export function overNullRow(value: TreeValue): 'null' | TreeNode | undefined {
  const node = typed(value);
  if (!node) return undefined;
  const { type, body } = node;
  if (type === 'ColumnRef') return 'null';
  if (type === 'TypeCast') return overNullRow(body['arg']) === 'null' ? 'null' : undefined;
  if (type === 'CoalesceExpr') {
    const [first, second, more] = list(body, 'args');
    return overNullRow(first) === 'null' && !more && isNode(second) && bodyOf(second, 'A_Const') ? second : undefined;
  }
  if (type === 'CaseExpr') return ofCase(body);
  if (type === 'BoolExpr') {
    return list(body, 'args').every((one) => overNullRow(one) === 'null') ? 'null' : undefined;
  }
  if (type !== 'A_Expr') return undefined;
  if (body['kind'] === 'AEXPR_IN') return overNullRow(body['lexpr']) === 'null' ? 'null' : undefined;
  const isStrict = KINDS.some((kind) => body['kind'] === kind) && STRICT.has(names(list(body, 'name')).at(-1) ?? '');
  const sides = [body['lexpr'], body['rexpr']];
  const able = sides.every((side) => !isNode(side) || bodyOf(side, 'A_Const') || overNullRow(side) !== undefined);
  return isStrict && able && sides.some((side) => overNullRow(side) === 'null') ? 'null' : undefined;
}

function ofCase(body: TreeNode): 'null' | TreeNode | undefined {
  const conditions = list(body, 'args').map((one) => bodyOf(one, 'CaseWhen')?.['expr']);
  const tested = body['arg'] === undefined ? conditions : [body['arg']];
  const otherwise = body['defresult'];
  if (!tested.every((one) => overNullRow(one) === 'null')) return undefined;
  if (otherwise === undefined) return 'null';
  const constant = bodyOf(otherwise, 'A_Const');
  if (constant && isNode(otherwise)) return constant['isnull'] === true ? 'null' : otherwise;
  return overNullRow(otherwise) === 'null' ? 'null' : undefined;
}

/** Aggregates that leave NULL out, and give NULL where there is nothing else. */
const LEAVING_NULL_OUT = new Set(['sum', 'avg', 'min', 'max', 'bool_and', 'bool_or', 'every', 'string_agg']);

/** What an aggregate gives over one row in which all columns are NULL, as an outer join makes it: a literal, or `null`; undefined where that is not known. */
export function aggregatedNullRow(call: TreeNode): 'null' | TreeNode | undefined {
  const name = functionName(call);
  const zero = { A_Const: { ival: {} } };
  const isLeftOut = isNode(call['agg_filter']) && overNullRow(call['agg_filter']) === 'null';
  if (call['agg_filter'] !== undefined && !isLeftOut) return undefined;
  if (name === 'count') {
    if (isLeftOut) return zero;
    if (call['agg_star'] === true) return { A_Const: { ival: { ival: 1 } } };
    return overNullRow(list(call, 'args')[0]) === 'null' && list(call, 'args').length === 1 ? zero : undefined;
  }
  if (!LEAVING_NULL_OUT.has(name)) return undefined;
  const value = isLeftOut ? 'null' : overNullRow(list(call, 'args')[0]);
  return value === 'null' || (value !== undefined && KEEPING.has(name) && isWholeNumber(value)) ? value : undefined;
}

/** Of one value these give the value itself. */
const KEEPING = new Set(['sum', 'min', 'max']);

function isWholeNumber(value: TreeNode): boolean {
  return [...walk(value)].some(({ type, body }) => type === 'A_Const' && body['ival'] !== undefined);
}
