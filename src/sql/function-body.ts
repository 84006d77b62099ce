import { textOffsets } from './constants.js';
import { calledFunctions } from './functions.js';
import { isUtility } from './kind.js';
import type { CalledFunction } from './functions.js';
import { tryParseStatement, tryParsePlpgsql } from './parse.js';
import type { ParsedStatement } from './parse.js';
import { splitStatements } from './split.js';
import type { ColumnsOf } from './use-types.js';
import { bodiesOf, bodyOf, field, isNode, list, names, numberOf, textOf, walk } from './tree.js';
import type { TreeNode, TreeValue, TypedNode } from './tree.js';

/** A statement of a body. */
export interface BodyStatement {
  /** With `$1, $2, ...` for the function's arguments and variables. */
  readonly sql: string;
  /** Which of them each stands for: a name, `record.field`, or `$1` for an argument by its number. */
  readonly variables: readonly string[];
}

/** What a function's body runs. */
export interface FunctionBody {
  /** Names of what the function takes, in order; empty where one has none. */
  readonly parameters: readonly string[];
  /** Those that read or write a relation. */
  readonly statements: readonly BodyStatement[];
  /** What it calls, in these and in its expressions. */
  readonly calls: readonly CalledFunction[];
  /** Whether it runs others too, whose text is made at run time. */
  readonly dynamic: boolean;
}

/**
 * Reads the body of a function or procedure in PL/pgSQL or SQL from its definition, as `pg_get_functiondef` gives it; null where it can not be parsed, or was parsed
 * when the function was made (BEGIN ATOMIC). Needs `loadParser()`.
 */
export function functionBody(
  definition: string,
  language: 'plpgsql' | 'sql',
  columnsOf: ColumnsOf,
): FunctionBody | null {
  return language === 'sql' ? sqlBody(definition, columnsOf) : plpgsqlBody(definition, columnsOf);
}

function sqlBody(definition: string, columnsOf: ColumnsOf): FunctionBody | null {
  const create = tryParseStatement(definition);
  const options = bodiesOf(create ? list(create.body, 'options') : [], 'DefElem');
  const source = options.find((option) => textOf(option, 'defname') === 'as')?.['arg'];
  const text =
    source === undefined
      ? null
      : textOf(bodyOf(list(bodyOf(source, 'List') ?? {}, 'items')[0], 'String') ?? {}, 'sval');
  if (create === null || text === null) return null;
  const parameters = parametersOf(create);
  const scope: Scope = {
    name: names(list(create.body, 'funcname')).at(-1) ?? '',
    variables: new Set(parameters.filter((one) => one !== '')),
    columnsOf,
  };
  try {
    return {
      parameters,
      ...bodyOfTexts(
        splitStatements(text).map(({ sql }) => sql),
        scope,
      ),
      dynamic: false,
    };
  } catch {
    return null;
  }
}

function parametersOf(create: ParsedStatement): readonly string[] {
  return bodiesOf(list(create.body, 'parameters'), 'FunctionParameter')
    .filter((one) => !ONLY_GIVEN_BACK.has(textOf(one, 'mode') ?? ''))
    .map((one) => textOf(one, 'name') ?? '');
}

const ONLY_GIVEN_BACK: ReadonlySet<string> = new Set(['FUNC_PARAM_OUT', 'FUNC_PARAM_TABLE']);

function bodyOfTexts(texts: readonly string[], scope: Scope): Pick<FunctionBody, 'statements' | 'calls'> {
  const parsed = texts.flatMap((text) => tryParseStatement(text) ?? []);
  return {
    statements: parsed.flatMap((one) => withParameters(one, scope) ?? []),
    calls: parsed.flatMap((one) => calledFunctions(one)),
  };
}

function plpgsqlBody(definition: string, columnsOf: ColumnsOf): FunctionBody | null {
  const parsed = tryParsePlpgsql(definition);
  const create = tryParseStatement(definition);
  if (parsed === null || create === null) return null;
  const nodes = walk(parsed);
  const named = (type: string): string[] =>
    nodes.flatMap((node) => (node.type === type ? (textOf(node.body, 'refname') ?? []) : []));
  const scope: Scope = {
    name: names(list(create.body, 'funcname')).at(-1) ?? '',
    variables: new Set([...named('PLpgSQL_var'), ...named('PLpgSQL_rec'), ...named('PLpgSQL_row')]),
    columnsOf: /#variable_conflict\s+use_column/.test(definition) ? columnsOf : null,
  };
  const expressions = nodes.flatMap(({ type, body }) => (type === 'PLpgSQL_expr' ? [expressionSql(body)] : []));
  return {
    parameters: parametersOf(create),
    ...bodyOfTexts(expressions, scope),
    dynamic: nodes.some(({ type, body }) => DYNAMIC.has(type) || body['dynquery'] !== undefined),
  };
}

