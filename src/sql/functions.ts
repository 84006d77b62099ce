import type { ParsedStatement } from './parse.js';
import { list, names, walk } from './tree.js';

/** A function as the statement names it. */
export interface CalledFunction {
  /** Null when not qualified; syntax such as `EXTRACT` and `TRIM` reads `pg_catalog`. */
  readonly schema: string | null;
  readonly name: string;
}

/** Every function called anywhere: select list, WHERE, FROM, subqueries, DEFAULTs of VALUES; each once, in order of appearance. Operators and casts are not among them. */
export function calledFunctions(statement: ParsedStatement): readonly CalledFunction[] {
  const found = new Map<string, CalledFunction>();
  for (const node of walk(statement.tree)) {
    if (node.type !== 'FuncCall') continue;
    const path = names(list(node.body, 'funcname'));
    const name = path.at(-1);
    if (name === undefined) continue;
    found.set(path.join('.'), { schema: path.length > 1 ? (path.at(-2) ?? null) : null, name });
  }
  return [...found.values()];
}
