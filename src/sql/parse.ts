import { hasSqlDetails, loadModule, parsePlPgSQLSync, parseSync } from './pg-query.js';
import { WizardError } from '../base/errors.js';
import { isNode, typed } from './tree.js';
import type { TreeNode, TreeValue } from './tree.js';

/** One statement with its tree. */
export interface ParsedStatement {
  readonly sql: string;
  /** The tree's node type, e.g. `SelectStmt`. */
  readonly type: string;
  readonly body: TreeNode;
  /** The wrapper `{ [type]: body }`, which the deparser takes. */
  readonly tree: TreeNode;
}

/** Loads PostgreSQL's parser (WebAssembly, about 2 MB, about 50 ms). Must have ended before any other function of this folder is called; calling it again is free. */
export function loadParser(): Promise<void> {
  loading ??= loadModule();
  return loading;
}

/**
 * Parses exactly one statement, `$1` parameters allowed wherever pg_stat_statements writes them (`interval $1`).
 * Throws `sql/parse` with line and column, never with a literal of the text; also for no statement and for more than one.
 */
export function parseStatement(sql: string): ParsedStatement {
  const statements = parseTrees(sql);
  const only = statements[0];
  if (only === undefined) throw new WizardError('sql/parse', 'There is no statement in the text.');
  if (statements.length > 1) {
    throw new WizardError('sql/parse', `There are ${statements.length} statements where one was expected.`, {
      hint: 'Split the text into single statements.',
    });
  }
  const node = typed(only);
  if (!node) throw new WizardError('internal', 'The parser gave a tree without a statement.');
  return { sql, type: node.type, body: node.body, tree: only };
}

/** Like `parseStatement`, but null where that throws `sql/parse`. */
export function tryParseStatement(sql: string): ParsedStatement | null {
  try {
    return parseStatement(sql);
  } catch (thrown) {
    if (thrown instanceof WizardError && thrown.code === 'sql/parse') return null;
    throw thrown;
  }
}

/** The tree of a function in PL/pgSQL, by its CREATE FUNCTION: PostgreSQL's own node types (`PLpgSQL_stmt_if`, ...); null where it can not be parsed. */
export function tryParsePlpgsql(definition: string): TreeValue {
  if (loading === null) throw new WizardError('internal', 'The SQL parser was used before loadParser().');
  try {
    return parsePlPgSQLSync(definition) as unknown as TreeValue;
  } catch {
    return null;
  }
}

let loading: Promise<void> | null = null;

function parseTrees(sql: string): readonly TreeNode[] {
  if (loading === null) throw new WizardError('internal', 'The SQL parser was used before loadParser().');
  if (sql.trim() === '') return [];
  let result: unknown;
  try {
    result = parseSync(sql);
  } catch (thrown) {
    throw parseError(sql, thrown);
  }
  const statements = isNode(result as TreeValue) ? (result as TreeNode)['stmts'] : null;
  if (!Array.isArray(statements)) return [];
  return (statements as readonly TreeValue[]).flatMap((item) => {
    const statement = isNode(item) ? item['stmt'] : null;
    return isNode(statement) ? [statement] : [];
  });
}

function parseError(sql: string, thrown: unknown): WizardError {
  if (!hasSqlDetails(thrown)) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new WizardError('sql/parse', `The statement can not be parsed: ${message}.`, { cause: thrown });
  }
  const message = withoutLiteral(thrown.message);
  const at = thrown.sqlDetails?.cursorPosition ?? 0;
  const before = sql.slice(0, at);
  const line = before.split('\n').length;
  const column = at - before.lastIndexOf('\n');
  return new WizardError('sql/parse', `${message} (line ${line}, column ${column})`, { cause: thrown });
}

/** PostgreSQL quotes the offending token; a string or number there may be a secret. */
function withoutLiteral(message: string): string {
  return message.replace(/ at or near "(?:[EeBbXxUu]?&?['0-9$]).*"$/s, ' at or near a literal');
}
