import { deparseExpression } from './deparse.js';
import { columnPath } from './scope.js';
import type { Draft, Scope } from './scope.js';
import { bodyOf, field, list, mapTree, names, textOf, typed, walk } from './tree.js';
import type { TreeNode, TreeValue, TypedNode } from './tree.js';

/** One side of a comparison. */
export interface Operand {
  readonly node: TreeNode | null;
  /** Base relations whose columns it holds. */
  readonly drafts: readonly Draft[];
  /** Whether it holds a column that comes computed out of a subquery or is not known. */
  readonly computed: boolean;
  /** The relation when it holds columns of that one only. */
  readonly draft: Draft | null;
  /** Set when it is exactly that column. */
  readonly column: string | null;
  readonly columns: readonly string[];
  /** Whether the columns lie outside this query, and whether a condition there narrows the outer one. */
  readonly outer: boolean;
  readonly narrows: boolean;
  readonly parameters: readonly number[];
  readonly constant: boolean;
  readonly subquery: boolean;
}

/** Describes an expression; changes nothing. Subqueries in it are not looked into. */
export function operand(value: TreeValue, scope: Scope): Operand {
  const drafts = new Set<Draft>();
  const columns = new Set<string>();
  const parameters: number[] = [];
  let [computed, outer, narrows, subquery, calls] = [false, false, true, false, false];
  for (const node of outsideSubqueries(value)) {
    if (node.type === 'SubLink') subquery = true;
    if (node.type === 'FuncCall' || node.type === 'SQLValueFunction') calls = true;
    if (node.type === 'ParamRef') parameters.push(typeof node.body['number'] === 'number' ? node.body['number'] : 0);
    if (node.type !== 'ColumnRef') continue;
    const found = scope.resolve(columnPath(node.body).path);
    if (found?.base) {
      drafts.add(found.base.draft);
      columns.add(found.base.column);
    } else {
      computed = true;
    }
    outer ||= found?.outer ?? false;
    narrows &&= found?.narrows ?? true;
  }
  const draft = drafts.size === 1 && !computed ? ([...drafts][0] ?? null) : null;
  const plain = bodyOf(value, 'ColumnRef') !== null && draft !== null;
  return {
    node: typed(value) ? (value as TreeNode) : null,
    drafts: [...drafts],
    computed,
    draft,
    column: plain ? ([...columns][0] ?? null) : null,
    columns: [...columns],
    outer,
    narrows,
    parameters,
    constant: drafts.size === 0 && !computed && !subquery && !calls && parameters.length === 0,
    subquery,
  };
}

/** The SQL of an expression with the bare names of its base columns; null when it can not be written without changing its meaning, or holds a parameter or a subquery. */
export function bareSql(node: TreeNode | null, scope: Scope): string | null {
  if (node === null) return null;
  for (const inner of walk(node)) {
    if (inner.type === 'ParamRef' || inner.type === 'SubLink') return null;
    if (inner.type === 'ColumnRef' && scope.resolve(columnPath(inner.body).path)?.base == null) return null;
  }
  const bare = mapTree(node, (inner) => {
    if (inner.type !== 'ColumnRef') return null;
    const base = scope.resolve(columnPath(inner.body).path)?.base;
    return base ? { ColumnRef: { fields: [{ String: { sval: base.column } }] } } : null;
  });
  try {
    return deparseExpression(bare as TreeNode);
  } catch {
    return null;
  }
}

/** The last part of an operator's name, e.g. `=` of `OPERATOR(pg_catalog.=)`. */
export function operatorName(expression: TreeNode): string {
  return names(list(expression, 'name')).at(-1) ?? '';
}

/** The operator with its sides changed: `5 < a` is `a > 5`; null when it has no such form. */
export function commuted(operator: string): string | null {
  return COMMUTED[operator] ?? null;
}

/** The name of a type without `pg_catalog` and modifiers, arrays with `[]`. */
export function typeName(cast: TreeNode): string | null {
  const type = field(cast, 'typeName');
  if (!type) return null;
  const name = names(list(type, 'names')).at(-1) ?? null;
  return name !== null && list(type, 'arrayBounds').length > 0 ? `${name}[]` : name;
}

/** The text of a string constant, through casts; null when it is not one. */
export function stringConstant(value: TreeValue): string | null {
  const cast = bodyOf(value, 'TypeCast');
  if (cast) return stringConstant(cast['arg']);
  const constant = bodyOf(value, 'A_Const');
  const text = constant ? field(constant, 'sval') : null;
  return text ? (textOf(text, 'sval') ?? '') : null;
}

const COMMUTED: Readonly<Record<string, string>> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
  '@>': '<@',
  '<@': '@>',
  '&&': '&&',
  '@@': '@@',
};

/** The typed nodes of an expression, parents first; of its subqueries only that they are there. */
export function* outsideSubqueries(value: TreeValue): Generator<TypedNode> {
  if (Array.isArray(value)) {
    for (const item of value as readonly TreeValue[]) yield* outsideSubqueries(item);
    return;
  }
  const node = typed(value);
  if (node) yield node;
  if (node?.type === 'SubLink') return;
  const inside = node ? node.body : value;
  if (typeof inside === 'object' && inside !== null) {
    for (const item of Object.values(inside)) yield* outsideSubqueries(item);
  }
}
