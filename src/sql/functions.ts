import { parameterCount } from './parameters.js';
import type { ParsedStatement } from './parse.js';
import { bodyOf, field, list, names, numberOf, walk } from './tree.js';
import type { TreeNode } from './tree.js';

/** A function as the statement names it. */
export interface CalledFunction {
  /** Null when not qualified; syntax such as `EXTRACT` and `TRIM` reads `pg_catalog`. */
  readonly schema: string | null;
  readonly name: string;
}

/** A parameter that is an argument as it stands, or under a cast. */
export interface CallArgument {
  readonly called: CalledFunction;
  /** From 0. */
  readonly position: number;
}

/** By parameter: where each of `$1, $2, ...` is an argument of a function; empty where one is not. */
export function callArguments(statement: ParsedStatement): readonly CallArgument[] {
  const found = new Map<number, CallArgument>();
  for (const call of callsIn(statement))
    for (const [position, argument] of list(call, 'args').entries()) {
      const bare = field(bodyOf(argument, 'TypeCast') ?? {}, 'arg') ?? argument;
      const number = numberOf(bodyOf(bare, 'ParamRef') ?? {}, 'number');
      const called = calledName(call);
      if (number !== null && called !== null) found.set(number, { called, position });
    }
  const count = parameterCount(statement.sql);
  const all = Array.from({ length: count }, (_, at) => found.get(at + 1)).filter((one) => one !== undefined);
  return all.length === count ? all : [];
}

/** Every function called anywhere, and the procedure of CALL: select list, WHERE, FROM, subqueries, DEFAULTs of VALUES; each once, in order of appearance. Operators and casts are not among them. */
export function calledFunctions(statement: ParsedStatement): readonly CalledFunction[] {
  const found = new Map<string, CalledFunction>();
  for (const call of callsIn(statement)) {
    const called = calledName(call);
    if (called !== null) found.set(names(list(call, 'funcname')).join('.'), called);
  }
  return [...found.values()];
}

function callsIn(statement: ParsedStatement): readonly TreeNode[] {
  const procedure = statement.type === 'CallStmt' ? field(statement.body, 'funccall') : null;
  const calls = walk(statement.tree).flatMap(({ type, body }) => (type === 'FuncCall' ? [body] : []));
  return procedure === null ? calls : [procedure, ...calls];
}

function calledName(call: TreeNode): CalledFunction | null {
  const path = names(list(call, 'funcname'));
  const name = path.at(-1);
  return name === undefined ? null : { schema: path.length > 1 ? (path.at(-2) ?? null) : null, name };
}
