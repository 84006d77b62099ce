import { NO_CONTEXT, visitExpression } from './expressions.js';
import type { ParameterContext } from './expressions.js';
import { fromItem } from './from.js';
import { analyseModification } from './modifications.js';
import { operand } from './operands.js';
import { noteConditions, noteEquality } from './predicates.js';
import type { ConditionContext } from './predicates.js';
import { columnPath, renamed, Scope } from './scope.js';
import type { BaseColumn, Collected, Outputs } from './scope.js';
import { noteSorts } from './sorts.js';
import { bodiesOf, bodyOf, field, isNode, list, names, textOf, typed, walk } from './tree.js';
import type { TreeNode, TreeValue, TypedNode } from './tree.js';

/** The analysis of one statement, as its parts hand it to each other. */
export interface Analysis extends ConditionContext {
  visit(value: TreeValue, scope: Scope, meets?: ParameterContext): void;
  /** Analyses a query under a scope made for it and gives its columns; `meets` says what its n-th output is stored in. */
  select(body: TreeNode, scope: Scope, meets?: readonly ParameterContext[]): Outputs;
  /** Makes the CTEs of a WITH known to a scope. */
  with(body: TreeNode, scope: Scope): void;
}

/** Analyses any statement that the planner plans; others add nothing. */
export function analyseStatement(collected: Collected, statement: TypedNode, scope: Scope): Outputs {
  return analyseIn(analysis(collected), statement, scope);
}

function analysis(collected: Collected): Analysis {
  const self: Analysis = {
    collected,
    visit: (value, scope, meets) => visitExpression(self, value, scope, meets),
    visitSubquery: (sublink, scope, narrows) => visitSubquery(self, sublink, scope, narrows),
    select: (body, scope, meets) => select(self, body, scope, meets ?? []),
    with: (body, scope) => withClause(self, body, scope),
  };
  return self;
}

const NOTHING: Outputs = { columns: new Map(), open: true };

function analyseIn(context: Analysis, statement: TypedNode, scope: Scope): Outputs {
  if (statement.type === 'SelectStmt') return select(context, statement.body, scope, []);
  return analyseModification(context, statement, scope) ?? NOTHING;
}

function select(context: Analysis, body: TreeNode, scope: Scope, meets: readonly ParameterContext[]): Outputs {
  context.with(body, scope);
  const outputs =
    body['op'] === 'SETOP_NONE' || body['op'] === undefined
      ? plain(context, body, scope, meets)
      : setOperation(context, body, scope, meets);
  context.visit(body['limitCount'], scope, { ...NO_CONTEXT, role: 'limit' });
  context.visit(body['limitOffset'], scope, { ...NO_CONTEXT, role: 'offset' });
  return outputs;
}

function setOperation(context: Analysis, body: TreeNode, scope: Scope, meets: readonly ParameterContext[]): Outputs {
  const arms = [field(body, 'larg'), field(body, 'rarg')].flatMap((arm) =>
    arm ? [select(context, arm, new Scope(scope, false), meets)] : [],
  );
  const names = [...(arms[0]?.columns.keys() ?? [])];
  const outputs = { columns: new Map(names.map((name) => [name, null])), open: arms[0]?.open ?? true };
  if (body['op'] === 'SETOP_EXCEPT' || body['limitCount'] !== undefined || body['limitOffset'] !== undefined)
    return outputs;
  return { ...outputs, arms: arms.flatMap((arm) => arm.arms ?? [arm]).map((arm) => renamed(arm, names)) };
}

