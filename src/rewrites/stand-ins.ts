import { bodyOf, field, isNode, list, names, textOf } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { expression } from './build.js';
import { decimalConstant } from './decimals.js';
import { isNow, isToday } from './intervals.js';
import { isFixed, operation, WHOLE_NUMBERS } from './shapes.js';
import { originOf, originsIn } from './view.js';
import type { Query, Source, StatementView } from './view.js';

/** A COALESCE that a condition asks for, which is NULL or false where the COALESCE is NULL. */
export interface Asked {
  /** Its body, by identity in the condition's tree. */
  readonly coalesce: TreeNode;
  /** What it is compared with. */
  readonly against: readonly TreeNode[];
  /** It asks whether they are equal, or parts of each other: of texts that are compared as they are written, whatever the collation. */
  readonly byEquality: boolean;
}

/** The values of a COALESCE of one type. */
export interface StandIns {
  readonly source: Source;
  /** Of PostgreSQL (`pg_type.typname`): that of the first value. */
  readonly type: string;
  /** The values in order, literals among them with the type that they take there. */
  readonly values: readonly TreeNode[];
  /** A text in the place of a column of texts, whose collation the catalog does not say. */
  readonly isText: boolean;
  /** The last value is a date beside timestamps. */
  readonly endsInDay: boolean;
}

/** What a condition asks of a COALESCE, from either side. */
export function askedIn(node: TreeNode): readonly Asked[] {
  const body = bodyOf(node, 'A_Expr');
  const kind = textOf(body ?? {}, 'kind') ?? '';
  if (!body || !isNode(body['lexpr']) || !isNode(body['rexpr']) || !isStrict(kind, body)) return [];
  const { lexpr: left, rexpr: right } = body;
  const byEquality = names(list(body, 'name')).every((name) => EQUALITIES.has(name));
  const items = bodyOf(right, 'List');
  const sides = [[left, items ? list(items, 'items').filter(isNode) : [right]] as const];
  if (kind === 'AEXPR_OP' && !names(list(body, 'name')).some((name) => PATTERNS.has(name))) sides.push([right, [left]]);
  return sides.flatMap(([side, against]) => {
    const coalesce = bodyOf(side, 'CoalesceExpr');
    return coalesce ? [{ coalesce, against, byEquality }] : [];
  });
}

function isStrict(kind: string, body: TreeNode): boolean {
  if (kind !== 'AEXPR_OP') return KINDS.has(kind);
  const path = names(list(body, 'name'));
  return path.length === 1 && OPERATORS.has(path[0] ?? '');
}

const KINDS = new Set(['AEXPR_IN', 'AEXPR_LIKE', 'AEXPR_ILIKE', 'AEXPR_BETWEEN', 'AEXPR_NOT_BETWEEN', 'AEXPR_OP_ANY']);

/** What asks for equality; LIKE among them. */
const EQUALITIES = new Set('= <> ~~ !~~ @> <@ &&'.split(' '));

/** Operators whose functions are strict for each of `TYPES` (`pg_proc.proisstrict`). */
const OPERATORS = new Set('= <> < <= > >= ~ ~* !~ !~* @> <@ && ? ?| ?&'.split(' '));

/** Right of them stands a pattern, which a stand-in may be none of. */
const PATTERNS = new Set('~ ~* !~ !~*'.split(' '));

/** Types that a literal becomes in the place of a column of them. */
const TYPES = new Set(
  'int2 int4 int8 numeric float8 text varchar bool date timestamp timestamptz uuid jsonb _int4 _int8 _text _varchar _uuid'.split(
    ' ',
  ),
);

