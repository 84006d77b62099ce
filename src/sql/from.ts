import { operand } from './operands.js';
import { noteConditions, noteEquality } from './predicates.js';
import { baseSource, derivedSource, renamed, Scope } from './scope.js';
import type { Outputs, Source } from './scope.js';
import type { Analysis } from './selects.js';
import { bodyOf, field, list, names, textOf, typed } from './tree.js';
import type { TreeNode, TreeValue } from './tree.js';

/** Adds a FROM item (table, CTE, subquery, function, join) to a scope, and notes the conditions of its joins. */
export function fromItem(context: Analysis, item: TreeValue, scope: Scope): void {
  const node = typed(item);
  if (!node) return;
  switch (node.type) {
    case 'RangeVar':
      scope.sources.push(relationSource(context, node.body, scope));
      return;
    case 'RangeTableSample':
      return fromItem(context, node.body['relation'], scope);
    case 'JoinExpr':
      return joinItem(context, node.body, scope);
    case 'RangeSubselect':
      return subselectItem(context, node.body, scope);
    default:
      functionItem(context, node.body, scope);
  }
}

function relationSource(context: Analysis, relation: TreeNode, scope: Scope): Source {
  const name = textOf(relation, 'relname') ?? '';
  const cte = relation['schemaname'] === undefined ? scope.findCte(name) : null;
  return cte ? derivedSource(relation, name, cte) : baseSource(context.collected, relation, scope, 'read');
}

function subselectItem(context: Analysis, body: TreeNode, scope: Scope): void {
  const query = bodyOf(body['subquery'], 'SelectStmt');
  if (!query) return;
  const inner = new Scope(body['lateral'] === true ? scope : withoutSources(scope), query['limitCount'] === undefined);
  scope.sources.push(derivedSource(body, '', context.select(query, inner)));
}

/** A subquery that is not LATERAL sees the CTEs and the outer query, but not its neighbours in FROM. */
function withoutSources(scope: Scope): Scope {
  const outside = new Scope(scope.parent, false);
  for (const [name, outputs] of scope.ctes) outside.ctes.set(name, outputs);
  return outside;
}

function joinItem(context: Analysis, join: TreeNode, scope: Scope): void {
  const from = scope.sources.length;
  fromItem(context, join['larg'], scope);
  const middle = scope.sources.length;
  fromItem(context, join['rarg'], scope);
  const [left, right] = [scope.sources.slice(from, middle), scope.sources.slice(middle)];
  const using = join['isNatural'] === true ? shared(left, right) : names(list(join, 'usingClause'));
  for (const column of using) joinUsing(context, column, left, right);
  noteConditions(context, join['quals'], scope);
  const alias = field(join, 'alias');
  const name = alias ? textOf(alias, 'aliasname') : null;
  if (name === null) return;
  const columns = new Map([...left, ...right].flatMap((source) => [...source.outputs.columns]));
  const open = [...left, ...right].some((source) => source.outputs.open);
  const outputs = renamed({ columns, open }, alias ? names(list(alias, 'colnames')) : []);
  scope.sources.splice(from, scope.sources.length - from, { alias: name, schema: null, draft: null, outputs });
}

function shared(left: readonly Source[], right: readonly Source[]): readonly string[] {
  const have = new Set(left.flatMap((source) => [...source.outputs.columns.keys()]));
  return right.flatMap((source) => [...source.outputs.columns.keys()]).filter((name) => have.has(name));
}

/** `USING (id)` is `left.id = right.id`: each side is looked up among its own sources only. */
function joinUsing(context: Analysis, column: string, left: readonly Source[], right: readonly Source[]): void {
  const reference = { ColumnRef: { fields: [{ String: { sval: column } }] } };
  const [leftScope, rightScope] = [sideScope(left), sideScope(right)];
  context.visit(reference, leftScope);
  context.visit(reference, rightScope);
  noteEquality(reference, operand(reference, rightScope), leftScope);
  for (const one of leftScope.readings()) noteEquality(reference, operand(reference, rightScope), one);
  for (const one of rightScope.readings()) noteEquality(reference, operand(reference, leftScope), one);
}

function sideScope(sources: readonly Source[]): Scope {
  const scope = new Scope(null, false);
  scope.sources.push(...sources);
  return scope;
}

/** Functions, XMLTABLE and JSON_TABLE: their arguments are visited, their columns are whatever the alias names. */
function functionItem(context: Analysis, body: TreeNode, scope: Scope): void {
  const { alias, coldeflist, ...rest } = body;
  context.visit(Object.values(rest), scope);
  const defined = Array.isArray(coldeflist) ? list(body, 'coldeflist') : [];
  const columnNames = defined.flatMap((item) => textOf(bodyOf(item, 'ColumnDef') ?? {}, 'colname') ?? []);
  const outputs: Outputs = {
    columns: new Map(columnNames.map((name) => [name, null])),
    open: columnNames.length === 0,
  };
  scope.sources.push(derivedSource(alias === undefined ? {} : { alias }, functionName(body), outputs));
}

function functionName(body: TreeNode): string {
  const first = list(body, 'functions')[0];
  const call = bodyOf(bodyOf(first, 'List') ? list(bodyOf(first, 'List') ?? {}, 'items')[0] : first, 'FuncCall');
  return call ? (names(list(call, 'funcname')).at(-1) ?? '') : '';
}