function plain(context: Analysis, body: TreeNode, scope: Scope, meets: readonly ParameterContext[]): Outputs {
  for (const item of list(body, 'fromClause')) fromItem(context, item, scope);
  noteConditions(context, body['whereClause'], scope);
  for (const row of list(body, 'valuesLists')) {
    const cells = bodyOf(row, 'List');
    (cells ? list(cells, 'items') : []).forEach((cell, i) => context.visit(cell, scope, meets[i]));
  }
  list(body, 'targetList').forEach((target, i) => context.visit(target, scope, meets[i]));
  for (const name of ['groupClause', 'sortClause'] as const) visitUnlessOutput(context, body, name, scope);
  for (const name of ['havingClause', 'windowClause', 'distinctClause']) context.visit(body[name], scope);
  for (const one of [scope, ...scope.readings()]) noteSorts(body, one);
  const own = outputs(body, scope);
  const arms = scope.readings().map((reading) => outputs(body, reading));
  return arms.length === 0 ? own : { ...own, arms };
}

/** `ORDER BY total` names an output column, not an input one. */
function visitUnlessOutput(
  context: Analysis,
  body: TreeNode,
  clause: 'groupClause' | 'sortClause',
  scope: Scope,
): void {
  const aliases = new Set(list(body, 'targetList').map((item) => bodyOf(item, 'ResTarget')?.['name']));
  for (const item of list(body, clause)) {
    const column = bodyOf(bodyOf(item, 'SortBy')?.['node'] ?? item, 'ColumnRef');
    const path = column ? columnPath(column).path : [];
    if (path.length === 1 && aliases.has(path[0])) continue;
    context.visit(item, scope);
  }
}

function outputs(body: TreeNode, scope: Scope): Outputs {
  const columns = new Map<string, BaseColumn | null>();
  let open = false;
  const passes = passingOn(body, scope);
  list(body, 'targetList').forEach((item, i) => {
    const target = bodyOf(item, 'ResTarget');
    const column = target ? bodyOf(target['val'], 'ColumnRef') : null;
    const { path, star } = column ? columnPath(column) : { path: [], star: false };
    if (!target) return;
    if (star) {
      const sources = path.length === 0 ? scope.sources : [scope.findSource(path.at(-1) ?? '')];
      for (const source of sources) {
        open ||= source?.outputs.open ?? true;
        for (const [name, base] of source?.outputs.columns ?? []) columns.set(name, base && passes(base) ? base : null);
      }
      return;
    }
    const base = column ? scope.resolve(path)?.base : null;
    columns.set(
      textOf(target, 'name') ?? outputName(target['val']) ?? `?column?${i}`,
      base && passes(base) ? base : null,
    );
  });
  const width = list(body, 'valuesLists')[0];
  const cells = width ? bodyOf(width, 'List') : null;
  (cells ? list(cells, 'items') : []).forEach((_, i) => columns.set(`column${i + 1}`, null));
  return { columns, open };
}

/** Whether a condition on an output may move below the query (`subquery_is_pushdown_safe` in allpaths.c): not past LIMIT or windows, past GROUP BY only on its columns. */
function passingOn(body: TreeNode, scope: Scope): (base: BaseColumn) => boolean {
  const calls = list(body, 'targetList').flatMap((target) =>
    [...walk(target)].filter((node) => node.type === 'FuncCall'),
  );
  const windows = calls.some((call) => call.body['over'] !== undefined);
  const distinctOn = list(body, 'distinctClause').some((item) => typed(item) !== null);
  if (body['limitCount'] !== undefined || body['limitOffset'] !== undefined || windows || distinctOn)
    return () => false;
  const grouped = list(body, 'groupClause');
  if (grouped.length > 0) {
    const keys = grouped
      .map((item) => operand(item, scope))
      .flatMap((key) => (key.draft && key.column !== null ? [key] : []));
    return (base) => keys.some((key) => key.draft === base.draft && key.column === base.column);
  }
  const aggregates = calls.some((call) => isAggregate(call.body));
  return () => !aggregates && body['havingClause'] === undefined;
}

/** Whether a `FuncCall` calls an aggregate of `pg_aggregate` that is met in practice; a user's own goes unseen. */
export function isAggregate(call: TreeNode): boolean {
  return AGGREGATES.has(names(list(call, 'funcname')).at(-1) ?? '');
}

