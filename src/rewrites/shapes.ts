import type { Catalog } from '../model/catalog.js';
import { bodyOf, field, isNode, list, names, numberOf, textOf, typed, walk } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';

/** A SELECT that neither groups, deduplicates, limits, locks nor combines rows, makes no several rows of one, and has no CTE of its own. */
export function isPlain(body: TreeNode): boolean {
  return (
    COMPLICATING.every((name) => body[name] === undefined) &&
    (body['op'] === undefined || body['op'] === 'SETOP_NONE') &&
    !list(body, 'targetList').some((item) => callsAggregate(item) || givesRows(item))
  );
}

/** Clauses that make other rows of those that FROM and WHERE give, take some of them, lock them, or name queries beside them. */
export const SHAPING_CLAUSES: readonly string[] = [
  'groupClause',
  'havingClause',
  'limitCount',
  'limitOffset',
  'distinctClause',
  'withClause',
  'windowClause',
  'lockingClause',
];

const COMPLICATING = [...SHAPING_CLAUSES, 'valuesLists'];

/** Aggregates of PostgreSQL itself (`pg_aggregate`), those that statements commonly call. */
const AGGREGATES = new Set(
  (
    'count sum avg min max bool_and bool_or every array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg stddev stddev_pop stddev_samp variance var_pop ' +
    'var_samp corr bit_and bit_or percentile_cont percentile_disc mode range_agg any_value xmlagg covar_pop covar_samp regr_slope regr_intercept regr_count'
  ).split(' '),
);

/** What a `SELECT ... FROM ... WHERE ...` and nothing more has. */
export const BARE_CLAUSES: ReadonlySet<string> = new Set([
  'targetList',
  'fromClause',
  'whereClause',
  'limitOption',
  'op',
]);

/** Whether a query is a `SELECT ... FROM ... WHERE ...` and nothing more. */
export function isBare(body: TreeNode): boolean {
  return Object.keys(body).every((name) => BARE_CLAUSES.has(name));
}

/** Whether totals are among the groups of a query, in which a column that is grouped by is NULL, whatever it is in its table. */
export function hasGroupingSets(body: TreeNode): boolean {
  return list(body, 'groupClause').some((one) => bodyOf(one, 'GroupingSet') !== null);
}

/** Whether a call has neither window, filter nor order; DISTINCT it may have. */
export function isPlainCall(call: TreeNode): boolean {
  return ['over', 'agg_filter', 'agg_order'].every((name) => call[name] === undefined);
}

/** Whether an aggregate or window function is called, not counting nested queries. */
export function callsAggregate(value: TreeValue): boolean {
  return callsIn(value).some(({ name, body }) => isAggregate(name) || body['over'] !== undefined);
}

/** Whether a function of PostgreSQL of this name is an aggregate. */
export function isAggregate(name: string): boolean {
  return AGGREGATES.has(name);
}

/** Functions of PostgreSQL that give several rows or none (`pg_proc.proretset`), those that statements commonly call. */
const SETS = new Set(
  (
    'generate_series generate_subscripts json_array_elements json_array_elements_text json_each json_each_text json_object_keys json_populate_recordset ' +
    'json_to_recordset jsonb_array_elements jsonb_array_elements_text jsonb_each jsonb_each_text jsonb_object_keys jsonb_path_query jsonb_populate_recordset ' +
    'jsonb_to_recordset regexp_matches regexp_split_to_table string_to_table ts_stat unnest'
  ).split(' '),
);

/** Whether a function that gives several rows or none is called, not counting nested queries and functions of the user. */
export function givesRows(value: TreeValue): boolean {
  return callsIn(value).some(({ name }) => SETS.has(name));
}

/** The same, with the functions of the user, of which it is not known. */
export function mayGiveRows({ functions }: Catalog, value: TreeValue): boolean {
  return callsIn(value).some(({ name }) => SETS.has(name) || functions.some((own) => own.name === name));
}

/** The calls in an expression that are not inside a nested query. */
export function callsIn(value: TreeValue): readonly { readonly name: string; readonly body: TreeNode }[] {
  if (Array.isArray(value)) return (value as readonly TreeValue[]).flatMap(callsIn);
  if (!isNode(value) || 'SelectStmt' in value) return [];
  const call = bodyOf(value, 'FuncCall');
  const own = call ? [{ name: functionName(call), body: call }] : [];
  return [...own, ...Object.values(value).flatMap(callsIn)];
}

/** The last part of a function's name. */
export function functionName(call: TreeNode): string {
  return names(list(call, 'funcname')).at(-1) ?? '';
}

/** A binary operator with both sides; null for anything else. */
export interface Operation {
  readonly operator: string;
  readonly left: TreeNode;
  readonly right: TreeNode;
}

/** Reads `a op b`. */
export function operation(value: TreeValue): Operation | null {
  const body = bodyOf(value, 'A_Expr');
  if (!body || body['kind'] !== 'AEXPR_OP') return null;
  const [left, right] = [body['lexpr'], body['rexpr']];
  return isNode(left) && isNode(right) ? { operator: names(list(body, 'name')).at(-1) ?? '', left, right } : null;
}