const DYNAMIC: ReadonlySet<string> = new Set(['PLpgSQL_stmt_dynexecute', 'PLpgSQL_stmt_dynfors']);

/** RawParseMode of parser.h: a whole statement, an expression, and from 3 on a variable, `:=` and an expression. */
const STATEMENT = 0;
const ASSIGNMENT = 3;

function expressionSql(expression: TreeNode): string {
  const query = textOf(expression, 'query') ?? '';
  const mode = numberOf(expression, 'parseMode') ?? STATEMENT;
  if (mode === STATEMENT) return query;
  return `SELECT ${mode >= ASSIGNMENT ? query.replace(/^[^=]*=/, '') : query}`;
}

/** What names mean inside a body. */
interface Scope {
  /** The function's, before which a variable may stand qualified. */
  readonly name: string;
  readonly variables: ReadonlySet<string>;
  /** In SQL a column comes before a parameter of its name; in PL/pgSQL the two are an error. */
  readonly columnsOf: ColumnsOf | null;
}

/** The statement with parameters for variables; null where it is not planned, reads and writes no relation, or takes all fields of a variable at once. */
function withParameters(statement: ParsedStatement, scope: Scope): BodyStatement | null {
  const { sql, tree } = statement;
  const nodes = walk(tree);
  const relations = relationsIn(nodes);
  if (isUtility(statement) || relations.length === 0) return null;
  const { columnsOf } = scope;
  const taken = new Set([
    ...relations.map(({ alias, name }) => `${alias ?? name}.`),
    ...(columnsOf === null ? [] : relations.flatMap(({ schema, name }) => columnsOf(schema, name) ?? [])),
  ]);
  const placeOf = textOffsets(sql);
  const numbers = new Map<string, number>();
  let text = '';
  let done = 0;
  for (const { at, key, parts } of nodes
    .flatMap((node) => variableIn(node, scope, taken) ?? [])
    .toSorted((a, b) => a.at - b.at)) {
    if (key === null) return null;
    const place = placeOf(at);
    const length = (parts === 0 ? /^\$\d+/ : qualifiedName(parts)).exec(sql.slice(place))?.[0].length ?? 0;
    const number = numbers.get(key) ?? numbers.size + 1;
    numbers.set(key, number);
    text += `${sql.slice(done, place)}$${number}`;
    done = place + length;
  }
  return { sql: text + sql.slice(done), variables: [...numbers.keys()] };
}

interface NamedRelation {
  readonly schema: string | null;
  readonly name: string;
  readonly alias: string | null;
}

function relationsIn(nodes: readonly TypedNode[]): readonly NamedRelation[] {
  // What is written to is not wrapped as a RangeVar.
  const found = nodes.flatMap(({ type, body }) =>
    type === 'RangeVar' ? [body] : WRITES.has(type) ? [field(body, 'relation')] : [],
  );
  return found
    .filter((one) => one !== null)
    .map((one) => ({
      schema: textOf(one, 'schemaname'),
      name: textOf(one, 'relname') ?? '',
      alias: textOf(field(one, 'alias') ?? {}, 'aliasname'),
    }));
}

const WRITES: ReadonlySet<string> = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

const PART = String.raw`(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)`;

function qualifiedName(parts: number): RegExp {
  return new RegExp(String.raw`^${PART}(?:\s*\.\s*${PART}){${parts - 1}}`, 'u');
}

/** A place in a text, in bytes. */
interface Place {
  readonly at: number;
  /** The same for the same variable; null for all fields of one at once. */
  readonly key: string | null;
  /** Names with dots between; 0 for `$1`. */
  readonly parts: number;
}

/** `taken` holds the columns that come before variables, and with a dot behind it each relation's name. */
function variableIn({ type, body }: TypedNode, { name, variables }: Scope, taken: ReadonlySet<string>): Place | null {
  const at = numberOf(body, 'location') ?? 0;
  if (type === 'ParamRef') return { at, key: `$${numberOf(body, 'number') ?? 0}`, parts: 0 };
  if (type !== 'ColumnRef') return null;
  const fields: readonly TreeValue[] = list(body, 'fields');
  const path = names(fields);
  const [first = '', second = ''] = path;
  const isField = variables.has(first) && !taken.has(`${first}.`);
  if (fields.some((one) => isNode(one) && 'A_Star' in one))
    return path.length === 1 && isField ? { at, key: null, parts: 1 } : null;
  if (path.length === 1) return variables.has(first) && !taken.has(first) ? { at, key: first, parts: 1 } : null;
  if (path.length !== 2) return null;
  if (isField) return { at, key: path.join('.'), parts: 2 };
  return first === name && variables.has(second) ? { at, key: second, parts: 2 } : null;
}