const AGGREGATES = new Set(
  (
    'count sum avg min max array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg bool_and bool_or every ' +
    'stddev stddev_pop stddev_samp variance var_pop var_samp percentile_cont percentile_disc mode corr any_value'
  ).split(' '),
);

function outputName(value: TreeValue): string | null {
  const node = typed(value);
  if (node?.type === 'ColumnRef') return columnPath(node.body).path.at(-1) ?? null;
  if (node?.type === 'FuncCall') return names(list(node.body, 'funcname')).at(-1) ?? null;
  if (node?.type === 'TypeCast') return outputName(node.body['arg']);
  return null;
}

function visitSubquery(context: Analysis, sublink: TreeNode, scope: Scope, narrows: boolean): void {
  const query = bodyOf(sublink['subselect'], 'SelectStmt');
  const type = sublink['subLinkType'];
  const semi = narrows && (type === 'EXISTS_SUBLINK' || type === 'ANY_SUBLINK');
  const inner = new Scope(scope, semi);
  const outputs = query ? select(context, query, inner, []) : NOTHING;
  const test = sublink['testexpr'];
  if (test === undefined) return;
  context.visit(test, scope);
  const row = bodyOf(test, 'RowExpr');
  const tests = row ? list(row, 'args') : [test];
  const targets = query ? bodiesOf(list(query, 'targetList'), 'ResTarget') : [];
  const equality = list(sublink, 'operName').length === 0 && type === 'ANY_SUBLINK';
  if (!semi || !equality || targets.length !== tests.length || outputs.columns.size !== tests.length) return;
  for (const [at, base] of [...outputs.columns.values()].entries()) {
    const other = operand(targets[at]?.['val'], inner);
    const meant = base ? { ...other, outer: false } : { ...other, draft: null, drafts: [], computed: true };
    for (const one of [scope, ...scope.readings()]) noteEquality(tests[at], meant, one);
  }
}

function withClause(context: Analysis, body: TreeNode, scope: Scope): void {
  const clause = field(body, 'withClause');
  for (const item of clause ? list(clause, 'ctes') : []) {
    const cte = bodyOf(item, 'CommonTableExpr');
    const name = cte ? textOf(cte, 'ctename') : null;
    const query = cte ? typed(cte['ctequery']) : null;
    if (!cte || name === null || !query) continue;
    const columnNames = names(list(cte, 'aliascolnames'));
    const recursive = clause?.['recursive'] === true;
    if (recursive) scope.ctes.set(name, announced(query, columnNames));
    const outputs = renamed(analyseIn(context, query, new Scope(scope, false)), columnNames);
    const folded =
      !recursive && context.collected.mentions.get(name) === 1 && cte['ctematerialized'] !== 'CTEMaterializeAlways';
    scope.ctes.set(name, folded ? outputs : opaque(outputs));
  }
}

function opaque(outputs: Outputs): Outputs {
  return { columns: new Map([...outputs.columns.keys()].map((name) => [name, null])), open: outputs.open };
}

/** The column names of a recursive CTE before it is analysed: from its list, else from its first arm. */
function announced(query: TypedNode, columnNames: readonly string[]): Outputs {
  if (columnNames.length > 0) return { columns: new Map(columnNames.map((name) => [name, null])), open: false };
  let first: TreeNode = query.body;
  for (let arm = field(first, 'larg'); arm; arm = field(first, 'larg')) first = arm;
  const entries = list(first, 'targetList').flatMap((item) => {
    const target = isNode(item) ? bodyOf(item, 'ResTarget') : null;
    const name = target ? (textOf(target, 'name') ?? outputName(target['val'])) : null;
    return name === null ? [] : [[name, null] as const];
  });
  return { columns: new Map(entries), open: entries.length < list(first, 'targetList').length };
}