/** What a comparison says when its sides change places, or both their signs. */
export const MIRRORED: Readonly<Record<string, string>> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '>': '<',
  '<=': '>=',
  '>=': '<=',
};

/** A comparison read from either side: `5 < a` is `a > 5` too. */
export function bothWays(value: TreeValue): readonly Operation[] {
  const one = operation(value);
  const mirrored = one ? MIRRORED[one.operator] : undefined;
  if (!one || mirrored === undefined) return [];
  return [one, { operator: mirrored, left: one.right, right: one.left }];
}

/** The string of a constant, casts of it to a date or text type looked through; null for anything else. */
export function stringConstant(value: TreeValue): string | null {
  const cast = bodyOf(value, 'TypeCast');
  const string = field(bodyOf(cast ? cast['arg'] : value, 'A_Const') ?? {}, 'sval');
  return string ? (textOf(string, 'sval') ?? '') : null;
}

/** A whole number; null for anything else. */
export function wholeConstant(value: TreeValue): number | null {
  const body = bodyOf(value, 'A_Const');
  const whole = body ? field(body, 'ival') : null;
  return whole ? (numberOf(whole, 'ival') ?? 0) : null;
}

/** Whether it is a constant or a parameter, cast or not: the same for every row. */
export function isConstant(value: TreeValue): boolean {
  const node = typed(value);
  if (node?.type === 'TypeCast') return isConstant(node.body['arg']);
  return node?.type === 'A_Const' || node?.type === 'ParamRef';
}

/** Whether a join has no condition, or the constant true. */
export function isAlways(condition: TreeValue): boolean {
  const constant = bodyOf(condition, 'A_Const');
  return condition === undefined || (constant ? field(constant, 'boolval')?.['boolval'] === true : false);
}

/** Whether a subquery stands in it, as a value or a condition. */
export function holdsSubquery(value: TreeValue): boolean {
  return [...walk(value)].some(({ type }) => type === 'SubLink');
}

/** Whether it is the same for every row: no column, no subquery; volatile functions are refused elsewhere. */
export function isFixed(value: TreeValue): boolean {
  return isNode(value) && ![...walk(value)].some(({ type }) => type === 'ColumnRef' || type === 'SubLink');
}

/** The name of the type that a value is cast to and the value; null where it is no cast, or one to a length or a scale, which may cut. */
export function castOf(value: TreeValue): { readonly type: string; readonly value: TreeNode } | null {
  const cast = bodyOf(value, 'TypeCast');
  const type = cast ? field(cast, 'typeName') : null;
  if (!cast || !type || !isNode(cast['arg']) || list(type, 'arrayBounds').length > 0) return null;
  if (list(type, 'typmods').length > 0) return null;
  return { type: names(list(type, 'names')).at(-1) ?? '', value: cast['arg'] };
}

/**
 * Whether of values of a type, or of one that is not known, the greater is not the smaller beside this one. A local time that the clock leaves out (02:30, where 02:00 is followed by 03:00) is, as an
 * instant, after some that are greater than it (`DetermineTimeZoneOffset` of datetime.c).
 */
export function keepsOrder(type: string | undefined, value: TreeNode): boolean {
  if (type !== undefined && type !== 'timestamp') return true;
  if (bodyOf(value, 'TypeCast')) return ![undefined, 'timestamptz'].includes(castOf(value)?.type);
  return isConstant(value);
}

/** `a BETWEEN b AND c`, `a IN (b, ...)` and the like: the left side and the items of the right one. */
export function listed(
  value: TreeValue,
  kind: 'AEXPR_BETWEEN' | 'AEXPR_IN',
): { readonly left: TreeNode; readonly items: readonly TreeNode[] } | null {
  const body = bodyOf(value, 'A_Expr');
  if (!body || body['kind'] !== kind || !isNode(body['lexpr'])) return null;
  if (kind === 'AEXPR_IN' && names(list(body, 'name')).at(-1) !== '=') return null;
  const right = bodyOf(body['rexpr'], 'List');
  return right ? { left: body['lexpr'], items: list(right, 'items').filter(isNode) } : null;
}

/** Whether the output has a `*` that shows every source: one more source would change it. */
export function hasBareStar(body: TreeNode): boolean {
  return list(body, 'targetList').some((item) => {
    const reference = bodyOf(bodyOf(item, 'ResTarget')?.['val'], 'ColumnRef');
    return (
      reference !== null &&
      list(reference, 'fields').length === 1 &&
      bodyOf(list(reference, 'fields')[0], 'A_Star') !== null
    );
  });
}

/** Types of whole numbers (`pg_type.typname`): compared as they are, and found in the same indexes (`integer_ops`). */
export const WHOLE_NUMBERS: ReadonlySet<string> = new Set(['int2', 'int4', 'int8']);

/** Types of keys of which equal values are the same value: no collation has a say, and no scale. */
export const IDENTICAL_KEYS: ReadonlySet<string> = new Set([...WHOLE_NUMBERS, 'uuid']);
