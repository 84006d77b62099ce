import { NO_CONTEXT } from './expressions.js';
import type { ParameterContext } from './expressions.js';
import { fromItem } from './from.js';
import { noteConditions } from './predicates.js';
import { baseSource, Scope } from './scope.js';
import type { Draft, Outputs, Source } from './scope.js';
import type { Analysis } from './selects.js';
import { bodyOf, field, list, textOf } from './tree.js';
import type { TreeNode, TreeValue, TypedNode } from './tree.js';
import type { RelationUse } from './use-types.js';

/** Analyses INSERT, UPDATE, DELETE and MERGE; null for another statement. Gives the columns of RETURNING as computed ones. */
export function analyseModification(context: Analysis, statement: TypedNode, scope: Scope): Outputs | null {
  const { type, body } = statement;
  context.with(body, scope);
  if (type === 'InsertStmt') insert(context, body, scope);
  else if (type === 'UpdateStmt') update(context, body, scope);
  else if (type === 'DeleteStmt') remove(context, body, scope);
  else if (type === 'MergeStmt') merge(context, body, scope);
  else return null;
  context.visit(body['returningList'] ?? list(field(body, 'returningClause') ?? {}, 'exprs'), scope);
  return { columns: new Map(), open: true };
}

function target(
  context: Analysis,
  body: TreeNode,
  scope: Scope,
  role: RelationUse['role'],
): Source & { readonly draft: Draft } {
  const source = baseSource(context.collected, field(body, 'relation') ?? {}, scope, role);
  scope.sources.push(source);
  return source as Source & { readonly draft: Draft };
}

function insert(context: Analysis, body: TreeNode, scope: Scope): void {
  const query = bodyOf(body['selectStmt'], 'SelectStmt');
  const source = baseSource(context.collected, field(body, 'relation') ?? {}, scope, 'insert') as Source & {
    draft: Draft;
  };
  const columns = targetColumns(list(body, 'cols')) ?? [...source.outputs.columns.keys()];
  for (const column of columns) source.draft.written.add(column);
  if (query)
    context.select(
      query,
      new Scope(scope, false),
      columns.map((column) => storedIn(source.draft, column, 'insert')),
    );
  scope.sources.push(source);
  const conflict = field(body, 'onConflictClause');
  if (!conflict) return;
  const excluded = new Map([...source.outputs.columns.keys()].map((name) => [name, null]));
  scope.sources.push({ alias: 'excluded', schema: null, draft: null, outputs: { columns: excluded, open: true } });
  assign(context, list(conflict, 'targetList'), source.draft, scope);
  context.visit(conflict['whereClause'], scope);
}

function update(context: Analysis, body: TreeNode, scope: Scope): void {
  const { draft } = target(context, body, scope, 'update');
  for (const item of list(body, 'fromClause')) fromItem(context, item, scope);
  assign(context, list(body, 'targetList'), draft, scope);
  noteConditions(context, body['whereClause'], scope);
}

function remove(context: Analysis, body: TreeNode, scope: Scope): void {
  target(context, body, scope, 'delete');
  for (const item of list(body, 'usingClause')) fromItem(context, item, scope);
  noteConditions(context, body['whereClause'], scope);
}

function merge(context: Analysis, body: TreeNode, scope: Scope): void {
  const { draft } = target(context, body, scope, 'merge');
  fromItem(context, body['sourceRelation'], scope);
  noteConditions(context, body['joinCondition'], scope);
  for (const item of list(body, 'mergeWhenClauses')) {
    const clause = bodyOf(item, 'MergeWhenClause') ?? {};
    context.visit(clause['condition'], scope);
    const columns = list(clause, 'targetList');
    if (clause['commandType'] === 'CMD_UPDATE') assign(context, columns, draft, scope);
    if (clause['commandType'] === 'CMD_DELETE') draft.deletes = true;
    const inserted = targetColumns(columns) ?? [];
    if (clause['commandType'] === 'CMD_INSERT') for (const column of inserted) draft.written.add(column);
    list(clause, 'values').forEach((value, i) => {
      const column = inserted[i];
      context.visit(value, scope, column === undefined ? NO_CONTEXT : storedIn(draft, column, 'insert'));
    });
  }
}

function assign(context: Analysis, targets: readonly TreeValue[], draft: Draft, scope: Scope): void {
  for (const item of targets) {
    const one = bodyOf(item, 'ResTarget');
    const column = one ? textOf(one, 'name') : null;
    if (!one || column === null) continue;
    draft.written.add(column);
    draft.set.add(column);
    const many = bodyOf(one['val'], 'MultiAssignRef');
    const row = many ? bodyOf(many['source'], 'RowExpr') : null;
    const position = many && typeof many['colno'] === 'number' ? many['colno'] : 1;
    if (many && !row && position > 1) continue;
    context.visit(
      row ? list(row, 'args')[position - 1] : (many?.['source'] ?? one['val']),
      scope,
      storedIn(draft, column, 'set'),
    );
  }
}

function targetColumns(columns: readonly TreeValue[]): readonly string[] | null {
  if (columns.length === 0) return null;
  return columns.map((item) => textOf(bodyOf(item, 'ResTarget') ?? {}, 'name') ?? '');
}

function storedIn(draft: Draft, column: string, role: 'insert' | 'set'): ParameterContext {
  return { ...NO_CONTEXT, role, reference: draft.id, column };
}
