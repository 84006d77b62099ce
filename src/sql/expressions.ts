import { bareSql, commuted, operand, operatorName, stringConstant, typeName } from './operands.js';
import type { Operand } from './operands.js';
import { columnPath } from './scope.js';
import type { Collected, Draft, Scope } from './scope.js';
import { bodyOf, list, names, numberOf, typed } from './tree.js';
import type { TreeNode, TreeValue, TypedNode } from './tree.js';
import type { ParameterUse, PathStep } from './use-types.js';

/** What a parameter would meet at this point of an expression. */
export type ParameterContext = Omit<ParameterUse, 'number'>;

/** Met by nothing that is known. */
export const NO_CONTEXT: ParameterContext = {
  role: 'other',
  reference: null,
  column: null,
  expression: null,
  operator: null,
  type: null,
  functionName: null,
  path: [],
};

/** What an expression's visit needs from the analysis around it. */
export interface ExpressionContext {
  readonly collected: Collected;
  visitSubquery(sublink: TreeNode, scope: Scope, narrows: boolean): void;
}

/** Notes every column that an expression uses as needed, and every `$n` with what it meets. Subqueries are visited too. */
export function visitExpression(
  context: ExpressionContext,
  value: TreeValue,
  scope: Scope,
  meets: ParameterContext = NO_CONTEXT,
): void {
  if (Array.isArray(value)) {
    for (const item of value as readonly TreeValue[]) visitExpression(context, item, scope, meets);
    return;
  }
  const node = typed(value);
  if (!node) {
    if (typeof value === 'object' && value !== null) visitExpression(context, Object.values(value), scope, meets);
    return;
  }
  switch (node.type) {
    case 'ColumnRef':
      return noteColumn(node.body, scope);
    case 'ParamRef':
      context.collected.parameters.push({ ...meets, number: numberOf(node.body, 'number') ?? 0 });
      return;
    case 'SubLink':
      return context.visitSubquery(node.body, scope, false);
    case 'TypeCast':
      return visitExpression(context, node.body['arg'], scope, castContext(node.body, meets));
    case 'FuncCall':
      return visitCall(context, node, scope, meets);
    case 'A_Expr':
      return visitOperator(context, node.body, scope, meets);
    case 'CoalesceExpr':
    case 'MinMaxExpr':
      return visitExpression(
        context,
        node.body['args'],
        scope,
        meets.role === 'other' ? siblings(node.body, scope) : meets,
      );
    case 'NullTest':
    case 'BooleanTest':
      return visitExpression(context, node.body['arg'], scope, NO_CONTEXT);
    default:
      visitExpression(context, Object.values(node.body), scope, TRANSPARENT.has(node.type) ? meets : NO_CONTEXT);
  }
}

/** Notes a whole relation, or all of them, as used: `*`, `t.*`, or `t` as a row. */
export function noteStar(path: readonly string[], scope: Scope): void {
  const alias = path.at(-1);
  const sources = alias === undefined ? scope.sources : [scope.findSource(alias)];
  for (const source of sources) {
    if (source?.draft) source.draft.star = true;
    for (const base of source?.outputs.columns.values() ?? [])
      if (base && !source?.draft) base.draft.needed.add(base.column);
  }
}

/** Nodes that hand their value on as it is. */
const TRANSPARENT = new Set(['List', 'CollateClause', 'A_ArrayExpr', 'RowExpr', 'ResTarget']);

/** Functions whose argument is of the same kind as their result: `email = lower($1)` takes an e-mail address. */
const KEEPS_VALUE = new Set(['lower', 'upper', 'btrim', 'ltrim', 'rtrim']);

