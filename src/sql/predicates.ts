import { bareSql, commuted, operand, operatorName, stringConstant } from './operands.js';
import type { Operand } from './operands.js';
import type { Collected, Draft, Scope } from './scope.js';
import { bodyOf, field, isNode, list, textOf, typed } from './tree.js';
import type { TreeNode, TreeValue, TypedNode } from './tree.js';
import type { ComparedWith, Predicate, PredicateKind } from './use-types.js';

/** An arm of an OR. */
export type Branch = Predicate['branch'];

/** What conditions need from the analysis around them: to look into a subquery that must (or must not) give rows. */
export interface ConditionContext {
  readonly collected: Collected;
  /** Visits an expression for its columns and parameters. */
  visit(value: TreeValue, scope: Scope): void;
  /** Visits a subquery in a condition; `narrows` when rows only pass if it gives some. */
  visitSubquery(sublink: TreeNode, scope: Scope, narrows: boolean): void;
}

/** Takes a WHERE, ON or HAVING apart and notes every condition at the relation that it is about. */
export function noteConditions(context: ConditionContext, value: TreeValue, scope: Scope, branch: Branch = null): void {
  const node = typed(value);
  if (!node) return;
  const args = list(node.body, 'args');
  if (node.type === 'BoolExpr' && node.body['boolop'] === 'AND_EXPR') {
    for (const arg of args) noteConditions(context, arg, scope, branch);
  } else if (node.type === 'BoolExpr' && node.body['boolop'] === 'OR_EXPR' && branch === null) {
    const group = context.collected.nextGroup;
    context.collected.nextGroup += 1;
    args.forEach((arg, arm) => noteConditions(context, arg, scope, { group, arm }));
  } else if (node.type === 'SubLink') {
    context.visitSubquery(node.body, scope, branch === null);
  } else {
    context.visit(value, scope);
    for (const one of [scope, ...scope.readings()]) noteLeaf(node, value as TreeNode, one, branch);
  }
}

/** Notes `left = right` at both sides, as JOIN ... USING and IN (SELECT ...) mean it. */
export function noteEquality(left: TreeValue, right: Operand, scope: Scope): void {
  const side = operand(left, scope);
  noteSide({ side, other: right, kind: 'equality', operator: '=', node: null, scope, branch: null });
  noteSide({ side: right, other: side, kind: 'equality', operator: '=', node: null, scope, branch: null });
}

function noteLeaf(node: TypedNode, whole: TreeNode, scope: Scope, branch: Branch): void {
  if (node.type === 'A_Expr') return noteComparison(node.body, whole, scope, branch);
  const test = unaryTest(node);
  if (!test) return;
  const side = operand(test.arg, scope);
  if (side.draft === null || (side.outer && !side.narrows)) return;
  push(side.draft, {
    side,
    kind: test.kind,
    operator: test.operator,
    value: { kind: 'none' },
    node: whole,
    scope,
    branch,
  });
}

function unaryTest(node: TypedNode): { arg: TreeValue; kind: PredicateKind; operator: string } | null {
  if (node.type === 'ColumnRef') return { arg: { ColumnRef: node.body }, kind: 'is-true', operator: 'IS TRUE' };
  if (node.type === 'NullTest') {
    const isNull = node.body['nulltesttype'] === 'IS_NULL';
    return {
      arg: node.body['arg'],
      kind: isNull ? 'is-null' : 'not-null',
      operator: isNull ? 'IS NULL' : 'IS NOT NULL',
    };
  }
  if (node.type === 'BooleanTest') {
    if (node.body['booltesttype'] === 'IS_TRUE' || node.body['booltesttype'] === undefined) {
      return { arg: node.body['arg'], kind: 'is-true', operator: 'IS TRUE' };
    }
    if (node.body['booltesttype'] === 'IS_FALSE')
      return { arg: node.body['arg'], kind: 'is-false', operator: 'IS FALSE' };
  }
  if (node.type === 'BoolExpr' && node.body['boolop'] === 'NOT_EXPR') {
    const arg = list(node.body, 'args')[0];
    if (bodyOf(arg, 'ColumnRef')) return { arg, kind: 'is-false', operator: 'IS FALSE' };
  }
  return null;
}

function noteComparison(expression: TreeNode, whole: TreeNode, scope: Scope, branch: Branch): void {
  const leftRow = bodyOf(expression['lexpr'], 'RowExpr');
  const rightRow = bodyOf(expression['rexpr'], 'RowExpr');
  if (leftRow) return noteRows(leftRow, rightRow, expression, scope);
  const { kind, operator } = comparison(expression);
  const [left, right] = [operand(expression['lexpr'], scope), operand(expression['rexpr'], scope)];
  noteSide({ side: left, other: right, kind, operator, node: whole, scope, branch });
  const swapped = expression['kind'] === 'AEXPR_OP' ? commuted(operator) : null;
  if (swapped !== null) noteSide({ side: right, other: left, kind, operator: swapped, node: whole, scope, branch });
}

