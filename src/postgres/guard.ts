import { WizardError } from '../base/errors.js';
import { loadParser, parseStatement } from '../sql/parse.js';
import { splitStatements } from '../sql/split.js';
import {
  bodyOf,
  field,
  isNode,
  list,
  names,
  numberOf,
  textOf,
  typed,
  walk,
  type TreeNode,
  type TreeValue,
} from '../sql/tree.js';
import { isForbidden, isForbiddenInExplain } from './guard-names.js';

/** A name as a statement writes it; `schema` is null where it is not qualified. */
export interface WrittenName {
  readonly schema: string | null;
  readonly name: string;
}

/** What a statement that passed names; whether those are harmless only the target's catalog can tell. */
export interface Inspection {
  /** False for SHOW and EXPLAIN: nothing but the planner runs. */
  readonly executes: boolean;
  readonly functions: readonly WrittenName[];
  /** `x.name` and `(expression).name`, which PostgreSQL may read as the call `name(x)`. */
  readonly attributes: readonly string[];
  readonly operators: readonly string[];
  readonly types: readonly WrittenName[];
  readonly relations: readonly WrittenName[];
}

/**
 * Lets SELECT, VALUES, TABLE, SHOW, and EXPLAIN without ANALYZE pass, one statement, without data-modifying WITH, INTO, row locks and
 * functions with side effects, wherever they are called. Throws `guard/refused`, and `sql/parse` for what can not be parsed.
 * It reads the text alone: views, and functions that are not PostgreSQL's own, are for `CatalogGuard`.
 */
export async function inspectStatement(sql: string): Promise<Inspection> {
  const { type, body } = await parse(sql);
  if (type === 'SelectStmt') return inspectTree(body, true);
  if (type === 'VariableShowStmt') return inspectTree({}, false);
  if (type === 'ExplainStmt') return inspectExplain(body);
  return refuse(`${type.replace(/Stmt$/, '')} is not a statement that only reads`);
}

/** Lets `COPY table TO STDOUT` and `COPY (SELECT ...) TO STDOUT` pass, by the same rules. Throws `guard/refused`, `sql/parse`. */
export async function inspectCopyOut(sql: string): Promise<Inspection> {
  const { type, body } = await parse(sql);
  if (type !== 'CopyStmt') return refuse('Only COPY ... TO STDOUT may be streamed');
  if (body['is_from'] === true || body['is_program'] === true || body['filename'] !== undefined) {
    return refuse('COPY may only write to STDOUT');
  }
  const query = body['query'];
  if (query !== undefined && !bodyOf(query, 'SelectStmt')) return refuse('COPY may only send a SELECT');
  return inspectTree(body, true);
}

async function parse(sql: string): Promise<{ type: string; body: TreeNode }> {
  await loadParser();
  try {
    return parseStatement(sql);
  } catch (error) {
    if (splitStatements(sql).length > 1) refuse('Several statements at once');
    throw error;
  }
}

/** Planned, not run: what it would do if it ran does not matter, but stable functions are evaluated for estimates. */
function inspectExplain(body: TreeNode): Inspection {
  for (const option of list(body, 'options')) {
    const element = bodyOf(option, 'DefElem');
    if (element && textOf(element, 'defname')?.toLowerCase() === 'analyze' && !isOff(element)) {
      return refuse('EXPLAIN ANALYZE runs the statement');
    }
  }
  const query = typed(body['query']);
  if (!query || !PLANNED.has(query.type)) return refuse('EXPLAIN is only for SELECT, INSERT, UPDATE, DELETE and MERGE');
  return inspectTree(body, false);
}

const PLANNED = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

/** `defGetBoolean` in PostgreSQL: no value is true. libpg-query leaves a zero out. */
function isOff(element: TreeNode): boolean {
  const value = typed(element['arg']);
  if (!value) return false;
  if (value.type === 'Integer') return (numberOf(value.body, 'ival') ?? 0) === 0;
  if (value.type === 'Boolean') return value.body['boolval'] !== true;
  return ['false', 'off'].includes((textOf(value.body, 'sval') ?? '').toLowerCase());
}

function inspectTree(tree: TreeNode, executes: boolean): Inspection {
  refuseClauses(tree, executes);
  const found = { functions: [], attributes: [], operators: [], types: [], relations: [] } as Found;
  const copied = field(tree, 'relation');
  if (copied) found.relations.push(relationOf(copied));
  for (const { type, body } of walk(tree)) {
    if (type.endsWith('Stmt') && !(type === 'SelectStmt' || (!executes && PLANNED.has(type)))) {
      refuse(`${type.replace(/Stmt$/, '')} within the statement does more than read`);
    }
    collect(type, body, found);
  }
  const called = [...found.functions.map(({ name }) => name), ...found.attributes];
  const forbidden = called.find(executes ? isForbidden : isForbiddenInExplain);
  if (forbidden !== undefined) refuse(`The function ${forbidden} has side effects`);
  return { executes, ...found };
}

/** INTO makes a table; FOR UPDATE and FOR SHARE lock rows. Set operations hold their arms without a wrapper, so fields are searched, not nodes. */
function refuseClauses(value: TreeValue, executes: boolean): void {
  if (Array.isArray(value)) {
    for (const item of value as readonly TreeValue[]) refuseClauses(item, executes);
    return;
  }
  if (!isNode(value)) return;
  if (value['intoClause'] !== undefined) refuse('SELECT INTO makes a table');
  if (executes && value['lockingClause'] !== undefined) refuse('FOR UPDATE and FOR SHARE lock rows');
  for (const item of Object.values(value)) refuseClauses(item, executes);
}

interface Found {
  readonly functions: WrittenName[];
  readonly attributes: string[];
  readonly operators: string[];
  readonly types: WrittenName[];
  readonly relations: WrittenName[];
}

function collect(type: string, body: TreeNode, found: Found): void {
  if (type === 'FuncCall') found.functions.push(written(list(body, 'funcname')));
  if (type === 'RangeVar') found.relations.push(relationOf(body));
  if (type === 'ColumnRef') found.attributes.push(...names(list(body, 'fields')).slice(1));
  if (type === 'A_Indirection') found.attributes.push(...names(list(body, 'indirection')));
  if (type === 'A_Expr') found.operators.push(...operatorOf(list(body, 'name')));
  if (type === 'SubLink') found.operators.push(...operatorOf(list(body, 'operName')));
  if (type === 'SortBy') found.operators.push(...operatorOf(list(body, 'useOp')));
  const typeName = field(body, 'typeName');
  if (typeName) found.types.push(written(list(typeName, 'names')));
}

/** Only operators that the text names outside `pg_catalog` or without a schema can be somebody's own. */
function operatorOf(path: readonly TreeValue[]): string[] {
  const { schema, name } = written(path);
  return name === '' || schema === 'pg_catalog' ? [] : [name];
}

function relationOf(body: TreeNode): WrittenName {
  return { schema: textOf(body, 'schemaname'), name: textOf(body, 'relname') ?? '' };
}

function written(path: readonly TreeValue[]): WrittenName {
  const parts = names(path);
  return { schema: parts.at(-2) ?? null, name: parts.at(-1) ?? '' };
}

function refuse(reason: string): never {
  throw new WizardError('guard/refused', `${reason}, and this target is only read`, {
    hint: 'Nothing was sent. Statements that write are tried on a lab copy.',
  });
}