/** The values of a COALESCE, if they are of one type and the first is of a table; `against` is what it is compared with. Null where that can not be told. */
export function standInsOf(
  view: StatementView,
  query: Query,
  { coalesce, against, byEquality }: Asked,
): StandIns | null {
  const [first, ...others] = list(coalesce, 'args');
  const from = isNode(first) ? firstOf(view, query, first) : null;
  if (!from || !isNode(first) || others.length === 0 || !TYPES.has(from.type)) return null;
  const kinds = others.map((one, i) => kindOf(query, from.type, one, i === others.length - 1));
  const untyped = against.some((one) => isUntyped(one));
  if (kinds.includes(null) || (kinds.includes('number') && untyped)) return null;
  const values = others.filter(isNode).map((one, i) => {
    const isGiven = isUntyped(one) || (kinds[i] === 'literal' && (untyped || from.type === 'float8'));
    return isGiven ? typedAs(one, from.type) : one;
  });
  const isText = COLLATED.has(from.type) && originOf(query, first) !== null;
  if (isText && !byEquality) return null;
  return { ...from, values: [first, ...values], isText, endsInDay: kinds.includes('day') };
}

const COLLATED = new Set(['text', 'varchar', '_text', '_varchar']);

/** The type and the table of the first value: a column, or a text out of a document. */
function firstOf(
  view: StatementView,
  query: Query,
  value: TreeNode,
): { readonly type: string; readonly source: Source } | null {
  const column = originOf(query, value);
  if (column) return column.column ? { type: column.column.baseType, source: column.source } : null;
  const path = operation(value);
  const [origin, more] = path && ['->>', '#>>'].includes(path.operator) ? (originsIn(view, query, value) ?? []) : [];
  const isDocument = ['json', 'jsonb'].includes(origin?.column?.baseType ?? '');
  return origin && isDocument && !more && isFixed(path?.right) ? { type: 'text', source: origin.source } : null;
}

/** `literal`: it has a type of its own, and takes the column's; `number`: the whole is an exact number of another width, for which a literal without a type would be taken. */
type Kind = 'same' | 'literal' | 'number' | 'day' | null;

/** Whether a value leaves the COALESCE of the type of the first one; null where it does not, or that can not be told. */
function kindOf(query: Query, type: string, value: TreeValue, isLast: boolean): Kind {
  if (isUntyped(value)) return 'same';
  const constant = bodyOf(value, 'A_Const');
  if (constant && field(constant, 'boolval')) return type === 'bool' ? 'literal' : null;
  if (constant) {
    if (decimalConstant(value) === null) return null;
    if (type === 'numeric' || type === 'float8') return 'literal';
    if (!WHOLE_NUMBERS.has(type)) return null;
    return field(constant, 'ival') && type !== 'int2' ? 'literal' : 'number';
  }
  const other = originOf(query, value)?.column?.baseType;
  if (other !== undefined)
    return other === type ? 'same' : isLast && type === 'timestamp' && other === 'date' ? 'day' : null;
  if (!isFixed(value) || !isNode(value)) return null;
  if (castName(value) === type || (isNow(value) && type === 'timestamptz')) return 'same';
  return isToday(value) && type === 'date' ? 'same' : null;
}

/** The name of the type that a value is cast to, of an array with an underscore before it (`pg_type.typname`). */
function castName(value: TreeNode): string | null {
  const type = field(bodyOf(value, 'TypeCast') ?? {}, 'typeName');
  if (!type || list(type, 'typmods').length > 0) return null;
  const name = names(list(type, 'names')).at(-1) ?? '';
  return list(type, 'arrayBounds').length > 0 ? `_${name}` : name;
}

/** A literal or parameter that takes the type of what it stands beside. */
function isUntyped(value: TreeValue): boolean {
  const constant = bodyOf(value, 'A_Const');
  return (
    bodyOf(value, 'ParamRef') !== null ||
    (constant !== null && (constant['isnull'] === true || field(constant, 'sval') !== null))
  );
}

function typedAs(value: TreeNode, type: string): TreeNode {
  return expression(`$1::${type.startsWith('_') ? `${type.slice(1)}[]` : type}`, [value]);
}