/** Operators that make a new value of their sides; all others say something about them. */
const CALCULATING = /^(?:[-+*/%^|&#]|\|\||->>?|#>>?|#-)$/;

/** Operators whose right side names a part of the left one. */
const EXTRACTING = /^(?:->>?|#>>?|#-)$/;

function noteColumn(columnRef: TreeNode, scope: Scope): void {
  const { path, star } = columnPath(columnRef);
  if (star) return noteStar(path, scope);
  const found = scope.resolve(path);
  if (found?.base) found.base.draft.needed.add(found.base.column);
  else if (!found && path.length === 1) noteStar(path, scope);
}

/** `coalesce(note, $1)` takes a note. */
function siblings(call: TreeNode, scope: Scope): ParameterContext {
  const side = list(call, 'args')
    .map((arg) => operand(arg, scope))
    .find((one) => one.column !== null);
  return side ? { ...meeting(side, '=', scope, 'compared'), operator: null } : NO_CONTEXT;
}

function castContext(cast: TreeNode, meets: ParameterContext): ParameterContext {
  const type = typeName(cast);
  return {
    ...meets,
    type,
    role: type === 'interval' && meets.role !== 'insert' && meets.role !== 'set' ? 'interval' : meets.role,
  };
}

function visitCall(context: ExpressionContext, node: TypedNode, scope: Scope, meets: ParameterContext): void {
  const functionName = names(list(node.body, 'funcname')).at(-1) ?? null;
  const inside: ParameterContext = KEEPS_VALUE.has(functionName ?? '')
    ? meets
    : { ...NO_CONTEXT, role: 'argument', functionName };
  visitExpression(context, list(node.body, 'args'), scope, inside);
  for (const [name, value] of Object.entries(node.body)) {
    if (name !== 'args' && name !== 'funcname') visitExpression(context, value, scope);
  }
}

function visitOperator(context: ExpressionContext, expression: TreeNode, scope: Scope, meets: ParameterContext): void {
  const operator = operatorName(expression);
  const { lexpr, rexpr } = expression;
  if (CALCULATING.test(operator)) {
    visitExpression(context, lexpr, scope, meets);
    visitExpression(context, rexpr, scope, EXTRACTING.test(operator) ? stepInto(lexpr, operator, scope) : meets);
    return;
  }
  const [leftRow, rightRow] = [bodyOf(lexpr, 'RowExpr'), bodyOf(rexpr, 'RowExpr')];
  if (leftRow && rightRow) {
    const rights = list(rightRow, 'args');
    list(leftRow, 'args').forEach((left, i) =>
      visitPair(context, { left, right: rights[i], operator, role: 'compared' }, scope),
    );
    return;
  }
  visitPair(context, { left: lexpr, right: rexpr, operator, role: roleOf(expression) }, scope);
}

/** What a key is looked for in. */
function stepInto(value: TreeValue, operator: string, scope: Scope): ParameterContext {
  const found = STEP.test(operator) ? placeInDocument(value, scope) : null;
  const at = found ? { reference: found.draft.id, column: found.column, path: found.path } : {};
  return { ...NO_CONTEXT, role: 'argument', functionName: operator, ...at };
}

const STEP = /^->>?$/;

interface PlaceInDocument {
  readonly draft: Draft;
  readonly column: string;
  readonly path: readonly PathStep[];
}

/** The column and the way that `column -> 'a' ->> $1` takes into it, casts left aside; null for all else. */
function placeInDocument(value: TreeValue, scope: Scope): PlaceInDocument | null {
  const cast = bodyOf(value, 'TypeCast');
  if (cast) return placeInDocument(cast['arg'], scope);
  const { draft, column } = operand(value, scope);
  if (draft && column !== null) return { draft, column, path: [] };
  const expression = bodyOf(value, 'A_Expr');
  if (!expression || !STEP.test(operatorName(expression))) return null;
  const within = placeInDocument(expression['lexpr'], scope);
  const parameter = bodyOf(expression['rexpr'], 'ParamRef');
  const step = parameter ? numberOf(parameter, 'number') : stringConstant(expression['rexpr']);
  return within && step !== null ? { ...within, path: [...within.path, step] } : null;
}

/** The way to a text, `data ->> 'a'`; a part of a document is compared as one. */
function textInDocument(value: TreeValue, scope: Scope): readonly PathStep[] {
  const cast = bodyOf(value, 'TypeCast');
  if (cast) return textInDocument(cast['arg'], scope);
  const expression = bodyOf(value, 'A_Expr');
  return expression && operatorName(expression) === '->>' ? (placeInDocument(value, scope)?.path ?? []) : [];
}

interface Comparison {
  readonly left: TreeValue;
  readonly right: TreeValue;
  readonly operator: string;
  readonly role: ParameterUse['role'];
}

function visitPair(context: ExpressionContext, { left, right, operator, role }: Comparison, scope: Scope): void {
  visitExpression(
    context,
    left,
    scope,
    meeting(operand(right, scope), commuted(operator) ?? operator, scope, 'compared'),
  );
  visitExpression(context, right, scope, meeting(operand(left, scope), operator, scope, role));
}

function roleOf(expression: TreeNode): ParameterUse['role'] {
  if (expression['kind'] === 'AEXPR_IN') return 'list';
  return expression['kind'] === 'AEXPR_OP_ANY' || expression['kind'] === 'AEXPR_OP_ALL' ? 'array' : 'compared';
}

function meeting(side: Operand, operator: string, scope: Scope, role: ParameterUse['role']): ParameterContext {
  const called = bodyOf(side.node, 'FuncCall');
  const column = side.column ?? (side.columns.length === 1 ? (side.columns[0] ?? null) : null);
  return {
    ...NO_CONTEXT,
    role,
    reference: side.draft?.id ?? null,
    column: side.draft ? column : null,
    expression: side.draft && side.column === null ? bareSql(side.node, scope) : null,
    operator,
    functionName: called ? (names(list(called, 'funcname')).at(-1) ?? null) : null,
    path: textInDocument(side.node, scope),
  };
}
