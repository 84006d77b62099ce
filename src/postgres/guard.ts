import { WizardError } from '../base/errors.js';
import { loadParser, parseStatement } from '../sql/parse.js';
import { splitStatements } from '../sql/split.js';
import { tokenize } from '../sql/tokens.js';
import {
  bodyOf,
  columnName,
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
  /** It makes rows of tables out of values (`jsonb_populate_record`), by the input functions of the columns' types. */
  readonly makesRows: boolean;
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

/**
 * The names in a function's text, in SQL or PL/pgSQL: every word in it, as it might be any of them. What the text writes the server itself refuses in a read-only transaction.
 * Throws `guard/refused` for names that are forbidden, and for text that runs other text, which can not be checked.
 */
export async function inspectBody(source: string, executes: boolean): Promise<Inspection> {
  await loadParser();
  const words = [];
  const operators = ['=', '<', '>', '<=', '>='];
  for (const { kind, text } of tokenize(source)) {
    if (kind === 'identifier' || kind === 'keyword') words.push(nameOfWord(text));
    if (kind === 'symbol') operators.push(text);
  }
  if (words.includes('uescape')) refuse('It writes names with escapes of its own');
  if (executes && words.includes('execute')) refuse('It runs statements that it makes itself (EXECUTE)');
  const forbidden = words.find(executes ? isForbidden : isForbiddenInExplain);
  if (executes && forbidden !== undefined) refuse(`The function ${forbidden} has side effects`);
  const unqualified = words.map((name) => ({ schema: null, name }));
  return {
    executes,
    functions: unqualified,
    attributes: [],
    operators,
    types: unqualified,
    relations: unqualified,
    makesRows: words.some(makesRows),
  };
}

/** As PostgreSQL folds it; of `U&"..."` the parser knows the escapes. */
function nameOfWord(text: string): string {
  if (/^u&"/i.test(text)) return columnName(resultOf(`SELECT ${text}`)) ?? text;
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text.toLowerCase();
}

function resultOf(sql: string): TreeValue {
  const target = bodyOf(list(parseStatement(sql).body, 'targetList')[0], 'ResTarget');
  return target?.['val'];
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
  collectFields(tree, found);
  for (const { type, body } of walk(tree)) {
    if (type.endsWith('Stmt') && !(type === 'SelectStmt' || (!executes && PLANNED.has(type)))) {
      refuse(`${type.replace(/Stmt$/, '')} within the statement does more than read`);
    }
    collect(type, body, found);
  }
  const called = [...found.functions.map(({ name }) => name), ...found.attributes];
  const forbidden = called.find(executes ? isForbidden : isForbiddenInExplain);
  if (forbidden !== undefined) refuse(`The function ${forbidden} has side effects`);
  return { executes, ...found, makesRows: called.some(makesRows) || found.operators.includes('#=') };
}

/** `json_populate_record` and its kin; hstore has `populate_record` and the operator `#=`. */
function makesRows(name: string): boolean {
  return /populate_record/.test(name);
}

/** Relations and types that stand in a field of their own, without a wrapper that names their kind. */
function collectFields(value: TreeValue, found: Found): void {
  if (Array.isArray(value)) {
    for (const item of value as readonly TreeValue[]) collectFields(item, found);
    return;
  }
  if (!isNode(value)) return;
  const [relation, type] = [field(value, 'relation'), field(value, 'typeName')];
  if (relation?.['relname'] !== undefined) found.relations.push(relationOf(relation));
  if (type) found.types.push(written(list(type, 'names')));
  for (const item of Object.values(value)) collectFields(item, found);
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
  if (type === 'FuncCall') collectCall(body, found);
  if (type === 'RangeVar') found.relations.push(relationOf(body));
  if (type === 'ColumnRef') found.attributes.push(...names(list(body, 'fields')).slice(1));
  if (type === 'A_Indirection') found.attributes.push(...names(list(body, 'indirection')));
  if (type === 'A_Expr') found.operators.push(...operatorOf(list(body, 'name')));
  found.operators.push(...impliedOperators(type, body));
  if (type === 'SubLink') found.operators.push(...operatorOf(list(body, 'operName')));
  if (type === 'SortBy') found.operators.push(...operatorOf(list(body, 'useOp')));
}

/** Operators that the text does not write, looked up by name all the same. */
function impliedOperators(type: string, body: TreeNode): readonly string[] {
  if (type === 'A_Expr' && /BETWEEN/.test(textOf(body, 'kind') ?? '')) return ['>=', '<=', '<', '>'];
  const compares =
    (type === 'CaseExpr' && body['arg'] !== undefined) ||
    (type === 'JoinExpr' && (body['usingClause'] !== undefined || body['isNatural'] === true)) ||
    (type === 'SubLink' && body['testexpr'] !== undefined && body['operName'] === undefined);
  return compares ? ['='] : [];
}

function collectCall(body: TreeNode, found: Found): void {
  const called = written(list(body, 'funcname'));
  found.functions.push(called);
  // The name of a type in place of a function's is a cast.
  found.types.push(called);
  if (!TYPE_BY_NAME.has(called.name)) return;
  const constant = bodyOf(list(body, 'args')[1], 'A_Const');
  const type = constant ? textOf(field(constant, 'sval') ?? {}, 'sval') : null;
  if (type === null) refuse(`${called.name} makes a value of a type that the text does not name`);
  collectFields(resultOf(`SELECT NULL::${type}`), found);
}

/** They make a value of the type that their second argument names (PostgreSQL 16). */
const TYPE_BY_NAME = new Set(['pg_input_is_valid', 'pg_input_error_info']);

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
