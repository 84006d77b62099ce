import type { ParsedStatement } from './parse.js';
import { bodyOf, commonTables, field, list, textOf, typed, walk } from './tree.js';
import type { TreeNode } from './tree.js';

/** What a statement does: the same words as the model's `StatementKind`. */
export type ParsedKind = 'select' | 'insert' | 'update' | 'delete' | 'merge' | 'other';

/** What a statement does; a SELECT whose WITH modifies data counts as that modification, `SELECT ... INTO` and utilities are `other`. */
export function statementKind(statement: ParsedStatement): ParsedKind {
  if (statement.type !== 'SelectStmt') return KINDS[statement.type] ?? 'other';
  if (field(statement.body, 'intoClause')) return 'other';
  return modifyingCte(statement.body) ?? 'select';
}

/** Whether running it may change data or take row locks: everything but a plain SELECT or VALUES. Functions it calls may still write: see `calledFunctions`. */
export function writes(statement: ParsedStatement): boolean {
  if (statementKind(statement) !== 'select') return true;
  return [...walk(statement.tree)].some(
    (node) => node.type === 'SelectStmt' && list(node.body, 'lockingClause').length > 0,
  );
}

/** BEGIN, COMMIT, ROLLBACK, SAVEPOINT, PREPARE TRANSACTION and the like. */
export function isTransactionControl(statement: ParsedStatement): boolean {
  return statement.type === 'TransactionStmt';
}

/** Anything which the planner does not plan: DDL, SET, VACUUM, COPY, EXPLAIN, transaction control. */
export function isUtility(statement: ParsedStatement): boolean {
  return statement.type !== 'SelectStmt' && KINDS[statement.type] === undefined;
}

/** Whether a SELECT reads the system's own relations and no others, as monitoring does; false for one that reads none. */
export function readsOnlySystemCatalogs(parsed: ParsedStatement): boolean {
  // Walking the tree is not for free, and nearly no statement names one.
  if (!/pg_|information_schema/i.test(parsed.sql) || statementKind(parsed) !== 'select') return false;
  const nodes = walk(parsed.tree);
  const relations = nodes.filter((node) => node.type === 'RangeVar').map((node) => node.body);
  const common = commonTables(nodes);
  const stored = relations.filter(
    (body) => body['schemaname'] !== undefined || !common.has(textOf(body, 'relname') ?? ''),
  );
  return (
    stored.length > 0 &&
    stored.every(
      (body) => SYSTEM_SCHEMAS.has(textOf(body, 'schemaname') ?? '') || isSystemName(textOf(body, 'relname')),
    )
  );
}

const SYSTEM_SCHEMAS = new Set(['pg_catalog', 'information_schema']);

function isSystemName(name: string | null): boolean {
  return name?.startsWith('pg_') === true;
}

const KINDS: Readonly<Record<string, ParsedKind>> = {
  InsertStmt: 'insert',
  UpdateStmt: 'update',
  DeleteStmt: 'delete',
  MergeStmt: 'merge',
};

function modifyingCte(select: TreeNode): ParsedKind | null {
  const withClause = field(select, 'withClause');
  for (const item of withClause ? list(withClause, 'ctes') : []) {
    const cte = bodyOf(item, 'CommonTableExpr');
    const query = cte ? typed(cte['ctequery']) : null;
    const kind = query ? KINDS[query.type] : undefined;
    if (kind) return kind;
  }
  return null;
}
