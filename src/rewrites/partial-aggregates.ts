import { bodyOf, list } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { expression } from './build.js';
import { functionName, operation } from './shapes.js';
import { originOf } from './view.js';
import type { Query } from './view.js';

/** An aggregate as what is computed of each of several parts of its rows, and what of those makes the whole. */
export interface Partial {
  readonly call: TreeNode;
  /** Calls over the rows of a part. */
  readonly parts: readonly TreeNode[];
  /** Makes the whole, of the same type and value, of a group of parts; `part` gives the column that holds the part of that number, from 1. */
  readonly whole: (part: (n: number) => TreeNode) => TreeNode;
}

/** Takes an aggregate apart; null for one that can not be, and of numbers whose sum depends on their order. */
export function partialOf(query: Query, call: TreeNode): Partial | null {
  const name = functionName(call);
  const [argument, more] = list(call, 'args');
  const away = ['agg_distinct', 'agg_order', 'over', 'agg_within_group'].some((one) => call[one] !== undefined);
  if (away || more) return null;
  const own = { FuncCall: call };
  if (name === 'count') return { call, parts: [own], whole: (part) => expression('sum($1)::bigint', [part(1)]) };
  const type = typeOf(query, argument);
  if (type === null) return null;
  if (name === 'min' || name === 'max')
    return { call, parts: [own], whole: (part) => expression(`${name}($1)`, [part(1)]) };
  if (!NUMBERS.has(type)) return null;
  if (name === 'sum') {
    const cast = type === 'int2' || type === 'int4' ? '::bigint' : '';
    return { call, parts: [own], whole: (part) => expression(`sum($1)${cast}`, [part(1)]) };
  }
  if (name !== 'avg') return null;
  const as = (funcname: string): TreeNode => ({ FuncCall: { ...call, funcname: [{ String: { sval: funcname } }] } });
  return {
    call,
    parts: [as('sum'), as('count')],
    whole: (part) => expression('sum($1) / NULLIF(sum($2), 0)', [part(1), part(2)]),
  };
}

const NUMBERS = new Set(['int2', 'int4', 'int8', 'numeric']);
/** Types of which the least and the greatest value are one, whatever the order. */
const ORDERED = new Set([...NUMBERS, 'date', 'timestamp', 'timestamptz']);

/** The type of a column, or of arithmetic of columns and numbers; null for anything else. */
function typeOf(query: Query, value: TreeValue): string | null {
  const column = bodyOf(value, 'ColumnRef') ? originOf(query, value)?.column?.baseType : undefined;
  if (column !== undefined) return ORDERED.has(column) ? column : null;
  const constant = bodyOf(value, 'A_Const');
  if (constant) return constant['ival'] === undefined ? (constant['fval'] === undefined ? null : 'numeric') : 'int4';
  const both = operation(value);
  if (!both || !['+', '-', '*', '/'].includes(both.operator)) return null;
  const types = [both.left, both.right].map((side) => typeOf(query, side));
  if (!types.every((one) => one !== null && NUMBERS.has(one))) return null;
  return ['numeric', 'int8', 'int4', 'int2'].find((one) => types.includes(one)) ?? null;
}
