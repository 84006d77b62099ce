import { splitStatements } from '../sql/split.js';
import { bindPositions } from './named-parameters.js';
import type { TextStatement } from './text-statement.js';

/** Whether a text is a script of pgbench: one of its meta commands that psql does not have, or a random value. */
export function isPgbenchScript(text: string): boolean {
  return (
    /^\s*\\(?:sleep|setshell|shell|startpipeline|syncpipeline|endpipeline|aset)\b/m.test(text) ||
    /^\s*\\set\s+\w+\s+.*\brandom(?:_gaussian|_exponential|_zipfian)?\s*\(/m.test(text)
  );
}

/** Statements of a pgbench script, `:name` as `$1, $2, ...`; each runs once a transaction. Values of `\set` with constants only are given. Needs `loadParser()`. */
export function pgbenchStatements(text: string): readonly TextStatement[] {
  const constants = new Map<string, string>();
  for (const match of text.matchAll(/^\s*\\set\s+(\w+)\s+(-?\d+(?:\.\d+)?)\s*$/gm))
    constants.set(match[1] ?? '', match[2] ?? '');
  const sql = text.replaceAll(/^\s*\\(?:[^\n\\]|\\(?=\n)\n|\\)*$/gm, (command) => command.replaceAll(/[^\n]/g, ' '));
  return splitStatements(sql).map((statement) => {
    const { sql: bound, names } = bindPositions(statement.sql);
    const values = names.map((name) => constants.get(name));
    const known = values.length > 0 && values.every((value) => value !== undefined);
    return { line: statement.line, sql: bound, parameters: known ? values : null, ms: null };
  });
}
