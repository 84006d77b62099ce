import { bodyOf, field, isNode, list, names, walk } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { WHOLE_NUMBERS } from './shapes.js';
import { originOf } from './view.js';
import type { Query } from './view.js';

/** Whether nothing of a condition can fail, wherever it is computed: comparisons of columns, literals and parameters, without arithmetic, casts of columns or calls. */
export function cannotFail(query: Query, condition: TreeNode): boolean {
  return [...walk(condition)].every(({ type, body: part }) => {
    if (type === 'TypeCast') return bodyOf(part['arg'], 'A_Const') !== null;
    if (type === 'CaseExpr' && isNode(part['arg'])) return areAlike(query, [part['arg'], ...comparedTo(part)]);
    if (type !== 'A_Expr') return SAFE.has(type);
    const [name, schema] = names(list(part, 'name')).toReversed();
    return schema === undefined && COMPARISONS.has(name ?? '') && areAlike(query, [part['lexpr'], part['rexpr']]);
  });
}

function comparedTo(body: TreeNode): readonly TreeValue[] {
  return list(body, 'args').map((one) => bodyOf(one, 'CaseWhen')?.['expr']);
}

/** Whether what is compared is of one type, or of types of which none is turned into another that has no such value, as a number of 400 digits into a float. */
function areAlike(query: Query, values: readonly TreeValue[]): boolean {
  const parts = values.flatMap((value) => list(bodyOf(value, 'List') ?? { items: [value ?? null] }, 'items'));
  const types = parts.flatMap((value) => {
    if (bodyOf(value, 'ColumnRef')) return originOf(query, value)?.column?.baseType ?? UNKNOWN;
    const cast = bodyOf(value, 'TypeCast');
    return cast ? (names(list(field(cast, 'typeName') ?? {}, 'names')).at(-1) ?? UNKNOWN) : [];
  });
  if (types.length < 2) return true;
  if (types.includes(UNKNOWN)) return false;
  return types.every((type) => type === types[0]) || FAMILIES.some((one) => types.every((type) => one.has(type)));
}

/** Neither the name of a type nor of a column's. */
const UNKNOWN = '';

/** Types that are compared with each other without a failure. */
const FAMILIES = [
  new Set([...WHOLE_NUMBERS, 'numeric']),
  new Set([...WHOLE_NUMBERS, 'float4', 'float8']),
  new Set(['text', 'varchar', 'bpchar', 'name']),
  new Set(['date', 'timestamp', 'timestamptz']),
];

const SAFE = new Set([
  'CaseExpr',
  'CaseWhen',
  'ColumnRef',
  'String',
  'A_Const',
  'ParamRef',
  'BoolExpr',
  'NullTest',
  'BooleanTest',
  'List',
]);
/** The names of operators that no type of PostgreSQL lets fail; BETWEEN and IN have theirs as well. */
const COMPARISONS = new Set(['=', '<>', '<', '>', '<=', '>=', 'BETWEEN', 'NOT BETWEEN']);