/** `(a, b) = (1, 2)` is two equalities; of `(a, b) > (1, 2)` and `(a, b) IN (...)` the first column is what an index starts from. */
function noteRows(left: TreeNode, right: TreeNode | null, expression: TreeNode, scope: Scope): void {
  const { kind, operator } = comparison(expression);
  const sides = list(left, 'args').map((arg) => operand(arg, scope));
  const others = right ? list(right, 'args').map((arg) => operand(arg, scope)) : [];
  const count = kind === 'range' ? 1 : sides.length;
  sides.slice(0, count).forEach((side, i) => {
    const other = others[i] ?? operand(expression['rexpr'], scope);
    noteSide({ side, other, kind, operator, node: null, scope, branch: null });
    if (right)
      noteSide({
        side: other,
        other: side,
        kind,
        operator: commuted(operator) ?? operator,
        node: null,
        scope,
        branch: null,
      });
  });
}

interface Sided {
  readonly side: Operand;
  readonly other: Operand;
  readonly kind: PredicateKind;
  readonly operator: string;
  readonly node: TreeNode | null;
  readonly scope: Scope;
  readonly branch: Branch;
}

function noteSide({ side, other, kind, operator, node, scope, branch }: Sided): void {
  const draft = side.draft;
  if (draft === null || other.drafts.includes(draft)) return;
  if (side.outer && !side.narrows) return;
  push(draft, { side, kind, operator, value: comparedWith(other, side, scope), node, scope, branch });
}

function comparedWith(other: Operand, side: Operand, scope: Scope): ComparedWith {
  if (other.drafts.length > 0 || other.computed) {
    const reference = other.draft?.id ?? null;
    return { kind: 'join', reference, column: other.column, correlated: other.outer && !side.outer };
  }
  if (other.parameters.length > 0) return { kind: 'parameter', numbers: other.parameters };
  const sql = other.constant ? constantSql(other, scope) : null;
  return sql === null ? { kind: 'runtime' } : { kind: 'constant', sql };
}

function constantSql(other: Operand, scope: Scope): string | null {
  const items = other.node ? bodyOf(other.node, 'List') : null;
  if (!items) return bareSql(other.node, scope);
  const parts = list(items, 'items').map((item) => bareSql(isNode(item) ? item : null, scope));
  return parts.includes(null) ? null : parts.join(', ');
}

interface Noted extends Omit<Sided, 'other'> {
  readonly value: ComparedWith;
}

function push(draft: Draft, { side, kind, operator, value, node, scope, branch }: Noted): void {
  if (!scope.notes(draft)) return;
  const expression = side.column === null ? bareSql(side.node, scope) : null;
  if (side.column === null && expression === null && !hasParameter(side)) return;
  const constant = value.kind === 'constant' || value.kind === 'none';
  draft.predicates.push({
    kind,
    column: side.column,
    expression,
    columns: side.columns,
    operator,
    value,
    sql: constant ? bareSql(node, scope) : null,
    branch,
  });
}

function hasParameter(side: Operand): boolean {
  return side.parameters.length > 0;
}

/** What a comparison means, the column taken to stand on the left. */
function comparison(expression: TreeNode): { readonly kind: PredicateKind; readonly operator: string } {
  const operator = operatorName(expression);
  switch (textOf(expression, 'kind')) {
    case 'AEXPR_IN':
      return { kind: operator === '=' ? 'list' : 'inequality', operator };
    case 'AEXPR_OP_ANY':
      return { kind: operator === '=' ? 'list' : 'operator', operator: `${operator} ANY` };
    case 'AEXPR_OP_ALL':
      return { kind: 'inequality', operator: `${operator} ALL` };
    case 'AEXPR_LIKE':
      return { kind: operator === '~~' ? patternKind(expression) : 'inequality', operator };
    case 'AEXPR_ILIKE':
      return { kind: operator === '~~*' ? 'contains' : 'inequality', operator };
    case 'AEXPR_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
      return { kind: 'range', operator: 'BETWEEN' };
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_NOT_BETWEEN_SYM':
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT':
      return { kind: 'inequality', operator: operator === '=' ? 'IS DISTINCT FROM' : operator };
    default:
      if (operator === '~' && BEGINS.test(stringConstant(expression['rexpr']) ?? ''))
        return { kind: 'prefix', operator };
      return { kind: OPERATOR_KINDS[operator] ?? 'operator', operator };
  }
}

/** A regular expression with a fixed beginning (`pattern_fixed_prefix` in like_support.c): no other arm, and a character that nothing makes optional. */
const BEGINS = /^\^[\p{L}\p{N} _-](?![*?{])[^|]*$/u;

const OPERATOR_KINDS: Readonly<Record<string, PredicateKind>> = {
  '=': 'equality',
  '<': 'range',
  '<=': 'range',
  '>': 'range',
  '>=': 'range',
  '<>': 'inequality',
  '!=': 'inequality',
  '~': 'contains',
  '^@': 'prefix',
  '~*': 'contains',
  '!~': 'inequality',
  '!~*': 'inequality',
};

function patternKind(expression: TreeNode): PredicateKind {
  const pattern = stringConstant(expression['rexpr']);
  if (pattern === null) return 'pattern';
  return /^[^%_\\]/.test(pattern) ? 'prefix' : 'contains';
}

/** The limit as a number when it is a constant. */
export function constantLimit(select: TreeNode): number | null {
  const constant = bodyOf(select['limitCount'], 'A_Const');
  const value = constant ? field(constant, 'ival') : null;
  return value && typeof value['ival'] === 'number' ? value['ival'] : null;
}
